"""Eigenvalues by degree against closed forms, predictions and what parity forbids."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.degree_decay import (
    KERNELS,
    SCALES,
    by_kernel,
    run,
    shown_degrees,
)
from companion.kernels.series_spectrum import arc_cosine_spectrum, times_inner_product


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


# Exact values ------------------------------------------------------------------------------


def test_degrees_come_in_pairs():
    degrees = shown_degrees(65, 2)
    assert degrees[0] == 0 and degrees[-2:].tolist() == [64, 65]
    assert (np.diff(degrees) > 0).all() and (degrees[::2] + 1 == degrees[1::2]).all()


def test_one_hidden_layer_on_the_circle(data):
    # t (pi - theta) / (2 pi): mu_k = (k^2 + 1) / (pi (k^2 - 1))^2 for even k, 0 for odd k >= 3.
    one = data["eigenvalue"].sel(
        activation="relu", kernel="second-to-last layer", depth=1, input_dim=2
    )
    k = one["degree"].values
    even, odd = k[(k >= 2) & (k % 2 == 0)], k[(k >= 3) & (k % 2 == 1)]
    assert_allclose(
        one.sel(degree=even), (even**2 + 1) / (np.pi * (even**2 - 1.0)) ** 2, rtol=1e-11
    )
    assert np.isnan(one.sel(degree=odd)).all()


# Identities --------------------------------------------------------------------------------


def test_eigenvalues_approach_their_prediction_like_the_inverse_square(data):
    cell = data.sel(depth=2).isel(activation=0)
    distance = np.abs(cell["eigenvalue"] / cell["prediction"] - 1)
    for start in (8, 9):
        # From degree 8 to 32 the distance falls by 16, up to the next terms.
        factor = distance.sel(degree=start) / distance.sel(degree=start + 24)
        assert ((factor > 7) & (factor < 22)).all()
    assert distance.sel(degree=[64]).max() < 4e-3


def test_exponents_are_minus_d_with_intervals_around_them(data):
    fitted = data["exponent"].sel(depth=2)
    expected = -data["input_dim"]
    # From degree 16 on the second correction is 16^-4 times at most ten.
    assert (np.abs(fitted - expected) < 1e-3).all()
    assert (data["low"].sel(depth=2) <= fitted).all()
    assert (data["high"].sel(depth=2) >= fitted).all()
    assert (data["largest"].sel(depth=2) >= 63).all()
    assert (np.abs(data["laplace_exponent"] - expected) < 1e-3).all()


def test_lost_parity_has_no_exponent(data):
    alone = data["exponent"].sel(depth=1)
    assert np.isnan(alone.sel(parity="odd")).all()
    assert np.isfinite(alone.sel(parity="even")).all()


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [2, 3])
def test_one_hidden_layer_by_squares(data, input_dim):
    # The kernel of the step function is a square, with eigenvalues in closed form; times t.
    step = arc_cosine_spectrum(order=0, input_dim=input_dim, max_degree=60)
    relu = arc_cosine_spectrum(order=1, input_dim=input_dim, max_degree=59)
    inner = times_inner_product(step, input_dim=input_dim)
    for kernel, expected in (("second-to-last layer", inner), ("all layers", inner + relu)):
        found = (
            data["eigenvalue"].sel(depth=1, input_dim=input_dim, kernel=kernel).isel(activation=0)
        )
        even = found["degree"].values[(found["degree"] % 2 == 0) & (found["degree"] < 60)]
        assert_allclose(found.sel(degree=even), expected[even], rtol=1e-9)


def test_curves_for_the_slider_are_the_data(data):
    split = by_kernel(data)
    assert set(split.data_vars) == {*SCALES["smoke"].kernels, "laplace"}
    for kernel in KERNELS[:2]:
        assert split[kernel].attrs["long_name"] == f"trained: {kernel}"
        assert_allclose(split[kernel], data["eigenvalue"].sel(activation="relu", kernel=kernel))
