"""The graph convolution network on one graph, with biases per feature or per vertex."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.networks.activation_module import activation_part
from companion.networks.default_law import default_layer, seeded
from companion.numerics.arguments import one_of
from companion.numerics.sizes import positive_sizes
from companion.spaces.graphs import Matrix, normalised_adjacency


class GraphConvolutionNetwork(nn.Module):
    r"""Layers that mix the vertices by one matrix and the features by trained ones.

    .. math::
        f = g_L \circ \sigma \circ \dots \circ \sigma \circ g_1, \qquad
        g_i(X) = \hat D^{e} \hat A \hat D^{e} X W_i^\top + B_i, \qquad \hat A = A + I

    Parameters
    ----------
    adjacency
        The adjacency A of the graph, as for :func:`companion.spaces.graphs.normalised_adjacency`.
    widths
        Numbers of features per vertex: of the inputs, of the hidden layers, of the outputs.
    activation
        As in :func:`companion.networks.activation_module.activation_part`.
    bias
        ``"shared"``: a row of biases for all vertices, as implementations have it;
        ``"per_vertex"``: a matrix, one row for each vertex, as the document prints it.
    seed
        Seed of the initial parameters.
    exponent
        The power e of the degrees.
    dtype
        The type of the parameters.

    Scale
    -----
    No factor of a width. Weights and biases of a layer are uniform on
    :math:`(-k^{-1/2}, k^{-1/2})` with k its number of inputs per vertex, PyTorch's default law of
    a linear layer.

    Raises
    ------
    ValueError
        If the graph is not simple, there are fewer than two widths or one is not positive, or
        ``bias`` is another word.
    TypeError
        If a width is no whole number or ``activation`` cannot be called.

    Notes
    -----
    One graph with its features is one sample; its output is a matrix, and rows of Jacobian and
    Gram matrix are its entries. With biases per vertex in the last layer the derivatives by them
    are the identity, so that for one sample the Gram matrix is at least the identity, whatever
    graph, activation and parameters. A layer multiplies by the propagation before or after the
    weights, whichever side has fewer features. The propagation is kept as a dense matrix: for a
    thousand vertices a sparse one saves little, and few transformations of PyTorch take it.

    References
    ----------
    T. N. Kipf and M. Welling, "Semi-supervised classification with graph convolutional networks",
    ICLR 2017, eq. (2), which has no biases; Y. Jakhmola, arXiv:2509.23887, Corollary 3.2.1,
    part 3.
    """

    propagation: Tensor

    def __init__(
        self,
        adjacency: Matrix,
        widths: Sequence[int],
        *,
        activation: Callable[[Any], Any],
        bias: str,
        seed: int,
        exponent: float = -0.5,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        self.widths = positive_sizes(
            "widths", widths, at_least=2, remedy="Pass input, hidden and output features."
        )
        self.bias = one_of("bias", bias, ("shared", "per_vertex"))
        matrix = normalised_adjacency(adjacency, exponent=exponent)
        self.register_buffer("propagation", torch.as_tensor(matrix.toarray(), dtype=dtype))
        self.num_vertices = len(self.propagation)
        generator = seeded(seed)
        self.linears, self.biases = nn.ModuleList(), nn.ParameterList()
        for before, after in pairwise(self.widths):
            linear = default_layer(
                nn.Linear, before, after, bias=False, dtype=dtype, generator=generator
            )
            shape = (after,) if self.bias == "shared" else (self.num_vertices, after)
            drawn = torch.rand(shape, generator=generator, dtype=dtype)
            self.linears.append(linear)
            self.biases.append(nn.Parameter((2 * drawn - 1) * before**-0.5))
        self.activations = nn.ModuleList(
            activation_part(activation, dtype=dtype) for _ in self.widths[2:]
        )

    def forward(self, X: Float[Tensor, "*n v d"]) -> Float[Tensor, "*n v q"]:
        """Features of every vertex of one graph, or of a batch over the same graph."""
        expected = (self.num_vertices, self.widths[0])
        if X.shape[-2:] != expected:
            raise ValueError(
                f"`X` must have shape (..., {expected[0]}, {expected[1]}), a row of features for "
                f"each vertex; got {tuple(X.shape)}."
            )
        H = X
        for number, (linear, bias) in enumerate(zip(self.linears, self.biases, strict=True)):
            if number:
                H = self.activations[number - 1](H)
            narrows = self.widths[number + 1] <= self.widths[number]
            H = self.propagation @ linear(H) if narrows else linear(self.propagation @ H)
            H = H + bias
        return H

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        return f"num_vertices={self.num_vertices}, widths={self.widths}, bias={self.bias!r}"
