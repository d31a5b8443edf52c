"""Failures of a run carry its records, and their kinds are those of the failed step."""

import numpy as np
import pytest

from companion.dynamics.failures import (
    Diverged,
    FlowFailure,
    FlowInterrupted,
    FlowNotFinite,
    FlowUnderflow,
)
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


@pytest.mark.parametrize("kind", [FlowFailure, FlowUnderflow, FlowNotFinite])
def test_a_failure_says_when_and_why_and_carries_the_records(kind, empty):
    failure = kind("the step vanished", 0.25, empty)
    assert isinstance(failure, FlowFailure)
    assert str(failure) == "the run stopped at time 0.25: the step vanished."
    assert failure.time == 0.25
    assert failure.trajectory is empty


def test_divergence_says_how_far_and_what_to_do(empty):
    failure = Diverged(4e12, 0.5, 10.0, empty, subject="the residual of module 3")
    assert isinstance(failure, FlowFailure)
    assert "time 10: the residual of module 3 has the square 4e+12 after steps of 0.5" in str(
        failure
    )
    assert "shorter than 2 / lambda_max" in str(failure)
    assert failure.trajectory is empty


def test_an_interruption_is_one_of_the_keyboard(empty):
    interrupted = FlowInterrupted(0.5, empty)
    assert isinstance(interrupted, KeyboardInterrupt)
    assert not isinstance(interrupted, Exception)  # `except Exception` must not swallow it
    assert interrupted.trajectory is empty
    assert "time 0.5; the records are in .trajectory" in str(interrupted)
