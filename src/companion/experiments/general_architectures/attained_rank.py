r"""The largest rank of the tangent kernel over draws, against its bound, for random layer widths.

For leaky ReLU parameters, inputs and slope are such that the Jacobian holds whole numbers over a
power of two, which floating point carries without rounding. Its rank is taken modulo a prime: what
is found is a proof that the rank is at least that. The activation 1 / (1 + z^2) stands for those
that are analytic and no polynomial, also without rounding. For tanh singular values are counted,
and only those that stand clear of rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float

from companion.activations import TANH, leaky_relu
from companion.claims.general_architectures import fully_connected_parameters
from companion.claims.general_architectures_rank import largest_rank
from companion.experiments.base import Experiment, label, with_bar
from companion.experiments.general_architectures.residue_jacobian import PRIME, residue_jacobian
from companion.networks.multilayer import multilayer_perceptron
from companion.numerics.modular_rank import modular_rank
from companion.numerics.montecarlo import stream
from companion.numerics.numerical_rank import numerical_rank
from companion.tangent.jacobian import jacobian

HALF = leaky_relu(0.5)
EXACT = 2.0**53  # floating point holds all whole numbers up to here


@dataclass(frozen=True)
class Config:
    """Networks of random depth and widths."""

    num_networks: int = 150
    max_draws: int = 12  # of parameters and inputs, or fewer if the bound is met
    max_depth: int = 4  # affine layers; two at least
    max_width: int = 10
    max_input_dim: int = 8
    max_samples: int = 40
    max_rows: int = 120  # samples times outputs
    seed: int = 0


SCALES = {
    "smoke": Config(num_networks=12, max_draws=4, max_rows=60),
    "book": Config(),
    "document": Config(num_networks=1000, max_draws=40, max_depth=5, max_rows=200),
}


def run(config: Config) -> xr.Dataset:
    """Bounds and largest ranks.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    By network: sizes, what the document counts, and by activation the bound and the largest rank
    found.
    """
    nets = [_sizes(config, stream(config.seed, "sizes", k)) for k in range(config.num_networks)]
    bound = np.empty((config.num_networks, len(KINDS)), dtype=int)
    found = np.zeros_like(bound)
    for k, (widths, count) in enumerate(with_bar(nets, "networks")):
        for j, (homogeneous, draw) in enumerate(KINDS.values()):
            bound[k, j] = largest_rank(widths, num_samples=count, homogeneous=homogeneous)
            rng = stream(config.seed, "draws", k, j)
            for _ in range(config.max_draws):
                found[k, j] = max(found[k, j], draw(widths, count, rng))
                if found[k, j] >= bound[k, j]:
                    break
    counted = [
        min(count * widths[-1], fully_connected_parameters(widths)) for widths, count in nets
    ]
    names = ["-".join(map(str, widths)) for widths, _ in nets]
    return xr.Dataset(
        {
            "bound": (("network", "activation"), bound, label("bound R of the rank")),
            "found": (("network", "activation"), found, label("largest rank found")),
            "counted": ("network", counted, label("min(nM, P)")),
            "widths": ("network", names, label("widths")),
            "narrowest": (
                "network",
                [min(widths[:-1]) for widths, _ in nets],
                label("narrowest of inputs and hidden layers"),
            ),
            "num_samples": ("network", [n for _, n in nets], label("number of samples")),
        },
        coords={
            "network": ("network", np.arange(len(nets)), label("network")),
            "activation": ("activation", list(KINDS), label("activation")),
        },
    )


def exact_rank(
    widths: tuple[int, ...],
    num_samples: int,
    rng: np.random.Generator,
    activation: Callable[[torch.Tensor], torch.Tensor] = HALF,
) -> int:
    """Rank of a Jacobian of whole numbers over a power of two, at random whole parameters.

    Parameters
    ----------
    widths
        Input dimension, widths of the hidden layers, output dimension.
    num_samples
        The number of samples.
    rng
        Source of parameters and inputs.
    activation
        A polynomial or piecewise polynomial with coefficients that are multiples of 1/2.

    Returns
    -------
    The rank modulo a prime, a lower bound of the rank over the rationals.

    Raises
    ------
    ValueError
        If the numbers are too large to be held without rounding.
    """
    module = multilayer_perceptron(widths, activation=activation, seed=0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.as_tensor(_odd(tuple(parameter.shape), 4, rng)))
    J = jacobian(module, _odd((num_samples, widths[0]), 8, rng)).numpy()
    whole = J * 2.0 ** (len(widths) - 2)
    if not (np.abs(whole).max() < EXACT and (whole == np.rint(whole)).all()):
        raise ValueError(
            f"`widths` must keep the Jacobian below 2^53; got {widths}. Take fewer layers."
        )
    return modular_rank(whole.astype(np.int64))


def rational_rank(widths: tuple[int, ...], num_samples: int, rng: np.random.Generator) -> int:
    """Rank modulo a prime of a Jacobian with the activation 1 / (1 + z^2), at random residues.

    Parameters
    ----------
    widths
        Input dimension, widths of the hidden layers, output dimension.
    num_samples
        The number of samples.
    rng
        Source of parameters and inputs.

    Returns
    -------
    The rank; at almost all real parameters and inputs the rank is at least that.
    """
    return modular_rank(residue_jacobian(widths, num_samples, rng), prime=PRIME)


def clear_rank(widths: tuple[int, ...], num_samples: int, rng: np.random.Generator) -> int:
    """Number of singular values of the Jacobian that stand clear of rounding, with tanh.

    Parameters
    ----------
    widths
        Input dimension, widths of the hidden layers, output dimension.
    num_samples
        The number of samples.
    rng
        Source of parameters and inputs.

    Returns
    -------
    The lower count of :func:`companion.numerics.numerical_rank.numerical_rank`.
    """
    module = multilayer_perceptron(widths, activation=TANH, seed=0)
    with torch.no_grad():
        for parameter in module.parameters():
            inputs = parameter.shape[-1] if parameter.ndim == 2 else 1
            values = 1.5 * inputs**-0.5 * rng.standard_normal(tuple(parameter.shape))
            parameter.copy_(torch.as_tensor(values))
    X: Float[np.ndarray, "n d"] = rng.standard_normal((num_samples, widths[0]))
    return numerical_rank(jacobian(module, X).numpy()).lower


KINDS = {  # whether neurons can be rescaled, and a rank at a random point
    "leaky ReLU": (True, exact_rank),
    "1 / (1 + z^2)": (False, rational_rank),
    "tanh": (False, clear_rank),
}


def _odd(shape: tuple[int, ...], half: int, rng: np.random.Generator) -> Float[np.ndarray, "..."]:
    # No weight is zero, as for almost all real ones.
    return 2.0 * rng.integers(-half, half, size=shape) + 1


def _sizes(config: Config, rng: np.random.Generator) -> tuple[tuple[int, ...], int]:
    depth = int(rng.integers(2, config.max_depth + 1))
    first = int(rng.integers(1, config.max_input_dim + 1))
    widths = (first, *(int(w) for w in rng.integers(1, config.max_width + 1, size=depth)))
    # Around the size where the document's count decides, so that other counts can.
    around = 1.3 * fully_connected_parameters(widths) / widths[-1]
    most = min(int(around), config.max_samples, config.max_rows // widths[-1])
    return widths, int(rng.integers(max(most // 3, 1), max(most, 1) + 1))


EXPERIMENT = Experiment(
    name="general_architectures.attained_rank",
    summary="largest rank of the tangent kernel against its bound, for random layer widths",
    scales=SCALES,
    run=run,
)
