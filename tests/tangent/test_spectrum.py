"""Ends of the spectrum of tangent kernels against kernels written out and decomposed."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.tangent.jacobian_operator import JacobianOperator
from companion.tangent.spectrum import lambda_max, lambda_min
from strangers import stranger


def kernel(module, X, call=None):
    """J J^T from one backward pass for every output."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    outputs = (call(module, X) if call else module(X)).reshape(-1)
    rows = [
        torch.autograd.grad(output, parameters, retain_graph=True, materialize_grads=True)
        for output in outputs
    ]
    J = torch.stack([torch.cat([part.reshape(-1) for part in row]) for row in rows])
    return (J @ J.T).numpy()


def network(width=40, num_samples=12, outputs=2):
    generator = torch.Generator().manual_seed(0)
    module = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, outputs)).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter, generator=generator)
    return module, torch.randn(num_samples, 4, generator=generator, dtype=torch.float64)


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["dense", "matrix-free"])
def test_values_by_hand(method):
    # f(x) = w x + b at x = 1, 2: J J^T = [[2, 3], [3, 5]], eigenvalues (7 -+ sqrt 45) / 2.
    module = nn.Linear(1, 1).double()
    X = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    for function, exact in (
        (lambda_min, (7 - np.sqrt(45)) / 2),
        (lambda_max, (7 + np.sqrt(45)) / 2),
    ):
        pair = function(module, X, method=method)
        assert_allclose(pair.value, exact, rtol=1e-14)
        assert pair.lower - 1e-15 <= exact <= pair.upper + 1e-14
        assert pair.bound < 1e-13


def test_too_few_parameters_give_exactly_zero():
    module, X = network(width=2, num_samples=30)
    pair = lambda_min(module, X)
    assert (pair.lower, pair.value, pair.upper, pair.vector) == (0.0, 0.0, 0.0, None)
    assert lambda_min(module, X, method="matrix-free").upper == 0.0
    assert lambda_max(module, X).lower > 0


# Independent computations ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["perceptron", "convolution", "coupled samples", "attention"])
def test_both_ends_of_unknown_modules(name):
    module, X = stranger(name, 6)
    values = np.linalg.eigvalsh(kernel(module, X))
    rounding = 1e-14 * values.sum()
    for method in ("dense", "matrix-free"):
        low, high = lambda_min(module, X, method=method), lambda_max(module, X, method=method)
        # With products to the size of the matrix the Lanczos space is the whole space.
        assert_allclose(low.value, max(values[0], 0), rtol=0, atol=1e2 * rounding)
        assert_allclose(high.value, values[-1], rtol=1e-12)
        assert low.lower <= max(values[0], 0) + rounding
        assert high.upper >= values[-1] - rounding


@pytest.mark.parametrize("method", ["dense", "matrix-free"])
def test_weights_enter_by_their_roots(method, rng):
    module, X = network()
    nu = rng.uniform(0.5, 2, len(X))
    weighted = kernel(module, X) @ np.diag(np.repeat(nu, 2))
    values = np.sort(np.linalg.eigvals(weighted).real)
    assert_allclose(lambda_min(module, X, nu=nu, method=method).value, values[0], rtol=1e-9)
    assert_allclose(lambda_max(module, X, nu=nu, method=method).value, values[-1], rtol=1e-9)


def test_inputs_of_any_structure(rng):
    module, X = network()
    parts = {"first": X[:5], "rest": X[5:]}

    def call(module, parts):
        return module(torch.cat([parts["first"], parts["rest"]]))

    values = np.linalg.eigvalsh(kernel(module, parts, call))
    assert_allclose(lambda_min(module, parts, call=call).value, values[0], rtol=1e-9)
    assert_allclose(
        lambda_max(module, parts, call=call, method="matrix-free").value, values[-1], rtol=1e-9
    )


def test_a_start_is_taken():
    module, X = network(width=300, num_samples=150)
    before = lambda_min(module, X)
    with torch.no_grad():
        module[0].weight.mul_(1.001)
    exact = np.linalg.eigvalsh(kernel(module, X))[0]
    assert_allclose(lambda_min(module, X, start=before).value, exact, rtol=1e-8)


# Intervals ---------------------------------------------------------------------------------


def test_few_products_give_a_wide_interval_that_holds():
    module, X = network(width=300, num_samples=100)
    values = np.linalg.eigvalsh(kernel(module, X))
    low = lambda_min(module, X, method="matrix-free", max_products=20)
    high = lambda_max(module, X, method="matrix-free", max_products=20)
    assert low.lower <= values[0] <= low.upper
    assert low.upper > 1.01 * values[0]  # not there yet, and does not say so
    assert high.lower - 1e-9 <= values[-1] <= high.upper
    assert high.bound < 0.05 * values[-1]


def test_the_number_of_products_is_bounded(monkeypatch):
    taken, original = [], JacobianOperator.gram
    monkeypatch.setattr(
        JacobianOperator, "gram", lambda self, u: (taken.append(1), original(self, u))[1]
    )
    module, X = network(width=300, num_samples=100)
    lambda_min(module, X, method="matrix-free", max_products=17)
    assert len(taken) == 17
    taken.clear()
    lambda_max(module, X, method="matrix-free", rtol=1e-2)
    assert len(taken) <= 40


def test_single_precision_widens_the_interval():
    module, X = network()
    exact = np.linalg.eigvalsh(kernel(module, X))[0]
    double, single = lambda_min(module, X), lambda_min(module.float(), X)
    assert double.bound < 1e-9 * exact
    assert single.lower <= exact <= single.upper
    assert 1e-7 < single.bound < 1e-2


# Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [lambda_min, lambda_max])
class TestBadInput:
    def test_method(self, function, unchecked):
        module, X = network()
        with pytest.raises(ValueError, match=r"`method` must be 'auto', 'dense' or 'matrix-fr"):
            function(module, X, method="sparse")

    def test_memory(self, function):
        module, X = network()
        with pytest.raises(ValueError, match=r"3 matrices of 24 rows, 13824 bytes; got 10000\."):
            function(module, X, method="dense", memory=10_000)
        with pytest.raises(ValueError, match=r"passes over one sample, \d+ bytes; got 100\."):
            function(module, X, memory=100)

    def test_weights(self, function):
        module, X = network()
        with pytest.raises(ValueError, match=r"`nu` must have one weight for each of the 12 sam"):
            function(module, X, nu=np.ones(11))
        with pytest.raises(ValueError, match=r"`nu` must be positive; got nu\[1\] = 0\.0"):
            function(module, X, nu=np.r_[1.0, 0.0, np.ones(10)])
        with pytest.raises(ValueError, match=r"`nu` must be finite; got nu\[0\] = nan"):
            function(module, X, nu=np.r_[np.nan, np.ones(11)])

    def test_options(self, function):
        module, X = network()
        with pytest.raises(ValueError, match="`rtol` must be positive; got -1"):
            function(module, X, rtol=-1.0)
        with pytest.raises(ValueError, match="`max_products` must be positive; got 0"):
            function(module, X, method="matrix-free", max_products=0)
