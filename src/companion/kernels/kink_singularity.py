r"""What the kinks of an activation leave in a kernel of infinite width, and in its eigenvalues.

If the derivative of order r + 1 of :math:`\sigma` jumps, second moments of :math:`\sigma'` are
smooth in the covariance but for a term :math:`(1 - |\rho|)^{r + 1/2}`, and those of
:math:`\sigma` but for :math:`(1 - |\rho|)^{r + 3/2}`. On the sphere :math:`|\rho| = 1` happens at
t = 1 and t = -1 only, so the kernel of a network is a function of t that is smooth between, and
two coefficients decide its spectrum.
"""

from dataclasses import dataclass
from itertools import product
from math import exp, gamma, pi, sqrt

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.decay import chord_power_spectrum
from companion.kernels.layer_moments import layer_moment
from companion.numerics.arguments import layer_indices, whole_number

_TOGETHER = 1e-12  # correlations closer to 1 or -1 than this are 1 or -1, up to rounding
_CANCELLED = 1e-11  # what rounding leaves of two coefficients that cancel


@dataclass(frozen=True)
class Singularity:
    r"""The leading part of a zonal kernel that is not smooth, at both ends of [-1, 1].

    .. math::
        \kappa(t) = a_+ (1 - t)^\nu + a_- (1 + t)^\nu + \text{smoother}

    Parameters
    ----------
    power
        The power :math:`\nu`.
    at_one, at_minus_one
        The coefficients :math:`a_+` and :math:`a_-`.

    Scale
    -----
    That of the kernel.

    References
    ----------
    .. [1] A. Bietti and F. Bach, "Deep equals shallow for ReLU networks in kernel regimes",
       ICLR 2021, theorem 1.
    """

    power: float
    at_one: float
    at_minus_one: float

    def spectrum(self, *, input_dim: int, max_degree: int) -> Float[np.ndarray, " l"]:
        """Eigenvalues of the leading part, which those of the kernel approach as k grows."""
        chord = chord_power_spectrum(self.power, input_dim=input_dim, max_degree=max_degree)
        even, odd = (self.at_one + sign * self.at_minus_one for sign in (1, -1))
        both = np.where(np.arange(max_degree + 1) % 2 == 0, even, odd)
        # What is left of a cancellation is the rounding of its terms.
        both[abs(both) < _CANCELLED * abs(self.at_one)] = 0
        return both * chord


def kink_singularity(
    *, depth: int, activation: Activation, trained: str | tuple[int, ...] = "all"
) -> Singularity:
    r"""The leading singularity of the tangent kernel of an infinitely wide network.

    .. math::
        \nu = r + \tfrac12 \text{ if a hidden layer is trained}, \qquad
        \nu = r + \tfrac32 \text{ if the output weights alone are},

    hence eigenvalues of order :math:`k^{-d - 2r}` or :math:`k^{-d - 2r - 2}`.

    Parameters
    ----------
    depth, activation, trained
        The network, as for :func:`~companion.kernels.tangent_kernel.tangent_kernel`. The
        activation states its ``continuous_derivatives`` r and its ``jumps``.

    Returns
    -------
    The power and both coefficients. A coefficient of zero means that the singularity at that end
    is weaker; two of one modulus cancel in every second degree.

    Scale
    -----
    The kernel in the scale of :func:`~companion.kernels.tangent_kernel.tangent_kernel`, points of
    norm one.

    Raises
    ------
    TypeError
        If ``depth`` is not a whole number.
    ValueError
        If ``depth`` is not positive, ``trained`` names no layer, or the activation does not say
        which of its derivatives jumps: for an analytic one there is no power.

    Notes
    -----
    For jumps :math:`J_i` at levels :math:`k_i` and pre-activations of variance q, both of which
    are nearly equal (s = 1) or opposite (s = -1),

    .. math::
        \mathbb{E}\,\sigma^{(r+1)}(u)\, \sigma^{(r+1)}(v) = \text{smooth}
        - \frac{s \sqrt2}{2\pi} \sum_{k_j = s k_i} J_i J_j\, e^{-k_i^2 / (2q)}
        \sqrt{1 - s\rho},

    and r integrations in the covariance lead to :math:`\sigma'`, r + 1 to :math:`\sigma`. A layer
    hands the distance from the end on with the factor :math:`\mathbb{E}\,\sigma'(u)\sigma'(v)`.

    References
    ----------
    Derived here. The powers are those of A. Bietti and F. Bach, "Deep equals shallow for ReLU
    networks in kernel regimes", ICLR 2021, for ReLU.
    """
    count = "Pass the number of hidden layers."
    depth = whole_number("depth", depth, remedy=count)
    if depth < 1:
        raise ValueError(f"`depth` must be at least 1; got {depth}. {count}")
    moving = layer_indices("trained", trained, depth=depth)
    order = activation.continuous_derivatives
    if order is None or not activation.jumps:
        raise ValueError(
            "`activation` must state which derivative jumps and by how much; got "
            f"{activation.name!r}. If it is analytic, its kernel has no such singularity."
        )
    at_one, at_minus_one = (_at_end(end, depth, activation, moving, order) for end in (1.0, -1.0))
    return Singularity(order + (1.5 if moving == (depth,) else 0.5), at_one, at_minus_one)


@dataclass(frozen=True)
class _Layer:
    value: float  # second moment of the activation at the end
    slope: float  # of its derivative
    kink: float  # coefficient of the leading power in the slope
    value_kink: float  # and of the next power in the value


def _at_end(
    end: float, depth: int, sigma: Activation, moving: tuple[int, ...], order: int
) -> float:
    layers = [_Layer(value=end, slope=1.0, kink=0.0, value_kink=0.0)]
    variance, rise = 1.0, -end  # of the covariance, away from the end
    for _ in range(depth):
        layers.append(_after(layers[-1], variance, rise, sigma, order))
        rise *= layers[-1].slope
        variance = _moment(sigma, variance, 1.0)
    if moving == (depth,):
        return layers[-1].value_kink
    total = 0.0
    for index in moving:
        following = layers[index + 1 :]
        for chosen in following:
            others = [one.slope for one in following if one is not chosen]
            total += layers[index].value * chosen.kink * float(np.prod(others))
    return total


def _after(before: _Layer, variance: float, rise: float, sigma: Activation, order: int) -> _Layer:
    rho = float(np.clip(before.value / variance, -1.0, 1.0))
    slope = _moment(sigma, variance, rho, derivative=True)
    kink = value_kink = 0.0
    if 1 - abs(rho) < _TOGETHER:
        same = 1.0 if rho > 0 else -1.0
        meeting = sum(
            jump * other * exp(-(level**2) / (2 * variance))
            for (level, jump), (mirror, other) in product(
                zip(sigma.breaks, sigma.jumps, strict=True), repeat=2
            )
            if abs(mirror - same * level) < _TOGETHER
        )
        kink = -same * meeting / (pi * sqrt(2 * variance))
        kink *= (-same) ** order * gamma(1.5) / gamma(order + 1.5) * abs(rise) ** (order + 0.5)
        value_kink = -same * kink * abs(rise) / (order + 1.5)
    value_kink += slope * before.value_kink
    return _Layer(_moment(sigma, variance, rho), slope, kink, value_kink)


def _moment(sigma: Activation, variance: float, rho: float, *, derivative: bool = False) -> float:
    X = np.array([[sqrt(variance), 0.0]])
    Z = sqrt(variance) * np.array([[rho, sqrt(1 - rho**2)]])
    return layer_moment(X, Z, activation=sigma, derivative=derivative).item()
