"""Finite networks against the kernel of infinite width, in standard errors over draws."""

import numpy as np
import pytest
import torch

from companion.activations import NORMAL_CDF, SIGMOID, TANH
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.initialization import antisymmetric, gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.tangent.gram import gram_by_parameter, ntk

WIDTH, DRAWS = 40_000, 60
# 15 + 15 distinct entries for each of four cases: at five standard errors of a t law with 59
# degrees of freedom (6e-6 on both sides) a false alarm has probability below 1e-3, and
# only once: the seed fixes the draws.
STANDARD_ERRORS = 5


@pytest.fixture
def points(rng):
    """Points of several norms, two of them opposite."""
    X = rng.standard_normal((4, 3)) / 2
    return np.vstack([X, -X[:1]])


@pytest.mark.claim("LL-3-limit")
@pytest.mark.parametrize(
    ("law", "activation"),
    [
        (gaussian_rademacher, SIGMOID),
        (gaussian_rademacher, TANH),
        (gaussian_rademacher, NORMAL_CDF),
        (antisymmetric, SIGMOID),
    ],
    ids=["sigmoid", "tanh", "normal_cdf", "sigmoid, antisymmetric"],
)
def test_parts_of_the_gram_matrix_average_to_the_limit(points, rng, law, activation):
    draws = {"a": [], "W": []}
    for _ in range(DRAWS):
        W, a = law(WIDTH, 3, rng)
        network = TwoLayerNetwork(W, a, activation=activation)
        for name, share in gram_by_parameter(network, torch.tensor(points)).items():
            draws[name].append(share.numpy())
    # Layer 1 is the output weights, layer 0 those next to the input.
    for name, layer in (("a", 1), ("W", 0)):
        limit = tangent_kernel(points, points, depth=1, activation=activation, trained=(layer,))
        samples = np.array(draws[name])
        standard_error = samples.std(axis=0, ddof=1) / np.sqrt(DRAWS)
        assert (np.abs(samples.mean(axis=0) - limit) < STANDARD_ERRORS * standard_error).all()
        # A limit that is wrong by one per cent would stand out.
        assert (0.01 * np.abs(limit) / standard_error).max() > 2 * STANDARD_ERRORS


def test_spread_falls_as_one_over_the_width(points, rng):
    def variance(width):
        samples = [
            ntk(
                TwoLayerNetwork(*gaussian_rademacher(width, 3, rng), activation=SIGMOID),
                torch.tensor(points),
            ).numpy()
            for _ in range(200)
        ]
        return np.var(samples, axis=0).mean()

    # Entries are means of independent neurons, so variances are in the ratio of the widths; the
    # relative error of a variance of 200 draws is about sqrt(2/200) = 0.1, two make 0.14, and
    # entries are correlated: five of these are 0.7.
    ratio = variance(20) / variance(320)
    assert 16 / np.exp(0.7) < ratio < 16 * np.exp(0.7)
