"""256 seeds of a small experiment: two-layer networks under full-batch gradient descent."""

from collections.abc import Iterator

import numpy as np
import torch

from benchmarks.measure import Options, Row, Scaling, cpu_seconds, gemm_rate
from companion.dynamics.ensemble import gradient_descent_ensemble
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.rates import fit_power_law

NUM_SEEDS, NUM_SAMPLES, INPUT_DIM, WIDTH = 256, 50, 5, 50
NUM_STEPS, LEARNING_RATE = 1000, 0.01
GOAL = 10.0


def rows(options: Options) -> Iterator[Row | Scaling]:
    X, y = data(NUM_SAMPLES)
    runs, losses = [], []
    seconds = cpu_seconds(lambda: runs.append(ensemble(X, y)))
    peer_seconds = cpu_seconds(lambda: losses.append(autograd_loop(X, y)), repeats=1)
    ours, peer = np.array([run.loss[-1] for run in runs[-1]]), np.array(losses[-1])
    neurons = NUM_SEEDS * NUM_SAMPLES * WIDTH
    products = 2 * neurons * (2 * INPUT_DIM + 2) / gemm_rate()
    yield Row(
        name="seed_ensemble",
        work=(
            f"{NUM_SEEDS} seeds, two-layer tanh, n={NUM_SAMPLES} d={INPUT_DIM} m={WIDTH}, "
            f"{NUM_STEPS} steps of gradient descent"
        ),
        peer="autograd loop over seeds",
        seconds=seconds,
        peer_seconds=peer_seconds,
        goal=GOAL,
        error=float(np.abs(ours / peer - 1).max()),
        peer_error=0.0,
        error_kind="largest relative difference of the last loss of a seed",
        limit="hyperbolic tangents and products of matrices, at the rates of this machine",
        limit_seconds=NUM_STEPS * (neurons * seconds_per_tanh() + products),
        note="a TwoLayerNetwork is written by hand; other modules go through torch.vmap",
    )
    yield growth()


def data(num_samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    X = torch.from_numpy(rng.standard_normal((num_samples, INPUT_DIM)))
    return X, torch.from_numpy(rng.standard_normal(num_samples))


def starts() -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        gaussian_rademacher(WIDTH, INPUT_DIM, np.random.default_rng(seed))
        for seed in range(NUM_SEEDS)
    ]


def ensemble(X: torch.Tensor, y: torch.Tensor) -> list:
    modules = [TwoLayerNetwork(W, a, activation=torch.tanh) for W, a in starts()]
    return gradient_descent_ensemble(
        modules,
        X,
        y,
        nu=torch.full_like(y, 1 / len(y)),
        learning_rate=LEARNING_RATE,
        num_steps=NUM_STEPS,
        record_at=[0, NUM_STEPS // 2, NUM_STEPS],
    )


def autograd_loop(X: torch.Tensor, y: torch.Tensor) -> list[float]:
    """As short as a loop can be: no module, no optimizer, no record but the last loss."""
    last = []
    for W_0, a_0 in starts():
        W, a = (torch.from_numpy(part).requires_grad_() for part in (W_0, a_0))
        for _ in range(NUM_STEPS):
            loss_of(W, a, X, y).backward()
            with torch.no_grad():
                for part in (W, a):
                    part -= LEARNING_RATE * part.grad
                    part.grad = None
        last.append(loss_of(W, a, X, y).item())
    return last


def loss_of(W: torch.Tensor, a: torch.Tensor, X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    outputs = torch.tanh(X @ W.T) @ a / WIDTH**0.5
    return ((outputs - y) ** 2).mean() / 2


def seconds_per_tanh() -> float:
    in_cache = torch.linspace(-2, 2, 10_000, dtype=torch.float64)
    out = torch.empty_like(in_cache)

    def many() -> None:
        for _ in range(200):
            torch.tanh(in_cache, out=out)

    return cpu_seconds(many) / 200 / len(in_cache)


def growth() -> Scaling:
    sizes = (25, 50, 100, 200)
    seconds = tuple(cpu_seconds(lambda n=n: ensemble(*data(n)), repeats=2) for n in sizes)
    fit = fit_power_law(np.array(sizes, dtype=float), np.array(seconds))
    return Scaling("seed_ensemble", "n", sizes, seconds, fit.exponent, fit.low, fit.high)
