"""The closed form against all orders of samples and kinks, each with the rank of its features."""

from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest

from companion.claims.general_architectures_line import singular_start_probability


def features(n, kinks, sides, outside, slope):
    """Integer features of one order: samples take the places that are no kinks."""
    places = np.arange(n + len(kinks))
    at = places**2 + 3 * places + 1  # no three are in arithmetic progression by accident
    x = np.delete(at, kinks)
    columns = [np.ones_like(x)]
    if outside:
        columns.append(x)
    for kink, side in zip(kinks, sides, strict=True):
        step = np.where((x > at[kink]) == side, slope, 1)
        columns += [step, step * x]
    return np.stack(columns, axis=1).astype(float)


def counted(h, n, slope):
    """Probability by enumeration; entries below 1000, so a rank is clear of rounding."""
    regular = Fraction(0)
    for k in range(h + 1):
        orders = list(product(combinations(range(n + k), k), product((True, False), repeat=k)))
        good = sum(
            np.linalg.matrix_rank(features(n, list(kinks), sides, h > k, slope)) == n
            for kinks, sides in orders
        )
        regular += Fraction(comb(h, k), 2**h) * Fraction(good, len(orders))
    return 1 - regular


@pytest.mark.parametrize(
    ("h", "n", "slope"),
    [(1, 1, 3), (1, 2, 3), (1, 3, 3), (1, 4, 3), (2, 3, 5), (2, 4, 3), (2, 5, 3), (3, 4, 3),
     (3, 5, 7), (3, 6, 3), (3, 7, 3)],
)  # fmt: skip
def test_all_orders(h, n, slope):
    expected = float(counted(h, n, slope))
    assert singular_start_probability(h, n) == pytest.approx(expected, abs=1e-15)


def test_by_hand():
    assert singular_start_probability(1, 3) == 0.75
    assert singular_start_probability(2, 3) == 23 / 40
    assert singular_start_probability(1, 2) == 0
    assert singular_start_probability(2, 6) == 1  # P - H = 5 < 6


def test_the_law_for_many_samples():
    n = 60
    for ratio in (1.0, 4.0):
        h = round((4 * n**3 / ratio) ** 0.5)
        triples = n * (n - 1) * (n - 2) / ((n + h / 2) * (n + h / 2 - 1))
        # Runs of four samples, which make two triples at once, are of order n^(-1/2).
        found = singular_start_probability(h, n)
        assert found == pytest.approx(1 - np.exp(-triples), abs=0.04)


def test_bad_input():
    with pytest.raises(ValueError, match="`num_neurons` must be positive; got 0"):
        singular_start_probability(0, 3)
