"""Graphs of neighbours against brute force, propagation against networkx and closed forms."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse

from companion.spaces.graphs import nearest_neighbour_graph, normalised_adjacency

EXACT = 1e-14  # a few roundings of numbers of order one


def chosen_by_sorting(X, k):
    A = np.zeros((len(X), len(X)))
    for i, x in enumerate(X):
        distances = [np.sqrt(((x - z) ** 2).sum()) if j != i else np.inf for j, z in enumerate(X)]
        for j in np.argsort(distances)[:k]:
            A[i, j] = A[j, i] = 1
    return A


# Exact values ------------------------------------------------------------------------------


def test_four_points_on_a_line():
    # 0 and 1 choose each other, 3 chooses 1, 7 chooses 3.
    A = nearest_neighbour_graph(np.array([[0.0], [1.0], [3.0], [7.0]]), 1)
    np.testing.assert_array_equal(
        A.toarray(), [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]]
    )


def test_propagation_of_a_path_by_hand():
    path = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    r = 6**-0.5
    assert_allclose(
        normalised_adjacency(path).toarray(),
        [[1 / 2, r, 0], [r, 1 / 3, r], [0, r, 1 / 2]],
        rtol=0,
        atol=EXACT,
    )
    s = 6**0.5
    assert_allclose(
        normalised_adjacency(path, exponent=0.5).toarray(),
        [[2, s, 0], [s, 3, s], [0, s, 2]],
        rtol=0,
        atol=4 * EXACT,
    )


def test_a_vertex_without_neighbours_sees_itself_alone():
    A = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    for exponent in (-0.5, 0.5):
        np.testing.assert_array_equal(
            normalised_adjacency(A, exponent=exponent).toarray()[2], [0, 0, 1]
        )


@pytest.mark.parametrize(
    ("graph", "rank"),
    [(nx.cycle_graph(6), 4), (nx.complete_graph(6), 1), (nx.path_graph(6), 6)],
    ids=["cycle", "complete", "path"],
)
def test_ranks_of_known_graphs(graph, rank):
    # Eigenvalues of the 6-cycle with loops are 1 + 2 cos(pi j / 3): zero for j = 2 and 4.
    P = normalised_adjacency(nx.to_scipy_sparse_array(graph))
    assert np.linalg.matrix_rank(P.toarray()) == rank


# Identities --------------------------------------------------------------------------------


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), num_points=st.integers(2, 30), dim=st.integers(1, 6))
def test_neighbours_are_those_of_a_sort(seed, num_points, dim):
    rng = np.random.default_rng(seed)
    X, k = rng.standard_normal((num_points, dim)), int(rng.integers(1, num_points))
    A = nearest_neighbour_graph(X, k)
    np.testing.assert_array_equal(A.toarray(), chosen_by_sorting(X, k))
    rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    moved = nearest_neighbour_graph(3 * X @ rotation + 1, k)
    assert (moved != A).nnz == 0


def test_points_that_coincide_have_neighbours_and_no_loops():
    A = nearest_neighbour_graph(np.zeros((7, 2)), 2)
    assert A.diagonal().sum() == 0
    assert A.sum(axis=1).min() >= 2
    assert (A != A.T).nnz == 0


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), num_vertices=st.integers(1, 20))
def test_the_largest_eigenvalue(seed, num_vertices):
    rng = np.random.default_rng(seed)
    A = np.triu(rng.integers(0, 2, (num_vertices, num_vertices)), 1)
    A = A + A.T
    degrees = A.sum(axis=1) + 1.0
    P = normalised_adjacency(A).toarray()
    eigenvalues = np.linalg.eigvalsh(P)
    assert abs(eigenvalues[-1] - 1) < 1e-13  # of a symmetric matrix of norm one
    assert eigenvalues[0] > -1
    assert_allclose(P @ np.sqrt(degrees), np.sqrt(degrees), rtol=1e-13)
    largest = np.linalg.eigvalsh(normalised_adjacency(A, exponent=0.5).toarray())[-1]
    assert largest >= (1 - 1e-13) * degrees.mean() / (1 / degrees).mean()


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_propagation_is_one_minus_the_normalised_laplacian_of_networkx(seed, rng):
    A = nearest_neighbour_graph(rng.standard_normal((40, 3)), 3 + seed)
    graph = nx.from_scipy_sparse_array(A)
    assert nx.number_of_selfloops(graph) == 0
    assert not list(nx.isolates(graph))
    assert min(degree for _, degree in graph.degree) >= 3 + seed
    graph.add_edges_from((vertex, vertex) for vertex in graph)
    laplacian = nx.normalized_laplacian_matrix(graph).toarray()
    P = normalised_adjacency(A).toarray()
    assert_allclose(P, np.eye(40) - laplacian, rtol=0, atol=EXACT)


def test_dense_and_sparse_matrices_of_any_kind_are_taken(rng):
    A = nearest_neighbour_graph(rng.standard_normal((9, 2)), 2)
    expected = normalised_adjacency(A).toarray()
    kinds = (A.toarray(), A.toarray().astype(bool), A.tocoo(), sparse.csc_matrix(A.toarray()))
    for kind in kinds:
        np.testing.assert_array_equal(normalised_adjacency(kind).toarray(), expected)


# Refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "k", "error", "message"),
    [
        (np.ones((4, 2)), 4, ValueError, r"between 1 and 3, the number of other points; got 4"),
        (np.ones((4, 2)), 0, ValueError, r"`num_neighbours` must be between 1 and 3"),
        (np.ones((1, 2)), 1, ValueError, r"`num_neighbours` must be between 1 and 0"),
        (np.ones((4, 2)), 1.5, TypeError, r"`num_neighbours` must be a whole number"),
        (np.ones(4), 1, ValueError, r"`X` must have shape \(v, d\), both positive; got \(4,\)"),
        (np.ones((0, 2)), 1, ValueError, r"`X` must have shape"),
        (np.array([[1.0], [np.nan]]), 1, ValueError, r"`X` must be finite; got X\[1, 0\] = nan"),
    ],
)
def test_wrong_points_are_refused(X, k, error, message, unchecked):
    with pytest.raises(error, match=message):
        nearest_neighbour_graph(X, k)


@pytest.mark.parametrize(
    ("A", "error", "message"),
    [
        ([[0, 1], [0, 0]], ValueError, r"symmetric; got .*\[0, 1\] = 1 and adjacency\[1, 0\] = 0"),
        ([[0, 0], [1, 0]], ValueError, r"symmetric; got .*\[1, 0\] = 1 and adjacency\[0, 1\] = 0"),
        ([[1, 1], [1, 0]], ValueError, r"have no loops; got adjacency\[0, 0\] = 1"),
        ([[0, 2], [2, 0]], ValueError, r"have entries 0 and 1; got adjacency\[0, 1\] = 2"),
        ([[0, -1], [-1, 0]], ValueError, r"have entries 0 and 1; got adjacency\[0, 1\] = -1"),
        ([[0, np.nan], [np.nan, 0]], ValueError, r"entries 0 and 1; got adjacency\[0, 1\] = nan"),
        ([[0, 1, 0], [1, 0, 1]], ValueError, r"be square; got shape \(2, 3\)"),
        ([0, 1], ValueError, r"be square; got shape \(2,\)"),
        ([["a"]], TypeError, r"hold real numbers; got <U1"),
    ],
)
def test_what_is_no_simple_graph_is_refused(A, error, message, unchecked):
    with pytest.raises(error, match=message):
        normalised_adjacency(np.array(A))


def test_repeated_entries_count_together():
    # SciPy adds entries that are given twice: here that makes a two.
    twice = sparse.coo_array((np.ones(4), ([0, 0, 1, 1], [1, 1, 0, 0])), shape=(2, 2))
    with pytest.raises(ValueError, match=r"have entries 0 and 1; got adjacency\[0, 1\] = 2"):
        normalised_adjacency(twice)


def test_other_exponents_are_refused():
    with pytest.raises(ValueError, match=r"`exponent` must be -0\.5 or 0\.5; got -1"):
        normalised_adjacency(np.zeros((2, 2)), exponent=-1.0)
