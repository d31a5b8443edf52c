"""The certificate that does not depend on the length of the run."""

from collections.abc import Callable
from dataclasses import dataclass

from companion.claims.general_architectures_corrected import Basin, basin

APPLIES, FAILS, UNDECIDED = "applies", "does not apply", "cannot be decided"

_GROWTH = 1 + 1e-9  # a ball a hair larger than its path, so that the search ends
_ROUNDS = 200


@dataclass(frozen=True)
class ConvergenceCertificate:
    r"""Whether gradient flow must converge, from the start alone and for ever.

    .. math::
        |s_0| < \frac{\lambda_{\min}}{2 \beta} \quad\Longrightarrow\quad
        |s(t)| \le e^{-\rho t} |s_0|, \qquad
        \rho = (1 - \kappa) \lambda_{\min}, \quad
        \kappa = \frac{2 \beta |s_0|}{\lambda_{\min}}

    Attributes
    ----------
    verdict
        ``"applies"``, ``"does not apply"`` or ``"cannot be decided"``.
    reason
        Why, with the numbers.
    residual_norm
        :math:`|s_0|`, the weighted norm of the initial residual.
    lambda_min
        The interval that holds the smallest eigenvalue at the start.
    curvature
        The bound beta on the ball of that radius; None where none is known.
    curvature_seen
        A measured lower bound of beta: it can refute the certificate, never prove it. None where
        it was not needed or the module cannot be differentiated twice.
    radius
        Radius of the ball; the path is shorter if the certificate applies.
    ratio
        kappa, from ``curvature`` if there is one and from ``curvature_seen`` otherwise.
    rate
        The promised rate of the residual; None unless the certificate applies.

    Scale
    -----
    ``s = diag(nu)**0.5 r``; time of the flow of ``1/2 sum nu_i |r_i|**2``; the loss decays twice
    as fast as the residual. ``ratio <= 1/2`` is the better known condition
    ``|r_0| <= sigma_min(J_0)**2 / (4 beta)``.

    References
    ----------
    Derived here; the proof is in :func:`companion.claims.general_architectures_corrected.basin`.
    """

    verdict: str
    reason: str
    residual_norm: float
    lambda_min: tuple[float, float]
    curvature: float | None
    curvature_seen: float | None
    radius: float | None
    ratio: float | None
    rate: float | None


def convergence_certificate(
    residual_norm: float,
    lambda_min: tuple[float, float],
    *,
    bound: Callable[[float], float] | None,
    measured: Callable[[float, float], float | None],
) -> ConvergenceCertificate:
    """Decide the certificate from an interval of the eigenvalue and what is known of beta.

    Parameters
    ----------
    residual_norm
        Weighted norm of the initial residual.
    lambda_min
        Interval that holds the smallest eigenvalue of the weighted Gram matrix.
    bound
        An upper bound of beta on the ball of a radius, increasing in it; None if none is known.
    measured
        A lower bound of beta on the ball of a radius, or None; the second argument is a value that
        is enough to refute. Called only where the bound does not decide.

    Returns
    -------
    The certificate.

    Scale
    -----
    As :class:`ConvergenceCertificate`.

    Notes
    -----
    A ball serves if the path that its own beta allows stays inside of it. No path is shorter than
    the residual over the largest singular value that the smallest may have, so the search begins
    with that radius, goes on with the path that its beta allows, and ends at the smallest ball
    that serves or finds none: beta grows with the radius. The condition fails with certainty if
    it fails for the largest possible eigenvalue and for a beta seen on the smallest ball.
    """
    low, high = lambda_min
    if residual_norm == 0:
        reason = "the residual is zero: the flow stands still at a global minimum"
        return _certificate(APPLIES, reason, residual_norm, lambda_min, Basin(0.0, 0.0, low), 0.0)
    if high == 0:
        reason = "the smallest eigenvalue of the Gram matrix is zero"
        return _certificate(FAILS, reason, residual_norm, lambda_min)
    found, beta = (None, None) if bound is None else _smallest_ball(residual_norm, low, bound)
    if found is not None and found.ratio < 1:
        reason = f"2 beta |s_0| / lambda_min = {found.ratio:.3g} is below 1"
        return _certificate(APPLIES, reason, residual_norm, lambda_min, found, beta)
    least = residual_norm / high**0.5
    seen = measured(least, _GROWTH * high / (2 * residual_norm))
    if seen is not None:
        refuted = basin(residual_norm, lambda_min=high, curvature=seen)
        if not refuted.ratio < 1:
            reason = (
                f"2 beta |s_0| / lambda_min is at least {refuted.ratio:.3g}, "
                "with a beta that was measured on the smallest possible ball"
            )
            return _certificate(
                FAILS, reason, residual_norm, lambda_min, found or refuted, beta, seen, least
            )
    return _certificate(
        UNDECIDED,
        _undecided(low, beta, seen),
        residual_norm,
        lambda_min,
        found,
        beta,
        seen,
        least,
    )


def _smallest_ball(
    residual_norm: float, low: float, bound: Callable[[float], float]
) -> tuple[Basin | None, float | None]:
    if low == 0:
        return None, None
    radius = residual_norm / low**0.5
    for _ in range(_ROUNDS):
        beta = bound(radius)
        found = basin(residual_norm, lambda_min=low, curvature=beta)
        if not found.ratio < 1 or found.radius <= radius:
            return found, beta
        radius = found.radius * _GROWTH
    return None, beta


def _undecided(low: float, beta: float | None, seen: float | None) -> str:
    if low == 0:
        return "the smallest eigenvalue is known from above only, or to rounding"
    if beta is None:
        return (
            "no bound of the curvature is known for this module"
            if seen is not None
            else "the curvature of this module can neither be bounded nor measured"
        )
    if beta == float("inf"):
        return (
            "the curvature has no known bound on the ball: the flow may reach a kink of the "
            "activation, where the Jacobian jumps, or its second derivative has no known bound"
        )
    if seen is None:
        return "the bound of the curvature is too large, and it cannot be measured"
    return "the bound of the curvature is too large, and what was measured is small enough"


def _certificate(
    verdict: str,
    reason: str,
    residual_norm: float,
    lambda_min: tuple[float, float],
    found: Basin | None = None,
    curvature: float | None = None,
    seen: float | None = None,
    radius: float | None = None,
) -> ConvergenceCertificate:
    applies = verdict == APPLIES
    if found is None and seen is not None and lambda_min[1] > 0:
        found = basin(residual_norm, lambda_min=lambda_min[1], curvature=seen)
    return ConvergenceCertificate(
        verdict=verdict,
        reason=reason,
        residual_norm=residual_norm,
        lambda_min=lambda_min,
        curvature=curvature,
        curvature_seen=seen,
        radius=found.radius if applies and found else radius,
        ratio=None if found is None else found.ratio,
        rate=found.rate if applies and found else None,
    )
