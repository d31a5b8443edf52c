"""The least loss that a search over the parameters finds, whatever a flow would do."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import minimize
from torch import nn

from companion.dynamics.losses import square_loss
from companion.numerics.finite import require_finite
from companion.tangent.preconditions import trainable_parameters

_MEMORY = 20  # pairs of vectors kept by L-BFGS


@dataclass(frozen=True)
class LeastLoss:
    """Where a search ended.

    Parameters
    ----------
    loss
        The loss there: an upper estimate of the infimum over all parameters.
    gradient
        The norm of the gradient there. Small means a stationary point, not a global minimum.

    Scale
    -----
    The loss of :func:`companion.dynamics.losses.square_loss` and its gradient in the parameters.

    References
    ----------
    As :func:`least_loss`.
    """

    loss: float
    gradient: float


def least_loss(
    module: nn.Module,
    X: Float[np.ndarray, "n d"],
    y: Float[np.ndarray, "n ..."],
    *,
    nu: Float[np.ndarray, " n"],
    max_iterations: int,
) -> LeastLoss:
    r"""Search for the least weighted square loss from the module's own parameters.

    .. math::
        \inf_\theta \tfrac12 \sum_i \nu_i\, |f(x_i; \theta) - y_i|^2

    Parameters
    ----------
    module
        A module in double precision with trainable parameters; it is left where the search ends.
    X, y
        Data and targets.
    nu
        Weights of the data points.
    max_iterations
        Number of quasi-Newton steps.

    Returns
    -------
    The loss and the norm of the gradient at the end.

    Scale
    -----
    The loss of :func:`companion.dynamics.losses.square_loss`.

    Raises
    ------
    ValueError
        If ``max_iterations`` is less than 1, an entry is not finite, shapes disagree, or no
        parameter requires a gradient.
    TypeError
        If a trainable parameter is not in double precision.

    Notes
    -----
    L-BFGS of SciPy; the iterations alone end the search, because the loss of a network that is
    too small may fall slowly for long.

    References
    ----------
    D. C. Liu and J. Nocedal, "On the limited memory BFGS method for large scale optimization",
    Mathematical Programming 45, 1989.
    """
    if max_iterations < 1:
        raise ValueError(f"`max_iterations` must be at least 1; got {max_iterations}.")
    for name, array in (("X", X), ("y", y), ("nu", nu)):
        require_finite(array, name)
    trainable_parameters(module)  # at least one
    parameters = [p for p in module.parameters() if p.requires_grad]
    for parameter in parameters:
        if parameter.dtype != torch.float64:
            raise TypeError(
                f"`module` must be in double precision; got a parameter of {parameter.dtype}. "
                "Call module.double()."
            )
    points, targets, weights = (torch.as_tensor(array) for array in (X, y, nu))
    if (shape := module(points).shape) != targets.shape:
        raise ValueError(
            f"`y` must have the shape of module(X), {tuple(shape)}; got {tuple(targets.shape)}."
        )

    def loss_and_gradient(
        theta: Float[np.ndarray, " p"],
    ) -> tuple[float, Float[np.ndarray, " p"]]:
        torch.nn.utils.vector_to_parameters(torch.from_numpy(theta), parameters)
        loss = square_loss(module(points) - targets, weights)
        slopes = torch.autograd.grad(loss, parameters)
        return float(loss.detach()), torch.cat([slope.reshape(-1) for slope in slopes]).numpy()

    found = minimize(
        loss_and_gradient,
        torch.nn.utils.parameters_to_vector(parameters).detach().numpy(),
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": max_iterations,
            "maxfun": 2 * max_iterations,
            "maxcor": _MEMORY,
            "ftol": 0.0,
            "gtol": 1e-10,
        },
    )
    loss, gradient = loss_and_gradient(found.x)
    return LeastLoss(loss=loss, gradient=float(np.linalg.norm(gradient)))
