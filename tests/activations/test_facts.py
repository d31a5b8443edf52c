"""Activations: every fact they state is measured, on arrays and on tensors."""

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from companion.activations import (
    ELU,
    ERF,
    GAUSSIAN_BUMP,
    GELU,
    HARD_TANH,
    NORMAL_CDF,
    RELU,
    SHIFTED_SIGMOID,
    SIGMOID,
    SILU,
    SOFTPLUS,
    TANH,
    Activation,
    leaky_relu,
    mollified_relu,
)
from companion.activations.facts import array_module, special_functions

SMOOTH = [SIGMOID, SHIFTED_SIGMOID, NORMAL_CDF, GAUSSIAN_BUMP, TANH, ERF, SOFTPLUS, GELU, SILU]
LEAKY = [leaky_relu(slope) for slope in (0.1, 2.0, 1.0, -1.0, -3.0)]
SPLINES = [mollified_relu(order) for order in (1, 2, 3)]
ALL = [*SMOOTH, RELU, ELU, HARD_TANH, *LEAKY, *SPLINES]
EVERY = pytest.mark.parametrize("sigma", ALL, ids=lambda sigma: sigma.name)
# Spacing 1e-4: at a smooth maximum of curvature of order one a grid misses at most 1e-8.
GRID = np.arange(-400_000, 400_001) * 1e-4
EXACT = 1e-15  # a few roundings of numbers of order one


# Facts -------------------------------------------------------------------------------------


def measured_supremum(function):
    return np.abs(function(GRID)).max()


@EVERY
@pytest.mark.parametrize("fact", ["bound", "lipschitz", "derivative_lipschitz"])
def test_constants_are_attained_and_not_exceeded(sigma, fact):
    stated = getattr(sigma, fact)
    if fact == "bound":
        measured = measured_supremum(sigma)
    elif fact == "lipschitz":
        measured = measured_supremum(sigma.derivative)
    else:
        # Central differences with step 1e-4 err by h**2 / 6 times the third derivative of
        # sigma', which is below 10 for each of them: less than 2e-8.
        step = 1e-4
        measured = measured_supremum(
            lambda z: (sigma.derivative(z + step) - sigma.derivative(z - step)) / (2 * step)
        )
    if math.isinf(stated):
        # A function without bound reaches the end of the grid, a jump the end of the step.
        assert measured > 30
    else:
        # Beside a break the supremum is a limit, missed by the width of the difference.
        missed = 2e-4 if sigma.breaks and fact == "derivative_lipschitz" else 1e-6
        assert_allclose(measured, stated, rtol=0, atol=missed)
        assert measured <= stated * (1 + 1e-7) + 1e-11


@EVERY
def test_sign_is_as_stated(sigma):
    assert (sigma(GRID) >= 0).all() == sigma.nonnegative


@EVERY
def test_symmetries_are_as_stated(sigma):
    value, mirrored = sigma(GRID), sigma(-GRID)
    assert np.allclose(value, mirrored, rtol=0, atol=EXACT) == sigma.even
    middle = (value + mirrored) / 2
    has_centre = np.ptp(middle) < EXACT
    assert has_centre == (sigma.centre is not None)
    if has_centre:
        assert_allclose(middle, sigma.centre, rtol=0, atol=EXACT)


@EVERY
@pytest.mark.parametrize("factor", [1e-3, 0.5, 3.0])
def test_homogeneity_is_as_stated(sigma, factor):
    z = np.linspace(-5, 5, 101)
    assert np.allclose(sigma(factor * z), factor * sigma(z), rtol=1e-14) == sigma.homogeneous


@EVERY
def test_derivative_is_the_slope_of_the_value(sigma):
    # Step 1e-5: truncation h**2 / 6 times the third derivative, below 2e-11; rounding
    # eps |sigma| / h, below 3e-10 for |z| <= 8. A kink is stepped around.
    step = 1e-5
    z = np.linspace(-8, 8, 1000)
    assert np.abs(z).min() > step
    slope = (sigma(z + step) - sigma(z - step)) / (2 * step)
    assert_allclose(sigma.derivative(z), slope, rtol=0, atol=1e-9)


@EVERY
def test_analytic_activations_have_a_taylor_polynomial_at_zero(sigma):
    # The interpolant in 25 Chebyshev nodes of [-1/2, 1/2]: geometric convergence with the
    # rate of the nearest singularity, at distance pi/2 or more, gives better than 1e-13;
    # a kink gives 1e-2.
    interpolant = np.polynomial.Chebyshev.interpolate(sigma, 25, domain=[-0.5, 0.5])
    z = np.linspace(-0.5, 0.5, 201)
    near_zero = [cut for cut in sigma.breaks if abs(cut) < 0.5]
    assert (np.abs(interpolant(z) - sigma(z)).max() < 1e-13) == (not near_zero)


