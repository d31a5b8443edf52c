"""Exact gradient flow of a linear model: the residual under a kernel that does not move."""

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite

ROUNDING = 1e-10  # negative eigenvalues below this part of the largest are rounding of the matrix


def kernel_flow(
    K: Float[np.ndarray, "..."],
    residual: Float[np.ndarray, " n"],
    t: Float[np.ndarray, " t"],
    *,
    nu: Float[np.ndarray, "..."] | None = None,
) -> Float[np.ndarray, "t n"]:
    r"""Residual at given times under a constant kernel.

    .. math::
        \dot r = -K\, \mathrm{diag}(\nu)\, r, \qquad r(0) \text{ given}

    Parameters
    ----------
    K
        Kernel matrix, symmetric and positive semidefinite up to rounding.
    residual
        Prediction minus target at time 0.
    t
        Times, nonnegative, in any order.
    nu
        Weights of the data points; ones by default. Points of weight zero are carried along:
        they do not drive the flow but their residual moves.

    Returns
    -------
    One row per time.

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
    weights = np.ones(len(residual)) if nu is None else nu
    _check(K, residual, t, weights)
    seen = weights > 0
    root = np.sqrt(weights[seen])
    rates, modes = np.linalg.eigh(root[:, None] * K[np.ix_(seen, seen)] * root)
    _check_semidefinite(rates)
    rates = np.maximum(rates, 0)
    start = modes.T @ (root * residual[seen])
    flow = np.empty((len(t), len(residual)))
    flow[:, seen] = (np.exp(-np.outer(t, rates)) * start) @ modes.T / root
    travelled = _integrated_exponential(t, rates) * start
    pull = modes.T @ (root[:, None] * K[np.ix_(seen, ~seen)])
    flow[:, ~seen] = residual[~seen] - travelled @ pull
    return flow


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
    residual: Float[np.ndarray, " n"],
    t: Float[np.ndarray, " t"],
    nu: Float[np.ndarray, "..."],
) -> None:
    for name, values in (("K", K), ("residual", residual), ("t", t), ("nu", nu)):
        require_finite(values, name)
    n = len(residual)
    if K.shape != (n, n) or nu.shape != (n,):
        raise ValueError(
            f"`K` and `nu` must have shapes ({n}, {n}) and ({n},) for {n} residuals; "
            f"got {K.shape} and {nu.shape}."
        )
    for name, values in (("t", t), ("nu", nu)):
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
