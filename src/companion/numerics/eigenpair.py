"""An eigenvalue that comes with an interval, and the interval that a vector gives."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.numerics.sharp_product import sharp_product

_UNIT = float(np.finfo(np.float64).eps) / 2


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
    The product of the matrix is a sharp one: at a condition number of 1e6 the rounding of an
    ordinary one may be 1e-7 of the smallest eigenvalue.

    References
    ----------
    B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, section 10.5 (the
    inequality is due to Temple and Kato).
    """
    x = vector / np.linalg.norm(vector)
    # Of a symmetric matrix the rows may be the columns: whatever lies next to each other.
    image, lost = sharp_product(K if K.flags.c_contiguous else K.T, x)
    theta = float(x @ image) / float(x @ x)
    residual = image - theta * x
    rho = float(np.linalg.norm(residual))
    # Sums over entries of a vector, all of the size of theta and rho.
    rounding = 1.1 * (lost + 3 * (len(x) + 4) * _UNIT * (abs(theta) + rho))
    lower = first
    if second > theta + rounding:
        temple = theta - rounding - (rho + rounding) ** 2 / (second - theta - rounding)
        lower = max(lower, temple)
    return Eigenpair(
        value=theta,
        lower=float(np.nextafter(lower, -np.inf)),
        upper=float(np.nextafter(theta + rounding, np.inf)),
        vector=x,
    )
