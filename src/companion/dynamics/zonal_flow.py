"""Exact gradient flow at infinite width on the sphere: every harmonic degree decays by itself."""

import numpy as np
from jaxtyping import Float

from companion.dynamics.kernel_flow import ROUNDING
from companion.numerics.finite import require_finite


def zonal_flow(
    energies: Float[np.ndarray, "..."],
    eigenvalues: Float[np.ndarray, "..."],
    t: Float[np.ndarray, "..."],
) -> Float[np.ndarray, "t l"]:
    r"""Energies of the residual in each degree, at given times.

    .. math::
        \dot\kappa = -H \kappa, \qquad
        E_k(t) = \sum_j \kappa_{kj}(t)^2 = e^{-2 \mu_k t}\, E_k(0)

    Parameters
    ----------
    energies
        Sum of the squared coefficients of the residual in each degree at time 0, shape ``(l,)``.
    eigenvalues
        Eigenvalue of the zonal kernel in each degree, shape ``(l,)``.
    t
        Times, nonnegative, in any order.

    Returns
    -------
    The energies at each time; their sum over the degrees is the squared L2 norm.

    Scale
    -----
    The flow of half the squared L2 norm under the uniform probability measure, the measure of
    :func:`companion.kernels.spectrum.funk_hecke`.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is not finite, or one is negative. Eigenvalues that are
        negative by rounding count as zero.

    References
    ----------
    Derived here: a zonal kernel is a multiple of the identity on each degree.
    """
    rates = _degrees(energies, eigenvalues)
    _require_nonnegative(t, "t")
    return energies * np.exp(-2 * np.outer(t, rates))


def zonal_flow_of_logarithms(
    energies: Float[np.ndarray, "..."],
    log_eigenvalues: Float[np.ndarray, "..."],
    log_t: Float[np.ndarray, "..."],
) -> Float[np.ndarray, "t l"]:
    r"""As :func:`zonal_flow`, from eigenvalues and times that no floating-point number holds.

    .. math::
        E_k(t) = e^{-2 \exp(\log \mu_k + \log t)}\, E_k(0)

    Parameters
    ----------
    energies
        As in :func:`zonal_flow`.
    log_eigenvalues
        Natural logarithms of the eigenvalues, shape ``(l,)``; minus infinity for zero.
    log_t
        Natural logarithms of the times.

    Returns
    -------
    The energies at each time.

    Scale
    -----
    As in :func:`zonal_flow`.

    Raises
    ------
    ValueError
        If shapes disagree, an energy is negative or not finite, or a logarithm is NaN or plus
        infinity, or that of a time is not finite.

    References
    ----------
    Derived here.
    """
    _require_nonnegative(energies, "energies")
    _require_alike(energies, log_eigenvalues, "log_eigenvalues")
    # Minus infinity is the logarithm of an eigenvalue that vanishes.
    require_finite(np.where(log_eigenvalues == -np.inf, 0.0, log_eigenvalues), "log_eigenvalues")
    require_finite(log_t, "log_t")
    exponent = np.add.outer(log_t, log_eigenvalues)
    # exp(-2 exp(7)) is zero in double precision; beyond it only the inner one would overflow.
    return energies * np.exp(-2 * np.exp(np.minimum(exponent, 7.0)))


def largest_residual(
    eigenvalues: Float[np.ndarray, "..."],
    weights: Float[np.ndarray, "..."],
    t: Float[np.ndarray, "..."],
) -> Float[np.ndarray, " t"]:
    r"""Largest L2 norm at each time over all residuals that start in the unit ball of a norm.

    .. math::
        \sup_{\sum_k w_k E_k(0) \le 1} \|\kappa(t)\|_{L^2}
        = \max_k e^{-\mu_k t}\, w_k^{-1/2}

    Parameters
    ----------
    eigenvalues
        Eigenvalue of the zonal kernel in each degree, shape ``(l,)``.
    weights
        Positive weight of each degree in the squared norm, shape ``(l,)``; for :math:`H^\alpha`
        from :func:`companion.spaces.sobolev.sobolev_weights`.
    t
        Times, nonnegative, in any order.

    Returns
    -------
    The supremum at each time, over residuals of the given degrees. The maximum is attained by a
    residual of one degree; degrees beyond the given ones contribute at most the square root of
    one over their least weight.

    Scale
    -----
    As in :func:`zonal_flow`. If :math:`\mu_k \sim c\, k^{-2\beta}` and :math:`w_k \sim
    k^{2\alpha}`, it falls like :math:`(\alpha / (2 e \beta c\, t))^{\alpha / (2 \beta)}`.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is not finite, an eigenvalue or a time is negative, or a
        weight is not positive.

    References
    ----------
    Derived here.
    """
    rates = _degrees(weights, eigenvalues, name="weights")
    if not (weights > 0).all():
        first = int(np.argmin(weights > 0))
        raise ValueError(f"`weights` must be positive; entry {first} is {weights[first]}.")
    _require_nonnegative(t, "t")
    return np.exp((-np.outer(t, rates) - np.log(weights) / 2).max(axis=1))


def _degrees(
    per_degree: Float[np.ndarray, "..."],
    eigenvalues: Float[np.ndarray, "..."],
    *,
    name: str = "energies",
) -> Float[np.ndarray, " l"]:
    _require_nonnegative(per_degree, name)
    _require_alike(per_degree, eigenvalues, "eigenvalues", name)
    require_finite(eigenvalues, "eigenvalues")
    low = int(np.argmin(eigenvalues))
    if eigenvalues[low] < -ROUNDING * max(eigenvalues.max(), 0):
        raise ValueError(
            f"`eigenvalues` must be nonnegative up to rounding; entry {low} is "
            f"{eigenvalues[low]}. The flow of this kernel would blow up."
        )
    return np.maximum(eigenvalues, 0)


def _require_alike(
    first: Float[np.ndarray, "..."],
    second: Float[np.ndarray, "..."],
    name: str,
    reference: str = "energies",
) -> None:
    if second.shape != first.shape:
        raise ValueError(
            f"`{name}` must have one entry per degree, like `{reference}` of shape "
            f"{first.shape}; got shape {second.shape}. Cut both at the same degree."
        )


def _require_nonnegative(values: Float[np.ndarray, "..."], name: str) -> None:
    require_finite(values, name)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"`{name}` must be a vector with an entry; got shape {values.shape}.")
    if (values < 0).any():
        first = int(np.argmax(values < 0))
        raise ValueError(f"`{name}` must be nonnegative; entry {first} is {values[first]}.")
