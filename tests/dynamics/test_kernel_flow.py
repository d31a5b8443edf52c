"""The exact linear flow against matrix exponentials, and where naive formulas fail."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from companion.dynamics.kernel_flow import kernel_flow

TIMES = np.array([0.0, 0.3, 2.0, 50.0])


def random_kernel(rng, n, rank):
    root = rng.standard_normal((n, rank))
    return root @ root.T


def test_one_point_decays_at_the_rate_of_its_kernel():
    flow = kernel_flow(np.array([[2.0]]), np.array([3.0]), TIMES, nu=np.array([0.25]))
    assert_allclose(flow[:, 0], 3 * np.exp(-0.5 * TIMES), rtol=1e-14)


@pytest.mark.parametrize("rank", [2, 6, 9])
@pytest.mark.parametrize("weights", ["ones", "random", "with zeros"])
def test_agrees_with_the_matrix_exponential(rng, rank, weights):
    K, residual = random_kernel(rng, 6, rank), rng.standard_normal(6)
    nu = {"ones": np.ones(6), "random": rng.random(6), "with zeros": rng.random(6)}[weights]
    if weights == "with zeros":
        nu[[1, 4]] = 0
    expected = [expm(-t * K * nu) @ residual for t in TIMES]
    # expm loses a few digits on the non-symmetric matrix; both are exact but for rounding.
    assert_allclose(kernel_flow(K, residual, TIMES, nu=nu), expected, rtol=0, atol=1e-11)


def test_default_weights_are_ones(rng):
    K, residual = random_kernel(rng, 5, 5), rng.standard_normal(5)
    assert_allclose(
        kernel_flow(K, residual, TIMES),
        kernel_flow(K, residual, TIMES, nu=np.ones(5)),
        rtol=0,
        atol=0,
    )


def test_points_of_weight_zero_move_and_do_not_push(rng):
    K, residual, nu = random_kernel(rng, 4, 4), rng.standard_normal(4), np.array([1.0, 1, 1, 0])
    flow = kernel_flow(K, residual, TIMES, nu=nu)
    alone = kernel_flow(K[:3, :3], residual[:3], TIMES)
    assert_allclose(flow[:, :3], alone, rtol=1e-13, atol=1e-14)
    # At the end the trained residuals vanish, and the last one is that of the interpolant.
    end = kernel_flow(K, residual, np.array([1e6]), nu=nu)[0]
    expected = residual[3] - K[3, :3] @ np.linalg.solve(K[:3, :3], residual[:3])
    assert_allclose(end, [0, 0, 0, expected], rtol=0, atol=1e-10)


def test_two_steps_are_one_step_of_the_sum(rng):
    K, residual, nu = random_kernel(rng, 5, 5), rng.standard_normal(5), rng.random(5)
    half = kernel_flow(K, residual, np.array([0.7]), nu=nu)[0]
    whole = kernel_flow(K, residual, np.array([1.4]), nu=nu)[0]
    assert_allclose(kernel_flow(K, half, np.array([0.7]), nu=nu)[0], whole, rtol=1e-12, atol=1e-14)


def test_an_eigenvalue_negative_by_rounding_does_not_blow_up():
    # Rank one, shifted down by a rounding: exp(1e-13 * 1e16) would be infinite.
    K = np.ones((3, 3)) - 1e-13 * np.eye(3)
    residual = np.array([1.0, 0.0, 0.0])
    flow = kernel_flow(K, residual, np.array([1e16]))
    assert_allclose(flow[0], [2 / 3, -1 / 3, -1 / 3], rtol=0, atol=1e-12)


def test_small_modes_keep_their_relative_accuracy():
    # A difference of two large numbers would leave nothing of a residual of 1e-30.
    flow = kernel_flow(np.diag([1.0, 3.0]), np.array([1.0, 1.0]), np.array([69.0]))
    assert_allclose(flow[0], np.exp([-69.0, -207.0]), rtol=1e-13)


def test_no_weight_at_all_stands_still(rng):
    K, residual = random_kernel(rng, 3, 3), rng.standard_normal(3)
    flow = kernel_flow(K, residual, TIMES, nu=np.zeros(3))
    assert_allclose(flow, np.tile(residual, (4, 1)), rtol=0, atol=0)


def test_several_outputs_are_one_long_residual(rng):
    K, residual, nu = random_kernel(rng, 6, 4), rng.standard_normal((3, 2)), rng.random(3)
    nu[1] = 0
    flow = kernel_flow(K, residual, TIMES, nu=nu)
    flat = kernel_flow(K, residual.ravel(), TIMES, nu=np.repeat(nu, 2))
    assert flow.shape == (4, 3, 2)
    assert_allclose(flow.reshape(4, 6), flat, rtol=0, atol=0)
    one = kernel_flow(K[:3, :3], residual[:, :1], TIMES)
    assert_allclose(one[:, :, 0], kernel_flow(K[:3, :3], residual[:, 0], TIMES), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"K": np.ones((2, 3))}, r"`K` must have shape \(2, 2\).*shape \(2,\); got \(2, 3\)"),
        ({"K": np.eye(4)}, r"`K` must have shape \(2, 2\), one row per entry of `residual`"),
        ({"nu": np.ones(3)}, r"`nu` must have shape \(2,\), one weight per sample; got \(3,\)"),
        ({"residual": np.ones((2, 2))}, r"`K` must have shape \(4, 4\).*\(2, 2\); got \(2, 2\)"),
        ({"residual": np.ones(0)}, r"`residual` must have a row per sample; got shape \(0,\)"),
        ({"residual": np.array(1.0)}, r"must have a row per sample; got shape \(\)"),
        ({"t": np.ones((1, 2))}, r"`t` must be a sequence of times; got shape \(1, 2\)"),
        ({"t": np.array(1.0)}, r"`t` must be a sequence of times; got shape \(\)"),
        ({"K": np.array([[1.0, 0.0], [0.5, 1.0]])}, "`K` must be symmetric.*up to 0.5"),
        ({"K": -np.eye(2)}, "`K` must be positive semidefinite.*smallest eigenvalue is -1"),
        ({"K": np.array([[1.0, np.nan], [np.nan, 1.0]])}, r"`K` must be finite; got K\[0, 1\]"),
        ({"residual": np.array([np.inf, 0.0])}, r"`residual` must be finite"),
        ({"t": np.array([0.0, -1.0])}, "`t` must be nonnegative; entry 1 is -1.0"),
        ({"nu": np.array([-1.0, 1.0])}, "`nu` must be nonnegative; entry 0 is -1.0"),
    ],
)
def test_wrong_input_is_refused(changes, message):
    arguments = {"K": np.eye(2), "residual": np.ones(2), "t": np.ones(2), "nu": np.ones(2)}
    arguments |= changes
    K, residual, t, nu = (arguments[name] for name in ("K", "residual", "t", "nu"))
    with pytest.raises(ValueError, match=message):
        kernel_flow(K, residual, t, nu=nu)
