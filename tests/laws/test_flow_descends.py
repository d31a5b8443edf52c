"""What every gradient flow of a square loss must do, whatever the module."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.integrate import cumulative_simpson

from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.kernel_flow import kernel_flow
from companion.tangent.gram import ntk
from strangers import NAMES, stranger

pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop")  # in attention


@pytest.fixture(scope="module", params=NAMES)
def flow(request):
    module, X = stranger(request.param)
    outputs = module(X).detach()
    y = outputs + torch.linspace(-1, 1, outputs.numel(), dtype=torch.float64).view(outputs.shape)
    nu = np.array([0.1, 0.3, 0.2, 0.3, 0.1])
    t = np.linspace(0, 2, 41)
    trajectory = gradient_flow(
        module, X, y, nu=nu, t_end=2.0, t_eval=t, rtol=1e-8, record=("lambda_min",)
    )
    return module, X, nu, trajectory


def test_loss_never_rises(flow):
    loss = flow[-1].loss
    # Where the loss has reached its floor it may move by what a step is allowed to err.
    assert (np.diff(loss) <= 1e-7 * loss[:-1]).all()
    assert loss[-1] < 0.99 * loss[0]


def test_loss_falls_by_the_dissipation(flow):
    # l' = -2 rho l, integrated by Simpson's rule with step 1/20: fourth order, and rates up to
    # about 10 leave (10/20)^4 / 180 < 1e-3 of the largest term.
    trajectory = flow[-1]
    fallen = cumulative_simpson(
        2 * trajectory.dissipation_rate * trajectory.loss, x=trajectory.t, initial=0
    )
    assert_allclose(trajectory.loss, trajectory.loss[0] - fallen, atol=1e-3 * trajectory.loss[0])


def test_length_of_the_path_obeys_cauchy_and_schwarz(flow):
    # |theta(t) - theta(0)|^2 <= t * integral of |theta'|^2 = t (l(0) - l(t)).
    trajectory = flow[-1]
    allowed = np.sqrt(trajectory.t * (trajectory.loss[0] - trajectory.loss))
    assert (trajectory.distance <= allowed * (1 + 1e-7) + 1e-12).all()


def test_dissipation_is_at_least_the_smallest_eigenvalue(flow):
    trajectory = flow[-1]
    # Eigenvalues are good to a rounding of the largest, which is below 1e4 here.
    assert (trajectory.lambda_min <= trajectory.dissipation_rate + 1e-11).all()


def test_the_first_moments_are_those_of_the_linearised_flow(flow):
    # For a short time the kernel stands still: r(t) = exp(-t G diag(nu)) r(0) + O(t^2).
    module, X, nu, trajectory = flow
    start = trajectory.residual[0]
    K = ntk(module, X).numpy()
    weights = np.repeat(nu, K.shape[0] // len(nu))
    t = np.array([1e-4])
    linear = kernel_flow(K, start.ravel(), t, nu=weights)[0]
    moved = gradient_flow(
        module, X, _targets(module, X, start), nu=nu, t_end=1e-4, t_eval=t, rtol=1e-10
    ).residual[0]
    size = np.abs(linear - start.ravel()).max()
    assert size > 1e-6
    # The remainder is t^2 times second derivatives: a hundredth of the motion is generous.
    assert_allclose(moved.ravel(), linear, rtol=0, atol=0.01 * size)


def _targets(module, X, residual):
    return module(X).detach() - torch.as_tensor(residual)
