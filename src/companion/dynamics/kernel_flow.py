"""Exact gradient flow of a linear model: the residual under a kernel that does not move."""

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite

ROUNDING = 1e-10  # negative eigenvalues below this part of the largest are rounding of the matrix


def kernel_flow(
    K: Float[np.ndarray, "..."],
    residual: Float[np.ndarray, "..."],
    t: Float[np.ndarray, "..."],
    *,
    nu: Float[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "t n ..."]:
    r"""Residual at given times under a constant kernel.

    .. math::
        \dot r = -K\, \mathrm{diag}(\nu)\, r, \qquad r(0) \text{ given}

    Parameters
    ----------
    K
        Kernel matrix, symmetric and positive semidefinite up to rounding; of shape
        ``(n q, n q)``, row ``i * q + c`` for output c of sample i.
    residual
        Prediction minus target at time 0, of shape ``(n,)`` or ``(n, ...)`` with q outputs per
        sample.
    t
        Times, nonnegative, in any order.
    nu
        Weights of the data points, shape ``(n,)``; ones by default. Points of weight zero are
        carried along: they do not drive the flow but their residual moves.

    Returns
    -------
    The residual at each time.

    Scale
    -----
    The flow of ``1/2 sum_i nu_i r_i**2``; with ``nu = 1/n`` the rates are eigenvalues of ``K/n``.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is not finite, a time or weight is negative, or ``K`` is not
        symmetric or not positive semidefinite up to rounding.

    Notes
    -----
    With S the square root of diag(nu), S K S is symmetric and S r moves by its exponential.
    Where the weight is positive this is divided by S, which keeps the relative accuracy of every
    mode however far it has decayed; elsewhere the velocity is integrated in closed form.
    Eigenvalues that are negative by rounding count as zero: they would blow up at late times.

    References
    ----------
    A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel", NeurIPS 2018, section 5, for
    ``nu = 1/n``.
    """
    _check(K, residual, t, nu)
    start = residual.reshape(-1)
    weights = np.ones(len(start))
    if nu is not None:
        weights = np.repeat(nu, len(start) // len(nu))
    seen = weights > 0
    root = np.sqrt(weights[seen])
    rates, modes = np.linalg.eigh(root[:, None] * K[np.ix_(seen, seen)] * root)
    _check_semidefinite(rates)
    rates = np.maximum(rates, 0)
    amplitudes = modes.T @ (root * start[seen])
    flow = np.empty((len(t), len(start)))
    flow[:, seen] = (np.exp(-np.outer(t, rates)) * amplitudes) @ modes.T / root
    travelled = _integrated_exponential(t, rates) * amplitudes
    pull = modes.T @ (root[:, None] * K[np.ix_(seen, ~seen)])
    flow[:, ~seen] = start[~seen] - travelled @ pull
    return flow.reshape(len(t), *residual.shape)


def _integrated_exponential(
    t: Float[np.ndarray, " t"], rates: Float[np.ndarray, " k"]
) -> Float[np.ndarray, "t k"]:
    # The integral of exp(-rate s) over [0, t], which tends to t as the rate tends to 0.
    positive = rates > 0
    divisor = np.where(positive, rates, 1.0)
    decayed: Float[np.ndarray, "t k"] = -np.expm1(-np.outer(t, rates)) / divisor
    return np.where(positive, decayed, t[:, None])


def _check(
    K: Float[np.ndarray, "..."],
    residual: Float[np.ndarray, "..."],
    t: Float[np.ndarray, "..."],
    nu: Float[np.ndarray, "..."] | None,
) -> None:
    weights = np.ones(residual.shape[:1]) if nu is None else nu
    for name, values in (("K", K), ("residual", residual), ("t", t), ("nu", weights)):
        require_finite(values, name)
    if residual.ndim == 0 or residual.size == 0:
        raise ValueError(f"`residual` must have a row per sample; got shape {residual.shape}.")
    if t.ndim != 1:
        raise ValueError(f"`t` must be a sequence of times; got shape {t.shape}.")
    size = residual.size
    if K.shape != (size, size):
        raise ValueError(
            f"`K` must have shape ({size}, {size}), one row per entry of `residual` of shape "
            f"{residual.shape}; got {K.shape}."
        )
    if weights.shape != residual.shape[:1]:
        raise ValueError(
            f"`nu` must have shape {residual.shape[:1]}, one weight per sample; "
            f"got {weights.shape}."
        )
    for name, values in (("t", t), ("nu", weights)):
        if (values < 0).any():
            entry = int(np.argmax(values < 0))
            raise ValueError(f"`{name}` must be nonnegative; entry {entry} is {values[entry]}.")
    asymmetry = np.abs(K - K.T).max()
    if asymmetry > ROUNDING * np.abs(K).max():
        raise ValueError(
            f"`K` must be symmetric; entries differ from their mirror by up to {asymmetry:.3g}."
        )


def _check_semidefinite(rates: Float[np.ndarray, " k"]) -> None:
    if len(rates) and rates[0] < -ROUNDING * max(rates[-1], 0):
        raise ValueError(
            f"`K` must be positive semidefinite up to rounding; its smallest eigenvalue is "
            f"{rates[0]:.3g} beside a largest of {rates[-1]:.3g} (between square roots of `nu`)."
        )
