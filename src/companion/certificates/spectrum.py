r"""Smallest and largest eigenvalue of the weighted Gram matrix, as intervals that hold them."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import eigh
from torch import Tensor

from companion.certificates.weighted_jacobian import WeightedJacobian
from companion.numerics.eigenvalues import smallest_eigenpair
from companion.numerics.lanczos import KrylovSpace

STEPS = 24  # of Lanczos, where the matrix is not formed
_ROUNDING = 16  # roundings of the trace that forming the matrix may lose


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
    pair = smallest_eigenpair(gram)
    if pair.lower > error:
        rank, kept, left = len(gram), pair.value, error
    else:
        values = np.linalg.eigvalsh(gram)
        rank = int((values > error).sum())
        kept = float(values[-rank]) if rank else 0.0
        left = max(float(values[-rank - 1]), error) if rank < len(values) else error
    top = _largest(gram)
    return SpectrumFacts(
        num_rows=len(gram),
        lambda_min=(max(pair.lower - error, 0.0), max(pair.upper, 0.0) + error),
        lambda_max=(max(top - error, 0.0), top + error),
        numerical_rank=rank,
        gap=kept / left if left else None,
        method="dense",
    )


def _largest(gram: Float[np.ndarray, "k k"]) -> float:
    values = eigh(gram, eigvals_only=True, subset_by_index=[len(gram) - 1, len(gram) - 1])
    return float(values[0])


def bounded_spectrum(
    jacobian: WeightedJacobian, start: Float[Tensor, " nq"], *, rank_bound: int
) -> SpectrumFacts:
    r"""Bounds of the spectrum from a few products, without the matrix.

    .. math::
        \lambda_{\min} \le \theta_1, \qquad \theta_k \le \lambda_{\max},

    for the extreme Ritz values after k steps of Lanczos.

    Parameters
    ----------
    jacobian
        The weighted Jacobian.
    start
        First vector, for instance the weighted residual. Rows of weight zero do not count.
    rank_bound
        An upper bound of the rank of the Gram matrix, such as the number of parameters.

    Returns
    -------
    The facts. If the rank bound is below the number of rows, the smallest eigenvalue is zero;
    otherwise its interval begins at zero. That of the largest has no upper end.

    Scale
    -----
    As :class:`SpectrumFacts`.
    """
    kept = jacobian.root > 0
    num_rows = int(kept.sum())
    start = torch.where(kept, start, 0.0)
    if not bool(start.any()):
        start = kept.to(start)

    def product(u: np.ndarray) -> np.ndarray:
        vector = torch.from_numpy(u).to(start)
        image = jacobian.apply(jacobian.apply_transpose(vector))
        return image.double().cpu().numpy()

    space = KrylovSpace(product, start.double().cpu().numpy(), max_dim=min(STEPS, num_rows))
    while not space.exhausted:
        space.extend()
    values, _ = space.ritz_values()
    deficient = rank_bound < num_rows
    return SpectrumFacts(
        num_rows=num_rows,
        lambda_min=(0.0, 0.0 if deficient else max(float(values[0]), 0.0)),
        lambda_max=(max(float(values[-1]), 0.0), math.inf),
        numerical_rank=None,
        gap=None,
        method="bounds",
    )
