"""The fully connected network without biases, of any depth, with chosen layers held fixed."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.numerics.arguments import entries, layer_indices
from companion.numerics.finite import require_finite

_ORDER = "Pass the matrices from the input to the output, the last of one row."


class FullyConnectedNetwork(nn.Module):
    r"""Hidden layers of neurons, each a weighted mean over the layer before.

    .. math::
        f^1 = W^0 x, \qquad f^{l+1} = m_l^{-1/2}\, W^l \sigma(f^l), \quad l = 1, \dots, L,
        \qquad f = f^{L+1}

    Parameters
    ----------
    weights
        The matrices from the input to the output: ``(m_1, d)``, ``(m_2, m_1)`` and so on, the
        last ``(1, m_L)``. Becomes ``W0`` to ``WL``.
    activation
        The function sigma on tensors, for example :data:`companion.activations.piecewise.RELU`.
    trained
        Which matrices move: ``"second_to_last"`` (the last hidden one, ``W^(L-1)``), ``"all"``,
        or indices from 0 (next to the input) to ``L`` (the output row). The others are buffers:
        they belong to the network but are no parameters.

    Scale
    -----
    The factors ``m_l**-1/2`` are part of the network, not of the weights; none stands before
    the input. With one hidden layer it is :class:`companion.networks.two_layer.TwoLayerNetwork`
    without biases. As the widths grow, the Gram matrix tends to
    :func:`companion.kernels.tangent_kernel.tangent_kernel` with the same ``trained``.

    Raises
    ------
    ValueError
        If there are fewer than two matrices, shapes do not fit, an entry is not finite, or
        ``trained`` names no layer, an unknown one or one twice.
    TypeError
        If ``weights`` is no sequence, a matrix is not of a real floating type, or types differ.

    Notes
    -----
    Matrices are copied. The first matrix of [1]_ is :math:`W^0 V` with a fixed V of orthonormal
    columns. Only its product with V matters: it is again Gaussian, and training the factor
    moves the product as training the product would. So V is left out.

    References
    ----------
    .. [1] G. Welper, "Approximation Results for Gradient Descent trained Neural Networks",
       arXiv:2309.04860, known through a digest: the network as reconstructed here.
    """

    def __init__(
        self,
        weights: Sequence[Shaped[Tensor | np.ndarray, "..."]],
        *,
        activation: Callable[[Tensor], Tensor],
        trained: str | tuple[int, ...] = "second_to_last",
    ) -> None:
        super().__init__()
        matrices = [torch.as_tensor(W) for W in entries("weights", weights, remedy=_ORDER)]
        _check(matrices)
        self.depth = len(matrices) - 1
        self.trained = layer_indices("trained", trained, depth=self.depth)
        for index, matrix in enumerate(matrices):
            copy = matrix.detach().clone()
            if index in self.trained:
                self.register_parameter(f"W{index}", nn.Parameter(copy))
            else:
                self.register_buffer(f"W{index}", copy)
        self.activation = activation

    @property
    def weights(self) -> tuple[Float[Tensor, "_ _"], ...]:
        """The matrices from the input to the output."""
        return tuple(getattr(self, f"W{index}") for index in range(self.depth + 1))

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers of neurons of the hidden layers, from the input on."""
        return tuple(matrix.shape[0] for matrix in self.weights[:-1])

    def forward(self, X: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        """Outputs at the rows of ``X``."""
        first, *others = self.weights
        neurons = X @ first.T
        for matrix in others:
            # The factor goes to the neurons: there are fewer of them than weights.
            neurons = (self.activation(neurons) * matrix.shape[1] ** -0.5) @ matrix.T
        return neurons[:, 0]

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        input_dim = self.weights[0].shape[1]
        return f"input_dim={input_dim}, widths={self.widths}, trained={self.trained}"


def _check(matrices: list[Tensor]) -> None:
    if len(matrices) < 2:
        raise ValueError(
            f"`weights` must hold at least two matrices; got {len(matrices)}. {_ORDER}"
        )
    for index, matrix in enumerate(matrices):
        name = f"weights[{index}]"
        if not matrix.is_floating_point():
            raise TypeError(f"`{name}` must be of a real floating type; got {matrix.dtype}.")
        if matrix.dtype != matrices[0].dtype:
            raise TypeError(
                f"`{name}` must have the type of the first matrix, {matrices[0].dtype}; "
                f"got {matrix.dtype}."
            )
        _check_shape(name, matrix, matrices[index - 1] if index else None)
        require_finite(matrix.detach().cpu().numpy(), name)
    if matrices[-1].shape[0] != 1:
        raise ValueError(
            f"`weights` must end with a matrix of one row; got {matrices[-1].shape[0]} rows. "
            "The network has one output."
        )


def _check_shape(name: str, matrix: Tensor, before: Tensor | None) -> None:
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(
            f"`{name}` must be a matrix with rows and columns; got shape {tuple(matrix.shape)}. "
            f"{_ORDER}"
        )
    if before is not None and matrix.shape[1] != before.shape[0]:
        raise ValueError(
            f"`{name}` must have {before.shape[0]} columns, one for each row of the matrix "
            f"before; got {matrix.shape[1]}."
        )
