"""What an experiment is: a frozen configuration at three scales, and a function to a dataset."""

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import torch
import xarray as xr
from tqdm import tqdm

from companion import records

Part = TypeVar("Part")

SCALES = ("smoke", "book", "document")


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A named computation with configurations that suit a test, a page and the document.

    Parameters
    ----------
    name
        ``slug.experiment``, the slug of the document first.
    summary
        One line for a list.
    scales
        Configurations, instances of one frozen dataclass with a field ``seed``, under the names
        ``smoke`` (seconds, for tests), ``book`` (a page) and ``document`` (the document's own
        size).
    run
        From a configuration to a dataset whose variables carry ``long_name`` and ``units``.

    Raises
    ------
    ValueError
        If a scale is missing or unknown, or the configurations are not of one frozen dataclass.
    """

    name: str
    summary: str
    scales: Mapping[str, Any]
    run: Callable[[Any], xr.Dataset]

    def __post_init__(self) -> None:
        if set(self.scales) != set(SCALES):
            raise ValueError(
                f"`scales` must have the keys {', '.join(SCALES)}; got {sorted(self.scales)}."
            )
        kinds = {type(config) for config in self.scales.values()}
        (kind, *others) = kinds
        if others or not dataclasses.is_dataclass(kind) or not _is_frozen(kind):
            raise ValueError(
                "`scales` must hold instances of one frozen dataclass; "
                f"got {sorted(k.__name__ for k in kinds)}."
            )
        if "seed" not in {field.name for field in dataclasses.fields(kind)}:
            raise ValueError(
                f"`scales` must hold configurations with a seed; got {kind.__name__}."
            )


def execute(experiment: Experiment, config: Any) -> xr.Dataset:
    """Run an experiment and write into its dataset how it was made.

    Parameters
    ----------
    experiment
        The experiment.
    config
        A configuration of its kind.

    Returns
    -------
    The dataset with the attributes of :func:`companion.records.provenance`, the name of the
    experiment and its summary.

    Raises
    ------
    TypeError
        If the configuration is of another kind.
    ValueError
        If a variable lacks ``long_name`` or ``units``.
    """
    kind = type(experiment.scales["smoke"])
    if type(config) is not kind:
        raise TypeError(
            f"`config` must be a {kind.__name__} for {experiment.name}; "
            f"got {type(config).__name__}."
        )
    check_device(config)
    begun = time.perf_counter()
    data = experiment.run(config)
    wall_time = time.perf_counter() - begun
    for name, variable in data.variables.items():
        missing = {"long_name", "units"} - set(variable.attrs)
        if missing:
            raise ValueError(
                f"`run` of {experiment.name} must label every variable; "
                f"{name} has no {' and no '.join(sorted(missing))}."
            )
    return data.assign_attrs(
        experiment=experiment.name,
        summary=experiment.summary,
        **records.provenance(
            configuration=dataclasses.asdict(config),
            seed=config.seed,
            device=getattr(config, "device", "cpu"),
            dtype=getattr(config, "dtype", str(torch.float64).removeprefix("torch.")),
            wall_time=wall_time,
        ),
    )


def label(long_name: str, units: str = "1") -> dict[str, str]:
    """The attributes that every variable of a dataset carries.

    Parameters
    ----------
    long_name
        What is measured, as it stands at an axis.
    units
        Its unit; ``"1"`` for pure numbers.

    Returns
    -------
    The attributes.
    """
    return {"long_name": long_name, "units": units}


def with_bar(parts: Iterable[Part], what: str) -> Iterable[Part]:
    """The parts of a long computation, with a bar on the standard error if that is a terminal.

    Parameters
    ----------
    parts
        What is iterated over; its length is known.
    what
        What one part is, for the bar.

    Returns
    -------
    The same parts.
    """
    return tqdm(parts, desc=what, disable=None, leave=False)


def check_device(config: Any) -> None:
    """Refuse a configuration whose device this machine does not have.

    Parameters
    ----------
    config
        A configuration; without a field ``device`` it is for the CPU.

    Raises
    ------
    ValueError
        If the field ``device`` is ``"cuda"`` and there is none.
    """
    if getattr(config, "device", "cpu") == "cuda" and not torch.cuda.is_available():
        raise ValueError("`device` must be available; got cuda, and PyTorch finds none. Use cpu.")


def _is_frozen(kind: type) -> bool:
    return bool(kind.__dataclass_params__.frozen)  # type: ignore[attr-defined]
