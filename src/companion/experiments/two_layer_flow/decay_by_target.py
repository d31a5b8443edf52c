r"""How fast the loss falls for five kinds of targets, beside the rate that Theorem 1 claims.

Every target is met twice on the same points: by the flow of the limiting kernel started from the
zero function, which is exact, and by networks drawn as the document draws them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import SIGMOID
from companion.claims.two_layer_flow import loss_decay
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.kernel_flow import kernel_flow
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere

Target = Callable[[Float[np.ndarray, "n d"], np.random.Generator], Float[np.ndarray, " n"]]

TARGETS: dict[str, Target] = {
    "constant": lambda X, rng: np.ones(len(X)),
    "linear": lambda X, rng: X[:, 0],
    "quadratic": lambda X, rng: X[:, 0] * X[:, 1],
    "positive": lambda X, rng: rng.uniform(0.5, 1.5, len(X)),
    "signs": lambda X, rng: rng.choice([-1.0, 1.0], len(X)),
}
"""Constant 1; x_1, smooth and odd; x_1 x_2, smooth and even; uniform on [1/2, 3/2] at every point
by itself; a fair sign at every point by itself."""


@dataclass(frozen=True)
class Config:
    """Uniform points on the unit sphere, weights of Assumption 2."""

    num_samples: tuple[int, ...] = (10, 100)  # M; the document's rate is free of it
    width: int = 200  # n in the document, n >= C (d + sqrt(sup |f|)) log(delta)**2
    input_dim: int = 5  # d
    t_end: float = 100.0
    num_times: int = 51
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(num_samples=(4, 8), width=20, t_end=5.0, num_times=6, num_seeds=2),
    "book": Config(),
    "document": Config(
        num_samples=(10, 30, 100, 300, 1000), width=1000, t_end=200.0, num_times=101, num_seeds=3
    ),
}


def run(config: Config) -> xr.Dataset:
    """Loss against time for every target, sample size and draw.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Loss of the kernel flow from zero, of the network, and the claimed bound for that network.
    """
    t = np.linspace(0, config.t_end, config.num_times)
    shape = (len(TARGETS), len(config.num_samples), config.num_seeds, len(t))
    limit, finite, claimed = np.empty(shape), np.empty(shape), np.empty(shape)
    for j, count in enumerate(with_bar(config.num_samples, "sample sizes")):
        nu = np.full(count, 1 / count)
        for k in range(config.num_seeds):
            X = uniform_on_sphere(count, config.input_dim, stream(config.seed, "points", count, k))
            K = tangent_kernel(X, X, depth=1, activation=SIGMOID)
            entry = tangent_kernel(X, X, depth=1, activation=SIGMOID, trained=(1,)).min()
            for i, (name, target) in enumerate(TARGETS.items()):
                y = target(X, stream(config.seed, "target", name, count, k))
                limit[i, j, k] = 0.5 * kernel_flow(K, -y, t, nu=nu) ** 2 @ nu
                rng = stream(config.seed, "weights", name, count, k)
                W, a = gaussian_rademacher(config.width, config.input_dim, rng)
                network = TwoLayerNetwork(W, a, activation=SIGMOID)
                finite[i, j, k] = gradient_flow(
                    network, X, y, t_end=config.t_end, t_eval=t, nu=nu
                ).loss
                claimed[i, j, k] = loss_decay(t, constant=finite[i, j, k, 0], kernel_bound=entry)
    cells = ("target", "num_samples", "draw", "t")
    return xr.Dataset(
        {
            "kernel_loss": (cells, limit, label("loss, infinite width", "1")),
            "network_loss": (cells, finite, label("loss, network", "1")),
            "claimed_loss": (cells, claimed, label("loss, as claimed", "1")),
        },
        coords={
            "target": ("target", list(TARGETS), label("target", "1")),
            "num_samples": (
                "num_samples",
                list(config.num_samples),
                label("number of points M", "1"),
            ),
            "t": ("t", t, label("time", "time")),
        },
    )


EXPERIMENT = Experiment(
    name="two_layer_flow.decay_by_target",
    summary="decay of the loss for five kinds of targets beside the claimed rate",
    scales=SCALES,
    run=run,
)
