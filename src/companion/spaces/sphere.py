r"""The sphere :math:`S^{d-1}`: random points, their separation, and maxima of functions on it."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.spatial.distance import cdist, pdist

from companion.numerics.finite import require_finite
from companion.spaces.points import row_norms

_GRADIENT = 1e-10  # stop once the tangential gradient fell by this factor
_MAX_STEPS = 5000


def uniform_on_sphere(
    num_samples: int, input_dim: int, rng: np.random.Generator
) -> Float[np.ndarray, "n d"]:
    r"""Independent points, uniform on the unit sphere.

    .. math::
        x = g / |g|, \qquad g \sim N(0, I_d).

    Parameters
    ----------
    num_samples
        Number of points.
    input_dim
        The ambient dimension :math:`d`.
    rng
        Source of randomness.

    Returns
    -------
    Points as rows, each of norm one up to rounding.

    Scale
    -----
    The uniform probability measure on :math:`S^{d-1} \subset \mathbb{R}^d`.

    Raises
    ------
    ValueError
        If a size is not positive.

    References
    ----------
    .. [1] M. E. Muller, "A note on a method for generating points uniformly on n-dimensional
       spheres", Comm. ACM 2 (1959).
    """
    _require_sizes(num_samples, input_dim)
    directions = rng.standard_normal((num_samples, input_dim))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def uniform_in_shell(
    num_samples: int,
    input_dim: int,
    rng: np.random.Generator,
    *,
    inner: float,
    outer: float,
) -> Float[np.ndarray, "n d"]:
    r"""Independent points, uniform by volume in a spherical shell.

    .. math::
        \{ x \in \mathbb{R}^d : r_1 \le |x| \le r_2 \}

    Parameters
    ----------
    num_samples
        Number of points.
    input_dim
        The ambient dimension :math:`d`.
    rng
        Source of randomness.
    inner, outer
        The radii :math:`r_1 \le r_2`.

    Returns
    -------
    Points as rows.

    Scale
    -----
    Lebesgue measure, normalised: in high dimension almost all points lie near the outer radius.

    Raises
    ------
    ValueError
        If a size is not positive or the radii are not finite with ``0 <= inner <= outer`` and
        ``outer > 0``.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Assumption 1 (a compact domain away from zero).
    """
    _require_sizes(num_samples, input_dim)
    if not (0 <= inner <= outer < np.inf and outer > 0):
        raise ValueError(
            "`inner` and `outer` must be finite radii with 0 <= inner <= outer and outer > 0; "
            f"got inner = {inner} and outer = {outer}."
        )
    directions = uniform_on_sphere(num_samples, input_dim, rng)
    hollow = (inner / outer) ** input_dim  # the share of the ball that is cut out
    share = hollow + (1 - hollow) * rng.random(num_samples)
    radii = np.clip(outer * share ** (1 / input_dim), inner, outer)
    return radii[:, None] * directions


def separation(X: Float[np.ndarray, "n d"]) -> float:
    r"""Smallest distance between points, each taken up to its sign.

    .. math::
        \min_{i \ne j} \min(|x_i - x_j|, |x_i + x_j|)

    Parameters
    ----------
    X
        At least two points as rows.

    Returns
    -------
    The separation; zero if and only if two points coincide or are opposite.

    Scale
    -----
    Euclidean chord, not angle.

    Raises
    ------
    ValueError
        If ``X`` is malformed or has fewer than two rows.

    References
    ----------
    .. [1] J. Cocola and P. Hand, "Global convergence of Sobolev training for
       overparameterized neural networks", arXiv:2006.07928, eq. (7) (``delta_1``).
    """
    row_norms(X)
    if len(X) < 2:
        raise ValueError(f"`X` must have at least two points; got {len(X)}.")
    sums = cdist(X, -X)
    np.fill_diagonal(sums, np.inf)  # a point is not compared with its own opposite
    return float(min(pdist(X).min(), sums.min()))


def maximise_on_sphere(
    value_and_gradient: Callable[[np.ndarray], tuple[float, np.ndarray]],
    starts: Float[np.ndarray, "s ... d"],
) -> tuple[Float[np.ndarray, "s ... d"], Float[np.ndarray, " s"]]:
    r"""Climb a function on the unit sphere, or on a product of unit spheres.

    .. math::
        \max_{x \in S^{d-1} \times \dots \times S^{d-1}} f(x)

    Parameters
    ----------
    value_and_gradient
        Takes one point, (d,) or (k, d) for a product of k spheres, and returns the value and
        the gradient in the surrounding space, of the shape of the point.
    starts
        Starting points along the first axis; each row is normalised.

    Returns
    -------
    The best point found from each start, and its value, in the order of the starts.

    Scale
    -----
    Unit spheres.

    Raises
    ------
    ValueError
        If ``starts`` is malformed, has a zero row or is not finite, or the function returns a
        value or gradient that is not finite or of the wrong shape.

    Notes
    -----
    L-BFGS minimises :math:`-f(y / |y|)` over the surrounding space, where no constraint is
    left; f is divided by the norm of its gradient at the start, so that the tolerance is
    relative. Every value is attained at the point returned, hence a lower bound of the
    supremum; that it is the supremum needs enough starts or a further argument.

    References
    ----------
    .. [1] D. C. Liu and J. Nocedal, "On the limited memory BFGS method for large scale
       optimization", Math. Programming 45 (1989).
    """
    if starts.ndim < 2 or starts.size == 0:
        raise ValueError(
            "`starts` must have the starts along its first axis and coordinates along its last; "
            f"got shape {starts.shape}. Use start[None] for one start."
        )
    require_finite(starts, "starts")
    norms = np.linalg.norm(starts, axis=-1)
    if not norms.all():
        index = [int(i) for i in np.argwhere(norms == 0)[0]]
        raise ValueError(f"`starts` must have nonzero rows; row {index} is the zero vector.")
    found = [_climb(value_and_gradient, start) for start in _normalised(starts)]
    return np.stack([point for point, _ in found]), np.array([value for _, value in found])


def _climb(
    value_and_gradient: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: Float[np.ndarray, "... d"],
) -> tuple[Float[np.ndarray, "... d"], float]:
    shape = start.shape

    def tangential(y: np.ndarray) -> tuple[float, np.ndarray]:
        lengths = np.linalg.norm(y, axis=-1, keepdims=True)
        point = y / lengths
        value, gradient = value_and_gradient(point)
        _require_value(value, gradient, shape)
        normal_part = (gradient * point).sum(axis=-1, keepdims=True) * point
        return float(value), (gradient - normal_part) / lengths

    best_value, first_gradient = tangential(start)
    best_point = start
    scale = float(np.linalg.norm(first_gradient)) or 1.0

    def descent(flat: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best_value, best_point
        y = flat.reshape(shape)
        value, gradient = tangential(y)
        if value > best_value:
            best_value, best_point = value, _normalised(y)
        return -value / scale, -gradient.ravel() / scale

    options = {"maxiter": _MAX_STEPS, "maxfun": 2 * _MAX_STEPS, "ftol": 0.0, "gtol": _GRADIENT}
    minimize(descent, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    return best_point, best_value


def _normalised(points: Float[np.ndarray, "... d"]) -> Float[np.ndarray, "... d"]:
    return points / np.linalg.norm(points, axis=-1, keepdims=True)


def _require_value(value: float, gradient: np.ndarray, shape: tuple[int, ...]) -> None:
    if np.shape(gradient) != shape:
        raise ValueError(
            f"`value_and_gradient` must return a gradient of shape {shape}; "
            f"got {np.shape(gradient)}."
        )
    if not (np.isfinite(value) and np.isfinite(gradient).all()):
        raise ValueError(
            f"`value_and_gradient` must return finite numbers; got the value {value}."
        )


def _require_sizes(num_samples: int, input_dim: int) -> None:
    for name, size in (("num_samples", num_samples), ("input_dim", input_dim)):
        if size < 1:
            raise ValueError(f"`{name}` must be positive; got {size}.")
