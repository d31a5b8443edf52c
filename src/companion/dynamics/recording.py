"""What is written down along a run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.dynamics.drift import relative_change
from companion.dynamics.objective import Objective
from companion.dynamics.step import NotFinite
from companion.dynamics.trajectory import Trajectory
from companion.numerics.arguments import entries, one_of

RECORDABLE = ("lambda_min", "lambda_max", "kernel_drift")


@dataclass(frozen=True, eq=False)
class _Record:
    t: float
    residual: Float[np.ndarray, "n ..."]
    slope: float
    move: Float[np.ndarray, " l"]
    neuron: float
    asked: dict[str, float]
    theta: Float[np.ndarray, " p"] | None


class Recorder:
    """The records of one run.

    Parameters
    ----------
    objective
        The loss.
    record
        Further quantities: some of :data:`RECORDABLE`.
    keep_path
        Keep all parameters of every record.

    Scale
    -----
    As in :class:`companion.dynamics.trajectory.Trajectory`.

    Raises
    ------
    TypeError
        If ``record`` is a string instead of a sequence of them.
    ValueError
        If it names something that cannot be recorded.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.4), for the rate at which the loss falls.
    """

    def __init__(
        self, objective: Objective, *, record: Sequence[str] = (), keep_path: bool = False
    ) -> None:
        self.asked = _names(record)
        self.objective = objective
        self.keep_path = keep_path
        self.time = 0.0
        self.theta = objective.theta_0
        self._records: list[_Record] = []
        self._pieces = _pieces(objective)
        self._start: Float[np.ndarray, "k k"] | None = None
        if "kernel_drift" in self.asked:
            self._start = objective.weighted_gram(objective.theta_0)

    def check_start(self) -> None:
        """Refuse a start from which nothing can be followed.

        Raises
        ------
        NotFinite
            If the gradient is not finite; the error names a parameter.
        """
        gradient = self.objective.named(self.objective.gradient(self.objective.theta_0))
        for name, slope in gradient.items():
            if not np.isfinite(slope).all():
                raise NotFinite(f"the gradient by {name!r} is not finite at the start", 0.0)

    def reach(self, t: float, theta: Float[np.ndarray, " p"]) -> None:
        """Say how far the run is, without a record.

        Parameters
        ----------
        t
            The time.
        theta
            The state there.
        """
        self.time, self.theta = t, theta

    @np.errstate(over="ignore", invalid="ignore")  # a run that diverges says so itself
    def add(
        self,
        t: float,
        theta: Float[np.ndarray, " p"],
        *,
        residual: Float[np.ndarray, "n ..."] | None = None,
        velocity: Float[np.ndarray, " p"] | None = None,
    ) -> None:
        """Record a state of the run.

        Parameters
        ----------
        t
            Its time.
        theta
            The state.
        residual
            Predictions minus targets there, if they are known.
        velocity
            The derivative of the state by time, if it is known or is not minus the gradient that
            automatic differentiation finds.
        """
        if velocity is None:
            residual, velocity = self.objective.residual_and_gradient(theta)
        elif residual is None:
            residual = self.objective.residual(theta)
        move = theta - self.objective.theta_0
        # One append, so that an interruption leaves whole records.
        self._records.append(
            _Record(
                t,
                residual,
                float(np.linalg.norm(velocity)),
                np.array([np.linalg.norm(move[start:end]) for start, end, _ in self._pieces]),
                max(
                    (
                        float(np.linalg.norm(move[start:end].reshape(rows, -1), axis=1).max())
                        for start, end, rows in self._pieces
                        if rows
                    ),
                    default=np.nan,
                ),
                self._spectral(theta),
                theta if self.keep_path else None,
            )
        )
        self.reach(t, theta)

    def trajectory(
        self,
        *,
        method: str,
        method_reason: str | None = None,
        stopped_by: str | None = None,
    ) -> Trajectory:
        """The records so far.

        Parameters
        ----------
        method, method_reason, stopped_by
            As in :class:`companion.dynamics.trajectory.Trajectory`.

        Returns
        -------
        The trajectory.
        """
        objective, records = self.objective, self._records
        count = len(records)
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.array([objective.norm(r.residual) for r in records])
        move = np.array([r.move for r in records]).reshape(count, len(self._pieces))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            loss, distance = size**2 / 2, np.linalg.norm(move, axis=1)
            slope = np.array([r.slope for r in records])
            rate = np.where(size > 0, (slope / size) ** 2, np.nan)
        neurons = any(rows for _, _, rows in self._pieces)
        path = np.array([r.theta for r in records], dtype=float) if self.keep_path else None
        return Trajectory(
            t=np.array([r.t for r in records]),
            loss=loss,
            residual=np.array([r.residual for r in records]).reshape(count, *objective.y.shape),
            dissipation_rate=rate,
            distance=distance,
            nu=objective.nu,
            parameters=objective.named(self.theta),
            distance_by_parameter=move,
            neuron_distance=np.array([r.neuron for r in records]) if neurons else None,
            path=None if path is None else path.reshape(count, len(self.theta)),
            method=method,
            method_reason=method_reason,
            stopped_by=stopped_by,
            num_gradients=objective.predictor.num_gradients,
            num_grams=objective.predictor.num_grams,
            **{name: np.array([r.asked[name] for r in records]) for name in self.asked},
        )

    def _spectral(self, theta: Float[np.ndarray, " p"]) -> dict[str, float]:
        if not self.asked:
            return {}
        gram = self.objective.weighted_gram(theta)
        found = {}
        if {"lambda_min", "lambda_max"} & set(self.asked):
            eigenvalues = np.linalg.eigvalsh(gram)
            found = {"lambda_min": float(eigenvalues[0]), "lambda_max": float(eigenvalues[-1])}
        if self._start is not None:
            found["kernel_drift"] = relative_change(gram, self._start, norm="operator")
        return found


def _names(record: Sequence[str]) -> tuple[str, ...]:
    listed = ", ".join(RECORDABLE)
    names = entries("record", record, remedy=f"Pass names of {listed}.")
    return tuple(one_of("record", name, RECORDABLE) for name in names)


def _pieces(objective: Objective) -> list[tuple[int, int, int]]:
    # Beginning, end and number of neurons (0 if there is none) of every parameter.
    shapes = objective.predictor.shapes
    ends = np.cumsum([shape.numel() for shape in shapes]).tolist()
    layers = [index for index, shape in enumerate(shapes) if len(shape) >= 2]
    if len(layers) > 1 and shapes[layers[-1]][0] == objective.predictor.output_dim:
        layers.pop()  # its rows are the outputs
    return [
        (end - shape.numel(), end, shape[0] if index in layers else 0)
        for index, (end, shape) in enumerate(zip(ends, shapes, strict=True))
    ]
