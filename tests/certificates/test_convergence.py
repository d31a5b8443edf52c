"""The certificate decided from numbers: every verdict, each for its reason."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.certificates.convergence import convergence_certificate
from companion.claims.general_architectures_corrected import basin


def never(radius, enough):
    raise AssertionError("nothing is measured where the bound decides")


def seen(value):
    return lambda radius, enough: value


@given(residual=st.floats(0.01, 10), lam=st.floats(0.1, 10), share=st.floats(0.0, 0.99))
def test_a_constant_bound_gives_the_basin_itself(residual, lam, share):
    beta = share * lam / (2 * residual)
    found = convergence_certificate(
        residual, (lam, lam), bound=lambda radius: beta, measured=never
    )
    expected = basin(residual, lambda_min=lam, curvature=beta)
    assert found.verdict == "applies"
    assert found.rate == pytest.approx(expected.rate, rel=1e-12)
    assert found.radius == pytest.approx(expected.radius, rel=1e-12)


@given(residual=st.floats(0.01, 1), slope=st.floats(0.0, 2.0))
def test_a_growing_bound_holds_on_the_ball_that_is_returned(residual, slope):
    found = convergence_certificate(
        residual, (4.0, 4.0), bound=lambda radius: slope * (1 + radius), measured=seen(0.0)
    )
    if found.verdict == "applies":
        beta = slope * (1 + found.radius)
        assert basin(residual, lambda_min=4.0, curvature=beta).radius <= found.radius * (1 + 1e-6)
    else:
        # No ball serves: at every radius the path that its beta allows is longer.
        for radius in [residual / 2 * 1.02**k for k in range(36)]:
            path = basin(residual, lambda_min=4.0, curvature=slope * (1 + radius)).radius
            assert path > radius * (1 - 1e-9)


def test_the_lower_end_of_the_eigenvalue_promises_and_the_upper_refutes():
    found = convergence_certificate(1.0, (2.0, 5.0), bound=lambda r: 0.5, measured=never)
    assert found.rate == pytest.approx(1.0)
    # 2 * 2 * 1 / 5 < 1: not refuted; and the bound of 2 does not prove it.
    found = convergence_certificate(1.0, (2.0, 5.0), bound=lambda r: 2.0, measured=seen(2.0))
    assert found.verdict == "cannot be decided" and found.rate is None
    found = convergence_certificate(1.0, (2.0, 5.0), bound=lambda r: 3.0, measured=seen(2.6))
    assert found.verdict == "does not apply"


def test_the_smallest_ball_is_the_one_that_is_measured():
    asked = []

    def measured(radius, enough):
        asked.append((radius, enough))
        return 0.0

    convergence_certificate(6.0, (1.0, 9.0), bound=None, measured=measured)
    ((radius, enough),) = asked
    assert radius == pytest.approx(2.0)  # |s_0| / sqrt(9)
    assert enough == pytest.approx(0.75)  # 9 / (2 |s_0|)


@pytest.mark.parametrize("value", [0.0, 0.49])
def test_what_is_measured_never_proves(value):
    found = convergence_certificate(1.0, (1.0, 1.0), bound=None, measured=seen(value))
    assert found.verdict == "cannot be decided"
    assert found.curvature is None and found.curvature_seen == value
    assert found.rate is None
    assert "no bound of the curvature is known" in found.reason


@pytest.mark.parametrize(
    ("interval", "bound", "measured", "verdict", "reason"),
    [
        ((0.0, 0.0), lambda r: 0.0, seen(0.0), "does not apply", "eigenvalue .* is zero"),
        ((0.0, 1.0), lambda r: 0.0, seen(0.0), "cannot be decided", "from above only"),
        ((1.0, 1.0), lambda r: math.inf, seen(0.1), "cannot be decided", "a kink"),
        ((1.0, 1.0), lambda r: 1.0, seen(0.1), "cannot be decided", "bound .* too large"),
        ((1.0, 1.0), None, seen(None), "cannot be decided", "neither be bounded nor measured"),
        ((1.0, 1.0), None, seen(0.5), "does not apply", "at least 1"),
    ],
)
def test_every_reason(interval, bound, measured, verdict, reason):
    found = convergence_certificate(1.0, interval, bound=bound, measured=measured)
    assert found.verdict == verdict
    assert re.search(reason, found.reason), found.reason


def test_a_residual_of_zero_stays():
    found = convergence_certificate(0.0, (0.0, 0.0), bound=None, measured=never)
    assert found.verdict == "applies" and found.radius == 0.0
