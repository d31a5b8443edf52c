"""Derivatives of a module's outputs with respect to its trainable parameters.

These are the gradients whose inner products make the tangent kernel: A. Jacot, F. Gabriel and
C. Hongler, "Neural tangent kernel", NeurIPS (2018), section 4.
"""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from companion.tangent.linearization import Linearization
from companion.tangent.preconditions import Call
from companion.tangent.predictor import Predictor


def jacobian(module: nn.Module, X: Any, *, call: Call | None = None) -> Float[Tensor, "nq p"]:
    r"""Jacobian of the outputs with respect to all trainable parameters.

    .. math::
        J_{(i, j),\, k} = \frac{\partial f_j(x_i; \theta)}{\partial \theta_k}

    Parameters
    ----------
    module
        Any module in evaluation mode that maps a batch ``(n, ...)`` to ``(n,)`` or ``(n, q)``.
    X
        The batch, a tensor or an array; real numbers are brought to the type and device of the
        parameters. With ``call`` any object.
    call
        ``call(module, X)`` gives the outputs; ``module(X)`` by default.

    Returns
    -------
    One row per output, the outputs of a sample next to each other; one column per entry of the
    parameters with ``requires_grad``, in the order of ``module.named_parameters()``. A parameter
    used in several places has its columns once. Type and device are those of the module.

    Scale
    -----
    Plain derivatives: no weight of the data and no factor of the width beyond the module's own.

    Raises
    ------
    ValueError, TypeError
        As :class:`companion.tangent.predictor.Predictor`.

    Notes
    -----
    The matrix is large; its products need much less:
    :class:`companion.tangent.linearization.Linearization` and :func:`companion.tangent.gram.ntk`.
    """
    predictor = Predictor(module, X, call=call)
    return Linearization(predictor, predictor.theta_0).jacobian()
