"""One training run as arrays, and its way to a labelled dataset and a file."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import nn

from companion import records

_MEANINGS = {
    "loss": ("loss", "1"),
    "residual": ("prediction minus target", "1"),
    "dissipation_rate": ("dissipation rate, squared gradient over squared residual", "1/time"),
    "distance": ("distance of the parameters from the start", "1"),
    "lambda_min": ("smallest eigenvalue of the weighted Gram matrix", "1/time"),
    "path": ("trained parameters", "1"),
    "nu": ("weight of the data point", "1"),
    "theta": ("trained parameters where the run ended", "1"),
}


@dataclass(frozen=True, eq=False)
class Trajectory:
    r"""A run of gradient flow, recorded at given times.

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
    lambda_min
        Smallest eigenvalue of the Gram matrix between square roots of the weights, over points of
        positive weight; recorded on demand. It is at most ``dissipation_rate``.
    path
        All trained parameters at every recorded time, flat; kept on demand.

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
    lambda_min: Float[np.ndarray, " t"] | None = None
    path: Float[np.ndarray, "t p"] | None = None

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
        theta = np.concatenate([v.reshape(-1) for v in self.parameters.values()])
        data = xr.Dataset(
            {
                "loss": ("t", self.loss),
                "residual": (("t", "n", *outputs), self.residual),
                "dissipation_rate": ("t", self.dissipation_rate),
                "distance": ("t", self.distance),
                "nu": ("n", self.nu),
                "theta": ("p", theta),
            },
            coords={"t": ("t", self.t, {"long_name": "time", "units": "time"})},
            attrs={
                "kind": "trajectory",
                "parameters": json.dumps({n: v.shape for n, v in self.parameters.items()}),
            },
        )
        if self.lambda_min is not None:
            data["lambda_min"] = ("t", self.lambda_min)
        if self.path is not None:
            data["path"] = (("t", "p"), self.path)
        for name in data.data_vars:
            long_name, units = _MEANINGS[str(name)]
            data[name].attrs.update(long_name=long_name, units=units)
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
        shapes = json.loads(data.attrs["parameters"])
        needed = ("t", "loss", "residual", "dissipation_rate", "distance", "nu")
        asked = [name for name in ("lambda_min", "path") if name in data]
        return cls(
            parameters=_split(data["theta"].values, shapes),
            **{name: data[name].values for name in (*needed, *asked)},
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


class FlowFailure(RuntimeError):
    """A flow that could not be followed to its end.

    Parameters
    ----------
    reason
        What happened.
    time
        Where it happened.
    trajectory
        The records up to then; ``None`` if there is none.
    """

    def __init__(self, reason: str, time: float, trajectory: Trajectory | None) -> None:
        super().__init__(f"the flow stopped at time {time:.6g}: {reason}.")
        self.time = time
        self.trajectory = trajectory


def _split(
    theta: Float[np.ndarray, " p"], shapes: dict[str, tuple[int, ...] | list[int]]
) -> dict[str, Float[np.ndarray, "..."]]:
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    pieces = np.split(theta, ends[:-1])
    return {
        name: piece.reshape(tuple(shape))
        for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }
