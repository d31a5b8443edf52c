"""Eigenvalues of finite networks on the circle in two precisions, beside those of the limit."""

from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float

from companion.activations import Activation, activation
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.hermite_spectrum import log_network_spectrum
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers
from companion.numerics.montecarlo import stream
from companion.spaces.circle import circle_points
from companion.tangent.gram import ntk

_PRECISIONS = {"single": torch.float32, "double": torch.float64}


@dataclass(frozen=True)
class Config:
    """Two hidden layers of equal width; the weights between them are trained."""

    activations: tuple[str, ...] = ("relu", "elu", "gelu")
    widths: tuple[int, ...] = (512, 2048)
    num_points: int = 256
    num_draws: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(128, 384), num_points=96, num_draws=2),
    "book": Config(),
    "document": Config(num_points=512, num_draws=10),
}


def run(config: Config) -> xr.Dataset:
    """Eigenvalues of Gram matrices divided by the number of points, largest first.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Absolute values for networks, by activation, width, precision and draw; the same weights are
    rounded to single precision, in which then everything is computed. For the limit the
    eigenvalues of the same points; where they are below what double precision holds, those of the
    integral operator.
    """
    X = circle_points(config.num_points)
    found = np.empty(
        (
            len(config.activations),
            len(config.widths),
            len(_PRECISIONS),
            config.num_draws,
            config.num_points,
        )
    )
    for i, name in enumerate(with_bar(config.activations, "activations")):
        for j, width in enumerate(config.widths):
            for draw in range(config.num_draws):
                weights = gaussian_layers(
                    (width, width), 2, stream(config.seed, "weights", width, draw)
                )
                for k, dtype in enumerate(_PRECISIONS.values()):
                    found[i, j, k, draw] = _eigenvalues(activation(name), weights, X, dtype)
    limit = np.stack([_limit(activation(name), X) for name in config.activations])
    cells = ("activation", "width", "precision", "draw", "index")
    return xr.Dataset(
        {
            "eigenvalue": (cells, found, label("eigenvalue of the Gram matrix")),
            "limit": (("activation", "index"), limit, label("infinite width")),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation")),
            "width": ("width", list(config.widths), label("width")),
            "precision": ("precision", list(_PRECISIONS), label("precision")),
            "draw": ("draw", np.arange(config.num_draws), label("draw")),
            "index": ("index", np.arange(1, config.num_points + 1), label("number")),
        },
    )


def _eigenvalues(
    one: Activation,
    weights: tuple[Float[np.ndarray, "_ _"], ...],
    X: Float[np.ndarray, "n d"],
    dtype: torch.dtype,
) -> Float[np.ndarray, " n"]:
    network = FullyConnectedNetwork(
        [torch.as_tensor(W).to(dtype) for W in weights], activation=one
    )
    gram = ntk(network, torch.as_tensor(X).to(dtype)) / len(X)
    return np.sort(np.abs(torch.linalg.eigvalsh(gram).double().numpy()))[::-1]


def _limit(one: Activation, X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    if not one.analytic:
        # A zonal kernel on equidistant points is a circulant matrix.
        row = tangent_kernel(X[:1], X, depth=2, activation=one, trained="second_to_last")[0]
        return np.sort(np.fft.fft(row).real / len(X))[::-1]
    logs = log_network_spectrum(
        depth=2,
        activation=one,
        trained="second_to_last",
        input_dim=2,
        max_degree=len(X) // 2,
    )
    # Degree 0 has one harmonic on the circle, the highest one of the grid as well, others two.
    each = np.concatenate([logs[:1], np.repeat(logs[1:-1], 2), logs[-1:]])
    return np.sort(np.exp(each))[::-1]


EXPERIMENT = Experiment(
    name="sphere_approximation.rounding_floor",
    summary="spectra of finite networks in single and double precision beside the limit",
    scales=SCALES,
    run=run,
)
