"""Flow of a network with ten outputs, where the Gram matrix of all outputs has a thousand rows.

An eigendecomposition in every step costs the cube of that number; stabilised explicit steps do not
know it.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.flows.problems import Problem
from benchmarks.flows.race import Run, dopri5, peer, scipy_method
from benchmarks.measure import Options, Row, Scaling, cpu_seconds
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.trajectory import Trajectory
from companion.numerics.rates import fit_power_law

NUM_SAMPLES, INPUT_DIM, WIDTH, OUTPUTS = 100, 10, 500, 10  # 10,500 parameters with hidden biases
STIFFNESS = 5_800
# Tolerances at which each side errs by less than 1e-4; ours at twice as much does not.
RTOL, DOPRI5, DOP853 = 2e-2, 1e-7, 1e-6
REFERENCE = 1e-9
ROWS = (1, 2, 4, 7)  # outputs at which both methods are timed, for where their costs cross
CROSSING_RTOL = {"stabilized": RTOL, "exponential": 1e-4}  # where errors are below 1e-4, too
GOAL = 15.0


class ManyOutputs(nn.Module):
    """One hidden layer of tanh with biases, divided by the square root of the width."""

    def __init__(self, num_outputs: int, seed: int = 0) -> None:
        super().__init__()
        rng = np.random.default_rng([seed, 1])
        self.W = nn.Parameter(torch.from_numpy(rng.standard_normal((WIDTH, INPUT_DIM))))
        self.bias = nn.Parameter(torch.from_numpy(rng.standard_normal(WIDTH)))
        self.a = nn.Parameter(torch.from_numpy(rng.standard_normal((num_outputs, WIDTH))))

    def forward(self, X: Tensor) -> Tensor:
        return torch.tanh(X @ self.W.T + self.bias) @ self.a.T / WIDTH**0.5


def problem(num_outputs: int = OUTPUTS, seed: int = 0) -> Problem:
    """Points on the unit sphere, with waves in random directions."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((NUM_SAMPLES, INPUT_DIM))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = np.sin(2 * X @ rng.standard_normal((num_outputs, INPUT_DIM)).T)
    return Problem(ManyOutputs(num_outputs, seed), X, y, STIFFNESS)


def rows(options: Options) -> Iterator[Row | Scaling]:
    task = problem()
    reference = peer(task, scipy_method("DOP853", REFERENCE), cap=60.0)
    found, gradients = followed(task, "stabilized", RTOL)
    other = peer(task, dopri5(DOPRI5), cap=40.0)
    second = peer(task, scipy_method("DOP853", DOP853), cap=40.0)
    objective = task.objective()
    single = cpu_seconds(lambda: [objective.gradient(objective.theta_0) for _ in range(50)]) / 50
    yield Row(
        name="flow_many_outputs",
        work=f"flow, two-layer tanh, n = {NUM_SAMPLES}, {OUTPUTS} outputs, "
        f"P = {objective.predictor.num_params:,}, lambda_max T = {STIFFNESS:,}",
        peer="torchdiffeq dopri5",
        seconds=found.seconds,
        peer_seconds=other.seconds,
        goal=GOAL,
        error=found.error(reference.losses),
        peer_error=other.error(reference.losses),
        error_kind=f"loss at 13 times against DOP853 at {REFERENCE:.0e}, relative",
        extrapolated=other.extrapolated,
        limit=f"{gradients} gradients, each repeated by itself",
        limit_seconds=gradients * single,
        note=f"dopri5 took {other.gradients} gradients; scipy's DOP853 {second.seconds:.3g} s, "
        f"{second.gradients} gradients and error {second.error(reference.losses):.1e}",
    )
    for method, rtol in CROSSING_RTOL.items():
        yield growth(method, rtol)


def followed(task: Problem, method: str, rtol: float, *, repeats: int = 3) -> tuple[Run, int]:
    """The front door, from the module to the records; and the gradients that it evaluates."""

    times = task.times()
    options = {"t_end": float(times[-1]), "t_eval": times, "nu": task.nu}

    def follow() -> Trajectory:
        return gradient_flow(task.module, task.X, task.y, rtol=rtol, method=method, **options)

    trajectory = follow()
    seconds = cpu_seconds(follow, repeats=repeats)
    return Run(trajectory.loss, seconds), trajectory.num_gradients


def growth(method: str, rtol: float) -> Scaling:
    """Seconds against the rows of the Gram matrix, which outputs multiply."""
    seconds = [
        followed(problem(num_outputs), method, rtol, repeats=1)[0].seconds for num_outputs in ROWS
    ]
    sizes = [float(NUM_SAMPLES * num_outputs) for num_outputs in ROWS]
    law = fit_power_law(np.array(sizes), np.array(seconds))
    return Scaling(
        name=f"flow_{method}_by_rows",
        variable="n q",
        size=tuple(sizes),
        seconds=tuple(seconds),
        exponent=law.exponent,
        low=law.low,
        high=law.high,
    )
