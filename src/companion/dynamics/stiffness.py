"""Whether an exponential method pays for a flow."""

from companion.dynamics.objective import Objective

GRADIENTS_PER_UNIT = 3.0  # that an explicit method of order 8 evaluates per unit of stiffness
GRADIENTS_PER_STEP = 12.0  # that an exponential step costs beside the eigenvalues
LEAST_FLOPS = 8e6  # what a gradient costs however small the module is


def exponential_pays(objective: Objective, *, stiffness: float, rtol: float) -> bool:
    r"""Whether the exponential method is expected to need less time than an explicit one.

    .. math::
        4.5\, \text{rtol}^{-1/5} \Big(\frac{s}{1000}\Big)^{1/4}
        \Big(12 + \frac{8 N^3}{6 p n + 8 \cdot 10^6}\Big) \;<\; 3 s

    The left side estimates the cost of the exponential method in gradients, steps times their
    price, the right side that of an explicit method whose steps stability limits.

    Parameters
    ----------
    objective
        The loss; its sizes are n samples, N outputs of all samples and p parameters.
    stiffness
        The number s, the largest eigenvalue of the weighted tangent kernel at the start times the
        length of the flow.
    rtol
        Accuracy of a step.

    Scale
    -----
    ``stiffness`` is the largest rate of ``r' = -K diag(nu) r`` times the time.

    Notes
    -----
    The numbers are fits to measured runs of two- and three-layer networks, ``N <= 1000``,
    ``stiffness`` from 10 to 1.5e6 and ``rtol`` from 1e-3 to 1e-9.

    References
    ----------
    E. Hairer and G. Wanner, "Solving Ordinary Differential Equations II", second edition, section
    IV.2 (the stability of explicit methods).
    """
    predictor = objective.predictor
    eigenvalues = 8 * predictor.num_rows**3
    gradient = 6 * predictor.num_params * predictor.num_samples + LEAST_FLOPS
    steps = 4.5 * rtol**-0.2 * (stiffness / 1000) ** 0.25
    return steps * (GRADIENTS_PER_STEP + eigenvalues / gradient) < GRADIENTS_PER_UNIT * stiffness
