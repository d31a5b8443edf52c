"""How many steps of gradient descent to make, and after which of them to record."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from companion.numerics.arguments import entries, positive_number, whole_number

MOST = 1e12  # steps: beyond, nobody lives to see the end


def number_of_steps(learning_rate: float, num_steps: int | None, t_end: float | int | None) -> int:
    r"""Steps to make, given as a number or by the time at which to stop.

    .. math::
        N = \max(1, \operatorname{round}(t_{\mathrm{end}} / \eta))

    Parameters
    ----------
    learning_rate
        The length eta of a step.
    num_steps, t_end
        One of the two.

    Returns
    -------
    The number N.

    Scale
    -----
    Time is steps times ``learning_rate``.

    Raises
    ------
    ValueError
        If a number is not positive and finite, none or both of the two are given, or there would
        be more than 1e12 steps.
    TypeError
        If an argument is no number, or ``num_steps`` is not whole.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.1).
    """
    learning_rate = positive_number(
        "learning_rate", learning_rate, remedy="Pass the length of a step, such as 0.01."
    )
    if (num_steps is None) == (t_end is None):
        raise ValueError(
            f"one of `num_steps` and `t_end` must be given; got {num_steps} and {t_end}. "
            "Leave the other out."
        )
    if num_steps is not None:
        remedy = "Pass a whole number, such as 1000."
        num_steps = whole_number("num_steps", num_steps, remedy=remedy)
        if num_steps < 1:
            raise ValueError(f"`num_steps` must be positive; got {num_steps}. {remedy}")
        return num_steps
    t_end = positive_number("t_end", t_end, remedy="Pass a length of time, such as 10.0.")
    count = t_end / learning_rate
    if count > MOST:
        raise ValueError(
            f"`t_end` must be at most {MOST:.0e} steps of `learning_rate` away; got {count:.3g}. "
            "Take longer steps, or follow gradient_flow."
        )
    return max(1, round(count))


def record_marks(record_at: Sequence[int] | None, num_steps: int) -> set[int]:
    """Numbers of steps after which to record.

    Parameters
    ----------
    record_at
        These numbers, increasing; by default 0 and about 100 spread evenly in the logarithm.
    num_steps
        The number of all steps.

    Returns
    -------
    The numbers.

    Scale
    -----
    Steps, not time.

    Raises
    ------
    ValueError
        If there are none, they do not increase or leave the run.
    TypeError
        If they are no sequence of whole numbers.

    References
    ----------
    Derived here: with time on a logarithmic axis even spacing wastes no record.
    """
    if record_at is None:
        return {0, *np.unique(np.geomspace(1, num_steps, 100).round().astype(int)).tolist()}
    remedy = f"Pass whole numbers between 0 and {num_steps}."
    given = entries("record_at", record_at, remedy=remedy)
    marks = [whole_number("record_at", mark, remedy=remedy) for mark in given]
    if not marks:
        raise ValueError(f"`record_at` must hold a number of steps; got none. {remedy}")
    for before, mark in pairwise([-1, *marks]):
        if not before < mark <= num_steps:
            raise ValueError(
                f"`record_at` must increase between 0 and {num_steps}; got {mark} after {before}. "
                "Pass each number of steps once, in order."
            )
    return set(marks)
