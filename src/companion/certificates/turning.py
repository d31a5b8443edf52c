r"""How much the Jacobian turns inside a ball, measured: lower bounds of its Lipschitz constant.

A measurement can only refute a certificate. It is what is left for modules for which no bound
from above is known.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from companion.certificates.weighted_jacobian import WeightedJacobian

_STARTS = 2  # directions of displacement tried: that of the flow, and a random one
_TURNS = 3  # displacements along the direction in which the change is seen most
_POWERS = 4  # power iterations for each displacement


def turning(
    jacobian_at: Callable[[Float[Tensor, " p"]], WeightedJacobian],
    theta_0: Float[Tensor, " p"],
    direction: Float[Tensor, " p"],
    *,
    radius: float,
    enough: float = math.inf,
    seed: int = 0,
) -> float:
    r"""Largest change of the Jacobian seen per unit of displacement.

    .. math::
        \max_{u} \frac{\|A(\theta_0 + R u) - A(\theta_0)\|}{R}, \qquad |u| = 1

    Parameters
    ----------
    jacobian_at
        The weighted Jacobian at given parameters, each in a module of its own.
    theta_0
        The start.
    direction
        The first displacement tried, for instance that of the flow; of any length.
    radius
        Length R of the displacements.
    enough
        A value at which the search may stop.
    seed
        Of the random displacement and of the first vectors of the power iterations.

    Returns
    -------
    A lower bound of the Lipschitz constant of the Jacobian on the ball, as far as the arithmetic
    carries: differences below its rounding are counted as zero.

    Scale
    -----
    As :class:`companion.certificates.curvature.ChainCurvature`.

    Notes
    -----
    The second derivative is symmetric in its two directions, so the direction in which the change
    is seen most is the next displacement: a power iteration for a bilinear form.

    References
    ----------
    Derived here.
    """
    generator = torch.Generator().manual_seed(seed)
    here = jacobian_at(theta_0)
    eps = torch.finfo(theta_0.dtype).eps
    best = 0.0
    for start in range(_STARTS):
        u = direction if start == 0 and bool(direction.any()) else _random(theta_0, generator)
        for _ in range(_TURNS):
            u = u / torch.linalg.vector_norm(u)
            try:
                there = jacobian_at(theta_0 + radius * u)
            except ValueError:  # so far away that the outputs are not finite
                break
            first = _random(theta_0, generator)
            seen, size, u = _change(here, there, first, enough=radius * enough)
            if seen > 100 * eps * size:
                best = max(best, seen / radius)
            if best >= enough or not bool(u.any()):
                break
        if best >= enough:
            break
    return best


def _change(
    here: WeightedJacobian, there: WeightedJacobian, v: Float[Tensor, " p"], *, enough: float
) -> tuple[float, float, Tensor]:
    # The norm |(A' - A) v| for unit v, that of A v, and the next v.
    seen = size = 0.0
    for _ in range(_POWERS):
        norm = torch.linalg.vector_norm(v)
        if not norm > 0:
            break
        v = v / norm
        before = here.apply(v)
        difference = there.apply(v) - before
        seen = max(seen, float(torch.linalg.vector_norm(difference)))
        size = max(size, float(torch.linalg.vector_norm(before)))
        if seen >= enough:
            break
        v = there.apply_transpose(difference) - here.apply_transpose(difference)
    return seen, size, v


def _random(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(len(like), generator=generator, dtype=torch.float64).to(like)
