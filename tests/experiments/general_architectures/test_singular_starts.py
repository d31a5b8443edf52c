"""Fractions of singular starts against a simulation written out, and windows around R."""

import numpy as np
import pytest

from companion.activations import TANH, leaky_relu
from companion.experiments.general_architectures import bottleneck, line_starts, window
from companion.experiments.general_architectures.polynomial_activations import (
    SCALES as POLYNOMIAL_SCALES,
)
from companion.experiments.general_architectures.polynomial_activations import (
    run as run_polynomials,
)
from companion.experiments.general_architectures.polynomial_activations import square
from companion.experiments.general_architectures.singular_starts import SCALES, run, start_counts


def test_one_neuron_is_singular_in_three_of_four(rng):
    data = run(SCALES["smoke"]).sel(case="1-1-1:3")
    # By signs alone: regular exactly if the three preactivations differ in sign.
    w, b = rng.uniform(-1, 1, (2, 100_000, 1))
    signs = np.sign(w * rng.uniform(-1, 1, (100_000, 3)) + b)
    same = np.mean(np.abs(signs.sum(axis=1)) == 3)
    assert same == pytest.approx(0.75, abs=0.006)  # four standard errors
    assert data.low < same < data.high
    assert data.closed_form == 0.75


def test_a_narrow_last_layer_is_singular_at_every_start():
    data = run(SCALES["smoke"]).sel(case="4-6-5-6:9")
    assert (data.num_params, data.num_rows, data.bound) == (101, 54, 51)
    assert data.singular == 1
    assert data.high == 1


def test_counts_of_two_neurons():
    # Against numpy with the same law: 23/40, four standard errors of 300 draws.
    singular, undecided = start_counts((1, 2, 1), 3, leaky_relu(0.01), 300, 3)
    assert undecided == 0
    assert abs(singular / 300 - 23 / 40) < 4 * (0.575 * 0.425 / 300) ** 0.5
    assert start_counts((1, 2, 1), 3, TANH, 20, 0) == (0, 0)
    assert start_counts((1, 1, 1), 5, TANH, 7, 0) == (7, 0)  # more rows than parameters


def test_the_window_of_leaky_relu_and_none_for_tanh():
    data = window.run(window.SCALES["smoke"])
    leaky, tanh = data.singular.sel(activation="leaky ReLU"), data.singular.sel(activation="tanh")
    assert (leaky.sel(num_samples=[27, 31, 32]) == 1).all()
    assert leaky.sel(num_samples=16) < 1
    assert (tanh.sel(num_samples=[16, 26, 27, 31]) == 0).all()
    assert tanh.sel(num_samples=32) == 1
    assert data.num_params == 31


def test_no_flow_passes_its_floor():
    data = bottleneck.run(bottleneck.SCALES["smoke"])
    assert (data.loss >= data.floor - 1e-9).all()
    reached = data.loss.isel(t=-1) / data.floor
    assert 1 <= reached.sel(narrow=2) < 1.02
    assert data.floor.sel(narrow=4) == 0
    assert data.bound.sel(narrow=2) == 22 < data.num_rows


def test_the_line_in_its_dataset():
    data = line_starts.run(line_starts.SCALES["smoke"])
    # 1 - (6/16)(1/28) - (4/16)(10/84) - (1/16)(45/210) + (1/16)(18/3360)
    by_hand = 1 - 6 / 16 / 28 - 4 / 16 * 10 / 84 - 45 / 210 / 16 + 18 / 3360 / 16
    assert float(data.probability.sel(width=4, num_samples=6)) == pytest.approx(by_hand, abs=1e-14)
    for n in (3, 6):
        width = int(data.needed_width.sel(num_samples=n))
        config = line_starts.Config(widths=(width - 1, width), num_samples=(n,))
        before, at = line_starts.run(config).probability.values[:, 0]
        assert before > 0.5 >= at
    assert (data.needed_params == 3 * data.needed_width + 1).all()


def test_polynomial_activations_fill_their_spaces_and_no_more():
    data = run_polynomials(POLYNOMIAL_SCALES["smoke"])
    assert data.dimension.values[:3].tolist() == [3, 6, 15]
    widest = data["rank"].isel(width=-1).values
    assert widest[:3].tolist() == [3, 6, 15]
    assert widest[3] > 15
    assert data.num_params.sel(network="square, two layers", width=12) == 205


def test_the_square_is_a_square(rng):
    z = rng.standard_normal(5)
    sigma = square()
    np.testing.assert_allclose(sigma(z), z**2, rtol=1e-15)
    step = 1e-6
    slope = (sigma(z + step) - sigma(z - step)) / (2 * step)
    np.testing.assert_allclose(sigma.derivative(z), slope, rtol=0, atol=1e-8)
