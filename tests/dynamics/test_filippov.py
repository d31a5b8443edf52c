"""Sides of convex kinks against hand calculation, optimality and projected gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from companion.dynamics.filippov import least_slope_sides


def sides(normals, slope, low, high):
    return least_slope_sides(
        *(np.array(one, float) for one in (normals, slope, low, high))
    ).tolist()


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slope", "side"), [(-2.0, 1), (0.5, 0), (-0.5, 0), (2.0, -1)], ids=["up", "a", "b", "down"]
)
def test_one_kink(slope, side):
    # Slopes from g - 1 to g + 1: downhill is up for g < -1, down for g > 1, and nowhere between.
    assert sides([[1.0]], [slope], [-1.0], [1.0]) == [side]


def test_orthogonal_kinks_do_not_see_each_other():
    found = sides(np.eye(3), [-2.0, 0.3, 4.0], [-1, -1, -1], [1, 1, 1])
    assert found == [1, 0, -1]


def test_one_kink_frees_another():
    # At 120 degrees. Alone the first would hold (1 <= 1.2), and the second as well; together each
    # would need 2 > 1.2, as the flow along one presses on the other.
    normals = [[1.0, 0.0], [-0.5, 0.75**0.5]]
    slope = np.array([1.0, 3**0.5])
    assert sides([normals[0]], slope, [-1.2], [1.2]) == [0]
    assert sides([normals[1]], slope, [-1.2], [1.2]) == [0]
    assert sides(normals, slope, [-1.2, -1.2], [1.2, 1.2]) == [-1, -1]


# Identities --------------------------------------------------------------------------------


@given(seed=st.integers(0, 200), count=st.integers(1, 6), dim=st.integers(1, 6))
def test_velocities_agree_with_sides(seed, count, dim):
    # The conditions of optimality, with dependent kinks where there are more of them than dim.
    rng = np.random.default_rng(seed)
    normals, slope = rng.standard_normal((count, dim)), 2 * rng.standard_normal(dim)
    low = -rng.random(count)
    high = low + rng.random(count) + 0.1
    side = least_slope_sides(normals, slope, low, high)
    fixed = np.where(side > 0, high, low) * (side != 0)
    rest = slope + fixed @ normals
    held = normals[side == 0]
    assert np.linalg.matrix_rank(held) == len(held)
    weight = -np.linalg.lstsq(held.T, rest, rcond=None)[0] if len(held) else np.zeros(0)
    velocity = -(rest + weight @ held)
    small = 1e-9  # the active set is exact; this is far above rounding and far below the slopes
    assert (weight > low[side == 0] - small).all()
    assert (weight < high[side == 0] + small).all()
    assert (side * (normals @ velocity) > -small).all()


@given(seed=st.integers(0, 50))
def test_scales_of_slope_and_normals_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    normals, slope = rng.standard_normal((3, 4)), rng.standard_normal(4)
    low, high = -rng.random(3), rng.random(3)
    expected = least_slope_sides(normals, slope, low, high)
    c = 10.0 ** rng.uniform(-8, 8, 3)
    scaled = 1e-20 * slope, 1e-20 * low / c, 1e-20 * high / c
    found = least_slope_sides(normals * c[:, None], *scaled)
    assert_allclose(found, expected)


# Independent computation -------------------------------------------------------------------


def test_agrees_with_projected_gradients(rng):
    for _ in range(6):
        normals, slope = rng.standard_normal((3, 4)), rng.standard_normal(4)
        low, high = -rng.random(3), rng.random(3)
        length, weight = 1 / (normals**2).sum(), np.zeros(3)
        for _ in range(5_000):  # linear convergence, at worst by the condition of the normals
            weight = np.clip(weight - length * normals @ (slope + weight @ normals), low, high)
        expected = (weight == high).astype(int) - (weight == low).astype(int)
        assert_allclose(least_slope_sides(normals, slope, low, high), expected)


# Where naive formulas fail -----------------------------------------------------------------


def test_more_kinks_than_dimensions_keep_independent_ones():
    # Three kinks of a plane, all of which could hold: the solution of least norm is inside for
    # each of them and would make a singular system.
    angles = np.array([0.0, 2.0, 4.0])
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    side = least_slope_sides(normals, np.array([0.1, 0.2]), -np.ones(3), np.ones(3))
    assert (side == 0).sum() == 2


def test_copies_of_a_kink_share_what_one_would_carry():
    side = least_slope_sides(np.ones((2, 1)), np.array([1.5]), -np.ones(2), np.ones(2))
    assert sorted(np.abs(side)) == [0, 1]  # one at its bound 1, the other slides with 1/2
