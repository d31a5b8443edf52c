"""The bound of the smallest eigenvalue and the rate, against numbers by hand and a Gram matrix."""

import numpy as np
import pytest

from companion.claims.sobolev_training import decay_rate, lambda_star_bound


def test_bound_by_hand():
    # (1 - 2 * 0.25) * 0.8 / (100 * 16)
    found = lambda_star_bound(0.8, tangency_defect=0.25, num_directions=2, num_samples=4)
    assert found == pytest.approx(2.5e-4, rel=1e-14)


@pytest.mark.parametrize("num_samples", [2, 5, 12])
def test_bound_lies_below_the_eigenvalue_of_values_alone(num_samples, rng):
    X = rng.standard_normal((num_samples, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    cosine = np.clip(X @ X.T, -1, 1)
    gram = (np.pi - np.arccos(cosine)) / (2 * np.pi) * cosine
    pairs = np.triu_indices(num_samples, 1)
    apart = np.linalg.norm(X[pairs[0]] - X[pairs[1]], axis=1)
    opposite = np.linalg.norm(X[pairs[0]] + X[pairs[1]], axis=1)
    separation = float(min(apart.min(), opposite.min()))
    bound = lambda_star_bound(
        separation, tangency_defect=0.0, num_directions=0, num_samples=num_samples
    )
    assert np.linalg.eigvalsh(gram)[0] >= bound


def test_rate_is_that_of_the_square():
    assert decay_rate(0.3) == 0.3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0, 0.0, 1, 2), "`separation` must be nonnegative"),
        ((1.0, 0.5, 2, 2), "`tangency_defect` must lie in"),
        ((1.0, 0.0, -1, 2), "`num_directions` must be nonnegative"),
        ((1.0, 0.0, 1, 0), "`num_samples` positive"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    separation, defect, directions, samples = arguments
    with pytest.raises(ValueError, match=message):
        lambda_star_bound(
            separation, tangency_defect=defect, num_directions=directions, num_samples=samples
        )
    with pytest.raises(ValueError, match="`lambda_star` must be positive"):
        decay_rate(0.0)
