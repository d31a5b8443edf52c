r"""How often the tangent kernel is singular at the start, under the default law of the weights.

Inputs are uniform in the unit ball. A start counts as singular if a singular value of the
Jacobian is not above rounding, as regular if all stand clear of it, and as undecided otherwise.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.stats import binomtest

from companion.activations import Activation, leaky_relu
from companion.claims.general_architectures import fully_connected_parameters
from companion.claims.general_architectures_line import singular_start_probability
from companion.claims.general_architectures_rank import largest_rank
from companion.experiments.base import Experiment, label, with_bar
from companion.networks.multilayer import multilayer_perceptron
from companion.numerics.montecarlo import stream
from companion.numerics.numerical_rank import numerical_rank
from companion.spaces.sphere import uniform_in_shell
from companion.tangent.jacobian import jacobian


@dataclass(frozen=True)
class Config:
    """Layer widths, each with its number of samples behind a colon."""

    cases: tuple[str, ...] = (
        "1-1-1:3",
        "1-4-1:6",
        "2-4-1:10",
        "2-10-1:30",
        "5-10-1:30",
        "5-20-1:60",
        "2-8-8-1:40",
        "4-6-5-6:9",
    )
    slope: float = 0.01  # of the leaky ReLU, as PyTorch's default
    num_draws: int = 200
    confidence: float = 0.99
    seed: int = 0


SCALES = {
    "smoke": Config(cases=("1-1-1:3", "4-6-5-6:9"), num_draws=40),
    "book": Config(),
    "document": Config(num_draws=4000),
}


def run(config: Config) -> xr.Dataset:
    """Fractions of singular starts with their intervals.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    By case: the fraction and a Clopper-Pearson interval, the undecided part, sizes, the bound of
    the rank, and the probability in closed form where there is one.
    """
    cases = [_read(case) for case in config.cases]
    counts = np.array(
        [
            start_counts(widths, n, leaky_relu(config.slope), config.num_draws, config.seed)
            for widths, n in with_bar(cases, "cases")
        ]
    )
    intervals = [
        binomtest(int(k), config.num_draws).proportion_ci(config.confidence) for k in counts[:, 0]
    ]
    closed = [
        singular_start_probability(widths[1], n) if _on_a_line(widths) else np.nan
        for widths, n in cases
    ]
    limits = [largest_rank(widths, num_samples=n, homogeneous=True) for widths, n in cases]
    columns = {
        "singular": (counts[:, 0] / config.num_draws, "fraction of singular starts"),
        "low": ([i.low for i in intervals], "lower end of the interval"),
        "high": ([i.high for i in intervals], "upper end of the interval"),
        "undecided": (counts[:, 1] / config.num_draws, "fraction of undecided starts"),
        "closed_form": (closed, "probability in closed form"),
        "num_params": ([fully_connected_parameters(w) for w, _ in cases], "parameters P"),
        "num_rows": ([n * w[-1] for w, n in cases], "rows nM"),
        "bound": (limits, "bound R of the rank"),
    }
    return xr.Dataset(
        {name: ("case", values, label(text)) for name, (values, text) in columns.items()},
        coords={"case": ("case", list(config.cases), label("widths and number of samples"))},
    )


def start_counts(
    widths: tuple[int, ...], num_samples: int, activation: Activation, num_draws: int, seed: int
) -> tuple[int, int]:
    """Numbers of singular and of undecided starts.

    Parameters
    ----------
    widths
        Input dimension, widths of the hidden layers, output dimension.
    num_samples
        The number of samples, uniform in the unit ball.
    activation
        The activation.
    num_draws
        The number of starts.
    seed
        Seed of weights and inputs.

    Returns
    -------
    The two numbers.
    """
    rows = num_samples * widths[-1]
    if rows > fully_connected_parameters(widths):
        return num_draws, 0
    singular = undecided = 0
    rng = stream(seed, "inputs", *widths, num_samples)
    for _ in range(num_draws):
        module = multilayer_perceptron(
            widths, activation=activation, seed=int(rng.integers(2**62))
        )
        X: Float[np.ndarray, "n d"] = uniform_in_shell(
            num_samples, widths[0], rng, inner=0.0, outer=1.0
        )
        found = numerical_rank(jacobian(module, X).numpy())
        singular += found.upper < rows
        undecided += found.lower < rows <= found.upper
    return singular, undecided


def _read(case: str) -> tuple[tuple[int, ...], int]:
    widths, _, count = case.partition(":")
    return tuple(int(width) for width in widths.split("-")), int(count)


def _on_a_line(widths: tuple[int, ...]) -> bool:
    return len(widths) == 3 and widths[0] == widths[2] == 1


EXPERIMENT = Experiment(
    name="general_architectures.singular_starts",
    summary="fractions of starts with a singular tangent kernel, with intervals",
    scales=SCALES,
    run=run,
)
