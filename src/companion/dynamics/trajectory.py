"""One training run as arrays, and its way to a labelled dataset and a file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import nn

from companion import records

# Name -> (axes, meaning, unit); of residual also the axes of the outputs.
_QUANTITIES = {
    "loss": (("t",), "loss", "1"),
    "residual": (("t", "n"), "prediction minus target", "1"),
    "dissipation_rate": (
        ("t",),
        "dissipation rate, squared gradient over squared residual",
        "1/time",
    ),
    "distance": (("t",), "distance of the parameters from the start", "1"),
    "distance_by_parameter": (
        ("t", "parameter"),
        "distance of each parameter from the start",
        "1",
    ),
    "neuron_distance": (("t",), "largest distance of a neuron from its start", "1"),
    "lambda_min": (("t",), "smallest eigenvalue of the weighted Gram matrix", "1/time"),
    "lambda_max": (("t",), "largest eigenvalue of the weighted Gram matrix", "1/time"),
    "kernel_drift": (("t",), "relative change of the weighted Gram matrix", "1"),
    "path": (("t", "p"), "trained parameters", "1"),
    "nu": (("n",), "weight of the data point", "1"),
}
_NEEDED = ("loss", "residual", "dissipation_rate", "distance", "nu")
_ATTRIBUTES = ("method", "method_reason", "stopped_by", "num_gradients", "num_grams")


@dataclass(frozen=True, eq=False)
class Trajectory:
    r"""A training run, recorded at given times.

    .. math::
        \ell = \tfrac12 |r|_\nu^2, \qquad
        \rho = \frac{|\nabla \ell|^2}{|r|_\nu^2}, \qquad
        \dot\ell = -2 \rho\, \ell

    Parameters
    ----------
    t
        Times of the records, increasing.
    loss
        The loss at those times.
    residual
        Prediction minus target: time first, then the shape of the targets.
    dissipation_rate
        The rate rho; not a number where the residual vanishes.
    distance
        Euclidean distance of all trained parameters from where they began.
    nu
        Weights of the data points.
    parameters
        Trained parameters where the run ended, by name.
    distance_by_parameter
        Euclidean distance of each of them from where it began, in the order of ``parameters``;
        the squares add up to that of ``distance``.
    neuron_distance
        The largest distance of a neuron from where it began. A neuron is an entry of the first
        axis of a trained parameter with two or more axes: a row of a matrix, a filter of a
        convolution. The last such parameter does not count if there are others and it has one
        entry per output of the module. ``None`` if there is no such parameter.
    lambda_min, lambda_max
        Smallest and largest eigenvalue of the Gram matrix between square roots of the weights,
        over points of positive weight; recorded on demand. The dissipation rate lies between.
    kernel_drift
        Distance of that matrix from the one at the start in the operator norm, over the norm of
        that at the start; recorded on demand.
    path
        All trained parameters at every recorded time, flat; kept on demand.
    method, method_reason
        The integrator that ran, and why it was chosen if the choice was left to the library.
    stopped_by
        The event that ended the run before its time; the last record is of that moment.
    num_gradients, num_grams
        Gradients and Gram matrices that were evaluated, records included.

    Scale
    -----
    The norm is weighted, ``|r|_nu**2 = sum_i nu_i |r_i|**2``; time is that of
    ``theta' = -grad loss``.
    """

    t: Float[np.ndarray, " t"]
    loss: Float[np.ndarray, " t"]
    residual: Float[np.ndarray, "t n ..."]
    dissipation_rate: Float[np.ndarray, " t"]
    distance: Float[np.ndarray, " t"]
    nu: Float[np.ndarray, " n"]
    parameters: dict[str, Float[np.ndarray, "..."]]
    distance_by_parameter: Float[np.ndarray, "t l"] | None = None
    neuron_distance: Float[np.ndarray, " t"] | None = None
    lambda_min: Float[np.ndarray, " t"] | None = None
    lambda_max: Float[np.ndarray, " t"] | None = None
    kernel_drift: Float[np.ndarray, " t"] | None = None
    path: Float[np.ndarray, "t p"] | None = None
    method: str | None = None
    method_reason: str | None = None
    stopped_by: str | None = None
    num_gradients: int | None = None
    num_grams: int | None = None

    def parameters_at(self, index: int) -> dict[str, Float[np.ndarray, "..."]]:
        """Trained parameters at the record of that index, by name.

        Parameters
        ----------
        index
            Position in ``t``; negative counts from the end.

        Raises
        ------
        ValueError
            If the path was not kept.
        IndexError
            If there is no such record.
        """
        if self.path is None:
            raise ValueError(
                "`path` must have been kept to know earlier parameters; got a trajectory without "
                "it. Run gradient_flow(..., keep_path=True)."
            )
        return _split(self.path[index], {n: v.shape for n, v in self.parameters.items()})

    def load_into(self, module: nn.Module) -> None:
        """Write the final parameters into a module.

        Parameters
        ----------
        module
            A module with parameters of the same names and shapes. Only those are changed.

        Raises
        ------
        ValueError
            If a parameter is missing or has another shape; nothing is changed then.
        """
        owned = dict(module.named_parameters())
        for name, values in self.parameters.items():
            if name not in owned:
                raise ValueError(f"`module` must have a parameter {name!r}; got {sorted(owned)}.")
            if tuple(owned[name].shape) != values.shape:
                raise ValueError(
                    f"`module` must have parameter {name!r} of shape {values.shape}; "
                    f"got {tuple(owned[name].shape)}."
                )
        with torch.no_grad():
            for name, values in self.parameters.items():
                owned[name].copy_(torch.from_numpy(values))

    def to_dataset(self) -> xr.Dataset:
        """The run as a labelled dataset of kind ``"trajectory"``.

        Returns
        -------
        A dataset over time ``t``, sample ``n``, outputs and parameter ``p``.
        """
        outputs = tuple(f"q{axis}" for axis in range(self.residual.ndim - 2))
        attributes = {name: getattr(self, name) for name in _ATTRIBUTES}
        data = xr.Dataset(
            coords={
                "t": ("t", self.t, {"long_name": "time", "units": "time"}),
                "parameter": (
                    "parameter",
                    list(self.parameters),
                    {"long_name": "name of the parameter", "units": "none"},
                ),
            },
            attrs={
                "kind": "trajectory",
                "parameters": json.dumps({n: v.shape for n, v in self.parameters.items()}),
                **{name: value for name, value in attributes.items() if value is not None},
            },
        )
        for name, (axes, meaning, units) in _QUANTITIES.items():
            values = getattr(self, name)
            if values is not None:
                axes = (*axes, *outputs) if name == "residual" else axes
                data[name] = (axes, values, {"long_name": meaning, "units": units})
        data["theta"] = (
            "p",
            np.concatenate([v.reshape(-1) for v in self.parameters.values()]),
            {"long_name": "trained parameters where the run ended", "units": "1"},
        )
        return data

    @classmethod
    def from_dataset(cls, data: xr.Dataset) -> "Trajectory":
        """The run behind a dataset made by :meth:`to_dataset`.

        Parameters
        ----------
        data
            A dataset of kind ``"trajectory"``.

        Raises
        ------
        ValueError
            If the dataset is of another kind.
        """
        if data.attrs.get("kind") != "trajectory":
            raise ValueError(
                f"`data` must be of kind 'trajectory'; got {data.attrs.get('kind')!r}."
            )
        held = {*data.variables, *data.attrs}
        missing = [name for name in ("t", "theta", "parameters", *_NEEDED) if name not in held]
        if missing:
            raise ValueError(f"`data` must hold the record of a run; {missing[0]!r} is missing.")
        shapes = json.loads(data.attrs["parameters"])
        known: dict[str, Any] = {n: data[n].values for n in _QUANTITIES if n in data}
        for name in _ATTRIBUTES:
            value = data.attrs.get(name)
            known[name] = int(value) if isinstance(value, np.integer) else value
        return cls(
            t=data["t"].values,
            parameters=_split(data["theta"].values, shapes),
            **known,
        )

    def save(self, path: str | Path) -> Path:
        """Write the run to a netCDF file, atomically.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        The path.

        Raises
        ------
        RecordError
            If the folder cannot be written.
        """
        return records.save(self.to_dataset(), path)

    @classmethod
    def load(cls, path: str | Path) -> "Trajectory":
        """Read a run written by :meth:`save`, digit for digit.

        Parameters
        ----------
        path
            The file.

        Raises
        ------
        RecordError
            If the file cannot be read or is newer than this library.
        ValueError
            If it holds something else than a trajectory.
        """
        return cls.from_dataset(records.load(path))


def _split(
    theta: Float[np.ndarray, " p"], shapes: dict[str, tuple[int, ...] | list[int]]
) -> dict[str, Float[np.ndarray, "..."]]:
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    pieces = np.split(theta, ends[:-1])
    return {
        name: piece.reshape(tuple(shape))
        for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }
