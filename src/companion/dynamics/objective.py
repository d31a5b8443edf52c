"""The loss of a module on fixed data as a function of one flat vector of parameters."""

import copy

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.func import functional_call

from companion.dynamics.losses import square_loss
from companion.numerics.finite import require_finite
from companion.tangent.gram import ntk
from companion.tangent.jacobian import (
    check_evaluation_mode,
    repeatable_outputs,
    trainable_parameters,
)


class Objective:
    r"""Weighted square loss of a module on data that do not change.

    .. math::
        \ell(\theta) = \frac12 \sum_i \nu_i\, |f(x_i; \theta) - y_i|^2

    Parameters
    ----------
    module
        Any module in evaluation mode that maps ``X`` to the shape of ``y``. It is copied.
    X, y
        Data and targets, tensors or NumPy arrays of a real floating type; they are brought to the
        type and device of the parameters.
    nu
        Weights of the data points, shape ``(n,)``; ones by default.

    Scale
    -----
    ``theta`` lists the trainable parameters in the order of ``module.named_parameters()``.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is not finite, a weight is negative or all are zero, a layer
        is in training mode, or no parameter requires a gradient.
    TypeError
        If an array is not of a real floating type.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (1.1).
    """

    def __init__(
        self,
        module: nn.Module,
        X: Shaped[Tensor | np.ndarray, "..."],
        y: Shaped[Tensor | np.ndarray, "..."],
        nu: Shaped[Tensor | np.ndarray, "..."] | None = None,
    ) -> None:
        check_evaluation_mode(module)
        trainable_parameters(module)
        self._module = copy.deepcopy(module)
        self._parameters = trainable_parameters(self._module)
        self._like = next(iter(self._parameters.values()))
        self._sizes = [p.numel() for p in self._parameters.values()]
        self._X, self._y = self._placed("X", X), self._placed("y", y)
        self._check_outputs()
        self._nu = self._weights(nu)
        self.theta_0 = self._flattened()

    @property
    def nu(self) -> Float[np.ndarray, " n"]:
        """Weights of the data points."""
        return _numpy(self._nu)

    @property
    def precision(self) -> float:
        """Relative rounding error of the module's arithmetic."""
        return torch.finfo(self._like.dtype).eps

    def named(self, theta: Float[np.ndarray, " p"]) -> dict[str, Float[np.ndarray, "..."]]:
        """Split a flat vector by the names and shapes of the parameters."""
        pieces = np.split(theta, np.cumsum(self._sizes)[:-1])
        return {
            name: piece.reshape(tuple(p.shape))
            for (name, p), piece in zip(self._parameters.items(), pieces, strict=True)
        }

    def residual(self, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, "..."]:
        """Predictions minus targets, in the shape of ``y``."""
        with torch.no_grad():
            return _numpy(self._outputs(self._flat(theta)) - self._y)

    def gradient(self, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, " p"]:
        """Gradient of the loss."""
        flat = self._flat(theta).requires_grad_()
        loss = square_loss(self._outputs(flat) - self._y, self._nu)
        (gradient,) = torch.autograd.grad(loss, flat)
        return _numpy(gradient)

    def norm(self, residual: Float[np.ndarray, "..."]) -> float:
        """Norm weighted by nu, whose square is twice the loss."""
        return float(np.sqrt(2 * square_loss(residual, self.nu)))

    def output_scale(self) -> float:
        """Size of the targets and of the initial predictions, in the weighted norm."""
        y = _numpy(self._y)
        return self.norm(y) + self.norm(self.residual(self.theta_0) + y)

    def weighted_spectrum(self, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, " k"]:
        """Eigenvalues of the Gram matrix between square roots of the weights, increasing.

        Points of weight zero do not enter: they take no part in training.
        """
        for parameter, values in zip(
            self._parameters.values(), torch.split(self._flat(theta), self._sizes), strict=True
        ):
            parameter.copy_(values.view(parameter.shape))
        gram = _numpy(ntk(self._module, self._X))
        root = np.repeat(np.sqrt(self.nu), len(gram) // len(self.nu))
        kept = root > 0
        weighted: Float[np.ndarray, "k k"] = root[:, None] * gram * root
        return np.linalg.eigvalsh(weighted[np.ix_(kept, kept)])

    def _flat(self, theta: np.ndarray) -> Tensor:
        return torch.tensor(theta, dtype=self._like.dtype, device=self._like.device)

    def _flattened(self) -> np.ndarray:
        return _numpy(torch.cat([p.reshape(-1) for p in self._parameters.values()]))

    def _outputs(self, flat: Tensor) -> Tensor:
        values = {
            name: piece.view(p.shape)
            for (name, p), piece in zip(
                self._parameters.items(), torch.split(flat, self._sizes), strict=True
            )
        }
        outputs: Tensor = functional_call(self._module, values, (self._X,))
        return outputs

    def _placed(self, name: str, values: Shaped[Tensor | np.ndarray, "..."]) -> Tensor:
        tensor = torch.as_tensor(values)
        if not tensor.is_floating_point():
            raise TypeError(
                f"`{name}` must be of a real floating type; got {tensor.dtype}. "
                "Convert it to float64."
            )
        require_finite(_numpy(tensor), name)
        return tensor.detach().to(self._like)

    def _weights(self, nu: Shaped[Tensor | np.ndarray, "..."] | None) -> Tensor:
        if nu is None:
            return torch.ones(len(self._X)).to(self._like)
        weights = self._placed("nu", nu)
        if weights.shape != self._X.shape[:1]:
            raise ValueError(
                f"`nu` must have shape ({len(self._X)},), one weight per sample; "
                f"got {tuple(weights.shape)}."
            )
        if (weights < 0).any():
            index = int(torch.nonzero(weights < 0)[0])
            raise ValueError(
                f"`nu` must be nonnegative; entry ({index},) is {weights[index].item()}."
            )
        if not weights.any():
            raise ValueError("`nu` must have a positive entry; got zeros only.")
        return weights

    def _check_outputs(self) -> None:
        outputs = repeatable_outputs(self._module, self._X)
        if outputs.shape != self._y.shape:
            raise ValueError(
                f"`y` must have the shape of module(X), {tuple(outputs.shape)}; "
                f"got {tuple(self._y.shape)}."
            )


def _numpy(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().double().cpu().numpy()
    return array
