r"""Quadrature for Gaussian variables and for the sphere.

Rules for :math:`N(0, 1)`, for a pair of correlated Gaussians, and for the law of
:math:`x \cdot y` on the sphere; and the expansion of a function in Hermite polynomials, by which
second moments of a layer become power series in the correlation (Mehler's formula).
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float
from scipy.special import roots_chebyt, roots_gegenbauer, roots_hermitenorm

from companion.numerics.finite import require_finite

_HALF_WIDTH = 24.0  # exp(-24**2 / 4) = 3e-63: what lies outside never reaches a double
_EDGE = 1e-15  # share of the largest weighted value that may stand at the ends
_BLOCK = 64  # degrees formed at once, so that the products are matrix products


def gauss_hermite(num_nodes: int) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    r"""Gauss rule for the standard normal law.

    .. math::
        \mathbb{E}_{z \sim N(0,1)} f(z) \approx \sum_j w_j f(z_j),

    exact for polynomials of degree at most :math:`2k - 1` with :math:`k` nodes.

    Parameters
    ----------
    num_nodes
        Number of nodes.

    Returns
    -------
    Nodes in increasing order, and weights.

    Scale
    -----
    Probability measure: the weights sum to one.

    Raises
    ------
    ValueError
        If ``num_nodes`` is not positive.

    Notes
    -----
    For a function with poles at distance :math:`\tau` from the real line the error falls only
    like :math:`\exp(-2\tau\sqrt{k})`; :func:`hermite_coefficients` integrates by another rule.

    References
    ----------
    .. [1] W. Gautschi, "Orthogonal Polynomials", Oxford 2004, section 1.4.
    """
    _require_positive(num_nodes, "num_nodes")
    nodes, weights = roots_hermitenorm(num_nodes)
    return nodes, weights / weights.sum()


def gaussian_pair_mean(
    f: Callable[[np.ndarray], np.ndarray],
    g: Callable[[np.ndarray], np.ndarray],
    *,
    covariance: Float[np.ndarray, "2 2"] | tuple[float, float, float],
    num_nodes: int,
) -> float:
    r"""Mean of a product of functions of two correlated Gaussians.

    .. math::
        \mathbb{E}\, f(u)\, g(v), \qquad (u, v) \sim N(0, \Sigma).

    Parameters
    ----------
    f, g
        Functions applied to arrays of nodes.
    covariance
        The matrix :math:`\Sigma`, or the triple (variance of u, variance of v, covariance).
        It may be singular.
    num_nodes
        Nodes per dimension of the tensor rule.

    Returns
    -------
    The value of the tensor Gauss-Hermite rule.

    Scale
    -----
    Plain expectation; :math:`\Sigma` holds variances, not standard deviations.

    Raises
    ------
    ValueError
        If ``num_nodes`` is not positive, the covariance is not that of a pair, not finite, or
        not symmetric and positive semidefinite up to rounding, or a function returns a value
        that is not finite.

    Notes
    -----
    The rule is exact if f and g are polynomials of joint degree at most ``2 num_nodes - 1`` and
    spectrally accurate for entire functions; for kinks use a closed form.

    References
    ----------
    .. [1] W. Gautschi, "Orthogonal Polynomials", Oxford 2004, section 1.4.
    """
    factor = _covariance_factor(covariance)
    nodes, weights = gauss_hermite(num_nodes)
    u = factor[0, 0] * nodes[:, None] + factor[0, 1] * nodes[None, :]
    v = factor[1, 0] * nodes[:, None] + factor[1, 1] * nodes[None, :]
    products = f(u) * g(v)
    require_finite(products, "f(u) * g(v)")
    return float(weights @ products @ weights)


def hermite_coefficients(
    function: Callable[[np.ndarray], np.ndarray],
    *,
    max_degree: int,
    num_nodes: int | None = None,
) -> Float[np.ndarray, "... l"]:
    r"""Coefficients of a function in the orthonormal Hermite polynomials of :math:`N(0, 1)`.

    .. math::
        c_k = \mathbb{E}_{z \sim N(0,1)}\, f(z)\, h_k(z), \qquad
        \mathbb{E}\, h_j h_k = \delta_{jk}, \qquad k = 0, \dots, K.

    Parameters
    ----------
    function
        Takes the nodes as an array (k,) and returns an array whose last axis belongs to them;
        leading axes hold several functions at once.
    max_degree
        The largest degree :math:`K`.
    num_nodes
        Nodes of the rule. The default resolves a function whose expansion ends near
        :math:`K`, twice as fine as the polynomials alone need.

    Returns
    -------
    The coefficients, degree along the last axis.

    Scale
    -----
    Probability measure and orthonormal polynomials with positive leading coefficient:
    :math:`h_1(z) = z`, :math:`h_2(z) = (z^2 - 1)/\sqrt{2}`, and
    :math:`\sum_k c_k^2 = \mathbb{E} f^2`.

    Raises
    ------
    ValueError
        If ``max_degree`` is negative, ``num_nodes`` is too small to keep the polynomials
        orthonormal, or the function is not finite at a node or grows too fast.

    Notes
    -----
    The trapezoidal rule on [-24, 24] converges geometrically for integrands that are analytic
    in a strip [1]_, here :math:`f h_k` times the Gaussian density. It needs fewer nodes than
    the Gauss rule where f has poles near the real line, and its weights are exact. The
    recurrence runs on :math:`h_k` times the root of the density, which cannot overflow.

    References
    ----------
    .. [1] L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal
       rule", SIAM Review 56 (2014), section 5.
    """
    if max_degree < 0:
        raise ValueError(f"`max_degree` must be nonnegative; got {max_degree}.")
    resolving = math.ceil(2 * _HALF_WIDTH * (2 * math.sqrt(max_degree) + 10) / math.pi)
    count = resolving if num_nodes is None else num_nodes
    if 2 * count < resolving:
        raise ValueError(
            f"`num_nodes` must be at least {math.ceil(resolving / 2)} for degree {max_degree}; "
            f"got {num_nodes}. Leave it out to take {resolving}."
        )
    step = 2 * _HALF_WIDTH / (count - 1)
    nodes = step * (np.arange(count) - (count - 1) / 2)
    root_density = np.exp(-(nodes**2) / 4) * math.sqrt(step / math.sqrt(2 * math.pi))
    values = np.asarray(function(nodes), dtype=np.float64)
    require_finite(values, "function(nodes)")
    weighted = values * root_density
    ends = np.abs(weighted[..., [0, -1]]).max(axis=-1)
    if (ends > _EDGE * np.abs(weighted).max(axis=-1)).any():
        raise ValueError(
            "`function` must be negligible against exp(-z**2 / 4) outside [-24, 24]; "
            f"got |function| up to {np.abs(values[..., [0, -1]]).max():.1e} there. "
            "Rescale its argument."
        )
    blocks = _hermite_blocks(nodes, root_density, max_degree)
    return np.concatenate([weighted @ block.T for block in blocks], axis=-1)


def gauss_gegenbauer(
    num_nodes: int, *, input_dim: int
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    r"""Gauss rule for the law of :math:`x \cdot y` with x uniform on the sphere.

    .. math::
        \mathbb{E} f(x \cdot y) = \frac{\Gamma(d/2)}{\sqrt{\pi}\,\Gamma((d-1)/2)}
        \int_{-1}^{1} f(t)\,(1 - t^2)^{(d-3)/2}\, dt, \qquad |y| = 1.

    Parameters
    ----------
    num_nodes
        Number of nodes; polynomials of degree at most ``2 num_nodes - 1`` are exact.
    input_dim
        The ambient dimension :math:`d` of the sphere :math:`S^{d-1}`.

    Returns
    -------
    Nodes in increasing order, and weights.

    Scale
    -----
    Uniform probability measure: the weights sum to one.

    Raises
    ------
    ValueError
        If ``num_nodes`` is not positive or ``input_dim`` is less than 2.

    References
    ----------
    .. [1] F. Dai and Y. Xu, "Approximation Theory and Harmonic Analysis on Spheres and Balls",
       Springer 2013, section 1.2.
    """
    _require_positive(num_nodes, "num_nodes")
    if input_dim < 2:
        raise ValueError(
            f"`input_dim` must be at least 2; got {input_dim}. "
            "The sphere of the line is two points: average over them."
        )
    if input_dim == 2:
        nodes, weights = roots_chebyt(num_nodes)
    else:
        nodes, weights = roots_gegenbauer(num_nodes, (input_dim - 2) / 2)
    return nodes, weights / weights.sum()


def _hermite_blocks(
    nodes: Float[np.ndarray, " k"], root_density: Float[np.ndarray, " k"], max_degree: int
) -> Iterator[Float[np.ndarray, "l k"]]:
    current, following = root_density, nodes * root_density
    for start in range(0, max_degree + 1, _BLOCK):
        block = np.empty((min(_BLOCK, max_degree + 1 - start), nodes.size))
        for row in range(len(block)):
            degree = start + row
            block[row] = current
            current, following = (
                following,
                (nodes * following - math.sqrt(degree + 1) * current) / math.sqrt(degree + 2),
            )
        yield block


def _covariance_factor(
    covariance: Float[np.ndarray, "2 2"] | tuple[float, float, float],
) -> Float[np.ndarray, "2 2"]:
    if isinstance(covariance, tuple) and len(covariance) == 3:
        var_u, var_v, cov = covariance
        matrix = np.array([[var_u, cov], [cov, var_v]], dtype=np.float64)
    else:
        matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.shape != (2, 2):
        raise ValueError(
            "`covariance` must be a 2 x 2 matrix or a triple (variance of u, variance of v, "
            f"covariance); got shape {matrix.shape}. Cut out the pair that is meant."
        )
    require_finite(matrix, "covariance")
    values, vectors = np.linalg.eigh(matrix)
    rounding = 1e-14 * max(abs(values[0]), abs(values[1]))
    if abs(matrix[0, 1] - matrix[1, 0]) > rounding or values[0] < -rounding:
        raise ValueError(
            "`covariance` must be symmetric and positive semidefinite; "
            f"got {matrix.tolist()}. Entries are variances, then the covariance."
        )
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _require_positive(count: int, name: str) -> None:
    if count < 1:
        raise ValueError(f"`{name}` must be positive; got {count}.")
