r"""Second moments of one layer of infinite width under Gaussian weights.

With :math:`u = w \cdot x`, :math:`v = w \cdot z` and :math:`w \sim N(0, I_d)` the moment depends
on the two norms and the angle alone. For a smooth activation Mehler's formula turns it into a
power series in the correlation, whose terms are each positive semidefinite,

.. math::
    \mathbb{E}\,\sigma(u)\sigma(v) = \sum_{k \ge 0} c_k(|x|)\, c_k(|z|)\, \cos^k\theta, \qquad
    c_k(r) = \mathbb{E}_{z \sim N(0,1)}\, \sigma(rz)\, h_k(z);

for a homogeneous one there is a closed form.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from companion.activations import Activation
from companion.kernels.homogeneous import homogeneous_angle, homogeneous_moment
from companion.kernels.pair_geometry import PairGeometry, pair_geometry
from companion.numerics.quadrature import hermite_coefficients

_DEGREES = (64, 256, 1024, 4096, 16384)  # tried in turn until the series is complete
_MISSING = 1e-14  # the share of E sigma(rz)^2 that the series may leave out
_NEGLIGIBLE = 1e-18  # powers of the correlation below it reach no digit
_PAIRS = 32768  # pairs summed at once, so that the series runs in the cache


class UnresolvedMoment(ArithmeticError):
    r"""The series of a layer moment does not reach its accuracy.

    .. math::
        \mathbb{E}\,\sigma(rz)^2 - \sum_{k \le K} c_k(r)^2 > 10^{-14}\, \mathbb{E}\,\sigma(rz)^2

    Parameters
    ----------
    message
        Names the activation, the norm and the missing share.

    Returns
    -------
    An exception.

    Scale
    -----
    Shares are relative to the second moment of the activation at that norm.

    Raises
    ------
    Nothing.

    References
    ----------
    .. [1] Section "Notes" of :func:`layer_moment`.
    """


def layer_moment(
    X: Float[np.ndarray, "n d"],
    Z: Float[np.ndarray, "n2 d"],
    *,
    activation: Activation,
    derivative: bool = False,
) -> Float[np.ndarray, "n n2"]:
    r"""Second moment of an infinitely wide layer, or of the derivative of its activation.

    .. math::
        \mathbb{E}_{w \sim N(0, I_d)}\, \sigma(w \cdot x)\, \sigma(w \cdot z) \qquad \text{or}
        \qquad \mathbb{E}_{w \sim N(0, I_d)}\, \sigma'(w \cdot x)\, \sigma'(w \cdot z).

    Parameters
    ----------
    X, Z
        Points as rows, of any norms.
    activation
        The activation :math:`\sigma`: homogeneous, or smooth.
    derivative
        Whether :math:`\sigma` is replaced by :math:`\sigma'`.

    Returns
    -------
    Matrix with entry ``[i, j]`` equal to the moment at ``(X[i], Z[j])``.

    Scale
    -----
    Plain expectation over standard Gaussian weights, no factor 2 and no division by the
    dimension: a point of norm one has unit variance. The first moment is ``D(x, y)`` of [1]_;
    times :math:`x \cdot z`, the second is the limit of the part of its Gram matrix that comes
    from the inner weights.

    Raises
    ------
    ValueError
        If the points are malformed or of different dimension, or the derivative of a
        homogeneous activation meets the zero vector, where its angle is undefined.
    UnresolvedMoment
        If the series is incomplete at degree 16384.

    Notes
    -----
    The series is cut where the mass that it leaves out, :math:`\mathbb{E}\,\sigma(rz)^2 -
    \sum_{k \le K} c_k(r)^2`, is at most 1e-14 of the whole. By Cauchy and Schwarz the same
    share bounds the error relative to the geometric mean of the two diagonal entries, at every
    angle. The cost grows with the norm, since :math:`\sigma(rz)` steepens: for the sigmoid the
    degree is about 30 at norm 1, 600 at norm 5 and 2100 at norm 10; the limit is near norm 28.
    A kink that is not homogeneous is not resolved and raises.

    References
    ----------
    .. [1] L. Li, "On the convergence of gradient descent for two layer neural networks",
       arXiv:1909.13671, section 3 (``D(x, y)`` before Lemma 3).
    .. [2] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2
       (Mehler's formula).
    """
    # Only this combination depends on the angle at the zero vector.
    zero_allowed = not (activation.homogeneous and derivative)
    geometry = pair_geometry(X, Z, zero_allowed=zero_allowed)
    return moment_of_pairs(geometry, activation=activation, derivative=derivative)


def moment_of_pairs(
    geometry: PairGeometry, *, activation: Activation, derivative: bool
) -> Float[np.ndarray, "n n2"]:
    r"""Second moment of a layer from the norms and angles of its inputs.

    .. math::
        \mathbb{E}\,\sigma(u)\sigma(v) \qquad \text{or} \qquad
        \mathbb{E}\,\sigma'(u)\sigma'(v)

    Parameters
    ----------
    geometry
        Norms and angles: the covariance of (u, v).
    activation
        The activation :math:`\sigma`: homogeneous, or smooth.
    derivative
        Whether the moment is that of the derivative.

    Returns
    -------
    The moment of each pair.

    Scale
    -----
    Plain expectation.

    Raises
    ------
    UnresolvedMoment
        If the series is incomplete at degree 16384.

    Notes
    -----
    As for :func:`layer_moment`, which checks its input. Deeper layers enter here: their inputs
    have norms and angles but no coordinates.

    References
    ----------
    .. [1] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2.
    """
    if activation.homogeneous:
        moment = homogeneous_moment(geometry.angle, activation=activation, derivative=derivative)
        return moment if derivative else np.outer(geometry.norms_x, geometry.norms_z) * moment
    norms = np.concatenate([geometry.norms_x, geometry.norms_z])
    radii, index = np.unique(_rounded(norms), return_inverse=True)
    series = _series(activation, radii, derivative)
    count = geometry.norms_x.size
    return _sum_series(series, index[:count], index[count:], np.cos(geometry.angle))


def after_layer(geometry: PairGeometry, *, activation: Activation) -> PairGeometry:
    r"""Norms and angles of pairs of points after a layer of infinite width.

    .. math::
        r'^2 = \mathbb{E}\,\sigma(u)^2, \qquad
        r' s' \cos\theta' = \mathbb{E}\,\sigma(u)\sigma(v)

    Parameters
    ----------
    geometry
        Norms and angles before the layer.
    activation
        The activation of the layer.

    Returns
    -------
    Norms and angles after it. A point that the layer sends to zero has an arbitrary angle.

    Scale
    -----
    The layer is divided by the root of its width.

    Raises
    ------
    UnresolvedMoment
        If the series is incomplete at degree 16384.

    Notes
    -----
    For a smooth activation the angle is the arc cosine of the moment: its error near zero is
    the root of the rounding, but the next moment is smooth in the cosine and does not see it.

    References
    ----------
    .. [1] A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel: convergence and
       generalization in neural networks", NeurIPS 2018, proposition 1.
    """
    norms_x = np.sqrt(_mean_squares(geometry.norms_x, activation))
    norms_z = np.sqrt(_mean_squares(geometry.norms_z, activation))
    if activation.homogeneous:
        angle = homogeneous_angle(geometry.angle, activation=activation)
    else:
        moment = moment_of_pairs(geometry, activation=activation, derivative=False)
        scale = np.outer(norms_x, norms_z)
        cosine = np.divide(moment, scale, out=np.zeros_like(moment), where=scale > 0)
        angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    return PairGeometry(norms_x, norms_z, angle)


def _mean_squares(
    norms: Float[np.ndarray, " n"], activation: Activation
) -> Float[np.ndarray, " n"]:
    if activation.homogeneous:
        same_point = np.zeros((1, 1))
        unit = homogeneous_moment(same_point, activation=activation, derivative=False)
        return norms**2 * unit[0, 0]
    radii, index = np.unique(_rounded(norms), return_inverse=True)
    squares = (_series(activation, radii, False) ** 2).sum(axis=1)
    return np.asarray(squares[index])


def _rounded(norms: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    # Points of one sphere have norms that differ by rounding; 49 bits make them one norm.
    mantissa, exponent = np.frexp(norms)
    return np.ldexp(np.round(np.ldexp(mantissa, 49)), exponent - 49)


def _series(
    activation: Activation, radii: Float[np.ndarray, " r"], derivative: bool
) -> Float[np.ndarray, "r l"]:
    function = activation.derivative if derivative else activation.value

    def layer(nodes: np.ndarray) -> np.ndarray:
        return np.asarray(function(radii[:, None] * nodes))

    for degree in _DEGREES:
        series = hermite_coefficients(layer, max_degree=degree)
        mass = _second_moment(layer, degree)
        missing = np.abs(mass - (series**2).sum(axis=1))
        if (missing <= _MISSING * mass).all():
            return _shortened(series, mass)
    worst = int(np.argmax(missing / mass))
    raise UnresolvedMoment(
        f"`X` must have norms at which the series of {activation.name!r} ends by degree {degree}; "
        f"got norm {radii[worst]:.6g}, where {missing[worst] / mass[worst]:.1e} of the second "
        "moment is missing. Rescale the points, or take an activation without kinks."
    )


def _second_moment(
    layer: Callable[[np.ndarray], np.ndarray], degree: int
) -> Float[np.ndarray, " r"]:
    # On a grid 1.4 times finer than that of the series, and not a multiple of it: a function
    # that the series saw through too coarse a grid has another mass here.
    count = int(29 * math.sqrt(degree)) + 150
    squares = hermite_coefficients(lambda z: layer(z) ** 2, max_degree=0, num_nodes=count)
    return squares[..., 0]


def _shortened(
    series: Float[np.ndarray, "r l"], mass: Float[np.ndarray, " r"]
) -> Float[np.ndarray, "r l2"]:
    # The tail is summed from its far end, so it is exact to far below the rounding of the mass.
    tail = np.cumsum(series[:, ::-1] ** 2, axis=1)[:, ::-1]
    needed = (tail > _NEGLIGIBLE * mass[:, None]).any(axis=0)
    return series[:, : max(1, int(needed.sum()))]


def _sum_series(
    series: Float[np.ndarray, "r l"],
    index_x: Int[np.ndarray, " n"],
    index_z: Int[np.ndarray, " n2"],
    correlation: Float[np.ndarray, "n n2"],
) -> Float[np.ndarray, "n n2"]:
    total = np.empty_like(correlation)
    rows = max(1, _PAIRS // index_z.size)
    for start in range(0, index_x.size, rows):
        part = slice(start, start + rows)
        first, second = np.meshgrid(index_x[part], index_z, indexing="ij")
        total[part] = _sum_pairs(
            series, first.ravel(), second.ravel(), correlation[part].ravel()
        ).reshape(first.shape)
    return total


def _sum_pairs(
    series: Float[np.ndarray, "r l"],
    first: Int[np.ndarray, " p"],
    second: Int[np.ndarray, " p"],
    correlation: Float[np.ndarray, " p"],
) -> Float[np.ndarray, " p"]:
    one_norm = len(series) == 1
    total = np.zeros_like(correlation)
    alive = np.arange(correlation.size)  # pairs whose power of the correlation still counts
    power, partial = np.ones_like(correlation), np.zeros_like(correlation)
    for degree, coefficients in enumerate(series.T):
        if one_norm:
            partial += coefficients[0] ** 2 * power
        else:
            partial += coefficients[first] * coefficients[second] * power
        power *= correlation
        if degree % 16 == 15:
            total[alive] = partial
            keep = np.abs(power) > _NEGLIGIBLE
            if not keep.all():
                alive, power, partial = alive[keep], power[keep], partial[keep]
                first, second, correlation = first[keep], second[keep], correlation[keep]
    total[alive] = partial
    return total
