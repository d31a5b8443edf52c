"""The basin of convergence against its inequality, closed forms, and flows on its edge."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from companion.claims.general_architectures_corrected import basin

positive = st.floats(1e-3, 1e3)


@given(residual=positive, lam=positive, share=st.floats(0.0, 0.999))
def test_radius_solves_the_inequality_of_the_proof(residual, lam, share):
    beta = share * lam / (2 * residual)
    found = basin(residual, lambda_min=lam, curvature=beta)
    alpha, d = math.sqrt(lam), found.radius
    # alpha d - beta d^2 / 2 = |s_0|, at the smaller root; a few roundings of its two terms.
    assert alpha * d - beta * d**2 / 2 == pytest.approx(residual, rel=1e-12)
    assert beta * d <= alpha
    assert found.rate == pytest.approx((alpha - beta * d) ** 2, rel=1e-9)


@pytest.mark.parametrize(("ratio", "rate"), [(0.0, 1.0), (0.5, 0.5), (0.75, 0.25)])
def test_rates_known_by_hand(ratio, rate):
    # At ratio 1/2, the better known condition |s_0| <= lambda / (4 beta), half of lambda is left.
    found = basin(0.25, lambda_min=2.0, curvature=4 * ratio)
    assert found.ratio == pytest.approx(ratio, rel=1e-15)
    assert found.rate == pytest.approx(2 * rate, rel=1e-15)


def test_a_linear_model_keeps_its_eigenvalue_and_a_singular_one_has_none():
    assert basin(7.0, lambda_min=3.0, curvature=0.0).rate == 3.0
    assert basin(7.0, lambda_min=3.0, curvature=0.0).radius == pytest.approx(7 / math.sqrt(3))
    assert basin(7.0, lambda_min=0.0, curvature=0.0).rate == 0.0
    assert basin(0.0, lambda_min=1.0, curvature=math.inf).rate == 1.0


@pytest.mark.parametrize("ratio", [0.3, 0.9, 0.99])
def test_the_bound_is_attained_by_a_model_of_one_parameter(ratio):
    # f(theta) = theta - theta^2 / 2 has J = 1 - theta: lambda = beta = 1 at theta = 0, and towards
    # a target r > 0 the slope falls as fast as it may. The rate at the end is the promised one.
    target = ratio / 2

    def flow(_, theta):
        return (1 - theta) * (target - theta + theta**2 / 2)

    end = 25 / (1 - ratio)
    run = solve_ivp(flow, (0, end), [0.0], rtol=1e-12, atol=1e-14, dense_output=True)
    found = basin(target, lambda_min=1.0, curvature=1.0)
    limit = brentq(lambda x: x - x**2 / 2 - target, 0, 1)
    assert run.y[0, -1] == pytest.approx(limit, abs=1e-6)  # it converges at the promised rate only
    assert found.radius == pytest.approx(limit, rel=1e-12)
    assert found.rate == pytest.approx((1 - limit) ** 2, rel=1e-12)
    for t in (0.1, 1.0, 5.0):
        residual = target - run.sol(t)[0] + run.sol(t)[0] ** 2 / 2
        assert residual <= math.exp(-found.rate * t) * target * (1 + 1e-9)


def test_beyond_the_basin_the_same_model_never_converges():
    # For a target above 1/2 the ratio exceeds one, and 1/2 is the largest value that f has.
    assert basin(0.51, lambda_min=1.0, curvature=1.0).rate == 0.0
    assert basin(0.51, lambda_min=1.0, curvature=1.0).radius == math.inf


@pytest.mark.parametrize("name", ["residual_norm", "lambda_min", "curvature"])
@pytest.mark.parametrize("value", [-1.0, math.nan])
def test_bad_numbers_are_named(name, value):
    given_values = {"residual_norm": 1.0, "lambda_min": 1.0, "curvature": 1.0, name: value}
    with pytest.raises(ValueError, match=f"`{name}` must be nonnegative"):
        basin(given_values.pop("residual_norm"), **given_values)
