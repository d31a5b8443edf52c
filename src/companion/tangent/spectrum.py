r"""Ends of the spectrum of a tangent kernel: from the matrix where it fits, else from products.

With weights :math:`\nu` of the data the matrix is
:math:`\operatorname{diag}(\nu)^{1/2} J J^\top \operatorname{diag}(\nu)^{1/2}`. Its smallest
eigenvalue is the slowest rate at which gradient flow may remove a residual, its largest the
fastest.
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.numerics.eigenpair import Eigenpair
from companion.numerics.eigenvalues import largest_eigenpair, smallest_eigenpair
from companion.numerics.finite import require_finite
from companion.numerics.matrix_free import extreme_eigenpairs
from companion.tangent.gram import ntk
from companion.tangent.inputs import as_tensor
from companion.tangent.jacobian_operator import JacobianOperator
from companion.tangent.preconditions import Call, trainable_parameters
from companion.tangent.predictor import Predictor
from companion.tangent.rank import rank_bound

MEMORY = 2**31  # bytes
_MATRICES = 3  # the kernel, its factor, and what either is copied to on the way
_FORMING = 4  # roundings of the trace that the computation of the kernel may lose

Method = Literal["auto", "dense", "matrix-free"]


def lambda_min(
    module: nn.Module,
    X: Any,
    *,
    nu: Float[Tensor | np.ndarray, " n"] | None = None,
    call: Call | None = None,
    method: Method = "auto",
    memory: int = MEMORY,
    max_products: int = 200,
    rtol: float = 1e-10,
    seed: int = 0,
    start: Eigenpair | None = None,
) -> Eigenpair:
    r"""Smallest eigenvalue of the tangent kernel, with an interval that contains it.

    .. math::
        \lambda_{\min} = \min_{|u| = 1} |J^\top \operatorname{diag}(\nu)^{1/2} u|^2

    Parameters
    ----------
    module, X, call
        As in :func:`companion.tangent.gram.ntk`.
    nu
        Positive weights of the data; ones by default.
    method
        ``"dense"`` forms the kernel, ``"matrix-free"`` takes products. ``"auto"`` forms it if
        three matrices of its size fit in ``memory``.
    memory
        Bytes, for matrices or for recorded passes.
    max_products
        Bound of the products with the kernel, without the matrix.
    rtol
        Width of the interval, relative to the value, at which to stop.
    seed
        Of the random start vector of the products.
    start
        A pair found a little earlier in training, to begin from; used where the kernel is formed.

    Returns
    -------
    The pair. If the rank bound is below the number of rows, the eigenvalue is zero and the
    interval a point. Otherwise, where the kernel is formed, both ends hold; allowed for are four
    roundings of its trace for forming it. From products the upper end, a Rayleigh quotient, holds
    to rounding, and the lower end holds with probability ``1 - 1e-9`` over the start vector. For
    an ill-conditioned kernel that lower end is zero and the upper one may be far above: then no
    more than "at most" is known.

    Scale
    -----
    The rate of the flow of ``1/2 sum nu_i |r_i|**2``: the loss falls at least like
    ``exp(-2 lambda_min t)`` while the kernel stands still.

    Raises
    ------
    ValueError
        As :func:`companion.tangent.gram.ntk` and
        :class:`companion.tangent.jacobian_operator.JacobianOperator`, or if ``nu``, ``method``,
        ``max_products`` or ``rtol`` is not as above.
    TypeError
        As :func:`companion.tangent.gram.ntk`.

    Notes
    -----
    Dense: one or two Cholesky factorisations, see
    :func:`companion.numerics.eigenvalues.smallest_eigenpair`. The products see the small end of
    a spectrum only after about as many as the root of the condition number, and no method that
    knows the kernel by products alone does better.

    References
    ----------
    Y. Jakhmola, arXiv:2509.23887, eq. (6), for the rate.
    """
    weights = _roots(module, X, nu, call)
    if rank_bound(module, X, call=call).bound < len(weights):
        return Eigenpair(0.0, 0.0, 0.0, None)
    if _forms(method, len(weights), memory):
        K = _weighted_kernel(module, X, call, weights)
        return _widened(smallest_eigenpair(K, start=start, rtol=rtol), K, module)
    pair, _ = extreme_eigenpairs(
        _product(JacobianOperator(module, X, call=call, memory=memory), weights),
        len(weights),
        seed=seed,
        max_products=max_products,
        until=lambda smallest, largest: smallest.bound <= rtol * smallest.value,
    )
    return Eigenpair(max(pair.value, 0.0), max(pair.lower, 0.0), max(pair.upper, 0.0), pair.vector)


def lambda_max(
    module: nn.Module,
    X: Any,
    *,
    nu: Float[Tensor | np.ndarray, " n"] | None = None,
    call: Call | None = None,
    method: Method = "auto",
    memory: int = MEMORY,
    max_products: int = 200,
    rtol: float = 1e-10,
    seed: int = 0,
    start: Eigenpair | None = None,
) -> Eigenpair:
    r"""Largest eigenvalue of the tangent kernel, with an interval that contains it.

    .. math::
        \lambda_{\max} = \max_{|u| = 1} |J^\top \operatorname{diag}(\nu)^{1/2} u|^2

    Parameters
    ----------
    module, X, nu, call, method, memory, max_products, rtol, seed, start
        As in :func:`lambda_min`.

    Returns
    -------
    The pair. Where the kernel is formed, both ends hold, as for :func:`lambda_min`. From products
    the lower end, a Rayleigh quotient, holds to rounding, and the upper end holds with
    probability ``1 - 1e-9`` over the start vector; ten to thirty products suffice for most
    kernels.

    Scale
    -----
    As :func:`lambda_min`. Gradient descent on ``1/2 sum nu_i |r_i|**2`` oscillates at a step
    above ``1 / lambda_max`` and grows at one above ``2 / lambda_max``.

    Raises
    ------
    ValueError, TypeError
        As :func:`lambda_min`.

    References
    ----------
    As :func:`lambda_min`.
    """
    weights = _roots(module, X, nu, call)
    if _forms(method, len(weights), memory):
        K = _weighted_kernel(module, X, call, weights)
        return _widened(largest_eigenpair(K, start=start, rtol=rtol), K, module)
    _, pair = extreme_eigenpairs(
        _product(JacobianOperator(module, X, call=call, memory=memory), weights),
        len(weights),
        seed=seed,
        max_products=max_products,
        until=lambda smallest, largest: largest.bound <= rtol * largest.value,
    )
    return pair


def _roots(
    module: nn.Module, X: Any, nu: Tensor | np.ndarray | None, call: Call | None
) -> Float[np.ndarray, " nq"]:
    # The roots of the weights, one for each output.
    predictor = Predictor(module, X, call=call)
    if nu is None:
        return np.ones(predictor.num_rows)
    weights = as_tensor(nu, "nu").cpu().double().numpy()
    if weights.shape != (predictor.num_samples,):
        raise ValueError(
            f"`nu` must have one weight for each of the {predictor.num_samples} samples; "
            f"got shape {weights.shape}."
        )
    require_finite(weights, "nu")
    if not (weights > 0).all():
        index = int(np.argmin(weights > 0))
        raise ValueError(
            f"`nu` must be positive; got nu[{index}] = {weights[index]}. "
            "Leave out samples of weight zero."
        )
    return np.repeat(np.sqrt(weights), predictor.output_dim)


def _forms(method: Method, num_rows: int, memory: int) -> bool:
    needed = _MATRICES * 8 * num_rows**2
    if method == "auto":
        return needed <= memory
    if method not in ("dense", "matrix-free"):
        raise ValueError(f"`method` must be 'auto', 'dense' or 'matrix-free'; got {method!r}.")
    if method == "dense" and needed > memory:
        raise ValueError(
            f"`memory` must hold {_MATRICES} matrices of {num_rows} rows, {needed} bytes; "
            f"got {memory}. Take method='matrix-free', or raise it."
        )
    return method == "dense"


def _weighted_kernel(
    module: nn.Module, X: Any, call: Call | None, weights: Float[np.ndarray, " nq"]
) -> Float[np.ndarray, "nq nq"]:
    K = ntk(module, X, call=call).cpu().double().numpy()
    if (weights != 1).any():
        K *= weights
        K *= weights[:, None]
    return K


def _widened(pair: Eigenpair, K: Float[np.ndarray, "nq nq"], module: nn.Module) -> Eigenpair:
    # An entry of a Gram matrix is lost to a few roundings of the norms of its two rows.
    unit = torch.finfo(next(iter(trainable_parameters(module).values())).dtype).eps / 2
    lost = _FORMING * unit * float(np.trace(K))
    return Eigenpair(pair.value, max(pair.lower - lost, 0.0), pair.upper + lost, pair.vector)


def _product(
    operator: JacobianOperator, weights: Float[np.ndarray, " nq"]
) -> Callable[[Float[np.ndarray, " nq"]], Float[np.ndarray, " nq"]]:
    def product(u: np.ndarray) -> np.ndarray:
        vector = torch.as_tensor(weights * u, dtype=operator.dtype, device=operator.device)
        return weights * operator.gram(vector).cpu().double().numpy()

    return product
