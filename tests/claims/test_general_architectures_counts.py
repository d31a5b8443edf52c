"""Counts of the document's architectures against PyTorch's and its own experiment."""

from itertools import pairwise

import pytest
from torch import nn

from companion.claims.general_architectures_counts import (
    graph_convolution_parameters,
    outputs_on_data,
    skip_inside_parameters,
)


@pytest.mark.parametrize(
    ("num_samples", "shape", "expected"), [(5, (), 5), (5, (3,), 15), (2, (6, 3), 36)]
)
def test_outputs_on_data(num_samples, shape, expected):
    assert outputs_on_data(num_samples, shape) == expected


@pytest.mark.parametrize(("width", "depth"), [(1, 1), (3, 4), (7, 2)])
def test_a_skip_adds_no_parameter(width, depth):
    layers = [nn.Linear(width, width) for _ in range(depth)]
    count = sum(p.numel() for layer in layers for p in layer.parameters())
    assert skip_inside_parameters(width, depth) == count


@pytest.mark.parametrize("widths", [(3, 2), (5, 4, 4, 2)])
def test_graph_convolutions_share_their_matrices_over_the_vertices(widths):
    layers = [nn.Linear(before, after) for before, after in pairwise(widths)]
    shared = sum(p.numel() for layer in layers for p in layer.parameters())
    assert graph_convolution_parameters(widths, num_vertices=9, bias="shared") == shared
    more = sum(8 * layer.bias.numel() for layer in layers)
    counted = graph_convolution_parameters(widths, num_vertices=9, bias="per_vertex")
    assert counted == shared + more


def test_the_documents_resnet_passes_its_threshold_at_ten_layers():
    outputs = outputs_on_data(1000, (100,))
    assert skip_inside_parameters(100, 9) == 90_900 < outputs
    assert skip_inside_parameters(100, 10) == 101_000 >= outputs


def test_printed_biases_do_not_fit_the_documents_ablation_and_shared_ones_do():
    # Widths 25 to 200 are to begin with fewer parameters than the 50,000 outputs.
    def count(h, bias):
        return graph_convolution_parameters((500, h, h, 50), num_vertices=1000, bias=bias)

    assert outputs_on_data(1, (1000, 50)) == 50_000
    assert count(25, "per_vertex") == 114_375
    assert count(200, "per_vertex") == 600_000
    assert [count(h, "shared") for h in (25, 79, 80, 200)] == [14_475, 49_899, 50_610, 150_450]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: outputs_on_data(0, (2,)), "`num_samples` must be at least 1; got 0"),
        (lambda: outputs_on_data(2, (2, 0)), r"`output_shape\[1\]` must be at least 1"),
        (lambda: skip_inside_parameters(0, 2), "`widths` must be two or more positive"),
        (lambda: skip_inside_parameters(2, 0), "`depth` must be at least 1; got 0"),
        (
            lambda: graph_convolution_parameters((2,), num_vertices=3, bias="shared"),
            "`widths` must have at least 2 entries; got 1",
        ),
        (
            lambda: graph_convolution_parameters((2, 2), num_vertices=0, bias="shared"),
            "`num_vertices` must be at least 1; got 0",
        ),
        (
            lambda: graph_convolution_parameters((2, 2), num_vertices=3, bias="both"),
            "`bias` must be one of shared, per_vertex; got 'both'",
        ),
    ],
)
def test_impossible_sizes_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
