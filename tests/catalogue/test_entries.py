"""An entry cannot be changed behind the back of the catalogue."""

import dataclasses

import pytest

from companion.catalogue import entry
from companion.figures.curves import draw_trajectory


def test_an_entry_is_frozen():
    first = entry("two_layer_flow.four_points")
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.draw = draw_trajectory
