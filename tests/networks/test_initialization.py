"""Laws of the weights against their moments, their symmetry and refused sizes."""

import numpy as np
import pytest

from companion.networks.initialization import antisymmetric, gaussian_rademacher


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
