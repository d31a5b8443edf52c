"""What the front door asks of its arguments beyond what the loss asks of them.

Certificates square residuals, weights and eigenvalues and divide by them. Where such a number
leaves the range of double precision, an answer would be wrong or speak of what no caller passed.
"""

import math

import numpy as np
from jaxtyping import Float

from companion.dynamics.objective import Objective
from companion.numerics.arguments import real_number, whole_number

_LARGEST = 1e100  # of weights and residuals; eigenvalues and their squares stay below 1e308
_SMALLEST = 1e-100  # of positive weights


def checked_memory(memory: object) -> int:
    """A number of bytes.

    Parameters
    ----------
    memory
        What the caller passed.

    Returns
    -------
    The number, rounded down.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not positive and finite.
    """
    remedy = "Pass a number of bytes, for example 2**30."
    number = real_number("memory", memory, remedy=remedy)
    if not 1 <= number < math.inf:
        raise ValueError(f"`memory` must be positive and finite; got {number:g}. {remedy}")
    return int(number)


def checked_seed(seed: object) -> int:
    """A number that generators of NumPy and PyTorch take.

    Parameters
    ----------
    seed
        What the caller passed.

    Returns
    -------
    The number.

    Raises
    ------
    TypeError
        If it is not a whole number.
    ValueError
        If it is negative or has more than 63 bits.
    """
    remedy = "Pass a whole number such as 0."
    whole_number("seed", seed, remedy=remedy)
    number = int(seed)  # type: ignore[call-overload]  # not through a float, which would round
    if not 0 <= number < 2**63:
        raise ValueError(f"`seed` must be from 0 to 2**63 - 1; got {number}. {remedy}")
    return int(number)


def check_scales(objective: Objective) -> None:
    """Raise an error where weights or residuals leave the range in which rates can be computed.

    Parameters
    ----------
    objective
        The loss.

    Raises
    ------
    ValueError
        If a positive weight or the weighted norm of the residual is out of range.
    """
    nu = objective.nu
    outside = (nu > 0) & ((nu < _SMALLEST) | (nu > _LARGEST))
    if outside.any():
        index = int(np.argmax(outside))
        raise ValueError(
            f"`nu` must have entries that are zero or from {_SMALLEST:g} to {_LARGEST:g}; "
            f"entry {index} is {nu[index]:g}. Multiply all weights by one number: that changes "
            "the unit of time and nothing else."
        )
    norm = objective.norm(objective.residual(objective.theta_0))
    if not norm <= _LARGEST:
        raise ValueError(
            f"`y` must be so near the outputs that the weighted norm of the residual is at most "
            f"{_LARGEST:g}; got {norm:g}. Measure outputs and targets in a larger unit."
        )


def check_derivatives(gram: Float[np.ndarray, "k k"]) -> None:
    """Raise an error where the tangent kernel has no finite value.

    Parameters
    ----------
    gram
        The tangent kernel on the data.

    Raises
    ------
    ValueError
        If a diagonal entry, the squared length of a gradient, is NaN or above 1e100.
    """
    bad = ~(gram.diagonal() <= _LARGEST)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"`module` must have gradients of squared length at most {_LARGEST:g} on `X`; got "
            f"{gram[row, row]:g} for output {row} of all samples in order. Rescale `X`, or move "
            "the parameters away from where the module has no derivative."
        )
