"""Smallest eigenvalues against many-digit arithmetic and what the trace allows."""

import functools

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.two_layer_flow.smallest_eigenvalues import SCALES, Config, run
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


# Exact values ------------------------------------------------------------------------------


def test_trace_bound_is_one_over_the_number_of_points(data):
    # The sigmoid is at most one.
    assert_allclose(data["trace_bound"], 1 / data["num_samples"], rtol=1e-15)


def test_claim_is_half_of_the_smallest_entry(data):
    assert_allclose(data["claimed"], data["smallest_entry"].min() / 2, rtol=1e-15)


# Identities --------------------------------------------------------------------------------


def test_eigenvalues_lie_between_zero_and_the_trace_bound(data):
    for name in ("outer", "full"):
        assert (data[name] > -data["rounding"]).all()
    assert (data["outer"] <= data["trace_bound"]).all()
    # D' is positive semidefinite, so adding it cannot lower an eigenvalue (Weyl).
    assert (data["full"] >= data["outer"] - data["rounding"]).all()


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize(("i", "input_dim"), [(0, 2), (1, 5)])
@pytest.mark.parametrize(("j", "count"), [(0, 4), (1, 8)])
def test_agrees_with_thirty_digits(data, i, input_dim, j, count):
    X = uniform_on_sphere(
        count, input_dim, stream(SCALES["smoke"].seed, "points", input_dim, count, 1)
    )
    with mpmath.workdps(30):
        outer, inner = many_digit_kernels(X)
        smallest = min(mpmath.eigsy(outer / count, eigvals_only=True))
        smallest_full = min(mpmath.eigsy((outer + inner) / count, eigvals_only=True))
    cell = {"input_dim": i, "num_samples": j, "draw": 1}
    # The rounding that the data set itself states.
    atol = data["rounding"].isel(cell).item()
    assert_allclose(data["outer"].isel(cell), float(smallest), rtol=0, atol=atol)
    assert_allclose(data["full"].isel(cell), float(smallest_full), rtol=0, atol=atol)
    assert float(smallest) > 100 * atol  # so a 1 % error would show
    entries = [float(outer[p, q]) for p in range(count) for q in range(count)]
    assert_allclose(data["smallest_entry"].isel(cell), min(entries), rtol=1e-13)


def many_digit_kernels(X):
    """D and D' from the Hermite coefficients of the sigmoid and of its derivative."""
    c, c_slope = hermite_squares()
    count = len(X)
    outer, inner = mpmath.zeros(count), mpmath.zeros(count)
    for p in range(count):
        for q in range(count):
            t = mpmath.fdot(X[p].tolist(), X[q].tolist())
            outer[p, q] = mpmath.polyval(c[::-1], t)
            inner[p, q] = t * mpmath.polyval(c_slope[::-1], t)
    return outer, inner


@functools.cache
def hermite_squares(max_degree=120):
    """Squares of both coefficients by degree; at degree 120 they are below 1e-25."""
    # The trapezoidal rule converges like exp(-2 pi * pi / step) here, because the sigmoid is
    # analytic in the strip of half-width pi; at 15 the Gaussian density is below 1e-49.
    step = mpmath.mpf("0.1")
    sums = [[mpmath.mpf(0)] * (max_degree + 1) for _ in range(2)]
    for index in range(-150, 151):
        z = index * step
        s = 1 / (1 + mpmath.exp(-z))
        weight = step * mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
        before, value = mpmath.mpf(0), mpmath.mpf(1)
        for k in range(max_degree + 1):
            sums[0][k] += weight * s * value
            sums[1][k] += weight * s * (1 - s) * value
            before, value = (
                value,
                (z * value - mpmath.sqrt(k) * before) / mpmath.sqrt(k + 1),
            )
    return tuple([one * one for one in row] for row in sums)


# Where naive formulas fail -----------------------------------------------------------------


def test_an_eigenvalue_that_rounding_hides_is_flagged():
    # Forty points of the circle: the true eigenvalue is far below 1e-30.
    data = run(Config(input_dims=(2,), num_samples=(40,), num_seeds=1))
    assert (np.abs(data["outer"]) < data["rounding"]).all()
