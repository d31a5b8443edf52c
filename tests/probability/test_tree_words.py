"""Words of small trees by exhaustion, and random words of true trees, in exact arithmetic."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from companion.probability.tree_process import AgreementTree, agreement_tree, lipschitz_constant
from companion.probability.tree_words import mean_square_increment, position


def all_words(tree):
    alphabets = [range(4**e) for e in tree.exponents]
    return [word for depth in range(len(alphabets) + 1) for word in product(*alphabets[:depth])]


def squared_distance(tree, x, y):
    pairs = zip(position(tree, x), position(tree, y), strict=True)
    return sum((a - b) ** 2 for a, b in pairs)


# Exact values ------------------------------------------------------------------------------


def test_one_letter_by_hand():
    tree = AgreementTree(3, (2,))  # sixteen letters in a cube of side 4, spacing 1/4
    assert position(tree, ()) == (0, 0, 0)
    assert position(tree, (0,)) == (Fraction(1, 4),) * 3
    assert position(tree, (1 + 4 * 3,)) == (Fraction(1, 2), Fraction(1), Fraction(1, 4))
    assert mean_square_increment(tree, (), (5,)) == Fraction(1, 16)
    assert mean_square_increment(tree, (4,), (5,)) == Fraction(2, 16)


# Identities --------------------------------------------------------------------------------


def test_second_moments_are_symmetric_and_vanish_on_the_diagonal():
    tree = AgreementTree(3, (1, 2))
    for x, y in combinations(all_words(tree)[::5], 2):
        forth = mean_square_increment(tree, x, y)
        assert forth == mean_square_increment(tree, y, x) > 0
        assert mean_square_increment(tree, x, x) == 0


# Independent computations ------------------------------------------------------------------


def test_second_moments_by_enumerating_every_sample():
    # All 4 * 16 words J, equally likely; the sign r drops out of the square.
    tree = AgreementTree(3, (1, 2))
    samples = list(product(range(4), range(16)))

    def agrees(word, sample):
        return any(a == b for a, b in zip(word, sample, strict=False))

    words = all_words(tree)
    table = np.array([[agrees(word, sample) for sample in samples] for word in words])
    for i, j in combinations(range(0, len(words), 3), 2):
        exact = Fraction(int((table[i] != table[j]).sum()), len(samples))
        assert mean_square_increment(tree, words[i], words[j]) == exact


def test_letters_of_a_level_are_apart():
    tree = AgreementTree(5, (1, 3))
    for x, y in combinations([(2, letter) for letter in range(64)], 2):
        assert squared_distance(tree, x, y) >= Fraction(1, 4**3)


@pytest.mark.parametrize("input_dim", [3, 4, 10, 100])
def test_random_words_obey_the_lipschitz_constant(input_dim, rng):
    # Pairs that part on each level, one longer than the other or not, near and far letters.
    tree = agreement_tree(input_dim, 4)
    constant = lipschitz_constant(tree)
    letters = [4**e for e in tree.exponents]

    def letter(level):
        return int.from_bytes(rng.bytes(2 * tree.exponents[level] // 8 + 9)) % letters[level]

    worst = Fraction(0)
    for parting, short, long, near in product(range(4), range(5), range(5), (False, True)):
        if max(short, long) <= parting or min(short, long) < parting:
            continue
        stem = tuple(letter(level) for level in range(parting))
        x = stem + tuple(letter(level) for level in range(parting, short))
        y = stem + tuple(letter(level) for level in range(parting, long))
        if near and len(x) > parting and len(y) > parting:
            following = (x[parting] ^ 1,)  # the neighbour along the first axis
            y = stem + following + y[parting + 1 :]
        if x == y or (len(x) > parting and len(y) > parting and x[parting] == y[parting]):
            continue
        ratio = mean_square_increment(tree, x, y) / squared_distance(tree, x, y)
        worst = max(worst, ratio)
    assert worst <= constant
    assert worst > Fraction(19, 10)  # neighbours: 2 * 4^-e at distance 2^-e or a little more


@pytest.mark.parametrize("input_dim", [3, 10])
def test_words_stay_near_the_origin(input_dim):
    tree = agreement_tree(input_dim, 4)
    last = tuple(4**e - 1 for e in tree.exponents)
    assert sum(c**2 for c in position(tree, last)) < Fraction(1, 49)


# Where naive formulas fail -----------------------------------------------------------------


def test_differences_far_below_the_rounding_of_floats():
    # On the third level of three dimensions neighbours are 2^-156 apart.
    tree = agreement_tree(3, 3)
    assert squared_distance(tree, (7, 9, 0), (7, 9, 1)) == Fraction(1, 4**156)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ((0, 0, 0), "`word` must have at most 2 letters; got 3"),
        ((0, 16), "got 16 on level 2 with e = 2"),
        ((-1,), "got -1 on level 1"),
    ],
)
def test_words_outside_the_tree_are_refused(word, message):
    tree = AgreementTree(3, (1, 2))
    for call in (lambda: position(tree, word), lambda: mean_square_increment(tree, (), word)):
        with pytest.raises(ValueError, match=message):
            call()
