"""The motion of the weights and what it does to the outer Gram matrix: Lemmas 1 and 2 of Li."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.integrate import cumulative_trapezoid

from companion.activations import SIGMOID
from companion.claims.two_layer_flow_lemmas import (
    outer_energy_slope_as_printed,
    outer_energy_slope_bound,
    remainder_bound,
    remainder_constant,
)
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.trajectory import Trajectory
from companion.experiments.base import Experiment
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Config:
    """Random signs on uniform points of the sphere, as the document's assumptions allow."""

    widths: tuple[int, ...] = (50, 200, 800)  # n in the document
    num_samples: int = 60  # M in the document
    input_dim: int = 5
    horizon: float = 50.0
    num_times: int = 201  # the integrals over time are trapezoidal sums over these
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(10, 40), num_samples=8, input_dim=3, horizon=5.0, num_times=51),
    "book": Config(),
    "document": Config(
        widths=(50, 200, 800, 3200), num_samples=500, horizon=500.0, num_times=2001
    ),
}

_MEANINGS = {
    "energy_slope": ("half the slope of the sum of squares of the outer weights", "1/time"),
    "energy_slope_printed": ("its bound in (3.1) as printed", "1/time"),
    "energy_slope_bound": ("its bound with the factor sqrt 2", "1/time"),
    "speed_ratio": ("largest speed of an inner weight over |a| sqrt(loss / m)", "1"),
    "change": ("change of the outer residual form", "1/time"),
    "remainder": ("remainder R of (3.5)", "1/time"),
    "bound": ("right-hand side of Lemma 2", "1/time"),
    "loss": ("loss", "1"),
    "root_loss_integral": ("accumulated root loss b", "time"),
}


def run(config: Config) -> xr.Dataset:
    """Both sides of the two lemmas along one flow for every width."""
    rng = stream(config.seed, "data")
    X = uniform_on_sphere(config.num_samples, config.input_dim, rng)
    y = rng.choice([-1.0, 1.0], config.num_samples)
    t = np.linspace(0, config.horizon, config.num_times)
    rows = []
    for width in config.widths:
        W, a = gaussian_rademacher(width, config.input_dim, stream(config.seed, "weights", width))
        flow = gradient_flow(
            TwoLayerNetwork(W, a, activation=SIGMOID),
            X,
            y,
            t_end=config.horizon,
            t_eval=t,
            nu=np.full(len(y), 1 / len(y)),
            rtol=1e-8,
            keep_path=True,
            progress=True,
        )
        rows.append(_both_sides(flow, X, y))
    return xr.Dataset(
        {
            name: (
                ("width", "t"),
                np.array([row[name] for row in rows]),
                {"long_name": long_name, "units": units},
            )
            for name, (long_name, units) in _MEANINGS.items()
        },
        coords={
            "width": ("width", list(config.widths), {"long_name": "width", "units": "1"}),
            "t": ("t", t, {"long_name": "flow time", "units": "time"}),
        },
        attrs={"key_variables": "loss speed_ratio change bound"},
    )


def _both_sides(
    flow: Trajectory, X: Float[np.ndarray, "n d"], y: Float[np.ndarray, " n"]
) -> dict[str, Float[np.ndarray, " t"]]:
    outer = np.array([flow.parameters_at(k)["a"] for k in range(len(flow.t))])
    inner = np.array([flow.parameters_at(k)["W"] for k in range(len(flow.t))])
    width, radius = outer.shape[1], 1.0
    b = cumulative_trapezoid(np.sqrt(flow.loss), flow.t, initial=0)
    lengths = cumulative_trapezoid(
        np.abs(outer) * np.sqrt(flow.loss)[:, None], flow.t, axis=0, initial=0
    )
    mean_length = lengths.mean(axis=1) / np.sqrt(width)
    mean_size = np.abs(flow.residual) @ flow.nu
    bound = float(np.abs(y).max())
    start = _outer_form(inner[0], flow.residual, X, flow.nu)
    now = np.array(
        [
            _outer_form(W, residual[None], X, flow.nu)[0]
            for W, residual in zip(inner, flow.residual, strict=True)
        ]
    )
    return {
        "energy_slope": -(flow.residual * (flow.residual + y)) @ flow.nu,
        "energy_slope_printed": outer_energy_slope_as_printed(flow.loss, target_bound=bound),
        "energy_slope_bound": outer_energy_slope_bound(flow.loss, target_bound=bound),
        "speed_ratio": _speed_ratio(inner, flow, X),
        "change": np.abs(now - start),
        "remainder": remainder_constant(activation=SIGMOID, radius=radius)
        * mean_size**2
        * mean_length,
        "bound": remainder_bound(
            flow.loss,
            b,
            width=width,
            outer_energy=float((outer[0] ** 2).sum()),
            target_bound=bound,
            activation=SIGMOID,
            radius=radius,
        ),
        "loss": flow.loss,
        "root_loss_integral": b,
    }


def _outer_form(
    W: Float[np.ndarray, "m d"],
    residual: Float[np.ndarray, "t n"],
    X: Float[np.ndarray, "n d"],
    nu: Float[np.ndarray, " n"],
) -> Float[np.ndarray, " t"]:
    # The integral of e(x) e(y) D(x, y) is a mean of squares over the neurons.
    against_neurons = (residual * nu) @ np.asarray(SIGMOID(X @ W.T))
    form: np.ndarray = (against_neurons**2).mean(axis=1)
    return form


def _speed_ratio(
    inner: Float[np.ndarray, "t m d"], flow: Trajectory, X: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, " t"]:
    # |w_i'| over |a_i| sqrt(loss / m); by (2.3) the outer weight cancels.
    slopes = [np.asarray(SIGMOID.derivative(X @ W.T)) for W in inner]
    speeds = [
        np.linalg.norm((residual * flow.nu)[None] * slope.T @ X, axis=1).max()
        for residual, slope in zip(flow.residual, slopes, strict=True)
    ]
    ratio: np.ndarray = np.array(speeds) / np.sqrt(flow.loss)
    return ratio


EXPERIMENT = Experiment(
    name="two_layer_flow.remainder",
    summary="both sides of Lemmas 1 and 2 along the flow",
    scales=SCALES,
    run=run,
)
