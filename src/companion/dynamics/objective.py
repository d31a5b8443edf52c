"""The loss of a module on fixed data as a function of one flat vector of parameters."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.dynamics.losses import square_loss
from companion.numerics.finite import require_finite
from companion.tangent.inputs import as_tensor
from companion.tangent.linearization import Linearization
from companion.tangent.preconditions import Call
from companion.tangent.predictor import Predictor


class Objective:
    r"""Weighted square loss of a module on data that do not change.

    .. math::
        \ell(\theta) = \frac12 \sum_i \nu_i\, |f(x_i; \theta) - y_i|^2

    Parameters
    ----------
    module
        Any module in evaluation mode that maps ``X`` to the shape of ``y``. It is copied.
    X
        The inputs, as in :class:`companion.tangent.predictor.Predictor`.
    y
        Targets, a tensor or NumPy array of a real floating type and the shape of the outputs.
    nu
        Weights of the data points, shape ``(n,)``; ones by default.
    call
        ``call(module, X)`` gives the outputs; ``module(X)`` by default.

    Scale
    -----
    ``theta`` lists the trainable parameters in the order of ``module.named_parameters()``.

    Raises
    ------
    ValueError
        If shapes disagree, an entry or the loss is not finite, a weight is negative or all are
        zero, a layer
        is in training mode, or no parameter requires a gradient.
    TypeError
        As :class:`companion.tangent.predictor.Predictor`, or if ``y`` or ``nu`` is no array of a
        real floating type.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (1.1).
    """

    def __init__(
        self,
        module: nn.Module,
        X: Any,
        y: Shaped[Tensor | np.ndarray, "..."],
        nu: Shaped[Tensor | np.ndarray, "..."] | None = None,
        *,
        call: Call | None = None,
    ) -> None:
        self.predictor = Predictor(module, X, call=call)
        self.y = self._placed("y", y)
        if self.y.shape != self.predictor.output_shape:
            raise ValueError(
                f"`y` must have the shape of module(X), {tuple(self.predictor.output_shape)}; "
                f"got {tuple(self.y.shape)}."
            )
        self.weights = self._weights(nu)
        self.theta_0 = _numpy(self.predictor.theta_0)
        self._check_size()

    @property
    def nu(self) -> Float[np.ndarray, " n"]:
        """Weights of the data points."""
        return _numpy(self.weights)

    @property
    def precision(self) -> float:
        """Relative rounding error of the module's arithmetic."""
        return torch.finfo(self.predictor.dtype).eps

    def named(self, theta: Float[np.ndarray, " p"]) -> dict[str, Float[np.ndarray, "..."]]:
        """Split a flat vector by the names and shapes of the parameters."""
        return {n: v.numpy() for n, v in self.predictor.split(torch.from_numpy(theta)).items()}

    def residual(self, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, "n ..."]:
        """Predictions minus targets, in the shape of ``y``."""
        return _numpy(self.predictor.outputs(torch.from_numpy(theta)) - self.y)

    def gradient(self, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, " p"]:
        """Gradient of the loss."""
        _, gradient = self.predictor.pull_back(torch.from_numpy(theta), self.weighted_residual)
        return _numpy(gradient)

    def residual_and_gradient(
        self, theta: Float[np.ndarray, " p"]
    ) -> tuple[Float[np.ndarray, "n ..."], Float[np.ndarray, " p"]]:
        """Both at the cost of the gradient."""
        outputs, gradient = self.predictor.pull_back(
            torch.from_numpy(theta), self.weighted_residual
        )
        return _numpy(outputs - self.y), _numpy(gradient)

    def weighted_residual(self, outputs: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
        """Derivative of the loss by the outputs: weight of the point times residual."""
        return self.weights.view(-1, *(1,) * (outputs.ndim - 1)) * (outputs - self.y)

    def norm(self, residual: Float[np.ndarray, "..."]) -> float:
        """Norm weighted by nu, whose square is twice the loss."""
        return float(np.sqrt(2 * square_loss(residual, self.nu)))

    def output_scale(self) -> float:
        """Size of the targets and of the initial predictions, in the weighted norm."""
        y = _numpy(self.y)
        return self.norm(y) + self.norm(self.residual(self.theta_0) + y)

    def weighted_gram(self, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, "k k"]:
        """The Gram matrix between square roots of the weights.

        Points of weight zero do not enter: they take no part in training. A matrix that is not
        finite is a ``FloatingPointError``.
        """
        gram = _numpy(Linearization(self.predictor, torch.from_numpy(theta)).gram())
        root = np.repeat(np.sqrt(self.nu), len(gram) // len(self.nu))
        kept = root > 0
        weighted: Float[np.ndarray, "k k"] = root[:, None] * gram * root
        if not np.isfinite(weighted[np.ix_(kept, kept)]).all():
            raise FloatingPointError("the tangent kernel is not finite")
        return weighted[np.ix_(kept, kept)]

    def weighted_spectrum(self, theta: Float[np.ndarray, " p"]) -> Float[np.ndarray, " k"]:
        """Eigenvalues of :meth:`weighted_gram`, increasing."""
        return np.linalg.eigvalsh(self.weighted_gram(theta))

    def _placed(self, name: str, values: Shaped[Tensor | np.ndarray, "..."]) -> Tensor:
        tensor = as_tensor(values, name)
        if not tensor.is_floating_point():
            raise TypeError(
                f"`{name}` must be of a real floating type; got {tensor.dtype}. "
                "Convert it to float64."
            )
        require_finite(_numpy(tensor), name)
        return tensor.to(self.predictor.theta_0)

    def _check_size(self) -> None:
        with np.errstate(over="ignore"):
            scale = self.output_scale()
        if not scale < np.inf:
            raise ValueError(
                "`y` must leave the loss finite; got targets or outputs whose weighted sum of "
                "squares overflows. Measure them in a larger unit, or take smaller weights `nu`."
            )

    def _weights(self, nu: Shaped[Tensor | np.ndarray, "..."] | None) -> Tensor:
        num_samples = self.predictor.num_samples
        if nu is None:
            return torch.ones(num_samples).to(self.predictor.theta_0)
        weights = self._placed("nu", nu)
        if weights.shape != (num_samples,):
            raise ValueError(
                f"`nu` must have shape ({num_samples},), one weight per sample; "
                f"got {tuple(weights.shape)}."
            )
        if (weights < 0).any():
            index = int(torch.nonzero(weights < 0)[0])
            raise ValueError(
                f"`nu` must be nonnegative; entry ({index},) is {weights[index].item()}. "
                "Weigh by zero the points that are to be left out."
            )
        if not weights.any():
            raise ValueError("`nu` must have a positive entry; got zeros only.")
        return weights


def _numpy(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().double().cpu().numpy()
    return array
