r"""Smallest and largest eigenvalue of the weighted Gram matrix, as intervals that hold them."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from companion.certificates.weighted_jacobian import WeightedJacobian
from companion.numerics.eigenvalues import largest_eigenpair, smallest_eigenpair
from companion.numerics.matrix_free import extreme_eigenpairs
from companion.numerics.numerical_rank import numerical_rank

PRODUCTS = 30  # with the kernel, where the matrix is not formed
_ROUNDING = 16  # roundings of the trace that forming the matrix may lose
_PRODUCT_ROUNDING = 64  # roundings of the largest eigenvalue that a product may lose
_SINGLE = 1e-10  # precisions above it are those of float32


@dataclass(frozen=True)
class SpectrumFacts:
    r"""The spectrum of the weighted Gram matrix at the start.

    .. math::
        A A^\top, \qquad A = \operatorname{diag}(\nu)^{1/2} J

    Attributes
    ----------
    num_rows
        Outputs at points of positive weight: the size of the matrix.
    lambda_min
        An interval that holds the smallest eigenvalue.
    lambda_max
        An interval that holds the largest.
    numerical_rank
        Eigenvalues above the rounding error of the matrix; None where it was not formed.
    gap
        The smallest eigenvalue counted in the rank over the largest one that is not (or over the
        rounding error, if all are); large where the rank is beyond doubt.
    method
        How they were found: ``"dense"``, or ``"bounds"`` from products alone.

    Scale
    -----
    Rates of the flow of ``1/2 sum nu_i |r_i|**2``; unit 1 / time.
    """

    num_rows: int
    lambda_min: tuple[float, float]
    lambda_max: tuple[float, float]
    numerical_rank: int | None
    gap: float | None
    method: str


def dense_spectrum(gram: Float[np.ndarray, "k k"], *, precision: float) -> SpectrumFacts:
    """The spectrum of a Gram matrix that was formed.

    Parameters
    ----------
    gram
        The weighted Gram matrix.
    precision
        Relative rounding error of its entries.

    Returns
    -------
    The facts. The intervals allow for the rounding of the matrix: sixteen roundings of its trace.

    Scale
    -----
    As :class:`SpectrumFacts`.
    """
    # An entry of a Gram matrix is lost to some roundings of the norms of its two rows, so the
    # matrix to some roundings of its trace.
    error = _ROUNDING * precision * float(np.trace(gram))
    smallest, largest = smallest_eigenpair(gram), largest_eigenpair(gram)
    rank: int | None = len(gram)
    gap = smallest.value / error if error else None
    if smallest.lower <= error:
        found = numerical_rank(gram.astype(np.float32) if precision > _SINGLE else gram)
        rank, gap = found.rank, found.gap if found.rank else None
    low = max(smallest.lower - error, 0.0), max(smallest.upper, 0.0) + error
    high = max(largest.lower - error, 0.0), max(largest.upper, 0.0) + error
    return SpectrumFacts(
        num_rows=len(gram),
        # An output that no parameter moves has a row of zeros.
        lambda_min=low if gram.diagonal().all() else (0.0, 0.0),
        lambda_max=high if gram.any() else (0.0, 0.0),
        numerical_rank=rank,
        gap=gap,
        method="dense",
    )


def bounded_spectrum(
    jacobian: WeightedJacobian, *, rank_bound: int, precision: float, seed: int = 0
) -> SpectrumFacts:
    """Bounds of the spectrum from a few products, without the matrix.

    Parameters
    ----------
    jacobian
        The weighted Jacobian. Rows of weight zero do not count.
    rank_bound
        An upper bound of the rank of the Gram matrix, such as the number of parameters.
    precision
        Relative rounding error of the products.
    seed
        Of the random vector that the products begin with.

    Returns
    -------
    The facts. If the rank bound is below the number of rows, the smallest eigenvalue is zero.
    Otherwise its upper end and the lower end of the largest always hold; the other two hold with
    probability ``1 - 1e-9`` over the random vector.

    Scale
    -----
    As :class:`SpectrumFacts`.
    """
    kept = jacobian.root > 0
    num_rows = int(kept.sum())

    def product(u: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
        vector = torch.zeros_like(jacobian.root)
        vector[kept] = torch.from_numpy(u).to(jacobian.root)
        image = jacobian.apply(jacobian.apply_transpose(vector))
        return image[kept].double().cpu().numpy()

    smallest, largest = extreme_eigenpairs(
        product, num_rows, seed=seed, max_products=PRODUCTS, until=lambda *_: False
    )
    error = _PRODUCT_ROUNDING * precision * largest.upper
    interval = max(smallest.lower - error, 0.0), max(smallest.upper, 0.0) + error
    return SpectrumFacts(
        num_rows=num_rows,
        lambda_min=(0.0, 0.0) if rank_bound < num_rows else interval,
        lambda_max=(max(largest.lower - error, 0.0), largest.upper + error),
        numerical_rank=None,
        gap=None,
        method="bounds",
    )
