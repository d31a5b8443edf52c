r"""The Lanczos process: a symmetric operator seen from one vector.

From a start vector and products alone it builds an orthonormal basis of the Krylov space in which
the operator is tridiagonal. The eigenvalues of that small matrix, the Ritz values, approach the
ends of the spectrum first.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh_tridiagonal, norm


class KrylovSpace:
    r"""Growing Krylov space of a symmetric operator, with the operator restricted to it.

    .. math::
        \mathcal{K}_k = \operatorname{span}(b, A b, \dots, A^{k-1} b), \qquad
        Q_k^\top A\, Q_k = T_k = \begin{pmatrix}
            \alpha_1 & \beta_1 & \\ \beta_1 & \alpha_2 & \ddots \\ & \ddots & \ddots
        \end{pmatrix}

    Parameters
    ----------
    product
        The operator: a vector to a vector of the same length and type.
    start
        The vector b, not zero.
    max_dim
        How far the space may grow.

    Scale
    -----
    The basis is orthonormal; ``alpha`` and ``beta`` are in units of the operator.

    Notes
    -----
    Every new vector is made orthogonal to all earlier ones, twice. Without that, copies of the
    converged Ritz values appear; with it the cost is that of ``4 k n`` operations a step, small
    beside a product.

    References
    ----------
    B. N. Parlett, "The Symmetric Eigenvalue Problem", SIAM 1998, chapter 13.
    """

    def __init__(
        self,
        product: Callable[[Float[np.ndarray, " n"]], Float[np.ndarray, " n"]],
        start: Float[np.ndarray, " n"],
        max_dim: int,
    ) -> None:
        self.product = product
        self.alpha: list[float] = []
        self.beta: list[float] = []
        self._basis = np.empty((min(max_dim, len(start)) + 1, len(start)), dtype=start.dtype)
        self._basis[0] = start / norm(start)

    @property
    def dim(self) -> int:
        """Dimension k of the space."""
        return len(self.alpha)

    @property
    def invariant(self) -> bool:
        """Whether the operator maps the space into itself, to rounding."""
        scale = max(*map(abs, self.alpha), *self.beta)
        return self.beta[-1] <= 8 * float(np.finfo(self._basis.dtype).eps) * scale

    @property
    def exhausted(self) -> bool:
        """Whether the space cannot grow, or has reached ``max_dim``."""
        return self.dim > 0 and (self.invariant or self.dim == len(self._basis) - 1)

    def extend(self) -> None:
        """Grow by one dimension, with one product."""
        k = self.dim
        earlier = self._basis[: k + 1]
        image = self.product(self._basis[k])
        first = earlier @ image
        image = image - first @ earlier
        second = earlier @ image
        image -= second @ earlier
        self.alpha.append(float(first[k] + second[k]))
        self.beta.append(float(norm(image)))  # SciPy's: safe where squares overflow
        if not self.invariant:
            self._basis[k + 1] = image / self.beta[-1]

    def ritz_values(self) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        r"""Ritz values, ascending, and the norms of their residuals.

        Within each norm of its Ritz value lies an eigenvalue of the operator.
        """
        values, vectors = eigh_tridiagonal(self.alpha, self.beta[:-1])
        return values, self.beta[-1] * np.abs(vectors[-1])

    def ritz_vector(self, index: int) -> Float[np.ndarray, " n"]:
        """Unit vector of a Ritz value, by its place in :meth:`ritz_values`."""
        _, vectors = eigh_tridiagonal(self.alpha, self.beta[:-1])
        vector = vectors[:, index] @ self._basis[: self.dim]
        return vector / norm(vector)
