"""The experiments of the one-dimensional companion paper: errors and displacements by width."""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float

from companion.claims.sphere_approximation_line import DISPLACEMENT_EXPONENT, PROVEN_EXPONENT
from companion.dynamics.line_training import LineTraining, train_on_grid
from companion.experiments.base import Experiment, with_bar
from companion.experiments.sphere_approximation.line_targets import LineTarget, line_target
from companion.networks.line import LineNetworks, uniform_kinks
from companion.numerics.montecarlo import stream
from companion.spaces.interval import GridNorms, grid_norms, uniform_grid

LEARNING_RATE = 1e-3  # as published
_LONG = 10_000  # runs of more steps than this have their learning rate cut by 5 at each quarter
_FINE = 100  # points of the fine grid for each neuron, as published
_AT_ONCE = 10  # networks evaluated together on the fine grid, for the memory
_SHARES = (0.0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
_CELLS = 40  # of [-1, 1], in which kinks are counted


@dataclass(frozen=True)
class Config:
    """Shallow ReLU networks with trained biases and frozen outer signs, trained by Adam."""

    targets: tuple[str, ...] = ("gaussian 0.5", "gaussian 0.25", "gaussian 0.1", "cusp", "step")
    widths: tuple[int, ...] = (10, 18, 32, 56, 100, 178, 316, 562, 1000)
    num_seeds: int = 100
    step_share: float = 1.0  # of the published number of steps
    seed: int = 0


SCALES = {
    "smoke": Config(
        targets=("gaussian 0.5", "cusp", "step"), widths=(10, 32), num_seeds=3, step_share=0.02
    ),
    "book": Config(targets=("gaussian 0.5", "cusp", "step"), widths=(10, 32, 100), num_seeds=10),
    # The published figures have 100 draws; half of them fit into an hour of a busy core.
    "document": Config(num_seeds=50),
}


def run(config: Config) -> xr.Dataset:
    """Errors after training, beside splines, floors and the proven rate.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Errors, displacements and floors by target, width and draw; the median error along the run;
    where the kinks are at its end; the errors of splines with as many kinks; lines of the proven
    and of the predicted slope.
    """
    shape = (len(config.targets), len(config.widths))
    measured = np.empty((len(_NAMES), *shape, config.num_seeds))
    history = np.empty((*shape, len(_SHARES)))
    density = np.empty((*shape, _CELLS))
    splines = np.empty((2, *shape))
    steps = np.empty(shape, dtype=int)
    for i, name in enumerate(with_bar(config.targets, "targets")):
        target = line_target(name)
        for j, width in enumerate(config.widths):
            # The same initial weights for every target, as published.
            rng = stream(config.seed, "kinks", width)
            bias, a = uniform_kinks(config.num_seeds, width, rng)
            steps[i, j] = max(round(config.step_share * target.steps(width)), 1)
            training = adam(target, bias, a, num_steps=int(steps[i, j]))
            norms = [errors(target, b, a) for b in training.bias]
            history[i, j] = [np.median(one.l2) for one in norms]
            moved = np.abs(training.bias[-1] - bias)
            measured[:, i, j] = (
                *norms[-1],
                np.sqrt(2 * training.loss[-1]),
                moved.max(axis=1),
                np.sqrt((moved**2).mean(axis=1)),
                target.floors(a),
            )
            counts, _ = np.histogram(-training.bias[-1], bins=_CELLS, range=(-1, 1))
            density[i, j] = counts / bias.size * (_CELLS / 2)
            splines[:, i, j] = target.uniform_spline(width), target.free_knot_spline(width)
    return _dataset(config, measured, history, density, splines, steps)


def adam(
    target: LineTarget,
    bias: Float[np.ndarray, "s m"],
    a: Float[np.ndarray, "s m"],
    *,
    num_steps: int,
    num_samples: int | None = None,
    trained_outer: bool = False,
) -> LineTraining:
    """Train as published, with records that double in time.

    Parameters
    ----------
    target
        The target.
    bias, a
        Initial weights.
    num_steps
        How many steps. In a run of more than 10,000 the learning rate is cut at each quarter.
    num_samples
        Points of the training grid; by default twice the width, and one more for the cusp.
    trained_outer
        Whether the outer weights are trained, too.

    Returns
    -------
    The records.
    """
    width = bias.shape[1]
    networks = LineNetworks(bias, a, trained_outer=trained_outer)
    trained = [one for one in networks.parameters() if one.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=LEARNING_RATE, fused=True)
    schedule = None
    if num_steps > _LONG:
        quarter = num_steps // 4
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=quarter, gamma=0.2)
    points = num_samples or 2 * width + target.spare_samples
    return train_on_grid(
        networks,
        target.values(uniform_grid(points)),
        optimizer=optimizer,
        num_steps=num_steps,
        schedule=schedule,
        record_at=marks(num_steps),
        progress=True,
    )


