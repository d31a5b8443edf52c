r"""Classical approximation on the circle: trigonometric polynomials and splines with N numbers.

Both are linear: the best element of a fixed space of dimension N, at the cost of one projection.
"""

import numpy as np
from jaxtyping import Float

from companion.numerics.arguments import whole_number
from companion.numerics.finite import require_finite
from companion.spaces.sobolev import check_energies


def fourier_projection_error(energies: Float[np.ndarray, " l"], *, num_coefficients: int) -> float:
    r"""Distance of a function from the trigonometric polynomials with so many coefficients.

    .. math::
        \Big( \sum_{k > (N - 1) / 2} e_k \Big)^{1/2}

    Parameters
    ----------
    energies
        Energies of the function by degree, from zero on.
    num_coefficients
        The number N of coefficients; of an even number one stays unused.

    Returns
    -------
    The distance.

    Scale
    -----
    Mean square over the circle; not relative to the function.

    Raises
    ------
    TypeError
        If ``num_coefficients`` is not a whole number.
    ValueError
        If it is not positive, or an energy is negative or not finite.

    References
    ----------
    .. [1] R. A. DeVore, "Nonlinear approximation", Acta Numerica 7 (1998), section 3.
    """
    check_energies(energies)
    count = _positive_count("num_coefficients", num_coefficients, "coefficients")
    return float(np.sqrt(energies[(count - 1) // 2 + 1 :].sum()))


def periodic_spline_error(values: Float[np.ndarray, " n"], *, num_knots: int) -> float:
    r"""Distance of a function from the continuous piecewise linear ones with equidistant knots.

    .. math::
        \Big( \sum_k |\hat f_k|^2 - \sum_{r = 0}^{N - 1}
        \frac{3\, \bigl| \sum_{k \equiv r} \hat f_k\, \mathrm{sinc}^2(k / N) \bigr|^2}
        {1 + 2 \cos^2(\pi r / N)} \Big)^{1/2}

    Parameters
    ----------
    values
        The function at :func:`~companion.spaces.circle.circle_points`, taken as the
        trigonometric polynomial of degree below n/2 through these values.
    num_knots
        The number N of knots, which is that of coefficients.

    Returns
    -------
    The distance, over all splines: the best knots' values, not those of the function.

    Scale
    -----
    Mean square over the whole circle, not over the points; sinc x = sin(pi x) / (pi x).

    Raises
    ------
    TypeError
        If ``num_knots`` is not a whole number.
    ValueError
        If it is not positive, or a value is not finite.

    Notes
    -----
    The hat functions are shifts of one, so that degrees with the same remainder modulo N form
    a problem of their own with one unknown; the denominator is the sum of the fourth powers of
    sinc over such a class.

    References
    ----------
    .. [1] C. de Boor, R. A. DeVore and A. Ron, "Approximation from shift-invariant subspaces of
       L2", Trans. Amer. Math. Soc. 341 (1994), section 2.
    """
    require_finite(values, "values")
    count = _positive_count("num_knots", num_knots, "knots")
    size = values.size
    coefficients = np.fft.fft(values) / size
    degrees = np.fft.fftfreq(size, 1 / size).round().astype(int)
    if size % 2 == 0:
        coefficients[size // 2] = 0  # two degrees that look alike: it belongs to neither
    remainder = degrees % count
    weighted = coefficients * np.sinc(degrees / count) ** 2
    parts = np.bincount(remainder, weighted.real, count) ** 2
    parts += np.bincount(remainder, weighted.imag, count) ** 2
    gram = (1 + 2 * np.cos(np.pi * np.arange(count) / count) ** 2) / 3
    total = (np.abs(coefficients) ** 2).sum()
    return float(np.sqrt(max(total - (parts / gram).sum(), 0.0)))


def _positive_count(name: str, value: int, what: str) -> int:
    remedy = f"Pass the number of {what}."
    count = whole_number(name, value, remedy=remedy)
    if count < 1:
        raise ValueError(f"`{name}` must be positive; got {count}. {remedy}")
    return count
