"""How many steps of gradient descent to make, and after which of them to record."""

from collections.abc import Sequence

import numpy as np


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
        If a number is not positive and finite, or none or both of the two are given.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.1).
    """
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"`learning_rate` must be positive and finite; got {learning_rate}.")
    if (num_steps is None) == (t_end is None):
        raise ValueError(
            f"one of `num_steps` and `t_end` must be given; got {num_steps} and {t_end}."
        )
    if num_steps is not None:
        if num_steps < 1:
            raise ValueError(f"`num_steps` must be positive; got {num_steps}.")
        return num_steps
    assert t_end is not None
    if not (np.isfinite(t_end) and t_end > 0):
        raise ValueError(f"`t_end` must be positive and finite; got {t_end}.")
    return max(1, round(t_end / learning_rate))


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
        If they do not increase or leave the run.

    References
    ----------
    Derived here: with time on a logarithmic axis even spacing wastes no record.
    """
    if record_at is None:
        return {0, *np.unique(np.geomspace(1, num_steps, 100).round().astype(int)).tolist()}
    for before, mark in zip([-1, *record_at], record_at, strict=False):
        if not before < mark <= num_steps:
            raise ValueError(
                f"`record_at` must increase between 0 and {num_steps}; got {mark} after {before}."
            )
    return set(record_at)
