"""Intervals that hold the eigenvalues, dense and from products, against spectra known exactly."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.certificates.spectrum import bounded_spectrum, dense_spectrum
from companion.certificates.weighted_jacobian import WeightedJacobian

EPS = float(np.finfo(float).eps)


def with_spectrum(values, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((len(values), len(values))))
    K = Q * np.asarray(values) @ Q.T
    return (K + K.T) / 2


class Linear(nn.Module):
    """Outputs A theta, one per row of the inputs."""

    def __init__(self, A):
        super().__init__()
        self.register_buffer("A", torch.tensor(A))
        self.theta = nn.Parameter(torch.zeros(A.shape[1]).double())

    def forward(self, X):
        return self.A @ self.theta + 0 * X[:, 0]


def operator(A, root=None):
    root = torch.ones(len(A)).double() if root is None else root
    X = torch.zeros(len(A), 1).double()
    return WeightedJacobian(Linear(A), X, root, call=lambda m, X: m(X), memory=2**24)


@pytest.mark.parametrize("smallest", [1.0, 1e-3, 1e-8])
def test_dense_intervals_hold_the_eigenvalues(smallest, rng):
    found = dense_spectrum(
        with_spectrum([smallest, 0.5 + smallest, 3.0, 10.0], rng), precision=EPS
    )
    low, high = found.lambda_min
    assert low <= smallest <= high
    assert high - low < 1e-12  # sixteen roundings of the trace are 1e-13
    assert found.lambda_max[0] <= 10 <= found.lambda_max[1]
    assert found.numerical_rank == 4 and found.gap > 1e4


def test_a_singular_matrix_has_zero_in_its_interval_and_a_gap(rng):
    A = rng.standard_normal((6, 3))
    found = dense_spectrum(A @ A.T, precision=EPS)
    assert found.lambda_min[0] == 0 < found.lambda_min[1] < 1e-12
    assert found.numerical_rank == 3 and found.gap > 1e10


def test_single_precision_widens_the_interval(rng):
    K = with_spectrum([1e-5, 1.0], rng)
    found = dense_spectrum(K, precision=float(np.finfo(np.float32).eps))
    assert found.lambda_min[0] > 0
    K = with_spectrum([1e-6, 1.0], rng)
    found = dense_spectrum(K, precision=float(np.finfo(np.float32).eps))
    assert found.lambda_min[0] == 0 < 1e-6 < found.lambda_min[1]


def test_a_vanishing_kernel_has_no_rank():
    found = dense_spectrum(np.zeros((2, 2)), precision=EPS)
    assert found.lambda_min[1] < 1e-300 and found.numerical_rank == 0 and found.gap is None


def test_products_bound_from_both_sides(rng):
    A = rng.standard_normal((60, 80))
    values = np.linalg.eigvalsh(A @ A.T)
    found = bounded_spectrum(operator(A), rank_bound=60, precision=EPS)
    assert found.method == "bounds" and found.numerical_rank is None
    # Outer ends fail with probability 1e-9; inner ones are Rayleigh quotients of 30 dimensions.
    assert 0 <= found.lambda_min[0] <= values[0] <= found.lambda_min[1] < values[20]
    assert values[40] < found.lambda_max[0] <= values[-1] <= found.lambda_max[1]


def test_a_well_conditioned_kernel_is_bounded_away_from_zero(rng):
    A = np.eye(50) + 0.01 * rng.standard_normal((50, 50))
    found = bounded_spectrum(operator(A), rank_bound=50, precision=EPS)
    low, high = found.lambda_min
    assert 0.5 < low <= np.linalg.eigvalsh(A @ A.T)[0] <= high


def test_fewer_parameters_than_rows_decide_the_smallest(rng):
    found = bounded_spectrum(operator(rng.standard_normal((30, 7))), rank_bound=7, precision=EPS)
    assert found.lambda_min == (0.0, 0.0)


def test_rows_without_weight_do_not_count(rng):
    A = rng.standard_normal((10, 12))
    root = torch.ones(10).double()
    root[3:] = 0
    found = bounded_spectrum(operator(A, root), rank_bound=12, precision=EPS)
    # Three rows: the products see all of the space, and the Ritz values are the eigenvalues.
    values = np.linalg.eigvalsh(A[:3] @ A[:3].T)
    assert found.num_rows == 3
    assert found.lambda_min == pytest.approx((values[0], values[0]), rel=1e-9)
    assert found.lambda_max == pytest.approx((values[-1], values[-1]), rel=1e-9)
