"""The exponents of the tree, its Lipschitz constant and its psi_1 norms, in exact arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion.probability.orlicz import psi_norm
from companion.probability.tree_process import (
    AgreementTree,
    agreement_tree,
    lipschitz_constant,
    log_psi_1_ratio,
    side_bits,
)

# Exact values ------------------------------------------------------------------------------


def test_three_dimensions_have_a_closed_form():
    tree = agreement_tree(3, 200)
    assert tree.exponents == tuple(6 * (3**k - 1) for k in range(1, 201))


def test_four_dimensions_by_hand():
    # e - ceil(e / 2) >= e_before + 4.
    assert agreement_tree(4, 4).exponents == (8, 24, 56, 120)


@pytest.mark.parametrize(("exponent", "input_dim", "bits"), [(12, 3, 8), (7, 10, 2), (1, 100, 1)])
def test_sides_by_hand(exponent, input_dim, bits):
    assert side_bits(exponent, input_dim) == bits


# Identities --------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [3, 4, 5, 10, 16, 17, 100, 1000])
def test_the_exponents_are_the_smallest_with_room(input_dim):
    def has_room(exponent, before):
        # 2^-e * side * sqrt(d) <= 2^-(before + 3), squared: all integers.
        side = 2 ** math.ceil(Fraction(2 * exponent, input_dim))
        return input_dim * side**2 * 4 ** (before + 3) <= 4**exponent

    before = 0
    for exponent in agreement_tree(input_dim, 6).exponents:
        assert has_room(exponent, before)
        assert not has_room(exponent - 1, before)
        assert 2 ** (side_bits(exponent, input_dim) * input_dim) >= 4**exponent
        before = exponent


def test_a_deeper_tree_continues_a_shallower_one():
    assert agreement_tree(7, 30).exponents[:10] == agreement_tree(7, 10).exponents


# Independent computations ------------------------------------------------------------------


def test_the_lipschitz_constant_of_two_levels():
    # g = 24 - 8 for d = 4: 2 / (1 - 4^-16) / (1 - 1 / (8 (1 - 2^-16)))^2.
    value = 2 / (1 - 4.0**-16) / (1 - 1 / (8 * (1 - 2.0**-16))) ** 2
    constant = lipschitz_constant(agreement_tree(4, 2))
    assert isinstance(constant, Fraction)
    assert_allclose(float(constant), value, rtol=1e-15)


@pytest.mark.parametrize("input_dim", [3, 4, 10, 100])
def test_the_lipschitz_constant_is_below_three(input_dim):
    assert 2 < lipschitz_constant(agreement_tree(input_dim, 1000)) < 3


@pytest.mark.parametrize("level", [1, 2])
def test_the_psi_1_ratio_from_the_law_of_the_increment(level):
    # Neighbours on a level of ten dimensions: |Y_x - Y_y| is an indicator.
    tree = agreement_tree(10, 2)
    chance = 2 / 4 ** tree.exponents[level - 1]
    if level == 2:
        chance *= 1 - 1 / 4 ** tree.exponents[0]
    norm = psi_norm(np.array([0.0, 1.0]), weights=np.array([1 - chance, chance]))
    expected = math.log(norm * 2 ** tree.exponents[level - 1])
    assert_allclose(log_psi_1_ratio(tree, level), expected, rtol=1e-9)  # 1 - chance is rounded


# Where naive formulas fail -----------------------------------------------------------------


def test_the_ratio_on_scales_that_no_float_can_hold():
    # 2^-e / psi_1 with log psi_1 = -log(2 e log 2) up to (log 2) / (2 e log 2).
    tree = agreement_tree(3, 400)
    exponent = float(tree.exponents[-1])
    expected = exponent * math.log(2) - math.log(2 * exponent * math.log(2))
    assert_allclose(log_psi_1_ratio(tree, 400), expected, rtol=1e-12)


@pytest.mark.parametrize("input_dim", [1, 2])
def test_a_plane_has_no_room(input_dim):
    with pytest.raises(ValueError, match="`input_dim` must be at least 3"):
        agreement_tree(input_dim, 1)


def test_letters_without_room_are_found():
    with pytest.raises(ValueError, match="level 2 with exponent 14 after 7"):
        lipschitz_constant(AgreementTree(10, (7, 14)))
    with pytest.raises(ValueError, match="level 1 with exponent 11"):
        lipschitz_constant(AgreementTree(3, (11,)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: agreement_tree(3, 0), "`num_levels` must be at least 1"),
        (lambda: AgreementTree(0, (1,)), "`input_dim` must be at least 1"),
        (lambda: AgreementTree(3, ()), "`exponents` must be increasing"),
        (lambda: AgreementTree(3, (0, 1)), "`exponents` must be increasing"),
        (lambda: AgreementTree(3, (4, 4)), "`exponents` must be increasing"),
        (lambda: log_psi_1_ratio(agreement_tree(3, 2), 3), "`level` must lie between 1 and 2"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
