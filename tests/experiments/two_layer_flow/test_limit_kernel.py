"""The limit kernel by activation against closed forms, and its least values on shells."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from companion.activations import activation
from companion.experiments.base import execute
from companion.experiments.two_layer_flow.limit_kernel import (
    EXPERIMENT,
    SCALES,
    WITHOUT,
    by_activation,
    run,
)

CONFIG = SCALES["smoke"]
SERIES = 1e-12  # the Hermite series leaves out 1e-14 of numbers below one


@pytest.fixture(scope="module")
def data():
    return execute(EXPERIMENT, CONFIG)


def test_closed_forms(data):
    rho, r = data.correlation.values, data.radius.values[:, None]
    arcsine = 1 / 4 + np.arcsin(r**2 * rho / (1 + r**2)) / (2 * np.pi)
    assert_allclose(data.kernel.sel(activation="normal cdf"), arcsine, rtol=0, atol=SERIES)
    determinant = ((1 + r**2) ** 2 - r**4 * rho**2) ** -0.5
    assert_allclose(data.kernel.sel(activation="gaussian bump"), determinant, atol=SERIES, rtol=0)


def test_least_values_on_shells(data):
    r = data.radius.values
    # Increasing functions: opposite points of the largest norm, where s(rz) s(-rz) = s'(rz).
    # The bump: right angles.
    slopes = [
        quad(lambda z, a=a: np.cosh(a * z / 2) ** -2 / 4 * np.exp(-z * z / 2), -12, 12)[0]
        for a in r
    ]
    expected = np.array(slopes) / np.sqrt(2 * np.pi)
    assert_allclose(data.least.sel(activation="sigmoid"), expected, rtol=1e-9)
    arcsine = 1 / 4 - np.arcsin(r**2 / (1 + r**2)) / (2 * np.pi)
    assert_allclose(data.least.sel(activation="normal cdf"), arcsine, rtol=1e-11)
    assert_allclose(data.least.sel(activation="gaussian bump"), 1 / (1 + r**2), rtol=1e-11)


def test_sampled_weights_agree(data):
    kernel = data.kernel.sel(radius=CONFIG.sampled_radius)
    # Seeded. 20 means; five standard errors fail with probability 1e-5.
    assert (abs(data.sampled - kernel) < 5 * data.standard_error).all()
    assert float(data.standard_error.max()) < 0.01


def test_the_constant_of_the_proof_is_a_lower_bound(data):
    assert (data.proof > 0).all()
    assert (data.proof < data.least).all()


def test_without_the_hypotheses_the_least_value_is_not_positive():
    data = run(WITHOUT)
    assert np.isnan(data.proof).all()
    r = data.radius.values
    assert_allclose(data.least.sel(activation="relu"), 0, atol=1e-14)
    tanh = [
        -quad(lambda z, a=a: np.tanh(a * z) ** 2 * np.exp(-z * z / 2), -12, 12)[0]
        / np.sqrt(2 * np.pi)
        for a in r
    ]
    assert_allclose(data.least.sel(activation="tanh"), tanh, rtol=1e-9)


def test_curves_by_activation_are_the_same_numbers(data):
    split = by_activation(data)
    assert list(split) == [name.replace("_", " ") for name in CONFIG.activations]
    for name in CONFIG.activations:
        one = split[name.replace("_", " ")]
        assert one.attrs["long_name"] == activation(name).name.replace("_", " ")
        assert_allclose(one, data.kernel.sel(activation=name.replace("_", " ")), rtol=0)
