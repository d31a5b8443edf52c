"""Parameters of the architectures that Jakhmola counts (document `general_architectures`).

The count for fully connected networks stands in :mod:`companion.claims.general_architectures`,
those for further architectures in :mod:`companion.claims.general_architectures_further_counts`.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from companion.claims.general_architectures import fully_connected_parameters
from companion.numerics.arguments import one_of
from companion.numerics.sizes import positive_size, positive_sizes

_SIZE = "Pass a whole number from 1 on."


def outputs_on_data(num_samples: int, output_shape: Sequence[int]) -> int:
    r"""Number of outputs on the data, to which the document compares the parameters.

    .. math::
        n q, \qquad \text{for graphs with } v \text{ vertices and images } n q v

    Parameters
    ----------
    num_samples
        The number n of samples; a graph with its features is one.
    output_shape
        The shape of the output of one sample, empty for a number.

    Returns
    -------
    The number of rows of the Jacobian.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    References
    ----------
    Y. Jakhmola, "Gradient flow convergence guarantee for general neural network architectures",
    arXiv:2509.23887, Theorem 3.1 (nM; q is his M) and Corollary 3.2.1, part 3 (nmM; v is his m).
    """
    samples = positive_size("num_samples", num_samples, remedy=_SIZE)
    return samples * math.prod(
        positive_sizes("output_shape", output_shape, at_least=0, remedy=_SIZE)
    )


def skip_inside_parameters(width: int, depth: int) -> int:
    r"""Parameters of the document's ResNet, whose skips stand inside the activation.

    .. math::
        P = L (N^2 + N)

    Parameters
    ----------
    width
        The number N of inputs, outputs and neurons of a layer.
    depth
        The number L of affine layers.

    Returns
    -------
    The number P: that of the plain network of the same widths.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number.

    References
    ----------
    Y. Jakhmola, arXiv:2509.23887, Corollary 3.2.1, part 2.
    """
    layers = positive_size("depth", depth, remedy=_SIZE)
    return fully_connected_parameters((width,) * (layers + 1))


def graph_convolution_parameters(widths: Sequence[int], *, num_vertices: int, bias: str) -> int:
    r"""Parameters of a graph convolution network.

    .. math::
        P = \sum_{i=1}^{L} N_i (N_{i-1} + v) \text{ with biases per vertex}, \qquad
        P = \sum_{i=1}^{L} N_i (N_{i-1} + 1) \text{ with shared ones}

    Parameters
    ----------
    widths
        :math:`N_0, \dots, N_L`: features per vertex of inputs, hidden layers and outputs.
    num_vertices
        The number v of vertices.
    bias
        ``"per_vertex"``, as the document prints it, or ``"shared"``.

    Returns
    -------
    The number P.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number or ``bias`` is another word.

    References
    ----------
    Y. Jakhmola, arXiv:2509.23887, Corollary 3.2.1, part 3; v is his m.
    """
    sizes = positive_sizes("widths", widths, at_least=2, remedy=_SIZE)
    vertices = positive_size("num_vertices", num_vertices, remedy=_SIZE)
    rows = vertices if one_of("bias", bias, ("shared", "per_vertex")) == "per_vertex" else 1
    return sum(width * (before + rows) for before, width in pairwise(sizes))
