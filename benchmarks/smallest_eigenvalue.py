"""Smallest eigenvalue of a Gram matrix of 2,000 rows, alone and along a training run."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import scipy.linalg
import torch
from torch import nn

from benchmarks.measure import Options, Row, Scaling, cpu_seconds, gemm_rate
from companion import ntk
from companion.numerics.eigenpair import Eigenpair
from companion.numerics.eigenvalues import largest_eigenpair, smallest_eigenpair
from companion.numerics.rates import fit_power_law

NUM_SAMPLES, INPUT_DIM, WIDTH = 2000, 50, 230
SNAPSHOTS, STEPS_BETWEEN, LEARNING_RATE = 8, 20, 1e-4
GOAL_COLD, GOAL_WARM = 2.0, 4.0
SIZES = (500, 1000, 2000, 4000)


def rows(options: Options) -> Iterator[Row | Scaling]:
    matrices = list(grams())
    exact = [reference(K) for K in matrices]
    limit = NUM_SAMPLES**3 / 3 / gemm_rate()
    cold = [smallest_eigenpair(K) for K in matrices]
    warm = along(matrices)
    cold_seconds = [cpu_seconds(lambda K=K: smallest_eigenpair(K)) for K in matrices]
    starts = [cold[0], *warm[:-1]]
    warm_seconds = [
        cpu_seconds(lambda K=K, start=start: smallest_eigenpair(K, start=start))
        for K, start in zip(matrices, starts, strict=True)
    ]
    peers: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "numpy eigvalsh": np.linalg.eigvalsh,
        "scipy eigh, lowest alone": lowest_alone,
    }
    for peer, function in peers.items():
        values = [float(function(K)[0]) for K in matrices]
        seconds = [cpu_seconds(lambda K=K, f=function: f(K), repeats=2) for K in matrices]
        suffix = "" if peer.startswith("numpy") else "_subset"
        for kind, pairs, ours, theirs, goal in (
            ("cold", cold[:1], cold_seconds[:1], seconds[:1], GOAL_COLD),
            ("warm", warm[1:], warm_seconds[1:], seconds[1:], GOAL_WARM),
        ):
            first = 0 if kind == "cold" else 1
            chosen = slice(first, first + len(pairs))
            yield Row(
                name=f"smallest_eigenvalue_{kind}{suffix}",
                work=f"smallest eigenvalue of {describe(kind)}, {NUM_SAMPLES} rows",
                peer=peer,
                seconds=float(np.mean(ours)),
                peer_seconds=float(np.mean(theirs)),
                goal=goal,
                error=worst([pair.value for pair in pairs], exact[chosen]),
                peer_error=worst(values[chosen], exact[chosen]),
                error_kind="largest relative error, against a quotient in exact products",
                limit="one Cholesky factorisation at the GEMM rate",
                limit_seconds=limit,
                note=note(pairs, matrices[chosen], theirs, ours),
            )
    yield growth()


def describe(kind: str) -> str:
    return "a Gram matrix" if kind == "cold" else f"{SNAPSHOTS} Gram matrices of a training run"


def note(pairs: list[Eigenpair], matrices: list[np.ndarray], theirs: list, ours: list) -> str:
    widest = max((pair.upper - pair.lower) / pair.value for pair in pairs)
    conditions = [
        largest_eigenpair(K).value / pair.value for K, pair in zip(matrices, pairs, strict=True)
    ]
    ratios = np.array(theirs) / np.array(ours)
    return (
        f"certified to {widest:.0e} relative at condition numbers {min(conditions):.1e} to "
        f"{max(conditions):.1e}; single ratios {ratios.min():.1f} to {ratios.max():.1f}"
    )


def grams() -> Iterator[np.ndarray]:
    """Gram matrices of a network in training, the first before the first step."""
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(NUM_SAMPLES, INPUT_DIM, generator=generator, dtype=torch.float64)
    X /= X.norm(dim=1, keepdim=True)
    y = torch.sin(3 * X[:, :1]) + X[:, 1:2] * X[:, 2:3]
    module = nn.Sequential(
        nn.Linear(INPUT_DIM, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(),
        nn.Linear(WIDTH, 1),
    ).double()  # fmt: skip
    for parameter in module.parameters():
        bound = 1 / math.sqrt(parameter.shape[-1] if parameter.ndim == 2 else WIDTH)
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    descent = torch.optim.SGD(module.parameters(), lr=LEARNING_RATE)
    yield ntk(module, X).numpy()
    for _ in range(SNAPSHOTS):
        for _ in range(STEPS_BETWEEN):
            descent.zero_grad()
            (0.5 * ((module(X) - y) ** 2).sum()).backward()
            descent.step()
        yield ntk(module, X).numpy()


def along(matrices: list[np.ndarray]) -> list[Eigenpair]:
    pairs = [smallest_eigenpair(matrices[0])]
    for K in matrices[1:]:
        pairs.append(smallest_eigenpair(K, start=pairs[-1]))
    return pairs


def lowest_alone(K: np.ndarray) -> np.ndarray:
    return scipy.linalg.eigh(K, eigvals_only=True, subset_by_index=[0, 0], check_finite=False)


def reference(K: np.ndarray) -> float:
    """Rayleigh quotient of a vector from inverse iteration, with products that do not round.

    The vector is an eigenvector to 1e-10, so its quotient is the eigenvalue to 1e-20 of the gap.
    """
    (low, following), vectors = scipy.linalg.eigh(K, subset_by_index=[0, 1])
    factor = scipy.linalg.lu_factor(K - (low - 1e-3 * (following - low)) * np.eye(len(K)))
    x = vectors[:, 0]
    for _ in range(4):
        x = scipy.linalg.lu_solve(factor, x)
        x /= np.linalg.norm(x)
    image = np.array([exact_dot(row, x) for row in K])
    return exact_dot(x, image) / exact_dot(x, x)


def exact_dot(a: np.ndarray, b: np.ndarray) -> float:
    """The sum of products, rounded once: each product is split into two numbers (Dekker)."""
    product = a * b
    a_high, b_high = split(a), split(b)
    a_low, b_low = a - a_high, b - b_high
    rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return math.fsum((*product, *rest))


def split(a: np.ndarray) -> np.ndarray:
    scaled = (2.0**27 + 1) * a
    return scaled - (scaled - a)


def worst(values: list[float], exact: list[float]) -> float:
    pairs = zip(values, exact, strict=True)
    return max(abs(value - true) / true for value, true in pairs)


def growth() -> Scaling:
    rng = np.random.default_rng(0)
    seconds = []
    for size in SIZES:
        A = rng.standard_normal((size, 2 * size))
        K = A @ A.T
        seconds.append(cpu_seconds(lambda K=K: smallest_eigenpair(K), repeats=2))
    rate = fit_power_law(np.array(SIZES, dtype=float), np.array(seconds))
    return Scaling(
        name="smallest_eigenvalue",
        variable="n",
        size=SIZES,
        seconds=tuple(seconds),
        exponent=float(rate.exponent),
        low=float(rate.low),
        high=float(rate.high),
    )