@EVERY
def test_breaks_are_where_the_activation_is_not_analytic(sigma):
    assert sigma.analytic == (not sigma.breaks)
    cuts = [-3.0, *sigma.breaks, 3.0]
    for left, right in pairwise(cuts):
        # Analytic up to the ends of each piece: 60 Chebyshev nodes give better than 1e-12 with a
        # singularity at distance pi/2 or more, here on pieces of length 6 at most.
        domain = [left + 1e-12, right - 1e-12]
        interpolant = np.polynomial.Chebyshev.interpolate(sigma, 60, domain=domain)
        z = np.linspace(*domain, 301)
        assert np.abs(interpolant(z) - sigma(z)).max() < 1e-12


@EVERY
def test_jumps_are_those_of_the_first_derivative_that_has_any(sigma):
    assert len(sigma.jumps) == len(sigma.breaks)
    assert (sigma.continuous_derivatives is None) == (not sigma.breaks)
    for cut, jump in zip(sigma.breaks, sigma.jumps, strict=True):
        # One-sided derivatives from interpolants of degree 8 on either side, of width 0.2. Of
        # sigma' of order three at the ends they carry (64 / 0.1)**3 roundings, below 1e-7.
        sides = [
            np.polynomial.Chebyshev.interpolate(sigma.derivative, 8, domain=np.sort(ends))
            for ends in ([cut - 0.2, cut - 1e-9], [cut + 1e-9, cut + 0.2])
        ]
        for order in range(sigma.continuous_derivatives + 1):
            left, right = (side.deriv(order)(cut) if order else side(cut) for side in sides)
            expected = jump if order == sigma.continuous_derivatives else 0.0
            assert_allclose(right - left, expected, rtol=0, atol=1e-6 * max(1, abs(jump)))


# Tensors -----------------------------------------------------------------------------------


@EVERY
def test_tensors_and_arrays_agree(sigma):
    z = np.linspace(-30, 30, 601)
    for function in (sigma, sigma.derivative):
        result = function(torch.from_numpy(z))
        assert result.dtype == torch.float64
        # Two libraries for the elementary functions: each within a few roundings, and the
        # exponent -450 of the bump magnifies the rounding of its argument 450 times.
        assert_allclose(result.numpy(), function(z), rtol=2e-13, atol=1e-300)


@EVERY
def test_derivative_is_what_autograd_finds(sigma):
    z = torch.linspace(-8, 8, 161, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(sigma(z).sum(), z)
    # Autograd writes s' = s (1 - s), which rounds at 1e-16 absolutely; SiLU has it times |z| <= 8.
    atol = 3e-16 * (8 if sigma is SILU else 1)
    assert_allclose(gradient.numpy(), sigma.derivative(z.detach()).numpy(), rtol=0, atol=atol)


@EVERY
def test_tensors_keep_their_kind(sigma):
    z = torch.nn.Parameter(torch.zeros(3, dtype=torch.float32))
    assert sigma(z).dtype == sigma.derivative(z).dtype == torch.float32
    assert sigma(z).requires_grad


@EVERY
def test_second_derivative_by_functional_autograd(sigma):
    z = torch.tensor(0.7, dtype=torch.float64)
    second = torch.func.grad(torch.func.grad(sigma))(z)
    step = 1e-5  # truncation and rounding below 1e-10, as above
    slope = (sigma.derivative(z + step) - sigma.derivative(z - step)) / (2 * step)
    assert_allclose(second, slope, rtol=0, atol=1e-9)


# Where naive formulas fail -----------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("kind", [np.array, lambda z: torch.tensor(z, dtype=torch.float64)])
def test_far_from_zero_nothing_overflows(sigma, kind):
    # Warnings are errors here, so an overflow in exp or cosh would fail the test.
    z = kind([-1e3, 1e3, -1e150, 1e150])
    assert np.isfinite(np.asarray(sigma(z))).all()
    assert np.isfinite(np.asarray(sigma.derivative(z))).all()


@pytest.mark.parametrize("z", [-40.0, -200.0])
def test_tails_keep_their_digits(z):
    # There sigmoid and its derivative equal exp(z) up to exp(2z), far below rounding.
    assert_allclose(SIGMOID(np.array([z])), np.exp(z), rtol=1e-14)
    for side in (z, -z):
        assert_allclose(SIGMOID.derivative(np.array([side])), np.exp(z), rtol=1e-14)
        assert_allclose(TANH.derivative(np.array([side])), 4 * np.exp(2 * z), rtol=1e-14)


def test_missing_values_stay_missing():
    for sigma in ALL:
        assert np.isnan(sigma(np.array([np.nan]))).all(), sigma.name


# Bad input ---------------------------------------------------------------------------------


def test_module_of_an_array():
    assert array_module(1.0) is array_module(np.ones(2)) is np
    assert array_module(torch.ones(2)) is torch
    assert special_functions(np.ones(2)).__name__ == "scipy.special"
    assert special_functions(torch.ones(2)) is torch.special


def test_other_arrays_are_refused():
    with pytest.raises(TypeError, match=r"`z` must be a number, a NumPy array or a torch tensor"):
        TANH(["1.0"])


def test_own_activation_is_one_record():
    cube = dataclasses.replace(
        TANH, name="cube", value=lambda z: z**3, derivative=lambda z: 3 * z**2
    )
    assert isinstance(cube, Activation)
    assert cube(np.array([2.0])) == 8.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        cube.name = "square"
