r"""Hermite coefficients of an activation to relative accuracy, as logarithms.

Quadrature leaves an error of 1e-16 of the largest coefficient. Where the Fourier transform S of
a derivative :math:`\sigma^{(j)}` is nonnegative, higher coefficients are integrals of one sign,

.. math::
    |c_n(r)| = \frac{r^n}{\pi \sqrt{n!}} \int_0^\infty \omega^{n - j}\, S(\omega)\,
    e^{-r^2 \omega^2 / 2}\, d\omega \quad (n - j \text{ even}), \qquad
    c_n = 0 \quad (n - j \text{ odd}),

for :math:`n \ge j`, since :math:`\sqrt{n!}\, c_n(r) = r^n\, \mathbb{E}\, \sigma^{(n)}(rz)`.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln

from companion.activations import Activation
from companion.activations.transforms import derivative_transform
from companion.numerics.arguments import positive_number, whole_number

_BLOCK = 256  # degrees summed at once
_PANELS = np.linspace(-24, 24, 97)  # exp(-24**2 / 2) is zero in double precision
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def log_hermite_coefficients(
    activation: Activation, *, norm: float = 1.0, max_degree: int
) -> Float[np.ndarray, " l"]:
    r"""Logarithms of the sizes of the Hermite coefficients of :math:`z \mapsto \sigma(rz)`.

    .. math::
        \log |c_n(r)|, \qquad c_n(r) = \mathbb{E}_{z \sim N(0,1)}\, \sigma(rz)\, h_n(z)

    Parameters
    ----------
    activation
        An activation with a :func:`~companion.activations.transforms.derivative_transform`.
    norm
        The standard deviation r of the argument.
    max_degree
        The largest degree.

    Returns
    -------
    The logarithms; minus infinity where a coefficient vanishes by symmetry.

    Scale
    -----
    Natural logarithms; orthonormal Hermite polynomials under the standard normal law, as in
    :func:`~companion.numerics.quadrature.hermite_coefficients`.

    Raises
    ------
    TypeError
        If ``norm`` is not a number or ``max_degree`` not a whole one.
    ValueError
        If the activation has no such transform, ``norm`` is not positive, or ``max_degree`` is
        negative.

    Notes
    -----
    The midpoint rule on the whole line, which converges geometrically for an integrand that is
    analytic in a strip; it is even, so half of the nodes suffice. All terms are positive and are
    added relative to the largest.

    References
    ----------
    .. [1] L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal
       rule", SIAM Review 56 (2014), section 5.
    """
    transform = derivative_transform(activation)
    norm = positive_number("norm", norm, remedy="It is 1 for points of the unit sphere.")
    count = "Pass the largest degree that is wanted."
    max_degree = whole_number("max_degree", max_degree, remedy=count)
    if max_degree < 0:
        raise ValueError(f"`max_degree` must be nonnegative; got {max_degree}. {count}")
    order = transform.order
    logs = np.full(max_degree + 1, -np.inf)
    low = _first_coefficients(activation, norm)
    for degree in range(min(order, max_degree + 1)):
        if degree or activation.centre != 0:  # the mean of an odd function is zero, not rounding
            logs[degree] = math.log(low[degree])
    # Relative to its largest value the integrand ends within 10 / r of its peak, and in the
    # strip of half-width 0.9 free of poles it grows by at most exp(0.9 r^2).
    step = 0.1 / max(1.0, norm / 4)
    end = (math.sqrt(max_degree) + 10) / norm
    omega = step * (np.arange(math.ceil(end / step)) + 0.5)
    density = transform.logarithm(omega) - (norm * omega) ** 2 / 2 + math.log(step / math.pi)
    for start in range(order, max_degree + 1, 2 * _BLOCK):
        n = np.arange(start, min(start + 2 * _BLOCK, max_degree + 1), 2)
        terms = density + np.multiply.outer(n - order, np.log(omega))
        largest = terms.max(axis=1, keepdims=True)
        sums = np.log(np.exp(terms - largest).sum(axis=1)) + largest[:, 0]
        logs[n] = sums + n * math.log(norm) - gammaln(n + 1) / 2
    return logs


def _first_coefficients(activation: Activation, norm: float) -> tuple[float, float]:
    # Those below the order of the transform, by quadrature cut where the activation is not
    # analytic. They are of the size of the activation itself.
    edges = np.union1d(_PANELS, np.array(activation.breaks) / norm)
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half * (_NODES + 1)).ravel()
    weights = (half * _WEIGHTS).ravel() * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    weighted = weights * activation(norm * z)
    return float(weighted.sum()), float(weighted @ z)
