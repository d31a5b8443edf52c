"""Failures of a run carry its records, and their kinds are those of the failed step."""

import numpy as np
import pytest

from companion.dynamics.failures import (
    Diverged,
    FlowFailure,
    FlowInterrupted,
    FlowNotFinite,
    FlowUnderflow,
    flow_failure,
)
from companion.dynamics.step import NotFinite, StepFailure, StepUnderflow
from companion.dynamics.trajectory import Trajectory


@pytest.fixture
def empty():
    return Trajectory(
        t=np.zeros(0),
        loss=np.zeros(0),
        residual=np.zeros((0, 2)),
        dissipation_rate=np.zeros(0),
        distance=np.zeros(0),
        nu=np.ones(2),
        parameters={"a": np.ones(1)},
    )


@pytest.mark.parametrize(
    ("step", "run"),
    [(StepFailure, FlowFailure), (StepUnderflow, FlowUnderflow), (NotFinite, FlowNotFinite)],
)
def test_a_failed_step_becomes_a_failed_run_of_its_kind(step, run, empty):
    failure = flow_failure(step("the step vanished", 0.25), empty)
    assert type(failure) is run
    assert str(failure) == "the flow stopped at time 0.25: the step vanished."
    assert failure.time == 0.25
    assert failure.trajectory is empty


def test_every_failure_is_a_flow_failure_but_the_interruption_is_one_of_the_keyboard(empty):
    assert all(issubclass(kind, FlowFailure) for kind in (Diverged, FlowNotFinite, FlowUnderflow))
    interrupted = FlowInterrupted(0.5, empty)
    assert isinstance(interrupted, KeyboardInterrupt)
    assert not isinstance(interrupted, Exception)  # `except Exception` must not swallow it
    assert interrupted.trajectory is empty
    assert "time 0.5; the records are in .trajectory" in str(interrupted)
