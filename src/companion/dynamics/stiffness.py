"""How stiff a flow is, and what each method is expected to cost on it."""

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from companion.dynamics.objective import Objective
from companion.tangent.linearization import Linearization

DENSE = 300  # rows up to which the eigenvalues of the whole matrix are the quickest answer
EXPLICIT_PER_UNIT = 3.0  # gradients per unit of stiffness, whatever the accuracy
PER_EXPONENTIAL_STEP = 12.0  # gradients that an exponential step costs beside the eigenvalues
LEAST_FLOPS = 8e6  # what a gradient costs however small the module is


def stiffness(objective: Objective, *, t_end: float) -> float:
    r"""Largest rate of the linearised flow at the start, times its length.

    .. math::
        s = t_{\mathrm{end}}\, \lambda_{\max}\big(\mathrm{diag}(\sqrt\nu)\, J J^\top
        \mathrm{diag}(\sqrt\nu)\big)

    Parameters
    ----------
    objective
        The loss.
    t_end
        Length of the flow.

    Returns
    -------
    The number s, to a hundredth.

    Scale
    -----
    The rate is that of the residual; the loss decays at twice it.

    Notes
    -----
    Small Gram matrices are formed. Of large ones a few products are taken.

    References
    ----------
    E. Hairer and G. Wanner, "Solving Ordinary Differential Equations II", second edition, section
    IV.2.
    """
    theta = objective.theta_0
    if objective.predictor.num_rows <= DENSE:
        return float(objective.weighted_spectrum(theta)[-1]) * t_end
    linear = Linearization(objective.predictor, torch.from_numpy(theta))
    root = np.repeat(np.sqrt(objective.nu), objective.predictor.output_dim)

    def product(u: np.ndarray) -> np.ndarray:
        weighted = torch.from_numpy(root * u.ravel()).to(objective.predictor.theta_0)
        moved = linear.apply(linear.apply_transpose(weighted))
        result: np.ndarray = root * moved.double().cpu().numpy()
        return result

    size = len(root)
    start = np.random.default_rng(0).standard_normal(size)
    operator = LinearOperator((size, size), matvec=product, dtype=float)
    largest = eigsh(operator, k=1, which="LA", tol=0.01, v0=start, return_eigenvectors=False)
    return float(largest[0]) * t_end


def expected_gradients(objective: Objective, *, stiffness: float, rtol: float) -> dict[str, float]:
    r"""What methods are expected to cost, in gradients.

    .. math::
        \text{DOP853: } 3 s, \qquad
        \text{stabilized: } 10\, \varepsilon\, \sqrt{s}, \qquad
        \text{exponential: } 4.5\, \varepsilon\, \Big(\frac{s}{1000}\Big)^{1/4}
        \Big(12 + \frac{8 N \min(N, p)^2}{6 p n + 8 \cdot 10^6}\Big), \qquad
        \varepsilon = \text{rtol}^{-1/5}

    Parameters
    ----------
    objective
        The loss; its sizes are n samples, N outputs of all samples and p parameters.
    stiffness
        The number s of :func:`stiffness`.
    rtol
        Accuracy of a step.

    Returns
    -------
    Gradients by name of the method; an eigendecomposition is counted by its operations.

    Scale
    -----
    A gradient is one pass forward and one back over all data.

    Notes
    -----
    The numbers are fits to measured runs of two-layer networks: N = 50 with stiffness from 10 to
    5800 and ``rtol`` from 1e-4 to 1e-9, and N from 100 to 700 at stiffness 5800. Elsewhere they
    extrapolate, which can make the choice slower but not less accurate. Stability limits the steps
    of the first; the second is stable on an interval that grows with the square of its stages, up
    to roundings that forbid it beyond a stiffness of 1e5; the third is not limited by stiffness
    but pays the eigenvalues of a Gram matrix in every step.

    References
    ----------
    E. Hairer and G. Wanner, "Solving Ordinary Differential Equations II", second edition, section
    IV.2 (the stability of explicit methods).
    """
    predictor = objective.predictor
    range_dim = min(predictor.num_rows, predictor.num_params)
    eigenvalues = 8.0 * predictor.num_rows * range_dim**2
    gradient = 6.0 * predictor.num_params * predictor.num_samples + LEAST_FLOPS
    steps = 4.5 * rtol**-0.2 * (stiffness / 1000) ** 0.25
    return {
        "DOP853": EXPLICIT_PER_UNIT * stiffness,
        "stabilized": 10 * rtol**-0.2 * stiffness**0.5 if stiffness < 1e5 else np.inf,
        "exponential": steps * (PER_EXPONENTIAL_STEP + eigenvalues / gradient),
    }
