"""Activations by name, and what a wrong name is told."""

import pytest

from companion import activations
from companion.activations import Activation, activation

CONSTANTS = [one for one in vars(activations).values() if isinstance(one, Activation)]


@pytest.mark.parametrize("sigma", CONSTANTS, ids=lambda sigma: sigma.name)
def test_a_name_finds_its_activation(sigma):
    assert activation(sigma.name) is sigma


@pytest.mark.parametrize("order", [1, 6])
def test_splines_are_named_by_their_order(order):
    assert activation(f"mollified_relu({order})").continuous_derivatives == order


def test_every_constant_is_called_by_its_name():
    assert len(CONSTANTS) == 12
    for sigma in CONSTANTS:
        assert getattr(activations, sigma.name.upper()) is sigma


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("sigmod", "'sigmoid'"), ("ReLu", "'relu'"), ("normal-cdf", "'normal_cdf'")],
)
def test_unknown_name_lists_the_nearest(name, nearest):
    with pytest.raises(
        ValueError, match=rf"`name` must be .*; got '{name}'\. Did you mean.*{nearest}"
    ):
        activation(name)


def test_hopeless_name_lists_all():
    with pytest.raises(ValueError, match=r"Known names: sigmoid, .*relu"):
        activation("zzz")
