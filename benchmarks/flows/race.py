"""The engine and its peers on one flow: processor seconds, and errors at the same times."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torchdiffeq
from scipy.integrate import solve_ivp

from benchmarks.flows.problems import Problem
from benchmarks.measure import Row, cpu_seconds
from companion.dynamics.exponential import exponential_steps
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.objective import Objective
from companion.tangent.linearization import Linearization


@dataclass(frozen=True)
class Run:
    """Losses at those of the times that were reached, and the seconds for all of them."""

    losses: np.ndarray
    seconds: float
    extrapolated: bool = False
    gradients: int = 0

    def error(self, reference: np.ndarray) -> float:
        """Largest relative error of the loss."""
        reached = len(self.losses)
        return float(np.abs(self.losses / reference[:reached] - 1).max()) if reached else math.nan


def engine(problem: Problem, rtol: float, *, repeats: int = 3) -> Run:
    """The front door, from the module to the records."""
    options = {"t_end": problem.end(), "t_eval": problem.times(), "nu": problem.nu}

    def follow() -> np.ndarray:
        return gradient_flow(
            problem.module, problem.X, problem.y, rtol=rtol, method="exponential", **options
        ).loss

    losses = follow()
    return Run(losses, cpu_seconds(follow, repeats=repeats))


def reference_losses(problem: Problem, rtol: float) -> np.ndarray:
    return engine(problem, rtol, repeats=1).losses


class OutOfTime(Exception):
    """The processor seconds that a peer was given are used."""


@dataclass
class Clock:
    """Where a peer stood and when, so that a run that was stopped can be extrapolated."""

    cap: float
    begun: float = field(default_factory=time.process_time)
    marks: list[tuple[float, float]] = field(default_factory=list)

    def mark(self, t: float) -> None:
        spent = time.process_time() - self.begun
        self.marks.append((spent, t))
        if spent > self.cap:
            raise OutOfTime

    def seconds_until(self, t_end: float) -> float:
        """Steps that stability limits are equally long: the pace of the later half goes on."""
        spent, t = np.array(self.marks).T
        half = int(np.searchsorted(spent, spent[-1] / 2))
        pace = (spent[-1] - spent[half]) / (t[-1] - t[half])
        return float(spent[-1] + pace * (t_end - t[-1]))


Segment = Callable[[Objective, Clock, np.ndarray, float, float], np.ndarray]


def peer(problem: Problem, segment: Segment, *, cap: float = 20.0) -> Run:
    """A peer from one of the times to the next, at most for so many processor seconds."""
    objective, times = problem.objective(), problem.times()
    clock, theta, start, losses = Clock(cap), objective.theta_0, 0.0, []
    try:
        for t in times.tolist():
            theta, start = segment(objective, clock, theta, start, t), t
            losses.append(objective.norm(objective.residual(theta)) ** 2 / 2)
        seconds, stopped = time.process_time() - clock.begun, False
    except OutOfTime:
        seconds, stopped = clock.seconds_until(times[-1]), True
    return Run(np.array(losses), seconds, stopped, objective.predictor.num_gradients)


def dopri5(tolerance: float) -> Segment:
    def segment(
        objective: Objective, clock: Clock, theta: np.ndarray, start: float, end: float
    ) -> np.ndarray:
        def slope(t: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
            clock.mark(float(t))
            return -objective.predictor.pull_back(state, objective.weighted_residual)[1]

        span = torch.tensor([start, end], dtype=torch.float64)
        begin = torch.from_numpy(theta)
        return torchdiffeq.odeint(
            slope, begin, span, rtol=tolerance, atol=tolerance, method="dopri5"
        )[1].numpy()

    return segment


def scipy_method(name: str, tolerance: float) -> Segment:
    def segment(
        objective: Objective, clock: Clock, theta: np.ndarray, start: float, end: float
    ) -> np.ndarray:
        def slope(t: float, state: np.ndarray) -> np.ndarray:
            clock.mark(t)
            return -objective.gradient(state)

        found = solve_ivp(slope, (start, end), theta, method=name, rtol=tolerance, atol=tolerance)
        return found.y[:, -1]

    return segment


def floor_seconds(problem: Problem, rtol: float) -> tuple[float, int]:
    """What the pieces of the steps take one by one, each repeated by itself; and their number."""
    objective = problem.objective()
    predictor, theta = objective.predictor, torch.from_numpy(objective.theta_0)
    steps = sum(1 for _ in exponential_steps(objective, t_end=problem.end(), rtol=rtol))
    linearization = Linearization(predictor, theta)
    gram = linearization.gram()
    pieces = {
        "gradient": lambda: predictor.pull_back(theta, objective.weighted_residual),
        "linearization": lambda: Linearization(predictor, theta),
        "gram": linearization.gram,
        "eigenvalues": lambda: torch.linalg.eigh(gram),
    }
    many = 20
    cost = {
        name: cpu_seconds(lambda piece=piece: [piece() for _ in range(many)]) / many
        for name, piece in pieces.items()
    }
    per_step = 3 * cost["gradient"] + sum(cost[n] for n in pieces if n != "gradient")
    return steps * per_step, steps


def against(
    problem: Problem,
    ours: Run,
    theirs: Run,
    reference: np.ndarray,
    rtol: float,
    name: str,
    work: str,
    title: str,
    goal: float,
) -> Row:
    """The row of the table."""
    floor, steps = floor_seconds(problem, rtol)
    reached = len(theirs.losses)
    cut = f"; the peer was stopped after {reached} of them" if theirs.extrapolated else ""
    return Row(
        name=name,
        work=work,
        peer=title,
        seconds=ours.seconds,
        peer_seconds=theirs.seconds,
        goal=goal,
        error=ours.error(reference),
        peer_error=theirs.error(reference),
        error_kind=f"loss at {len(reference)} times, relative{cut}",
        extrapolated=theirs.extrapolated,
        limit=f"{steps} steps of three gradients, a linearization, a Gram matrix and its "
        "eigenvalues, each as fast as in a loop of its own",
        limit_seconds=floor,
        note=f"the loss falls to {reference[-1] / reference[0]:.1e} of the first",
    )
