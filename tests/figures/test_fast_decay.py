"""Drawings of fast decay show the numbers of their datasets, and no others."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from companion.figures.fast_decay import (
    draw_laplacian_bounds,
    draw_logarithmic_flow,
    draw_rounding_floor,
    draw_scaled_coefficients,
    draw_smooth_spectra,
)

K = np.arange(41)


@pytest.fixture
def spectra():
    both, odd = -1.3 * K, np.where(K % 2, -3.2 * K ** (2 / 3), -np.inf)
    return xr.Dataset(
        {
            "deep_log_eigenvalue": (
                ("activation", "network", "deep_degree"),
                np.stack([both, odd])[:, None, :],
            ),
            "log_bound": (("laplacian_order", "deep_degree"), np.stack([5.0 - K, 9.0 - 2 * K])),
        },
        coords={
            "activation": ["gelu", "tanh"],
            "network": ["two layers"],
            "deep_degree": K,
            "laplacian_order": [2, 4],
        },
    )


def curves(axes):
    return {line.get_label(): line.get_xydata() for line in axes.lines}


def test_degrees_that_a_kernel_has_not_are_left_out(spectra):
    above, below = draw_smooth_spectra(spectra).axes
    gelu, tanh = curves(above)["gelu"], curves(above)["tanh"]
    assert_allclose(gelu[:, 0], np.arange(2, 41, 2))
    assert_allclose(tanh[:, 0], np.arange(3, 41, 2))
    assert_allclose(gelu[:, 1], np.exp(-1.3 * gelu[:, 0]))
    # The local power of exp(-1.3 k) is -1.3 k, at some degree between the two.
    local = curves(below)["gelu"]
    assert_allclose(local[:, 1], -1.3 * local[:, 0], rtol=0.05)
    powers = [line for name, line in curves(below).items() if name.startswith("_power")]
    assert [line[0, 1] for line in powers] == [-3, -5, -7]


def test_bounds_have_their_order(spectra):
    found = curves(draw_laplacian_bounds(spectra).axes[0])
    assert_allclose(found["gelu, eigenvalue"][:, 1], np.exp(-1.3 * K[2:]))
    assert_allclose(found["bound, power 4"][:, 1], np.exp(5.0 - K[2:]))
    assert_allclose(found["bound, power 8"][:, 1], np.exp(9.0 - 2 * K[2:]))


def test_the_first_draw_of_the_smallest_width():
    index = np.arange(1, 9)
    values = np.geomspace(1, 1e-7, 8)
    data = xr.Dataset(
        {
            "eigenvalue": (
                ("activation", "width", "precision", "draw", "index"),
                values * np.arange(1, 9).reshape(1, 2, 2, 2, 1),
            ),
            "limit": (("activation", "index"), np.geomspace(1, 1e-70, 8)[None]),
        },
        coords={
            "activation": ["gelu"],
            "width": [64, 128],
            "precision": ["single", "double"],
            "draw": [0, 1],
            "index": index,
        },
    )
    found = curves(draw_rounding_floor(data).axes[0])
    assert_allclose(found["width 64, single precision"][:, 1], values)
    assert_allclose(found["width 64, double precision"][:, 1], 3 * values)
    assert found["infinite width"][:, 1].min() > 1e-31


def test_laws_pass_through_the_last_point():
    log_t = np.geomspace(10, 100, 7)
    data = xr.Dataset(
        {
            "log_t": (("smooth", "step"), log_t[None]),
            "error": (("smooth", "step"), (2 * log_t**-0.4)[None]),
            "predicted_power": ("smooth", [-0.5]),
        },
        coords={"smooth": ["gelu"], "step": np.arange(7)},
    )
    found = curves(draw_logarithmic_flow(data).axes[0])
    assert_allclose(found["gelu"][:, 1], 2 * log_t**-0.4)
    law = found["_law, gelu"][:, 1]
    assert_allclose(law[-1], 2 * 100**-0.4)
    assert_allclose(law[0] / law[-1], 10**0.5)


def test_coefficients_that_vanish_are_cut_off():
    n = np.arange(1, 30)
    data = xr.Dataset(
        {
            "log_coefficient": (("order", "depth", "n"), np.log(n)[None, None]),
            "smooth_log_coefficient": ("n", -1.0 * n),
        },
        coords={"order": [2], "depth": [2], "n": n},
    )
    found = curves(draw_scaled_coefficients(data).axes[0])
    assert_allclose(found["spline of order 2"][:, 1], n)
    assert_allclose(found["GELU"][:, 1], np.exp(-1.0 * n[:13]))
