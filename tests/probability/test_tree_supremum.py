"""The supremum of the agreement process against enumeration and against its ceiling."""

from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.probability.tree_process import AgreementTree, agreement_tree
from companion.probability.tree_supremum import climb, expected_supremum

# Exact values ------------------------------------------------------------------------------


def test_few_samples_by_hand():
    assert expected_supremum(1) == 1.0
    assert expected_supremum(2) == 0.75
    assert expected_supremum(3) == 0.75


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 5, 8, 31, 64])
def test_the_expectation_by_summing_the_binomial_law(n):
    exact = sum(Fraction(max(k, n - k) * comb(n, k), n * 2**n) for k in range(n + 1))
    assert expected_supremum(n) == float(exact)


def test_one_level_of_four_letters_by_enumerating_every_draw():
    # All 2^3 signs and 4^3 letters; the word has one letter or none, r is the frequent sign.
    n, total = 3, Fraction(0)
    for signs in product((1, -1), repeat=n):
        frequent = 1 if sum(signs) > 0 else -1
        for letters in product(range(4), repeat=n):
            gains = [
                sum(frequent * s for s, j in zip(signs, letters, strict=True) if j == letter)
                for letter in range(4)
            ]
            total += Fraction(max(0, *gains), n)
    exact = float(total / 8**n)
    rng = np.random.default_rng(7)
    tree = AgreementTree(3, (1,))
    values = np.array([climb(tree, n, rng).values[-1] for _ in range(5_000)])
    # Seeded; five standard errors fail with probability 6e-7.
    assert abs(values.mean() - exact) < 5 * values.std() / np.sqrt(values.size)


def test_letters_run_out_when_samples_cover_them():
    # Four letters, 400 samples: every letter is drawn, so the first letter may cost something,
    # and the best of four differences is what the first level gives.
    rng = np.random.default_rng(3)
    first = [climb(AgreementTree(3, (1,)), 400, rng).values[0] for _ in range(200)]
    assert max(first) < 0.25  # only a quarter of the samples share a letter
    assert min(first) > -0.05


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [3, 10, 100])
@pytest.mark.parametrize("n", [1, 2, 7, 60, 300])
def test_the_climb_meets_its_ceiling(input_dim, n, rng):
    tree = agreement_tree(input_dim, n)
    for _ in range(5):
        values, ceiling = climb(tree, n, rng)
        assert values[-1] == ceiling >= 0.5
        assert (np.diff(values) >= 0).all()
        assert values.size <= n


def test_each_letter_catches_about_one_sample(rng):
    # 4^12 letters: two of 200 samples share one on the first level with probability 1e-3.
    values, _ = climb(agreement_tree(3, 40), 200, rng)
    assert_allclose(values, np.arange(1, 41) / 200, rtol=1e-15)


def test_the_ceiling_has_the_law_of_the_closed_form():
    rng, n = np.random.default_rng(11), 50
    tree = agreement_tree(4, n)
    values = np.array([climb(tree, n, rng).values[-1] for _ in range(2000)])
    # Seeded; five standard errors fail with probability 6e-7.
    assert abs(values.mean() - expected_supremum(n)) < 5 * values.std() / np.sqrt(values.size)


# Where naive formulas fail -----------------------------------------------------------------


def test_letters_are_drawn_with_all_their_bits():
    # 2^3 samples among 4^1 letters collide often, among 4^40 practically never.
    rng = np.random.default_rng(5)
    few = [climb(AgreementTree(3, (1,)), 8, rng).values[0] for _ in range(300)]
    many = [climb(AgreementTree(3, (40,)), 8, rng).values[0] for _ in range(300)]
    assert set(many) == {1 / 8}
    assert max(few) > 1 / 8


@pytest.mark.parametrize("n", [0, -3])
def test_no_samples_are_refused(n, rng):
    for call in (lambda: expected_supremum(n), lambda: climb(agreement_tree(3, 1), n, rng)):
        with pytest.raises(ValueError, match="`num_samples` must be positive"):
            call()
