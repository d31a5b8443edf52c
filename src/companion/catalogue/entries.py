"""What the catalogue holds: an experiment beside the function that draws its dataset."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xarray as xr

from companion.experiments.base import Experiment

Drawing = Callable[[xr.Dataset], Any]  # returns a figure; only figures know the type of one


@dataclass(frozen=True)
class Entry:
    """An experiment and the function that draws its dataset."""

    experiment: Experiment
    draw: Drawing
