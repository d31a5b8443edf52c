"""Flow of a two-layer ReLU network, sliding included, against gradient descent."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch

from benchmarks.measure import Options, Row, Scaling, cpu_seconds
from companion.dynamics.objective import Objective
from companion.dynamics.relu_flow import ReluStep, relu_steps
from companion.dynamics.relu_pattern import Pattern
from companion.dynamics.relu_problem import ReluProblem
from companion.dynamics.relu_series import series_order
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.rates import fit_power_law

NUM_SAMPLES, INPUT_DIM, WIDTH = 50, 5, 100  # with biases 700 parameters
STIFFNESS = 4_000  # lambda_max of the weighted Gram matrix at the start, times the length
RTOL, REFERENCE = 1e-7, 1e-10
RATES = (0.1, 0.01)  # steps of gradient descent times lambda_max; the second is the peer
COARSE = round(STIFFNESS / RATES[0])
MARKS = np.unique(np.geomspace(4, COARSE, 13).round().astype(int))  # steps of the coarse descent
GOAL = 1.0


def rows(options: Options) -> Iterator[Row | Scaling]:
    objective = problem()
    t_end = STIFFNESS / float(objective.weighted_spectrum(objective.theta_0)[-1])
    times = MARKS * (t_end / COARSE)
    reference, _ = flow(objective, t_end, times, REFERENCE)
    found, steps = flow(objective, t_end, times, RTOL)
    seconds = cpu_seconds(lambda: flow(objective, t_end, times, RTOL), repeats=2)
    errors = {}
    for rate in RATES:
        descended, descent_seconds = descent(objective, t_end, round(STIFFNESS / rate))
        errors[rate] = relative(descended, reference)
    counts = Counter(event.kind for step in steps for event in step.events)
    yield Row(
        name="relu_flow",
        work=f"flow, two-layer ReLU with biases, n = {NUM_SAMPLES}, P = 700, "
        f"lambda_max T = {STIFFNESS}, sliding handled",
        peer=f"gradient descent at {RATES[1]}/lambda_max, by hand in numpy",
        seconds=seconds,
        peer_seconds=descent_seconds,
        goal=GOAL,
        error=relative(found, reference),
        peer_error=errors[RATES[1]],
        error_kind=f"loss at {len(times)} times against a run at rtol {REFERENCE:.0e}, relative",
        limit="the products for outputs and slopes, in every order of every step",
        limit_seconds=len(steps) * (series_order(RTOL) + 1) * product_seconds(objective),
        note=f"{counts['cross']} crossings, {counts['slide']} slides, {counts['exit']} exits; "
        f"descent at {RATES[0]}/lambda_max errs by {errors[RATES[0]]:.1e}",
    )
    yield growth(objective, t_end)


def problem() -> Objective:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((NUM_SAMPLES, INPUT_DIM)), rng.standard_normal(NUM_SAMPLES)
    W, a = gaussian_rademacher(WIDTH, INPUT_DIM, rng)
    network = TwoLayerNetwork(W, a, bias=rng.standard_normal(WIDTH), activation=torch.relu)
    return Objective(network, X, y, np.full(NUM_SAMPLES, 1 / NUM_SAMPLES))


def flow(
    objective: Objective, t_end: float, times: np.ndarray, rtol: float
) -> tuple[np.ndarray, list[ReluStep]]:
    """Losses at the times, and the steps."""
    losses, steps = [], []
    for step in relu_steps(objective, t_end=t_end, rtol=rtol):
        inside = (step.start < times) & (times <= step.end * (1 + 1e-14))
        losses += [loss(objective, step.at(time)) for time in times[inside]]
        steps.append(step)
    return np.array(losses), steps


def loss(objective: Objective, theta: np.ndarray) -> float:
    return objective.norm(objective.residual(theta)) ** 2 / 2


def descent(objective: Objective, t_end: float, num_steps: int) -> tuple[np.ndarray, float]:
    """Losses of gradient descent at the marks, and what it costs."""
    relu = ReluProblem(objective)
    losses = np.zeros(len(MARKS))
    marks = dict(zip((MARKS * (num_steps // COARSE)).tolist(), range(len(MARKS)), strict=True))
    inputs, X = np.ascontiguousarray(relu.inputs.T), relu.inputs

    def run() -> None:
        W, a, learning_rate = relu.W.copy(), relu.a.copy(), t_end / num_steps
        for step in range(num_steps + 1):
            z = W @ inputs
            neurons = np.maximum(z, 0)
            residual = relu.scale * (a @ neurons) - relu.y
            if step in marks:
                losses[marks[step]] = relu.nu @ residual**2 / 2
            pull = (learning_rate * relu.scale) * (relu.nu * residual)
            slope = ((z > 0) * pull) @ X
            W, a = W - a[:, None] * slope, a - neurons @ pull

    seconds = cpu_seconds(run, repeats=1)
    return losses, seconds


def relative(losses: np.ndarray, reference: np.ndarray) -> float:
    return float(np.abs(losses / reference - 1).max())


def product_seconds(objective: Objective) -> float:
    relu = ReluProblem(objective)
    active, inputs = Pattern(relu).active, np.ascontiguousarray(relu.inputs.T)
    ahead, back = np.ones_like(relu.W), np.ones(NUM_SAMPLES)
    many = 2_000

    def products() -> None:
        for _ in range(many):
            np.einsum("mn,mn->n", active, ahead @ inputs)
            (active * back) @ relu.inputs

    return cpu_seconds(products) / many


def growth(objective: Objective, t_end: float) -> Scaling:
    parts = np.array([1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0])
    none = np.zeros(0)
    seconds = [
        cpu_seconds(lambda part=part: flow(objective, part * t_end, none, RTOL), repeats=2)
        for part in parts
    ]
    fit = fit_power_law(parts * STIFFNESS, np.array(seconds))
    stiffness = tuple((parts * STIFFNESS).tolist())
    return Scaling(
        "relu_flow", "stiffness", stiffness, tuple(seconds), fit.exponent, fit.low, fit.high
    )
