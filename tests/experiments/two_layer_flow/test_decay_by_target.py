"""Decay by target against a matrix exponential and another integrator."""

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from companion.experiments.two_layer_flow.decay_by_target import SCALES, TARGETS, run
from companion.networks.initialization import gaussian_rademacher
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere

CONFIG = SCALES["smoke"]


@pytest.fixture(scope="module")
def data():
    return run(CONFIG)


def cell(name, count, draw):
    return {
        "target": list(TARGETS).index(name),
        "num_samples": CONFIG.num_samples.index(count),
        "draw": draw,
    }


def sample(name, count, draw):
    X = uniform_on_sphere(count, CONFIG.input_dim, stream(CONFIG.seed, "points", count, draw))
    return X, TARGETS[name](X, stream(CONFIG.seed, "target", name, count, draw))


def limiting_kernels(X):
    """D and D' at every pair, by a tensor rule over two independent Gaussians."""
    nodes, weights = hermegauss(60)
    weights = weights / weights.sum()
    u, v = np.meshgrid(nodes, nodes, indexing="ij")
    mass = np.outer(weights, weights)
    cosine = np.clip(X @ X.T, -1, 1)
    D, D_inner = np.empty_like(cosine), np.empty_like(cosine)
    for index, c in np.ndenumerate(cosine):
        s, r = (1 / (1 + np.exp(-z)) for z in (u, c * u + np.sqrt(1 - c * c) * v))
        D[index] = (mass * s * r).sum()
        D_inner[index] = c * (mass * s * (1 - s) * r * (1 - r)).sum()
    return D, D_inner


# Exact values ------------------------------------------------------------------------------


def test_targets_are_what_their_names_say(rng):
    X = uniform_on_sphere(500, 3, rng)
    values = {name: target(X, rng) for name, target in TARGETS.items()}
    mirrored = {name: TARGETS[name](-X, rng) for name in ("constant", "linear", "quadratic")}
    assert_allclose(values["constant"], 1)
    assert_allclose(mirrored["linear"], -values["linear"])
    assert_allclose(mirrored["quadratic"], values["quadratic"])
    assert set(values["signs"]) == {-1.0, 1.0}
    assert 0.5 <= values["positive"].min() < 0.52 and 1.48 < values["positive"].max() <= 1.5


def test_kernel_flow_starts_from_the_zero_function(data):
    for name in TARGETS:
        _, y = sample(name, 8, 1)
        start = data["kernel_loss"].isel(**cell(name, 8, 1), t=0)
        assert_allclose(start, np.mean(y**2) / 2, rtol=1e-13)


# Identities --------------------------------------------------------------------------------


def test_losses_never_rise(data):
    for name in ("kernel_loss", "network_loss"):
        assert (np.diff(data[name], axis=-1) <= 0).all()


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("name", list(TARGETS))
def test_kernel_loss_agrees_with_a_matrix_exponential(data, name):
    X, y = sample(name, 8, 0)
    D, D_inner = limiting_kernels(X)
    loss = [0.5 * np.mean((expm(-(D + D_inner) / len(X) * t) @ y) ** 2) for t in data["t"].values]
    # Sixty nodes leave 1e-9 of the kernel near angle zero (the sigmoid has poles at i pi).
    assert_allclose(data["kernel_loss"].isel(cell(name, 8, 0)), loss, rtol=1e-7)


def test_claim_is_the_initial_loss_at_half_the_smallest_entry(data):
    X, _ = sample("signs", 8, 1)
    D, _ = limiting_kernels(X)
    here = data.isel(cell("signs", 8, 1))
    claimed = here["network_loss"].values[0] * np.exp(-D.min() / 2 * here["t"].values)
    assert_allclose(here["claimed_loss"], claimed, rtol=1e-8)  # quadrature, as above


@pytest.mark.parametrize("name", ["quadratic", "signs"])
def test_network_loss_agrees_with_an_implicit_integrator(data, name):
    X, y = sample(name, 4, 1)
    rng = stream(CONFIG.seed, "weights", name, 4, 1)
    W, a = gaussian_rademacher(CONFIG.width, CONFIG.input_dim, rng)

    def outputs(theta):
        V, b = theta[: W.size].reshape(W.shape), theta[W.size :]
        s = 1 / (1 + np.exp(-X @ V.T))
        return s, b, s @ b / np.sqrt(CONFIG.width)

    def field(_, theta):  # (2.3) and (2.4), written out
        s, b, f = outputs(theta)
        weighted = (f - y) / len(y) / np.sqrt(CONFIG.width)
        return -np.concatenate(
            [((weighted[:, None] * s * (1 - s) * b).T @ X).ravel(), weighted @ s]
        )

    solution = solve_ivp(
        field,
        (0, CONFIG.t_end),
        np.concatenate([W.ravel(), a]),
        method="Radau",
        t_eval=data["t"].values,
        rtol=1e-9,
        atol=1e-11,
    )
    loss = [0.5 * np.mean((outputs(theta)[2] - y) ** 2) for theta in solution.y.T]
    # 1e-6 per step of the flow and a handful of steps.
    assert_allclose(data["network_loss"].isel(cell(name, 4, 1)), loss, rtol=1e-5)


# Where naive formulas fail -----------------------------------------------------------------


def test_draws_differ_in_everything(data):
    # A stream used twice would give two equal draws.
    for name in ("kernel_loss", "network_loss"):
        for end in data[name].isel(t=-1).values:  # target by target: four signs may all be +1
            assert len(np.unique(end)) == end.size
