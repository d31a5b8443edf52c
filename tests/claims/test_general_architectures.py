"""Parameters of a fully connected network against PyTorch's own count."""

from itertools import pairwise

import pytest
from torch import nn

from companion.claims.general_architectures import fully_connected_parameters


@pytest.mark.parametrize("widths", [(3, 1), (2, 5, 4), (500, 250, 250, 50)])
def test_counts_what_pytorch_counts(widths):
    layers = [nn.Linear(before, after) for before, after in pairwise(widths)]
    count = sum(p.numel() for layer in layers for p in layer.parameters())
    assert fully_connected_parameters(widths) == count


def test_the_threshold_of_the_documents_experiment():
    # 500-h-h-50 with n q = 50,000 outputs: over-parametrised from h = 80 on.
    assert fully_connected_parameters((500, 79, 79, 50)) < 50_000
    assert fully_connected_parameters((500, 80, 80, 50)) >= 50_000


@pytest.mark.parametrize("widths", [(3,), (3, 0)])
def test_impossible_widths_are_refused(widths):
    with pytest.raises(ValueError, match="`widths` must be two or more positive numbers"):
        fully_connected_parameters(widths)
