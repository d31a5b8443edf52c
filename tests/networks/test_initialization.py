"""Laws of the weights against their moments, their symmetry and refused sizes."""

import numpy as np
import pytest

from companion.networks.initialization import (
    antisymmetric,
    gaussian_layers,
    gaussian_rademacher,
    symmetric_layers,
)


def test_weights_have_the_moments_of_the_law(rng):
    W, a = gaussian_rademacher(40_000, 3, rng)
    # Five standard errors: sqrt(1/m) for a mean of unit variance, sqrt(2/m) for a variance of a
    # Gaussian; over the 13 numbers checked a failure has probability below 1e-5.
    five = 5 / np.sqrt(40_000)
    covariance = W.T @ W / 40_000
    assert np.abs(W.mean(axis=0)).max() < five
    assert np.abs(covariance - np.eye(3)).max() < five * np.sqrt(2)
    assert abs(a.mean()) < five
    assert abs((a * W[:, 0]).mean()) < five  # signs do not know the inner weights
    assert set(a) == {-1.0, 1.0}


def test_fourth_moment_tells_a_gaussian_from_other_laws_of_unit_variance(rng):
    W, _ = gaussian_rademacher(40_000, 1, rng)
    # E z^4 = 3 with variance E z^8 - 9 = 96; five standard errors as above.
    assert abs((W**4).mean() - 3) < 5 * np.sqrt(96 / 40_000)


def test_antisymmetric_weights_come_in_opposite_pairs(rng):
    W, a = antisymmetric(10, 4, rng)
    np.testing.assert_array_equal(W[:5], W[5:])
    np.testing.assert_array_equal(a[:5], -a[5:])
    assert len(np.unique(W[:5])) == 20


def test_the_same_generator_gives_the_same_weights():
    first, second = (gaussian_rademacher(5, 2, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


@pytest.mark.parametrize("law", [gaussian_rademacher, antisymmetric])
@pytest.mark.parametrize(("width", "input_dim", "name"), [(0, 2, "width"), (4, -1, "input_dim")])
def test_sizes_must_be_positive(law, width, input_dim, name, rng):
    with pytest.raises(ValueError, match=rf"`{name}` must be at least 1; got"):
        law(width, input_dim, rng)


def test_antisymmetric_width_must_be_even(rng):
    with pytest.raises(ValueError, match=r"`width` must be even; got 5"):
        antisymmetric(5, 2, rng)


def test_layers_are_independent_gaussian_matrices_and_a_row_of_signs(rng):
    first, second, last = gaussian_layers((300, 200), 100, rng)
    assert (first.shape, second.shape, last.shape) == ((300, 100), (200, 300), (1, 200))
    # Five standard errors, as above, over 5 numbers.
    for W in (first, second):
        assert abs(W.mean()) < 5 / np.sqrt(W.size)
        assert abs((W**2).mean() - 1) < 5 * np.sqrt(2 / W.size)
    assert abs((first[:200, :100] * second[:, :100]).mean()) < 5 / np.sqrt(20_000)
    assert set(last.ravel()) == {-1.0, 1.0}


@pytest.mark.parametrize(
    ("widths", "input_dim", "message"),
    [
        ((), 2, r"`widths` must hold a width; got none"),
        ((3, 0), 2, r"`widths\[1\]` must be at least 1; got 0"),
        ((3,), 0, r"`input_dim` must be at least 1; got 0"),
    ],
)
def test_sizes_of_layers_must_be_positive(widths, input_dim, message, rng):
    with pytest.raises(ValueError, match=message):
        gaussian_layers(widths, input_dim, rng)


def test_symmetric_layers_pair_the_last_neurons_with_opposite_signs(rng):
    first, second, last = symmetric_layers((5, 8), 3, rng)
    assert (first.shape, second.shape, last.shape) == ((5, 3), (8, 5), (1, 8))
    assert (second[:4] == second[4:]).all()
    assert (last[:, :4] == -last[:, 4:]).all()
    assert len(np.unique(second)) == 20
    hidden = np.tanh(second @ np.tanh(first @ rng.standard_normal((3, 10))))
    assert (np.abs(last @ hidden) < 1e-14).all()  # eight roundings of numbers below one


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ((4, 3), r"`widths\[1\]` must be even; got 3"),
        ((), r"`widths` must hold a width"),
        ((4, 0), r"`widths\[1\]` must be at least 1; got 0"),
    ],
)
def test_symmetric_layers_need_an_even_last_width(widths, message, rng):
    with pytest.raises(ValueError, match=message):
        symmetric_layers(widths, 2, rng)
