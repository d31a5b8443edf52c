"""Ceilings of the rank by hand; that networks reach them is tested with the networks."""

import pytest

from companion.claims.general_architectures_ceilings import (
    graph_convolution_rank_bound,
    siamese_rank_bound,
)

SIX = {"num_vertices": 6, "output_dim": 2}


@pytest.mark.parametrize(
    ("rank", "per_vertex", "shared", "shared_without_constants"),
    [(6, 36, 36, 36), (4, 28, 24, 26), (1, 16, 6, 8)],
)
def test_three_graphs_of_six_vertices(rank, per_vertex, shared, shared_without_constants):
    def bound(bias, reaches):
        return graph_convolution_rank_bound(
            3, **SIX, propagation_rank=rank, bias=bias, reaches_constants=reaches
        )

    assert bound("per_vertex", True) == bound("per_vertex", False) == per_vertex
    assert bound("shared", True) == shared
    if rank < 6:  # a propagation of full rank reaches everything
        assert bound("shared", False) == shared_without_constants


def test_one_graph_with_biases_per_vertex_has_no_ceiling_of_its_own():
    for rank in (1, 4, 6):
        assert (
            graph_convolution_rank_bound(
                1, **SIX, propagation_rank=rank, bias="per_vertex", reaches_constants=True
            )
            == 12
        )


@pytest.mark.parametrize(
    ("num_points", "num_features", "expected"),
    # One feature: n differences less a shift and a scale, with the weight and c: n dimensions.
    [(2, 1, 1), (4, 1, 4), (9, 1, 9), (6, 2, 10), (6, 3, 13), (6, 4, 15), (6, 5, 15), (6, 50, 15)],
)
def test_pairs_of_points(num_points, num_features, expected):
    assert siamese_rank_bound(num_points, num_features=num_features) == expected


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match=r"`propagation_rank` must be at most num_vertices = 6"):
        graph_convolution_rank_bound(
            3, **SIX, propagation_rank=7, bias="shared", reaches_constants=True
        )
    with pytest.raises(ValueError, match=r"`bias` must be one of shared, per_vertex"):
        graph_convolution_rank_bound(
            3, **SIX, propagation_rank=6, bias="none", reaches_constants=True
        )
    with pytest.raises(ValueError, match=r"`num_points` must be at least 2; got 1"):
        siamese_rank_bound(1, num_features=2)
    with pytest.raises(ValueError, match=r"`num_features` must be at least 1; got 0"):
        siamese_rank_bound(3, num_features=0)
