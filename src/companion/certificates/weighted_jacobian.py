"""The Jacobian with the weights of the data in it, by products alone."""

import copy
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.tangent.jacobian_operator import JacobianOperator
from companion.tangent.preconditions import Call


class WeightedJacobian:
    r"""Products with :math:`A = \operatorname{diag}(\nu)^{1/2} J` at given parameters.

    .. math::
        A v = \operatorname{diag}(\nu)^{1/2} J v, \qquad
        A^\top u = J^\top \operatorname{diag}(\nu)^{1/2} u

    Parameters
    ----------
    module, X, call, memory
        As in :class:`companion.tangent.jacobian_operator.JacobianOperator`.
    root
        Square roots of the weights, one per output of a sample, sample-major.
    parameters
        Values of trainable parameters by name, in place of the module's own.

    Scale
    -----
    The squared singular values of A are the rates of the flow of ``1/2 sum nu_i |r_i|**2``.

    Raises
    ------
    ValueError, TypeError
        As :class:`companion.tangent.jacobian_operator.JacobianOperator`.
    RuntimeError
        By :meth:`apply`, if an operation of the module cannot be differentiated twice.
    """

    def __init__(
        self,
        module: nn.Module,
        X: Any,
        root: Float[Tensor, " nq"],
        *,
        memory: int,
        call: Call | None = None,
        parameters: dict[str, Float[Tensor, "..."]] | None = None,
    ) -> None:
        moved = module
        if parameters:
            moved = copy.deepcopy(module)
            owned = dict(moved.named_parameters())
            with torch.no_grad():
                for name, value in parameters.items():
                    owned[name].copy_(value)
        self.root = root
        self._operator = JacobianOperator(moved, X, call=call, memory=memory)

    def apply(self, v: Float[Tensor, " p"]) -> Float[Tensor, " nq"]:
        """The product A v."""
        product: Tensor = self.root * self._operator.apply(v)
        return product

    def apply_transpose(self, u: Float[Tensor, " nq"]) -> Float[Tensor, " p"]:
        """The product of the transpose with u."""
        return self._operator.apply_transpose(self.root * u)
