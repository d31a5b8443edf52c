"""Every experiment by name, with the function that draws its dataset: run and draw meet here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import xarray as xr

from companion.dynamics.trajectory import Trajectory
from companion.experiments.base import Experiment
from companion.experiments.settings import nearest
from companion.experiments.two_layer_flow import (
    capacity,
    chaining_functional,
    decay_by_target,
    fixed_sample,
    fixed_width,
    four_points,
    increment_norms,
    initial_network,
    kernel_deviation,
    limit_kernel,
    loss_identity,
    mean_residual,
    modes,
    parity,
    rate_by_dimension,
    remainder,
    scaling,
    smallest_eigenvalues,
    tracking,
    tree_process,
)
from companion.figures import bands, curves, decay, ratios, spectra, suprema

Drawing = Callable[[xr.Dataset], Any]  # returns a figure; only figures know the type of one


@dataclass(frozen=True)
class Entry:
    """An experiment and the function that draws its dataset."""

    experiment: Experiment
    draw: Drawing


_ENTRIES = (
    Entry(
        loss_identity.EXPERIMENT,
        partial(
            curves.draw_curves,
            x="t",
            names=("decay_difference", "decay_outer", "decay_inner"),
            ylabel="fall of the loss (1/time)",
        ),
    ),
    Entry(
        remainder.EXPERIMENT,
        partial(curves.draw_family, x="t", y="change", family="width", log="xy"),
    ),
    Entry(
        limit_kernel.EXPERIMENT,
        partial(curves.draw_family, x="radius", y="least", family="activation", log="xy"),
    ),
    Entry(kernel_deviation.EXPERIMENT, suprema.draw_kernel_distance),
    Entry(initial_network.EXPERIMENT, suprema.draw_network_size),
    Entry(
        chaining_functional.EXPERIMENT,
        partial(
            curves.draw_curves,
            x="input_dim",
            names=("ball_upper", "ball_lower", "sample_upper"),
            bounds=("root",),
            ylabel="gamma_2",
        ),
    ),
    Entry(
        increment_norms.EXPERIMENT,
        partial(
            curves.draw_family,
            x="distance",
            y="ratio",
            family="process",
            bounds=("kernel_bound",),
            log="xy",
        ),
    ),
    Entry(
        tree_process.EXPERIMENT,
        partial(bands.draw_bands, x="width", y="supremum", family="process", bounds=("expected",)),
    ),
    Entry(four_points.EXPERIMENT, decay.draw_loss_floor),
    Entry(smallest_eigenvalues.EXPERIMENT, spectra.draw_smallest_eigenvalues),
    Entry(decay_by_target.EXPERIMENT, decay.draw_decay_by_target),
    Entry(
        capacity.EXPERIMENT,
        partial(
            bands.draw_bands,
            x="num_samples",
            y="best_loss",
            family="activation",
            bounds=("null_loss",),
            log="x",
        ),
    ),
    Entry(rate_by_dimension.EXPERIMENT, decay.draw_rate_by_dimension),
    Entry(
        mean_residual.EXPERIMENT,
        partial(curves.draw_family, x="t", y="mean_share", family="width", log="xy"),
    ),
    Entry(
        tracking.EXPERIMENT, partial(bands.draw_bands, x="width", y="error", family="num_samples")
    ),
    Entry(
        modes.EXPERIMENT,
        partial(
            bands.draw_bands,
            x="t",
            y="residual_norm",
            family="degree",
            prediction="predicted",
            log="y",
        ),
    ),
    Entry(
        fixed_sample.EXPERIMENT,
        partial(
            curves.draw_family, x="t", y="loss", family="width", bounds=("envelope",), log="y"
        ),
    ),
    Entry(
        fixed_width.EXPERIMENT,
        partial(
            curves.draw_curves,
            x="width",
            names=("best_found", "profiles"),
            bounds=("floor",),
            ylabel="squared error, relative",
            log="x",
        ),
    ),
    Entry(
        parity.EXPERIMENT,
        partial(bands.draw_bands, x="width", y="relative_loss", family="network"),
    ),
    Entry(
        scaling.EXPERIMENT,
        partial(bands.draw_bands, x="width", y="displacement", family="exponent"),
    ),
)

_KINDS: dict[str, Drawing] = {
    "trajectory": curves.draw_trajectory,
    "benchmarks": ratios.draw_ratios,
}

CATALOGUE: dict[str, Entry] = {one.experiment.name: one for one in _ENTRIES}


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
    TypeError
        If it is neither of the two.
    ValueError
        If the dataset says neither, or its experiment is unknown.
    """
    dataset = data.to_dataset() if isinstance(data, Trajectory) else data
    if not isinstance(dataset, xr.Dataset):
        raise TypeError(
            f"`data` must be a Trajectory or an xarray.Dataset; got {type(data).__name__}. "
            "Pass what gradient_flow, an experiment or companion.records.load returns."
        )
    return drawing(dataset)(dataset)


def drawing(data: xr.Dataset) -> Drawing:
    """The function that draws a dataset.

    Parameters
    ----------
    data
        A dataset that carries the name of its experiment, or is of kind ``"trajectory"`` or
        ``"benchmarks"``.

    Raises
    ------
    ValueError
        If the dataset says neither, or its experiment is unknown.
    """
    if "experiment" in data.attrs:
        return entry(data.attrs["experiment"]).draw
    kind = data.attrs.get("kind")
    if kind in _KINDS:
        return _KINDS[kind]
    raise ValueError(
        "`data` must carry the attribute `experiment` or the kind 'trajectory' or 'benchmarks'; "
        f"got the attributes {sorted(data.attrs)}."
    )
