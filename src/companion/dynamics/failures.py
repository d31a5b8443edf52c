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


class Diverged(FlowFailure):
    """Steps of gradient descent were too long: the loss grew without bound."""


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
