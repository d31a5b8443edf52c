"""Failures of steps carry their time and are told apart."""

import pytest

from companion.dynamics.step import NotFinite, StepFailure, StepUnderflow


@pytest.mark.parametrize("kind", [StepFailure, StepUnderflow, NotFinite])
def test_failures_say_when_and_why(kind):
    failure = kind("it went wrong", 0.25)
    assert isinstance(failure, StepFailure)
    assert (str(failure), failure.time) == ("it went wrong", 0.25)
