"""Why a run ended before its end; every failure carries the records so far."""

from companion.dynamics.trajectory import Trajectory


class FlowFailure(RuntimeError):
    """A run that could not be followed to its end.

    Parameters
    ----------
    reason
        What happened.
    time
        Where it happened.
    trajectory
        The records up to then and the parameters there.
    """

    def __init__(self, reason: str, time: float, trajectory: Trajectory) -> None:
        super().__init__(f"the run stopped at time {time:.6g}: {reason}.")
        self.time = time
        self.trajectory = trajectory


class FlowUnderflow(FlowFailure):
    """The accuracy asked for needs steps below the spacing of floating-point numbers."""


class FlowNotFinite(FlowFailure):
    """The parameters or the outputs became infinite or not a number."""


class KinkWarning(UserWarning):
    """The gradient jumps, so that a run is less accurate than was asked for."""


class Diverged(FlowFailure):
    """Steps of gradient descent were too long: the loss grew without bound.

    Parameters
    ----------
    squares
        Weighted sum of squared residuals that was reached; twice the loss.
    learning_rate
        The length of the steps.
    time
        Where it happened.
    trajectory
        The records up to then and the parameters there.
    subject
        What diverged.
    """

    def __init__(
        self,
        squares: float,
        learning_rate: float,
        time: float,
        trajectory: Trajectory,
        *,
        subject: str = "the residual",
    ) -> None:
        reason = (
            f"{subject} has the square {squares:.3g} after steps of {learning_rate:.3g}, which "
            "must be shorter than 2 / lambda_max of the weighted Gram matrix"
        )
        super().__init__(reason, time, trajectory)


class FlowInterrupted(KeyboardInterrupt):
    """The keyboard interrupted a run.

    Parameters
    ----------
    time
        How far it was.
    trajectory
        The records up to then and the parameters there.
    """

    def __init__(self, time: float, trajectory: Trajectory) -> None:
        super().__init__(f"interrupted at time {time:.6g}; the records are in .trajectory")
        self.time = time
        self.trajectory = trajectory
