"""The Jacobian with the weights of the data in it, by products alone."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from companion.tangent.predictor import Predictor


class WeightedJacobian:
    r"""Products with :math:`A = \operatorname{diag}(\nu)^{1/2} J` at given parameters.

    .. math::
        A v = \operatorname{diag}(\nu)^{1/2} J v, \qquad
        A^\top u = J^\top \operatorname{diag}(\nu)^{1/2} u

    Parameters
    ----------
    predictor
        The module on its inputs. It keeps the parameters; give every operator its own.
    root
        Square roots of the weights, one per output of a sample, sample-major.
    theta
        The parameters.

    Scale
    -----
    The squared singular values of A are the rates of the flow of ``1/2 sum nu_i |r_i|**2``.

    Raises
    ------
    RuntimeError
        By :meth:`apply`, if an operation of the module cannot be differentiated twice.

    Notes
    -----
    ``A v`` is the derivative of ``A.T u`` by u, so that one graph serves both and the memory is
    that of a few passes through the module, whatever the number of outputs.
    """

    def __init__(
        self, predictor: Predictor, root: Float[Tensor, " nq"], theta: Float[Tensor, " p"]
    ) -> None:
        predictor.set(theta.clone())  # so that it records anew
        self.root = root
        self._parameters = predictor.parameters
        # Fused attention has no second derivative; the plain one has.
        with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
            self._outputs = predictor.recorded_outputs()
            self._probe = torch.zeros_like(self._outputs, requires_grad=True)
            self._pulled = torch.autograd.grad(
                self._outputs,
                self._parameters,
                grad_outputs=self._probe,
                create_graph=True,
                allow_unused=True,
            )

    def apply(self, v: Float[Tensor, " p"]) -> Float[Tensor, " nq"]:
        """The product A v."""
        pieces = torch.split(v, [p.numel() for p in self._parameters])
        inner = [
            (pulled * piece.view(pulled.shape)).sum()
            for pulled, piece in zip(self._pulled, pieces, strict=True)
            if pulled is not None and pulled.requires_grad
        ]
        (product,) = torch.autograd.grad(
            torch.stack(inner).sum(), self._probe, retain_graph=True, materialize_grads=True
        )
        return self.root * product.detach().reshape(-1)

    def apply_transpose(self, u: Float[Tensor, " nq"]) -> Float[Tensor, " p"]:
        """The product of the transpose with u."""
        pieces = torch.autograd.grad(
            self._outputs,
            self._parameters,
            grad_outputs=(self.root * u).view(self._outputs.shape),
            retain_graph=True,
            materialize_grads=True,
        )
        return torch.cat([piece.reshape(-1) for piece in pieces]).detach()
