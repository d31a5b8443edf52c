"""Polynomials that follow exp to order four and stay below one far along the negative axis.

The polynomial of degree s is w(z) P(z). P has degree s - 4 and is orthogonal with the weight w^2
on a Chebyshev interval, so that the product oscillates evenly, as Chebyshev's polynomials do; w
has two pairs of conjugate zeros, placed so that the product agrees with exp to order four.
"""

from dataclasses import dataclass
from math import factorial

import numpy as np
from jaxtyping import Float
from scipy.optimize import root

Plain = np.ndarray  # in private helpers: shapes are checked where they enter

# In the variable u = s^2 (1 - x), x in [-1, 1], the zeros of w hardly depend on s. The imaginary
# part of the first is chosen: smaller values lengthen the interval and damp less inside of it.
FIRST_IMAGINARY = 9.5
ZEROS = (17.6, 1.7, 24.9)  # where the search for the other three numbers starts
ROUNDING = 1e-11  # of equations between numbers of order one, with room


@dataclass(frozen=True, eq=False)
class StabilityPolynomial:
    r"""One polynomial, as a recurrence of three terms and a factor of degree four.

    .. math::
        R(z) = w(z) P_{s-4}(z), \qquad
        P_j = (\mu_j z + \nu_j) P_{j-1} + (1 - \nu_j) P_{j-2}

    Parameters
    ----------
    interval
        R is below 1 in size from its negative to 0.
    mu, nu
        The recurrence, from j = 1 on.
    weight
        Coefficients of w, increasing.
    error_constant
        R - exp begins with this times the fifth power, up to the sign.

    Scale
    -----
    R, P and w are 1 at 0.

    References
    ----------
    A. Abdulle, "Fourth order Chebyshev methods with recurrence relation", SIAM J. Sci. Comput.
    23, 2002 (the product of w and P). The polynomials here are damped more strongly.
    """

    interval: float
    mu: Float[np.ndarray, " k"]
    nu: Float[np.ndarray, " k"]
    weight: Float[np.ndarray, " 5"]
    error_constant: float


def stability_polynomial(degree: int) -> StabilityPolynomial:
    r"""The polynomial of a given degree.

    Parameters
    ----------
    degree
        At least 6.

    Returns
    -------
    The polynomial in the form that a Runge-Kutta method needs.

    Scale
    -----
    Its interval is about ``0.3 * degree**2``, and its size in it, away from 0, at most 0.7.

    Raises
    ------
    ValueError
        If the degree is below 6.
    ArithmeticError
        If the zeros are not found to rounding.

    Notes
    -----
    Orthogonal polynomials come from the Stieltjes procedure on Chebyshev nodes, which integrate
    the products that occur exactly.

    References
    ----------
    W. Gautschi, "Orthogonal Polynomials", 2004, section 2.2.
    """
    if degree < 6:
        raise ValueError(f"`degree` must be at least 6; got {degree}.")
    zeros = root(_disagreement, ZEROS, args=(degree,), tol=1e-14).x
    remainder = float(np.abs(_disagreement(zeros, degree)).max())
    if not remainder < ROUNDING:
        raise ArithmeticError(f"zeros of degree {degree} are only known to {remainder:.1e}")
    weight, product = _weight(zeros, degree), _product(zeros, degree)
    rate = product[1]  # z = rate * (x - 1)
    mu, nu = _recurrence(weight, degree - 4, rate)
    error_constant = abs(product[5] / rate**5 - 1 / factorial(5))
    return StabilityPolynomial(2 * rate, mu, nu, weight / rate ** np.arange(5), error_constant)


def _weight(zeros: Plain, degree: int) -> Plain:
    # w as a polynomial in x - 1, of value 1 at 0.
    real, second_real, second_imaginary = zeros
    factors = [
        np.array([a**2 + b**2, 2 * a * degree**2, degree**4]) / (a**2 + b**2)
        for a, b in ((real, FIRST_IMAGINARY), (second_real, second_imaginary))
    ]
    return np.convolve(*factors)


def _orthonormal(weight: Plain, degree: int) -> tuple[Plain, Plain]:
    # The recurrence b_{k+1} p_{k+1} = (x - a_k) p_k - b_k p_{k-1}.
    count = degree + 8  # exact for the products that occur
    x = np.cos((2 * np.arange(count) + 1) * np.pi / (2 * count))
    mass = np.polynomial.polynomial.polyval(x - 1, weight) ** 2
    mass /= mass.sum()
    a, b = np.zeros(degree), np.zeros(degree + 1)
    before, here = np.zeros(count), np.ones(count)
    for k in range(degree):
        a[k] = mass @ (x * here * here)
        following = (x - a[k]) * here - b[k] * before
        b[k + 1] = np.sqrt(mass @ (following * following))
        before, here = here, following / b[k + 1]
    return a, b


def _product(zeros: Plain, degree: int) -> Plain:
    # Taylor coefficients of w P at x = 1, up to the fifth, of value 1.
    weight = _weight(zeros, degree)
    a, b = _orthonormal(weight, degree - 4)
    before, here = np.zeros(6), np.eye(6)[0]
    for k in range(len(a)):
        following = (1 - a[k]) * here - b[k] * before
        following[1:] += here[:-1]
        before, here = here, following / b[k + 1]
    product = np.convolve(weight, here)[:6]
    return product / product[0]


def _disagreement(zeros: Plain, degree: int) -> Plain:
    # With exp, whose argument is the derivative of the product times (x - 1).
    product = _product(zeros, degree)
    return np.array([factorial(k) * product[k] / product[1] ** k - 1 for k in (2, 3, 4)])


def _recurrence(weight: Plain, degree: int, rate: float) -> tuple[Plain, Plain]:
    a, b = _orthonormal(weight, degree)
    mu, nu = np.empty(degree), np.empty(degree)
    before, here = 0.0, 1.0
    for k in range(degree):
        following = ((1 - a[k]) * here - b[k] * before) / b[k + 1]
        mu[k] = here / (b[k + 1] * following) / rate
        nu[k] = (1 - a[k]) * here / (b[k + 1] * following)
        before, here = here, following
    return mu, nu
