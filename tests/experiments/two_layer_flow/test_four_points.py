"""The four points against their algebra, and the flow on them against another integrator."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp

from companion.experiments.two_layer_flow.four_points import (
    SCALES,
    Config,
    excess_loss,
    four_points,
    run,
)
from companion.networks.initialization import gaussian_rademacher
from companion.numerics.montecarlo import stream


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


# Exact values ------------------------------------------------------------------------------


def test_points_come_in_opposite_pairs(rng):
    X, y, nu = four_points(3, rng)
    assert_array_equal(X[0], -X[1])
    assert_array_equal(X[2], -X[3])
    assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-15)
    assert_array_equal(y, [1, 1, -1, -1])
    assert_array_equal(nu, [0.25] * 4)
    assert abs(X[0] @ X[2]) < 0.999  # two pairs, not one


def test_excess_by_hand():
    # f = (3, -1, 2, 0): both sums are 2, residual (2, -2, 3, 1), loss (4 + 4 + 9 + 1) / 8.
    assert excess_loss(np.array([[2.0, -2.0, 3.0, 1.0]])) == 18 / 8 - 1 / 2


def test_excess_of_the_best_function_is_zero():
    # f = 0 is the best function with equal sums: loss 1/2.
    assert excess_loss(np.array([[-1.0, -1.0, 1.0, 1.0]])) == 0


# Identities --------------------------------------------------------------------------------


def test_excess_is_the_loss_minus_one_half_in_rational_numbers(rng):
    for _ in range(20):
        f = [Fraction(int(p), int(q)) for p, q in rng.integers(1, 100, (3, 2))]
        outputs = [f[0], f[1], f[2], f[0] + f[1] - f[2]]
        r = [value - target for value, target in zip(outputs, (1, 1, -1, -1), strict=True)]
        exact = sum(one * one for one in r) / 8 - Fraction(1, 2)
        floats = np.array([float(one) for one in r])
        # Each square loses 1e-16 of itself.
        size = 1 + floats @ floats
        assert_allclose(excess_loss(floats[None]), float(exact), rtol=0, atol=1e-14 * size)


def test_excess_refuses_functions_without_the_symmetry():
    with pytest.raises(ValueError, match=r"f\(x\) \+ f\(-x\) = f\(y\) \+ f\(-y\)"):
        excess_loss(np.zeros((1, 4)))
    with pytest.raises(ValueError, match="`residual`"):
        excess_loss(np.array([[np.nan, 0.0, 0.0, 0.0]]))


def test_loss_never_falls_below_one_half_and_never_rises(data):
    loss = data["loss"].values
    assert (data["excess"].values > 0).all()
    # Loss and excess are computed by different sums of numbers of order one.
    assert_allclose(loss - 0.5, data["excess"].values, rtol=0, atol=1e-15 * 4)
    assert (np.diff(loss, axis=-1) < 0).all()


def test_claim_starts_at_the_largest_loss_and_falls_at_half_of_lambda(data):
    config, t = SCALES["smoke"], data["t"].values
    assert_allclose(t, np.linspace(0, 20, 6))
    assert config.t_end == 20
    # The smallest entry is E s(z) s(-z) = E s'(z) = 0.206621 for a standard normal z.
    claimed = data["loss"].values[..., 0].max() * np.exp(-0.2066210 / 2 * t)
    assert_allclose(data["claimed_loss"], claimed, rtol=1e-6)  # 1e-7 in lambda, times 10


def test_without_the_symmetry_the_loss_passes_below_the_floor(data):
    shifted = data["shifted_loss"].values
    assert (np.diff(shifted, axis=-1) < 0).all()
    longer = run(Config(widths=(50,), t_end=400.0, num_times=3, num_seeds=1))
    assert longer["shifted_loss"].values[0, -1] < 0.4
    assert longer["loss"].values[0, 0, -1] >= 0.5


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize(("width", "shift"), [(4, 0.0), (50, 0.0), (50, 1.0)])
def test_flow_agrees_with_an_implicit_integrator(data, width, shift):
    config = SCALES["smoke"]
    rng = stream(config.seed, "four points", width, 0)
    X, y, nu = four_points(config.input_dim, rng)
    W, a = gaussian_rademacher(width, config.input_dim, rng)

    def field(_, theta):  # (2.3) and (2.4), written out
        V, b = theta[: W.size].reshape(W.shape), theta[W.size :]
        s = 1 / (1 + np.exp(-X @ V.T - shift))
        weighted = nu * (s @ b / np.sqrt(width) - y)
        slope_W = ((weighted[:, None] * s * (1 - s)) * b).T @ X
        return -np.concatenate([slope_W.ravel(), weighted @ s]) / np.sqrt(width)

    solution = solve_ivp(
        field,
        (0, config.t_end),
        np.concatenate([W.ravel(), a]),
        method="Radau",
        t_eval=data["t"].values,
        rtol=1e-9,
        atol=1e-11,
    )
    V = solution.y[: W.size].T.reshape(-1, *W.shape)
    outputs = (1 / (1 + np.exp(-np.einsum("nd,tmd->tnm", X, V) - shift))) @ solution.y[W.size :].T[
        :, :, None
    ]
    loss = 0.5 * (outputs[..., 0] / np.sqrt(width) - y) ** 2 @ nu
    # The flow keeps the loss to a relative 1e-6 per step, Radau keeps 1e-9; the excess is of
    # order 1e-3 at the end, so 1e-5 of the loss would show an error of one per cent in it.
    run_here = data["shifted_loss"][0] if shift else data["loss"].sel(width=width)[0]
    assert_allclose(run_here, loss, rtol=1e-5)


# Where naive formulas fail -----------------------------------------------------------------


def test_excess_keeps_its_digits_where_the_loss_has_none():
    tiny = 1e-9  # the loss 0.5 + 5e-19 rounds to 0.5
    residual = np.array([[-1 + tiny, -1 - tiny, 1 + tiny, 1 - tiny]])
    assert 0.5 * np.mean(residual**2) == 0.5
    # The entries are rounded at 1e-16, which is 1e-7 of tiny.
    assert_allclose(excess_loss(residual), tiny**2 / 2, rtol=1e-6)


def test_one_dimension_has_no_second_pair(rng):
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        four_points(1, rng)
