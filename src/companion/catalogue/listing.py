"""Every experiment by name, with the function that draws its dataset: run and draw meet here."""

from typing import Any

import xarray as xr

from companion.catalogue import general_architectures, sphere_approximation, two_layer_flow
from companion.catalogue.entries import Drawing, Entry
from companion.dynamics.trajectory import Trajectory
from companion.experiments.settings import nearest
from companion.figures import curves, ratios

_KINDS: dict[str, Drawing] = {
    "trajectory": curves.draw_trajectory,
    "benchmarks": ratios.draw_ratios,
}

CATALOGUE: dict[str, Entry] = {
    one.experiment.name: one
    for one in (
        *sphere_approximation.ENTRIES,
        *two_layer_flow.ENTRIES,
        *general_architectures.ENTRIES,
    )
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
