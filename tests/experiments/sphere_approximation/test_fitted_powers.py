"""Fitted powers against exact laws and a fit of our own."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.experiments.sphere_approximation.fitted_powers import fitted_powers


def test_exact_laws_are_found_whatever_the_order_of_the_axes():
    x = np.array([1, 2, 4, 8])
    values = xr.DataArray(
        [[[3.0 * x**p] * 2 for p in (-0.5, 2.0)]],
        dims=("kind", "power", "draw", "x"),
        coords={"x": x, "power": [-0.5, 2.0]},
    )
    for order in (("kind", "power", "draw", "x"), ("x", "power", "draw", "kind")):
        found = fitted_powers(values.transpose(*order), along="x")
        assert_allclose(found.exponent.sel(power=2.0), [2.0], rtol=1e-12)
        assert_allclose(found.exponent.sel(power=-0.5), [-0.5], rtol=1e-12)
        assert_allclose(found.low, found.high, atol=1e-10)


def test_the_interval_is_that_of_least_squares(rng):
    x = np.array([1.0, 3.0, 9.0])
    y = np.exp(rng.standard_normal((3, 4)) * 0.1) * x[:, None]
    values = xr.DataArray(y, dims=("x", "draw"), coords={"x": x})
    found = fitted_powers(values, along="x", confidence=0.95)
    u, v = np.repeat(np.log(x), 4), np.log(y).ravel()
    (slope, _), covariance = np.polyfit(u, v, 1, cov=True)
    assert_allclose(found.exponent, slope, rtol=1e-10)
    # 2.228: the 97.5 % quantile of Student's law with ten degrees of freedom.
    assert_allclose(found.high - found.low, 2 * 2.228139 * covariance[0, 0] ** 0.5, rtol=1e-6)


def test_values_that_are_not_positive_are_refused():
    values = xr.DataArray(np.zeros((3, 2)), dims=("x", "draw"), coords={"x": [1, 2, 3]})
    with pytest.raises(ValueError, match=r"`y` must be positive; got 0"):
        fitted_powers(values, along="x")
