"""Graph convolutions against sums by hand; the identity below the kernel, the ceilings above."""

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import nn

from companion.activations import RELU, TANH, leaky_relu
from companion.claims.general_architectures_ceilings import graph_convolution_rank_bound
from companion.claims.general_architectures_counts import (
    graph_convolution_parameters,
    outputs_on_data,
)
from companion.networks.graph_convolution import GraphConvolutionNetwork
from companion.spaces.graphs import nearest_neighbour_graph, normalised_adjacency
from companion.tangent.gram import ntk
from companion.tangent.jacobian import jacobian

EXACT = 1e-14  # a few roundings of numbers of order one
CYCLE = nx.to_numpy_array(nx.cycle_graph(6))
PATH = nx.to_numpy_array(nx.path_graph(6))
COMPLETE = nx.to_numpy_array(nx.complete_graph(6))
# Vertices 0 and 1 are joined and have the same neighbours: two equal rows of A + I.
TWINS = nx.to_numpy_array(nx.Graph([(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5)]))


@pytest.mark.parametrize("bias", ["shared", "per_vertex"])
@pytest.mark.parametrize("exponent", [-0.5, 0.5])
@pytest.mark.parametrize("widths", [(3, 4, 2), (2, 5, 1, 3)])
def test_agrees_with_sums_over_neighbours(bias, exponent, widths, rng):
    network = GraphConvolutionNetwork(
        PATH, widths, activation=leaky_relu(0.1), bias=bias, seed=0, exponent=exponent
    )
    X = rng.standard_normal((2, 6, widths[0]))
    degrees = [2.0, 3.0, 3.0, 3.0, 3.0, 2.0]
    for sample, outputs in zip(X, network(torch.tensor(X)).detach().numpy(), strict=True):
        H = sample
        for number, (linear, shift) in enumerate(
            zip(network.linears, network.biases, strict=True)
        ):
            if number:
                H = np.where(H > 0, H, 0.1 * H)
            mixed = np.zeros_like(H)
            for i in range(6):
                for j in (i - 1, i, i + 1):
                    if 0 <= j < 6:
                        mixed[i] += (degrees[i] * degrees[j]) ** exponent * H[j]
            H = mixed @ linear.weight.detach().numpy().T + shift.detach().numpy()
        assert_allclose(outputs, H, rtol=1e-13, atol=EXACT)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    widths=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    activation=st.sampled_from([RELU, TANH, leaky_relu(0.1)]),
    exponent=st.sampled_from([-0.5, 0.5]),
)
def test_with_output_biases_per_vertex_the_kernel_of_one_graph_is_above_the_identity(
    seed, widths, activation, exponent
):
    rng = np.random.default_rng(seed)
    A = nearest_neighbour_graph(rng.standard_normal((7, 2)), 2)
    network = GraphConvolutionNetwork(
        A, widths, activation=activation, bias="per_vertex", seed=seed, exponent=exponent
    )
    G = ntk(network, rng.standard_normal((1, 7, widths[0]))).numpy()
    eigenvalues = np.linalg.eigvalsh(G)
    assert eigenvalues[0] >= 1 - 1e-13 * eigenvalues[-1]
    # The share of the output biases is the identity itself.
    own = jacobian(network, rng.standard_normal((1, 7, widths[0])))[:, -7 * widths[-1] :]
    np.testing.assert_array_equal(own, np.eye(7 * widths[-1]))


def test_two_graphs_or_shared_biases_have_no_such_bound(rng):
    X = rng.standard_normal((2, 6, 3))
    for bias, samples in (("per_vertex", X), ("shared", X[:1])):
        network = GraphConvolutionNetwork(COMPLETE, (3, 9, 2), activation=TANH, bias=bias, seed=0)
        eigenvalues = np.linalg.eigvalsh(ntk(network, samples).numpy())
        assert eigenvalues[0] < 1e-13 * eigenvalues[-1]


