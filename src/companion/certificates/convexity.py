"""Whether the loss is seen not to be a convex function of the parameters."""

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from companion.dynamics.losses import square_loss
from companion.dynamics.objective import Objective
from companion.numerics.lanczos import KrylovSpace

_STEPS = 16


def negative_curvature(objective: Objective, *, seed: int = 0) -> float | None:
    r"""The most negative second derivative of the loss that a few products find at the start.

    .. math::
        \min_{v \in \mathcal{K}} \frac{v^\top \nabla^2 \ell(\theta_0)\, v}{|v|^2}

    Parameters
    ----------
    objective
        The loss.
    seed
        Of the first vector of the Krylov space.

    Returns
    -------
    A second derivative along some direction, if one below zero was found beyond rounding: then
    the loss is not convex. None otherwise, which proves nothing.

    Scale
    -----
    Second derivatives of ``1/2 sum nu_i |r_i|**2`` by the trained parameters.

    Raises
    ------
    RuntimeError
        If an operation of the module cannot be differentiated twice.
    """
    predictor = objective.predictor
    predictor.set(predictor.theta_0.clone())  # so that it records anew
    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):  # fused attention has no second one
        outputs = predictor.recorded_outputs()
        loss = square_loss(outputs - objective.y, objective.weights)
        gradient = torch.cat(
            [
                torch.zeros_like(p).reshape(-1) if g is None else g.reshape(-1)
                for p, g in zip(
                    predictor.parameters,
                    torch.autograd.grad(
                        loss, predictor.parameters, create_graph=True, allow_unused=True
                    ),
                    strict=True,
                )
            ]
        )
    if not gradient.requires_grad:
        return None

    def product(v: np.ndarray) -> np.ndarray:
        pieces = torch.autograd.grad(
            gradient,
            predictor.parameters,
            grad_outputs=torch.from_numpy(v).to(gradient),
            retain_graph=True,
            materialize_grads=True,
        )
        return torch.cat([piece.reshape(-1) for piece in pieces]).double().cpu().numpy()

    start = np.random.default_rng(seed).standard_normal(predictor.num_params)
    space = KrylovSpace(product, start, max_dim=_STEPS)
    while not space.exhausted:
        space.extend()
    values, _ = space.ritz_values()
    rounding = 100 * torch.finfo(predictor.dtype).eps * float(np.abs(values).max())
    return float(values[0]) if values[0] < -rounding else None
