"""Rates of convergence and of decay: least squares with confidence intervals."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

from companion.numerics.finite import require_finite


@dataclass(frozen=True)
class Rate:
    r"""A fitted power law.

    .. math::
        y \approx \text{prefactor} \cdot \prod_j x_j^{\text{exponent}_j}

    Parameters
    ----------
    exponent
        The exponent, or one per regressor.
    low, high
        Ends of the confidence interval of each exponent.
    prefactor
        The factor in front.
    confidence
        The coverage of each interval.

    Scale
    -----
    An exponent is negative where y falls. Intervals are for one exponent at a time.

    References
    ----------
    .. [1] G. A. F. Seber and A. J. Lee, "Linear Regression Analysis", Wiley 2003, section 5.1.
    """

    exponent: float | Float[np.ndarray, " k"]
    low: float | Float[np.ndarray, " k"]
    high: float | Float[np.ndarray, " k"]
    prefactor: float
    confidence: float


@dataclass(frozen=True)
class ExponentialRate:
    r"""A fitted exponential decay.

    .. math::
        y \approx \text{prefactor} \cdot e^{-\text{rate} \cdot t}

    Parameters
    ----------
    rate
        The rate, positive where y falls.
    low, high
        Ends of its confidence interval.
    prefactor
        The fitted value at time zero.
    confidence
        The coverage of the interval.

    Scale
    -----
    One over the unit of ``t``.

    References
    ----------
    .. [1] G. A. F. Seber and A. J. Lee, "Linear Regression Analysis", Wiley 2003, section 5.1.
    """

    rate: float
    low: float
    high: float
    prefactor: float
    confidence: float


def fit_power_law(
    x: Float[np.ndarray, " n"] | Float[np.ndarray, "n k"],
    y: Float[np.ndarray, " n"],
    *,
    confidence: float = 0.95,
) -> Rate:
    r"""Fit a power law in one or several quantities by least squares in the logarithms.

    .. math::
        \log y_i = \log C + \sum_j p_j \log x_{ij} + \text{noise}_i

    Parameters
    ----------
    x
        Positive regressors; a column for each, such as width and dimension.
    y
        Positive responses.
    confidence
        Coverage of the intervals.

    Returns
    -------
    The exponents with Student-t intervals: numbers if ``x`` is a vector, arrays with an entry
    per column otherwise.

    Scale
    -----
    Natural logarithms; the exponents do not depend on the base.

    Raises
    ------
    ValueError
        If the shapes differ, an entry is not positive and finite, no degree of freedom is left
        for the noise, or the columns are collinear in their logarithms.

    Notes
    -----
    The interval assumes independent noise of equal variance in the logarithm. It is no bound
    on a systematic bend of the curve.

    References
    ----------
    .. [1] G. A. F. Seber and A. J. Lee, "Linear Regression Analysis", Wiley 2003, section 5.1.
    """
    if x.ndim not in (1, 2):
        raise ValueError(
            "`x` must be a vector or a matrix with a column for each quantity; "
            f"got shape {x.shape}. Ravel it, or stack the quantities as columns."
        )
    columns = x if x.ndim == 2 else x[:, None]
    _require_positive(columns, "x")
    _require_positive(y, "y")
    intercept, slopes, half_widths = _least_squares(np.log(columns), np.log(y), confidence)
    if x.ndim == 2:
        low, high = slopes - half_widths, slopes + half_widths
        return Rate(slopes, low, high, float(np.exp(intercept)), confidence)
    slope, half_width = float(slopes[0]), float(half_widths[0])
    return Rate(
        slope, slope - half_width, slope + half_width, float(np.exp(intercept)), confidence
    )


def fit_exponential(
    t: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"], *, confidence: float = 0.95
) -> ExponentialRate:
    r"""Fit an exponential decay by least squares in the logarithm.

    .. math::
        \log y_i = \log C - \text{rate} \cdot t_i + \text{noise}_i

    Parameters
    ----------
    t
        Times.
    y
        Positive responses.
    confidence
        Coverage of the interval.

    Returns
    -------
    The rate with its Student-t interval.

    Scale
    -----
    One over the unit of ``t``; positive where y falls.

    Raises
    ------
    ValueError
        If the shapes differ, ``t`` is not finite or constant, ``y`` is not positive and finite,
        or there are fewer than three points.

    Notes
    -----
    Successive values of one trajectory are not independent; then the interval describes how
    straight the curve is and nothing more.

    References
    ----------
    .. [1] G. A. F. Seber and A. J. Lee, "Linear Regression Analysis", Wiley 2003, section 5.1.
    """
    if t.ndim != 1:
        raise ValueError(f"`t` must be a vector of times; got shape {t.shape}. Ravel it.")
    require_finite(t, "t")
    _require_positive(y, "y")
    intercept, slopes, half_widths = _least_squares(t[:, None], np.log(y), confidence)
    rate, half_width = -float(slopes[0]), float(half_widths[0])
    return ExponentialRate(
        rate, rate - half_width, rate + half_width, float(np.exp(intercept)), confidence
    )


def _least_squares(
    columns: Float[np.ndarray, "n k"], response: Float[np.ndarray, " n2"], confidence: float
) -> tuple[float, Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    count, num_slopes = columns.shape
    if response.shape != (count,):
        raise ValueError(
            f"`y` must have one entry for each of the {count} points; got shape {response.shape}."
        )
    freedom = count - num_slopes - 1
    if freedom < 1:
        raise ValueError(
            f"`y` must have at least {num_slopes + 2} entries to fit {num_slopes} rates with an "
            f"interval; got {count}."
        )
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must lie strictly between 0 and 1; got {confidence}.")
    # Centred columns of unit norm: the rank test then does not depend on units.
    means = columns.mean(axis=0)
    centred = columns - means
    norms = np.linalg.norm(centred, axis=0)
    spread = 1e-12 * np.maximum(np.abs(columns).max(axis=0), 1.0)
    scaled = centred / np.where(norms > spread, norms, 1.0)
    singular = np.linalg.svd(scaled, compute_uv=False)
    if (norms <= spread).any() or singular[-1] < 1e-10:
        raise ValueError(
            "`x` must have columns that vary independently of each other; "
            f"got smallest singular value {singular[-1]:.1e} of the centred columns. "
            "Vary one quantity while the others stay fixed."
        )
    solution = np.linalg.lstsq(scaled, response - response.mean(), rcond=None)[0]
    residual = response - response.mean() - scaled @ solution
    covariance = np.linalg.inv(scaled.T @ scaled) * (residual @ residual) / freedom
    slopes = solution / norms
    quantile = float(stdtrit(freedom, (1 + confidence) / 2))
    half_widths = quantile * np.sqrt(np.diag(covariance)) / norms
    return float(response.mean() - means @ slopes), slopes, half_widths


def _require_positive(values: Float[np.ndarray, "..."], name: str) -> None:
    require_finite(values, name)
    if not (values > 0).all():
        index = tuple(int(i) for i in np.argwhere(values <= 0)[0])
        raise ValueError(
            f"`{name}` must be positive; got {values[index]} at index {list(index)}. "
            "A logarithm is taken."
        )
