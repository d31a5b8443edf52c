r"""What the tangent features of a network at its start span, and how far a target is from it.

The linearised flow can reach the span of the derivatives of the network by its weights and nothing
else. Directions of small singular value s take a time of order 1 / s^2. So the span is taken up
to several thresholds: its dimension, and the distance of the target, which is where the
linearised flow would end.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import xarray as xr

from companion.activations import activation as activation_named
from companion.claims.sphere_approximation_cost import relu_tangent_dimension
from companion.claims.sphere_approximation_rates import require_under_parametrised
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.circle_kinks import first_layer_kinks, second_layer_kinks
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.spaces.classical_approximation import fourier_projection_error
from companion.spaces.targets import borderline_energies, circle_target
from companion.tangent.jacobian import jacobian


@dataclass(frozen=True)
class Config:
    """Two hidden layers of one width on the circle, the matrix between them trained."""

    widths: tuple[int, ...] = (4, 6, 8, 12, 16)
    activations: tuple[str, ...] = ("relu", "elu", "gelu")
    cuts: tuple[float, ...] = (1e-3, 1e-6, 1e-12)  # of singular values, relative to the largest
    smoothness: float = 0.5  # alpha
    samples_per_weight: int = 4
    least_samples: int = 1024
    max_degree: int = 4095  # of the target; a grid shows the part below half its points
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(2, 4, 6), least_samples=256, max_degree=127, num_seeds=2),
    "book": Config(),
    "document": Config(widths=(4, 6, 8, 12, 16, 24, 32), num_seeds=5),
}


def run(config: Config) -> xr.Dataset:
    """Dimension of the span and distance of the target from it.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Both by activation, width, draw and threshold; for ReLU the bound on the dimension by kinks.

    Raises
    ------
    ValueError
        If the samples are fewer than four for every weight of the trained square matrix.
    """
    counts = [
        max(config.samples_per_weight * width**2, config.least_samples) for width in config.widths
    ]
    for width, count in zip(config.widths, counts, strict=True):
        require_under_parametrised(count, width=width)
    shape = (len(config.activations), len(config.widths), config.num_seeds)
    dimension = np.empty((*shape, len(config.cuts)), dtype=int)
    distance = np.empty((*shape, len(config.cuts)))
    bound = np.empty(shape[1:], dtype=int)
    energies = borderline_energies(
        input_dim=2, max_degree=config.max_degree, smoothness=config.smoothness
    )
    for index in with_bar(list(product(*map(range, shape))), "networks"):
        i, j, draw = index
        width, count = config.widths[j], counts[j]
        W0, W1, signs = gaussian_layers((width, width), 2, stream(config.seed, "W", width, draw))
        bound[j, draw] = relu_tangent_dimension(
            len(first_layer_kinks(W0)), int(second_layer_kinks(W0, W1).sum())
        )
        network = FullyConnectedNetwork(
            (W0, W1, signs), activation=activation_named(config.activations[i])
        )
        y = circle_target(
            energies[: (count + 1) // 2],
            num_points=count,
            rng=stream(config.seed, "target", draw),
        )
        J = jacobian(network, circle_points(count)).numpy()
        modes, singular, _ = np.linalg.svd(J, full_matrices=False)
        parts = (modes.T @ y) ** 2 / (y @ y)
        for k, cut in enumerate(config.cuts):
            kept = singular > cut * singular[0]
            dimension[(*index, k)] = kept.sum()
            distance[(*index, k)] = np.sqrt(max(1 - parts[kept].sum(), 0.0))
    total = np.sqrt(energies.sum())
    fourier = [
        fourier_projection_error(energies, num_coefficients=width**2) / total
        for width in config.widths
    ]
    cells = ("activation", "width", "draw", "cut")
    return xr.Dataset(
        {
            "dimension": (cells, dimension, label("dimension of the span")),
            "distance": (cells, distance, label("distance of the target, relative")),
            "kink_bound": (cells[1:3], bound, label("K1 + 2 K2, the bound for ReLU")),
            "fourier_error": (
                "width",
                fourier,
                label("error of a Fourier sum with m^2 coefficients, relative"),
            ),
            "num_weights": (
                "width",
                [width**2 for width in config.widths],
                label("number of trained weights m^2"),
            ),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation")),
            "width": ("width", list(config.widths), label("width m")),
            "cut": ("cut", list(config.cuts), label("threshold of singular values, relative")),
        },
    )


EXPERIMENT = Experiment(
    name="sphere_approximation.tangent_span",
    summary="dimension of the span of a network's tangent features, and distance of a target",
    scales=SCALES,
    run=run,
)
