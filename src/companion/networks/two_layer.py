"""The two-layer network of a scalar output, with either power of the width in front."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.numerics.finite import require_finite


class TwoLayerNetwork(nn.Module):
    r"""A weighted sum of neurons.

    .. math::
        f(x) = m^{-\alpha} \sum_{i=1}^m a_i\, \sigma(w_i \cdot x + b_i)

    Parameters
    ----------
    W
        Inner weights as rows, shape ``(m, d)``; becomes the parameter ``W``.
    a
        Outer weights, shape ``(m,)``; becomes the parameter ``a``.
    activation
        The function sigma on tensors, for example
        :data:`companion.activations.smooth.SIGMOID` or :func:`torch.tanh`.
    bias
        Biases of the neurons, shape ``(m,)``; becomes the parameter ``bias``. Without it the
        network has no bias.
    exponent
        The power alpha of the width: 1/2 (tangent-kernel scaling) or 1 (mean-field scaling).

    Scale
    -----
    The factor ``m**-exponent`` is part of the network, not of the weights. With ``exponent=1/2``
    the Gram matrix is an average over neurons; with ``exponent=1`` it is that average divided by
    ``m``, so the same motion takes ``m`` times longer and reaches ``sqrt(m)`` times further.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is not finite, or ``exponent`` is neither 1/2 nor 1.
    TypeError
        If an array is not of a real floating type, or the types of the arrays differ.

    Notes
    -----
    Arrays are copied. A part is frozen as in every module:
    ``network.W.requires_grad_(False)``; frozen parts do not move and do not enter Gram matrices.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (1.3) with exponent 1/2 and (1.2) with exponent 1; ``m`` is his n.
    """

    def __init__(
        self,
        W: Shaped[Tensor | np.ndarray, "..."],
        a: Shaped[Tensor | np.ndarray, "..."],
        *,
        activation: Callable[[Tensor], Tensor],
        bias: Shaped[Tensor | np.ndarray, "..."] | None = None,
        exponent: float | int = 0.5,
    ) -> None:
        super().__init__()
        if exponent not in (0.5, 1):
            raise ValueError(f"`exponent` must be 0.5 or 1; got {exponent}.")
        self.W = _parameter("W", W)
        self.a = _parameter("a", a)
        self.bias = None if bias is None else _parameter("bias", bias)
        self.activation = activation
        self.exponent = float(exponent)
        _check_together(self.W, self.a, self.bias)

    @property
    def width(self) -> int:
        """Number of neurons."""
        return self.W.shape[0]

    def forward(self, X: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        """Outputs at the rows of ``X``."""
        neurons = X @ self.W.T if self.bias is None else X @ self.W.T + self.bias
        outputs: Tensor = self.activation(neurons) @ self.a
        scaled: Tensor = outputs * self.width**-self.exponent
        return scaled

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        return f"width={self.width}, input_dim={self.W.shape[1]}, exponent={self.exponent}"


def _parameter(name: str, values: Shaped[Tensor | np.ndarray, "..."]) -> nn.Parameter:
    tensor = torch.as_tensor(values)
    if not tensor.is_floating_point():
        raise TypeError(f"`{name}` must be of a real floating type; got {tensor.dtype}.")
    require_finite(tensor.detach().cpu().numpy(), name)
    return nn.Parameter(tensor.detach().clone())


def _check_together(W: nn.Parameter, a: nn.Parameter, bias: nn.Parameter | None) -> None:
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(f"`W` must have shape (m, d), both positive; got {tuple(W.shape)}.")
    for name, vector in (("a", a), ("bias", bias)):
        if vector is None:
            continue
        if vector.shape != W.shape[:1]:
            raise ValueError(
                f"`{name}` must have shape ({W.shape[0]},), one entry per row of `W`; "
                f"got {tuple(vector.shape)}."
            )
        if vector.dtype != W.dtype:
            raise TypeError(f"`{name}` must have the type of `W`, {W.dtype}; got {vector.dtype}.")