@pytest.mark.parametrize(
    ("graph", "rank", "per_vertex", "shared"),
    [(CYCLE, 4, 28, 24), (COMPLETE, 1, 16, 6), (TWINS, 4, 28, 26), (PATH, 6, 36, 36)],
    ids=["cycle", "complete", "twins", "path"],
)
def test_the_rank_stays_below_the_ceiling_and_reaches_it(graph, rank, per_vertex, shared, rng):
    # Three samples on six vertices, two outputs: 36 rows, far fewer than parameters.
    S = normalised_adjacency(graph).toarray()
    assert np.linalg.matrix_rank(S) == rank
    reached = bool(np.linalg.matrix_rank(np.column_stack([S, np.ones(6)])) == rank)
    X = rng.standard_normal((3, 6, 3))
    for bias, expected in (("per_vertex", per_vertex), ("shared", shared)):
        network = GraphConvolutionNetwork(graph, (3, 8, 8, 2), activation=TANH, bias=bias, seed=1)
        assert sum(p.numel() for p in network.parameters()) > 36
        J = jacobian(network, X).numpy()
        bound = graph_convolution_rank_bound(
            3,
            num_vertices=6,
            output_dim=2,
            propagation_rank=rank,
            bias=bias,
            reaches_constants=reached,
        )
        assert np.linalg.matrix_rank(J, tol=1e-9 * np.linalg.norm(J, 2)) == bound == expected


def test_matrices_in_and_out_are_flattened_row_by_row(rng):
    network = GraphConvolutionNetwork(PATH, (3, 4, 2), activation=TANH, bias="shared", seed=0)
    X = rng.standard_normal((2, 6, 3))
    flat = nn.Sequential(nn.Unflatten(1, (6, 3)), network, nn.Flatten())
    np.testing.assert_array_equal(ntk(flat, X.reshape(2, 18)), ntk(network, X))


def test_shared_biases_see_the_graph_alone(rng):
    # Renaming the vertices renames the rows of the outputs; biases per vertex break this.
    order = rng.permutation(6)
    X = torch.tensor(rng.standard_normal((6, 3)))
    differences = []
    for bias in ("shared", "per_vertex"):
        first, second = (
            GraphConvolutionNetwork(A, (3, 4, 2), activation=TANH, bias=bias, seed=0)
            for A in (TWINS, TWINS[np.ix_(order, order)])
        )
        differences.append(float((first(X)[order] - second(X[order])).detach().abs().max()))
    assert differences[0] < EXACT
    assert differences[1] > 1e-2


@pytest.mark.parametrize("bias", ["shared", "per_vertex"])
@pytest.mark.parametrize("widths", [(3, 1), (2, 5, 4)])
def test_parameters_are_as_many_as_are_counted(bias, widths):
    network = GraphConvolutionNetwork(PATH, widths, activation=TANH, bias=bias, seed=0)
    counted = graph_convolution_parameters(widths, num_vertices=6, bias=bias)
    assert sum(p.numel() for p in network.parameters()) == counted
    shape = network(torch.zeros(6, widths[0], dtype=torch.float64)).shape
    assert outputs_on_data(1, shape) == 6 * widths[-1]


def test_biases_are_uniform_as_those_of_a_linear_layer():
    wide = GraphConvolutionNetwork(PATH, (4, 5000), activation=TANH, bias="per_vertex", seed=0)
    values = wide.biases[0].detach()
    # 30,000 entries uniform on (-1/2, 1/2): the ends are reached within 1e-3 but for a chance
    # of exp(-15), and the mean square is 1/12 with a standard error of 0.5 per cent.
    assert 0.499 < float(values.abs().max()) < 0.5
    assert abs(float(values.square().mean()) * 12 - 1) < 0.02


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"bias": "none"}, ValueError, r"`bias` must be one of shared, per_vertex; got 'none'"),
        ({"widths": (3,)}, ValueError, r"`widths` must have at least 2 entries"),
        ({"widths": (3, 0)}, ValueError, r"`widths\[1\]` must be at least 1; got 0"),
        ({"adjacency": np.eye(6)}, ValueError, r"`adjacency` must have no loops"),
        ({"exponent": 1.0}, ValueError, r"`exponent` must be -0\.5 or 0\.5"),
    ],
)
def test_wrong_arguments_are_refused(changes, error, message, unchecked):
    arguments = {"adjacency": PATH, "widths": (3, 2), "bias": "shared"} | changes
    with pytest.raises(error, match=message):
        GraphConvolutionNetwork(**arguments, activation=TANH, seed=0)


def test_features_must_belong_to_the_graph(unchecked):
    network = GraphConvolutionNetwork(PATH, (3, 2), activation=TANH, bias="shared", seed=0)
    for shape in ((5, 3), (6, 2), (6,)):
        with pytest.raises(ValueError, match=r"`X` must have shape \(\.\.\., 6, 3\)"):
            network(torch.zeros(shape, dtype=torch.float64))
