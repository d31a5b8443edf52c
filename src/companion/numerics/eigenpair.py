"""An eigenvalue that comes with an interval, and the interval that a vector gives."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

_EXTENDED = float(np.finfo(np.longdouble).eps) / 2  # no better than double on some platforms
_TILE = 128


@dataclass(frozen=True)
class Eigenpair:
    r"""An extreme eigenvalue, an interval that contains it, and its vector.

    .. math::
        \text{lower} \le \lambda \le \text{upper}, \qquad |v| = 1, \quad K v \approx \lambda v

    Parameters
    ----------
    value
        The Rayleigh quotient of the vector: never below the smallest eigenvalue, never above the
        largest, but for rounding.
    lower, upper
        Ends of the interval. What makes them hold, the function that returns the pair says.
    vector
        A unit vector; None where the eigenvalue is known without one.

    Scale
    -----
    In units of the matrix as given.

    References
    ----------
    B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, chapter 10.
    """

    value: float
    lower: float
    upper: float
    vector: Float[np.ndarray, " n"] | None

    @property
    def bound(self) -> float:
        """Largest distance between the value and the eigenvalue."""
        return max(self.upper - self.value, self.value - self.lower)


def enclosed(
    K: Float[np.ndarray, "n n"],
    vector: Float[np.ndarray, " n"],
    *,
    first: float = -np.inf,
    second: float = -np.inf,
) -> Eigenpair:
    r"""The interval for the smallest eigenvalue that a vector gives.

    .. math::
        \max\Bigl(\text{first},\ \theta - \frac{\rho^2}{\text{second} - \theta}\Bigr)
        \le \lambda_{\min}(K) \le \theta, \qquad
        \theta = v^\top K v, \quad \rho = |K v - \theta v|.

    Parameters
    ----------
    K
        A symmetric matrix.
    vector
        An approximate eigenvector v, of any length but zero.
    first, second
        Numbers that the smallest and the second smallest eigenvalue are known not to be below.

    Returns
    -------
    The pair; what rounding may have done is in its interval.

    Scale
    -----
    In units of the matrix.

    Notes
    -----
    Sums run in extended precision, in short pieces: at a condition number of 1e6 the rounding of
    plain double precision may be 1e-7 of the smallest eigenvalue.

    References
    ----------
    B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, section 10.5 (the
    inequality is due to Temple and Kato).
    """
    size = len(vector)
    x = vector.astype(np.longdouble)
    x /= np.sqrt(x @ x)
    image = _product(K, x)
    theta = x @ image
    residual = image - theta * x
    rho = np.sqrt(residual @ residual)
    # What sums of these lengths lose; 1.1 covers the squares of roundings.
    norm = float(np.linalg.norm(K))
    lost = (_TILE + size / _TILE + 4) * norm + (size + 4) * (abs(theta) + rho)
    rounding = 1.1 * _EXTENDED * lost
    lower = first
    if second > theta + rounding:
        temple = theta - rounding - (rho + rounding) ** 2 / (second - theta - rounding)
        lower = max(lower, float(temple))
    return Eigenpair(
        value=float(theta),
        lower=float(np.nextafter(lower, -np.inf)),
        upper=float(np.nextafter(float(theta + rounding), np.inf)),
        vector=vector / np.linalg.norm(vector),
    )


def _product(K: Float[np.ndarray, "n n"], x: Shaped[np.ndarray, " n"]) -> Shaped[np.ndarray, " n"]:
    # Half of the matrix, tile by tile: bringing it to extended precision is what costs.
    image = np.zeros_like(x)
    for begin in range(0, len(x), _TILE):
        rows = slice(begin, begin + _TILE)
        for before in range(0, begin, _TILE):
            columns = slice(before, before + _TILE)
            tile = K[rows, columns].astype(x.dtype)
            image[rows] += np.dot(tile, x[columns])
            image[columns] += np.dot(x[rows], tile)
        image[rows] += np.dot(K[rows, rows].astype(x.dtype), x[rows])
    return image
