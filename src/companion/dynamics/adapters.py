"""Integrators of SciPy and torchdiffeq, one step at a time, held to an accuracy that is renewed.

They know errors entry by entry only. The caller says how large an entry of the error may be in
the present state, and the integrator restarts where that is out of date.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from scipy.integrate import BDF, LSODA, RK23, Radau
from torch import Tensor
from torchdiffeq._impl.odeint import SOLVERS
from torchdiffeq._impl.rk_common import _runge_kutta_step

from companion.dynamics.step import NotFinite, Step, StepFailure, StepUnderflow

Vector = Float[np.ndarray, " p"]
Plain = np.ndarray  # in private helpers: shapes are checked where they enter
Field = Callable[[Vector], Vector]
Derivative = Callable[[Vector], Float[np.ndarray, "p p"]]

RELATIVE = 100 * float(np.finfo(float).eps)  # the least that SciPy accepts
SCIPY = {"RK23": RK23, "Radau": Radau, "BDF": BDF, "LSODA": LSODA}
# fehlberg2 is missing: its estimate, 1/512 of the change of the slope, understates its errors.
TORCHDIFFEQ = {name: SOLVERS[name] for name in ("dopri5", "dopri8", "bosh3", "adaptive_heun")}
IMPLICIT = ("Radau", "BDF")  # those that a derivative of the field helps


def adapted_steps(
    field: Field,
    start: Vector,
    *,
    t_end: float,
    method: str,
    tolerance: Callable[[Vector], float],
    stale: Callable[[Vector], bool],
    derivative: Derivative | None = None,
) -> Iterator[Step]:
    r"""Steps of somebody else's integrator along an autonomous equation.

    .. math::
        \dot\theta = F(\theta), \qquad \theta(0) = \text{start}

    Parameters
    ----------
    field
        The right-hand side F.
    start
        The state at time 0.
    t_end
        The last step ends exactly here.
    method
        A key of :data:`SCIPY` or of :data:`TORCHDIFFEQ`.
    tolerance
        ``tolerance(state)``: the error allowed per step in each entry, asked at the start and
        whenever it has become stale.
    stale
        ``stale(state)`` tells that the tolerance must be asked again; the method then restarts.
    derivative
        Matrix of derivatives of F, or one near it, for ``"Radau"`` and ``"BDF"``; without it they
        form it from as many evaluations of F as there are unknowns.

    Returns
    -------
    An iterator over steps. Inside of them the state is that of SciPy's own interpolation, or of a
    shorter step of a method of torchdiffeq.

    Scale
    -----
    Time is the time of the equation. Methods take the tolerance for the root mean square of the
    entries of an error, LSODA for the largest.

    Raises
    ------
    NotFinite
        If a state is not finite.
    StepUnderflow
        If a step of torchdiffeq falls below the spacing of floating-point numbers.
    StepFailure
        If a method of SciPy gives up.

    Notes
    -----
    Methods with a step of fixed length are not among them: they have no control of errors.
    Implicit ones form and factor a matrix of derivatives of all unknowns; they are for at most
    some thousand of them.

    References
    ----------
    E. Hairer, S. P. Norsett and G. Wanner, "Solving Ordinary Differential Equations I", second
    edition, section II.5 (RK23, bosh3, dopri5, dopri8); E. Hairer and G. Wanner, "Solving
    Ordinary Differential Equations II", second edition, section IV.8 (Radau); L. F. Shampine and
    M. W. Reichelt, "The MATLAB ODE suite", SIAM J. Sci. Comput. 18, 1997 (BDF); L. Petzold,
    "Automatic selection of methods for solving stiff and nonstiff systems of ordinary
    differential equations", SIAM J. Sci. Stat. Comput. 4, 1983 (LSODA).
    """
    t, state = 0.0, start
    while t < t_end:
        # The unknown is the way from here, so that the relative part of the tolerance counts the
        # way and not the state, which may be far larger than what is left to go.
        here = state
        solver = _solver(method, field, here, (t, t_end), tolerance(here), derivative)
        while t < t_end:
            end, way, interpolant = solver.step(t)
            if not np.isfinite(way).all():
                raise NotFinite("the state is not finite", t)
            state = here + way
            yield Step(t, end, state, _from(here, interpolant))
            t = end
            if stale(state):
                break


@runtime_checkable
class _Solver(Protocol):
    # A step from the given time: its end, the way to there, and the way to any time within.
    def step(self, t: float) -> tuple[float, Plain, Callable[[float], Plain]]: ...


def _solver(
    method: str,
    field: Field,
    here: Plain,
    span: tuple[float, float],
    absolute: float,
    derivative: Derivative | None,
) -> _Solver:
    if method in TORCHDIFFEQ:
        return _Torchdiffeq(method, lambda way: field(here + way), len(here), span, absolute)
    options: dict[str, Any] = {}
    if derivative is not None and method in IMPLICIT:
        options["jac"] = lambda _, way: derivative(here + way)
    return _Scipy(
        SCIPY[method](
            lambda _, way: field(here + way),
            span[0],
            np.zeros_like(here),
            span[1],
            rtol=RELATIVE,
            atol=absolute,
            **options,
        )
    )


class _Scipy:
    def __init__(self, solver: Any) -> None:
        self.solver = solver

    def step(self, t: float) -> tuple[float, Plain, Callable[[float], Plain]]:
        message = self.solver.step()
        if self.solver.status == "failed":
            raise StepFailure(message or "the method gave up", t)
        return float(self.solver.t), self.solver.y, self.solver.dense_output()


class _Torchdiffeq:
    # odeint goes to given times and nowhere else, so that its solver is moved on by hand. Its
    # interpolation is a polynomial of degree four whatever the order of the method; inside a step
    # the state is that of a shorter step instead. It may step over the end, where the same helps.

    def __init__(
        self,
        method: str,
        field: Field,
        num_params: int,
        span: tuple[float, float],
        absolute: float,
    ) -> None:
        self.t_end = span[1]
        self.solver = TORCHDIFFEQ[method](
            func=_TorchField(field),
            y0=torch.zeros(num_params, dtype=torch.float64),
            rtol=RELATIVE,
            atol=absolute,
            norm=lambda error: error.square().mean().sqrt(),
        )
        self.solver._before_integrate(torch.tensor([span[0]], dtype=torch.float64))

    def step(self, t: float) -> tuple[float, Plain, Callable[[float], Plain]]:
        begun = self.solver.rk_state
        state = begun
        while state.t1 <= begun.t1:  # attempts that are refused stay where they are
            if not t + state.dt > t:
                raise StepUnderflow("the step fell below the spacing of the numbers", t)
            state = self.solver._adaptive_step(state)
            if not (torch.isfinite(state.dt) and torch.isfinite(state.f1).all()):
                raise NotFinite("the state is not finite", t)
        self.solver.rk_state = state

        def way(time: float) -> Plain:
            end = torch.tensor(time, dtype=torch.float64)
            start = begun.y1, begun.f1, begun.t1
            found: Plain = _runge_kutta_step(
                self.solver.func, *start, end - begun.t1, end, self.solver.tableau
            )[0].numpy()
            return found

        end = float(state.t1)
        if end <= self.t_end:
            return end, state.y1.numpy(), way
        return self.t_end, way(self.t_end), way


class _TorchField:
    # What a solver of torchdiffeq asks of the field: to be told of attempts, and of the side of a
    # discontinuity in time. Neither concerns an autonomous field.

    def __init__(self, field: Field) -> None:
        self.field = field

    def __call__(self, t: Tensor, y: Tensor, *, perturb: Any = None) -> Tensor:
        return torch.from_numpy(self.field(y.numpy()))

    def callback_step(self, t: Tensor, y: Tensor, dt: Tensor) -> None: ...

    def callback_accept_step(self, t: Tensor, y: Tensor, dt: Tensor) -> None: ...

    def callback_reject_step(self, t: Tensor, y: Tensor, dt: Tensor) -> None: ...


def _from(here: Plain, way: Callable[[float], Plain]) -> Callable[[float], Plain]:
    return lambda t: here + way(t)
