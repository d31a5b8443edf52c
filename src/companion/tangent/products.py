"""Products with the Jacobian and the tangent kernel, neither of which is formed."""

from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.numerics.finite import require_finite
from companion.tangent.inputs import as_tensor
from companion.tangent.jacobian_operator import MEMORY, JacobianOperator
from companion.tangent.preconditions import Call


def jacobian_product(
    module: nn.Module,
    X: Any,
    v: Shaped[Tensor | np.ndarray, "p ..."],
    *,
    call: Call | None = None,
    memory: int = MEMORY,
) -> Float[Tensor, "nq ..."]:
    r"""Change of all outputs when the parameters move along a vector.

    .. math::
        J v = \lim_{\epsilon \to 0} \frac{F(\theta + \epsilon v) - F(\theta)}{\epsilon}

    Parameters
    ----------
    module, X, call, memory
        As in :class:`companion.tangent.jacobian_operator.JacobianOperator`.
    v
        A vector, or vectors as the columns of a matrix.

    Returns
    -------
    ``J v``; a column for each column of ``v``.

    Scale
    -----
    As :class:`companion.tangent.jacobian_operator.JacobianOperator`.

    Raises
    ------
    ValueError
        As :class:`companion.tangent.jacobian_operator.JacobianOperator`, or if ``v`` is not
        finite or has another length than there are trainable parameters.
    TypeError
        If ``v`` is not of real numbers.

    References
    ----------
    See :class:`companion.tangent.jacobian_operator.JacobianOperator`.
    """
    operator = JacobianOperator(module, X, call=call, memory=memory)
    return operator.apply(_columns("v", v, operator.num_params, operator))


def jacobian_transpose_product(
    module: nn.Module,
    X: Any,
    u: Shaped[Tensor | np.ndarray, "nq ..."],
    *,
    call: Call | None = None,
    memory: int = MEMORY,
) -> Float[Tensor, "p ..."]:
    r"""Gradient of a weighted sum of all outputs.

    .. math::
        J^\top u = \nabla_\theta \sum_{i, j} u_{ij}\, f_j(x_i; \theta)

    Parameters
    ----------
    module, X, call, memory
        As in :class:`companion.tangent.jacobian_operator.JacobianOperator`.
    u
        A vector, or vectors as the columns of a matrix; row ``i * q + c`` belongs to output ``c``
        of sample ``i``.

    Returns
    -------
    ``J^T u``; a column for each column of ``u``.

    Scale
    -----
    As :class:`companion.tangent.jacobian_operator.JacobianOperator`.

    Raises
    ------
    ValueError
        As :class:`companion.tangent.jacobian_operator.JacobianOperator`, or if ``u`` is not
        finite or has another length than there are outputs.
    TypeError
        If ``u`` is not of real numbers.

    References
    ----------
    See :class:`companion.tangent.jacobian_operator.JacobianOperator`.
    """
    operator = JacobianOperator(module, X, call=call, memory=memory)
    return operator.apply_transpose(_columns("u", u, operator.num_rows, operator))


def gram_product(
    module: nn.Module,
    X: Any,
    u: Shaped[Tensor | np.ndarray, "nq ..."],
    *,
    call: Call | None = None,
    memory: int = MEMORY,
) -> Float[Tensor, "nq ..."]:
    r"""The tangent kernel of all samples times a vector.

    .. math::
        G u = J\, (J^\top u)

    Parameters
    ----------
    module, X, call, memory
        As in :class:`companion.tangent.jacobian_operator.JacobianOperator`.
    u
        As in :func:`jacobian_transpose_product`.

    Returns
    -------
    ``G u``; a column for each column of ``u``.

    Scale
    -----
    Plain inner products: no weight of the data.

    Raises
    ------
    ValueError, TypeError
        As :func:`jacobian_transpose_product`.

    References
    ----------
    See :class:`companion.tangent.jacobian_operator.JacobianOperator`.
    """
    operator = JacobianOperator(module, X, call=call, memory=memory)
    return operator.gram(_columns("u", u, operator.num_rows, operator))


def _columns(
    name: str, vector: Tensor | np.ndarray, length: int, operator: JacobianOperator
) -> Tensor:
    tensor = as_tensor(vector, name)
    if tensor.ndim not in (1, 2) or len(tensor) != length:
        raise ValueError(
            f"`{name}` must have shape ({length},) or ({length}, k); got {tuple(tensor.shape)}."
        )
    require_finite(tensor.detach().cpu().numpy(), name)
    return tensor.detach().to(dtype=operator.dtype, device=operator.device)
