"""Every experiment by name, with the function that draws its dataset: run and draw meet here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import xarray as xr

from companion.dynamics.trajectory import Trajectory
from companion.experiments import two_layer_flow
from companion.experiments.base import Experiment
from companion.experiments.settings import nearest
from companion.figures import bands, curves, decay, spectra, suprema

Drawing = Callable[[xr.Dataset], Any]  # returns a figure; only figures know the type of one

_DRAWINGS: dict[str, Drawing] = {
    "two_layer_flow.loss_identity": partial(
        curves.draw_curves,
        x="t",
        names=("decay_difference", "decay_outer", "decay_inner"),
        ylabel="fall of the loss (1/time)",
    ),
    "two_layer_flow.remainder": partial(
        curves.draw_family, x="t", y="change", family="width", log="xy"
    ),
    "two_layer_flow.limit_kernel": partial(
        curves.draw_family, x="radius", y="least", family="activation", log="xy"
    ),
    "two_layer_flow.kernel_deviation": suprema.draw_kernel_distance,
    "two_layer_flow.initial_network": suprema.draw_network_size,
    "two_layer_flow.chaining_functional": partial(
        curves.draw_curves,
        x="input_dim",
        names=("ball_upper", "ball_lower", "sample_upper"),
        bounds=("root",),
        ylabel="gamma_2",
    ),
    "two_layer_flow.increment_norms": partial(
        curves.draw_family,
        x="distance",
        y="ratio",
        family="process",
        bounds=("kernel_bound",),
        log="xy",
    ),
    "two_layer_flow.tree_process": partial(
        bands.draw_bands, x="width", y="supremum", family="process", bounds=("expected",)
    ),
    "two_layer_flow.four_points": decay.draw_loss_floor,
    "two_layer_flow.smallest_eigenvalues": spectra.draw_smallest_eigenvalues,
    "two_layer_flow.decay_by_target": decay.draw_decay_by_target,
    "two_layer_flow.capacity": partial(
        bands.draw_bands,
        x="num_samples",
        y="best_loss",
        family="activation",
        bounds=("null_loss",),
        log="x",
    ),
    "two_layer_flow.rate_by_dimension": decay.draw_rate_by_dimension,
    "two_layer_flow.mean_residual": partial(
        curves.draw_family, x="t", y="mean_share", family="width", log="xy"
    ),
    "two_layer_flow.tracking": partial(
        bands.draw_bands, x="width", y="error", family="num_samples"
    ),
    "two_layer_flow.modes": partial(
        bands.draw_bands,
        x="t",
        y="residual_norm",
        family="degree",
        prediction="predicted",
        log="y",
    ),
    "two_layer_flow.fixed_sample": partial(
        curves.draw_family, x="t", y="loss", family="width", bounds=("envelope",), log="y"
    ),
    "two_layer_flow.fixed_width": partial(
        curves.draw_curves,
        x="width",
        names=("best_found", "profiles"),
        bounds=("floor",),
        ylabel="squared error, relative",
        log="x",
    ),
    "two_layer_flow.parity": partial(
        bands.draw_bands, x="width", y="relative_loss", family="network"
    ),
    "two_layer_flow.scaling": partial(
        bands.draw_bands, x="width", y="displacement", family="exponent"
    ),
}


@dataclass(frozen=True)
class Entry:
    """An experiment and the function that draws its dataset."""

    experiment: Experiment
    draw: Drawing


CATALOGUE: dict[str, Entry] = {
    experiment.name: Entry(experiment, _DRAWINGS[experiment.name])
    for experiment in (*two_layer_flow.EXPERIMENTS,)
}


def entry(name: str) -> Entry:
    """The experiment of that name and its drawing function.

    Parameters
    ----------
    name
        ``slug.experiment``.

    Raises
    ------
    ValueError
        If there is none; the nearest names are offered.
    """
    if name not in CATALOGUE:
        raise ValueError(
            f"`experiment` must be in the catalogue; got {name!r}, {nearest(name, CATALOGUE)}"
        )
    return CATALOGUE[name]


def draw(data: xr.Dataset | Trajectory) -> Any:
    """A figure of a run or of the dataset of an experiment.

    Parameters
    ----------
    data
        A trajectory, or a dataset that carries the name of its experiment or its kind.

    Returns
    -------
    A matplotlib figure.

    Raises
    ------
    ValueError
        If the dataset says neither, or its experiment is unknown.
    """
    dataset = data.to_dataset() if isinstance(data, Trajectory) else data
    return drawing(dataset)(dataset)


def drawing(data: xr.Dataset) -> Drawing:
    """The function that draws a dataset.

    Parameters
    ----------
    data
        A dataset that carries the name of its experiment, or is of kind ``"trajectory"``.

    Raises
    ------
    ValueError
        If the dataset says neither, or its experiment is unknown.
    """
    if "experiment" in data.attrs:
        return entry(data.attrs["experiment"]).draw
    if data.attrs.get("kind") == "trajectory":
        return curves.draw_trajectory
    raise ValueError(
        "`data` must carry the attribute `experiment` or the kind 'trajectory'; "
        f"got the attributes {sorted(data.attrs)}."
    )
