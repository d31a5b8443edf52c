"""First-order expansion of a module in its parameters, as an operator."""

import torch
from jaxtyping import Float
from torch import Tensor

from companion.tangent.predictor import Predictor


class Linearization:
    r"""The Jacobian of the outputs at given parameters, as an operator.

    .. math::
        F(\theta + v) = F(\theta) + J v + O(|v|^2), \qquad G = J J^\top

    Parameters
    ----------
    predictor
        The module on its inputs.
    theta
        The parameters to expand about.

    Scale
    -----
    Plain derivatives, no weight of the data. Rows are sample-major, columns in the order of
    ``theta``.

    References
    ----------
    A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel", NeurIPS 2018, section 4.
    """

    def __init__(self, predictor: Predictor, theta: Float[Tensor, " p"]) -> None:
        self._predictor = predictor
        predictor.set(theta)
        with torch.enable_grad():
            outputs = predictor.recorded_outputs()
        self.outputs: Float[Tensor, "n ..."] = outputs.detach()
        rows = [
            torch.autograd.grad(
                output, predictor.parameters, retain_graph=True, materialize_grads=True
            )
            for output in outputs.reshape(-1)
        ]
        self._J = torch.stack([torch.cat([part.reshape(-1) for part in row]) for row in rows])

    def gram(self) -> Float[Tensor, "nq nq"]:
        """The tangent kernel matrix G."""
        self._predictor.num_grams += 1
        return self._J @ self._J.T

    def apply(self, v: Float[Tensor, "p ..."]) -> Float[Tensor, "nq ..."]:
        """J times a vector or the columns of a matrix."""
        return self._J @ v

    def apply_transpose(self, u: Float[Tensor, "nq ..."]) -> Float[Tensor, "p ..."]:
        """The transpose of J times a vector or the columns of a matrix."""
        return self._J.T @ u
