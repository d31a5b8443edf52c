"""Decay that is exponential in a power of the degree, fitted to logarithms."""

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from companion.numerics.finite import require_finite
from companion.numerics.rates import ExponentialRate


def fit_stretched_decay(
    x: Float[np.ndarray, " n"],
    log_y: Float[np.ndarray, " n"],
    *,
    power: float,
    algebraic: float = 0.0,
    confidence: float = 0.95,
) -> ExponentialRate:
    r"""Fit an exponential of a power, whose algebraic factor is known, by least squares.

    .. math::
        \log y_i \approx \log C - a\, x_i^p + q \log x_i + b\, x_i^{-p}

    Parameters
    ----------
    x
        Positive regressors, such as degrees.
    log_y
        Natural logarithms of the responses, which may be of any size.
    power
        The power p: 1 for exponential decay.
    algebraic
        The exponent q of the factor in front.
    confidence
        Coverage of the intervals, as far as the remainder behaves like noise.

    Returns
    -------
    The rate a with its interval, the hull of those with and without the correction
    :math:`b\, x^{-p}`; and :math:`C`, zero or infinite where no number holds it.

    Scale
    -----
    Natural logarithms; the rate is positive where y falls.

    Raises
    ------
    ValueError
        If the shapes differ, there are fewer than five points, an entry is not finite, ``x`` or
        ``power`` is not positive, ``x`` is constant, or ``confidence`` is no probability.

    Notes
    -----
    The remainder of an asymptotic law is deterministic, so no interval of a regression covers it
    by itself. What the rate changes by if the first correction is left out is an honest scale
    for what the next corrections do.

    References
    ----------
    .. [1] G. A. F. Seber and A. J. Lee, "Linear Regression Analysis", Wiley 2003, section 5.1.
    """
    _check(x, log_y, power, confidence)
    response = log_y - algebraic * np.log(x)
    ones = np.ones_like(x)
    plain, spread, _ = _slope(np.stack([-(x**power), ones], axis=1), response, confidence)
    columns = np.stack([-(x**power), ones, (x / x.min()) ** -power], axis=1)
    rate, half_width, intercept = _slope(columns, response, confidence)
    with np.errstate(over="ignore", under="ignore"):
        prefactor = float(np.exp(intercept))
    return ExponentialRate(
        rate=rate,
        low=min(rate - half_width, plain - spread),
        high=max(rate + half_width, plain + spread),
        prefactor=prefactor,
        confidence=confidence,
    )


def _slope(
    columns: Float[np.ndarray, "n k"], response: Float[np.ndarray, " n"], confidence: float
) -> tuple[float, float, float]:
    norms = np.linalg.norm(columns, axis=0)
    Q, R = np.linalg.qr(columns / norms)
    coefficients = np.linalg.solve(R, Q.T @ response)
    residual = response - columns / norms @ coefficients
    freedom = len(response) - columns.shape[1]
    variance = float(residual @ residual) / freedom * float((np.linalg.inv(R)[0] ** 2).sum())
    half_width = float(stdtrit(freedom, (1 + confidence) / 2)) * np.sqrt(variance) / norms[0]
    return float(coefficients[0] / norms[0]), float(half_width), float(coefficients[1] / norms[1])


def _check(
    x: Float[np.ndarray, " n"], log_y: Float[np.ndarray, " n"], power: float, confidence: float
) -> None:
    require_finite(x, "x")
    require_finite(log_y, "log_y")
    if x.ndim != 1 or log_y.shape != x.shape or x.size < 5:
        raise ValueError(
            "`log_y` must have one entry for each of at least five entries of `x`; got shapes "
            f"{log_y.shape} and {x.shape}. Take more degrees."
        )
    if x.min() <= 0 or np.ptp(x) == 0:
        raise ValueError(
            f"`x` must be positive and vary; got values from {x.min()} to {x.max()}. "
            "Leave degree 0 out."
        )
    if not 0 < power < np.inf:
        raise ValueError(f"`power` must be positive and finite; got {power}. It is 1 or 2/3.")
    if not 0 < confidence < 1:
        raise ValueError(
            f"`confidence` must lie strictly between 0 and 1; got {confidence}. Take 0.95."
        )