def marks(num_steps: int) -> list[int]:
    """Numbers of steps at which to record: the start, and shares of the run that double.

    Parameters
    ----------
    num_steps
        How many steps the run has.

    Returns
    -------
    As many numbers as there are shares.

    Raises
    ------
    ValueError
        If the run is too short to tell the shares apart.
    """
    if num_steps < 64:
        raise ValueError(f"`num_steps` must be at least 64; got {num_steps}.")
    return [round(share * num_steps) for share in _SHARES]


def errors(
    target: LineTarget, bias: Float[np.ndarray, "s m"], a: Float[np.ndarray, "s m"]
) -> GridNorms:
    """Errors of networks on the fine grid of 100 points for each neuron.

    Parameters
    ----------
    target
        The target.
    bias, a
        Weights.

    Returns
    -------
    Norms of prediction minus target, one entry for each network.
    """
    num_points = _FINE * bias.shape[1]
    values = target.values(uniform_grid(num_points))
    parts = []
    for begin in range(0, len(bias), _AT_ONCE):
        group = slice(begin, begin + _AT_ONCE)
        networks = LineNetworks(bias[group], a[group])
        parts.append(grid_norms(networks.on_grid(num_points).numpy() - values))
    return GridNorms(*map(np.concatenate, zip(*parts, strict=True)))


_NAMES = {
    "l1_error": "L1 error",
    "l2_error": "L2 error",
    "h1_error": "H1 error",
    "sample_error": "L2 error at the samples",
    "displacement": "largest displacement of a kink",
    "mean_displacement": "root mean square displacement",
    "floor": "floor for frozen signs",
}


def _dataset(
    config: Config,
    measured: Float[np.ndarray, "k t m s"],
    history: Float[np.ndarray, "t m l"],
    density: Float[np.ndarray, "t m k2"],
    splines: Float[np.ndarray, "2 t m"],
    steps: np.ndarray,
) -> xr.Dataset:
    cells, widths = ("target", "width"), np.array(config.widths, dtype=float)
    data = xr.Dataset(
        {
            name: ((*cells, "draw"), values, label(long_name))
            for (name, long_name), values in zip(_NAMES.items(), measured, strict=True)
        },
        coords={
            "target": ("target", list(config.targets), label("target")),
            "width": ("width", list(config.widths), label("width")),
            "share": ("share", list(_SHARES), label("share of the steps")),
            "place": ("place", (np.arange(_CELLS) + 0.5) * 2 / _CELLS - 1, label("place x")),
        },
    )
    data["l2_history"] = ((*cells, "share"), history, label("median L2 error"))
    data["kink_density"] = ((*cells, "place"), density, label("density of the kinks"))
    data["uniform_spline"] = (cells, splines[0], label("spline, uniform kinks"))
    data["free_knot_spline"] = (cells, splines[1], label("spline, placed kinks"))
    data["steps"] = (cells, steps, label("steps"))
    # Lines of a slope start at the median of the smallest width.
    start = data["l2_error"].median("draw").isel(width=0).values[:, None]
    falling = start * (widths / widths[0]) ** -PROVEN_EXPONENT
    data["proven"] = (cells, falling, label("slope -1/24"))
    most = float(data["displacement"].median("draw").isel(width=0).max())
    predicted = most * (widths / widths[0]) ** -DISPLACEMENT_EXPONENT
    data["predicted_displacement"] = ("width", predicted, label("slope -1/3"))
    return data.assign_attrs(key_variables="l2_error displacement")


def label(long_name: str) -> dict[str, str]:
    """Attributes of a variable without a unit.

    Parameters
    ----------
    long_name
        What a figure calls it.

    Returns
    -------
    The attributes.
    """
    return {"long_name": long_name, "units": "1"}


EXPERIMENT = Experiment(
    name="sphere_approximation.one_dimension",
    summary="errors and displacements of shallow ReLU networks on an interval, by width",
    scales=SCALES,
    run=run,
)
