"""Losses as functions of the residual."""

from typing import overload

import numpy as np
from jaxtyping import Float
from torch import Tensor


@overload
def square_loss(
    residual: Float[Tensor, "n ..."], nu: Float[Tensor, "..."]
) -> Float[Tensor, ""]: ...
@overload
def square_loss(residual: Float[np.ndarray, "n ..."], nu: Float[np.ndarray, "..."]) -> float: ...
def square_loss(
    residual: Float[Tensor | np.ndarray, "n ..."], nu: Float[Tensor | np.ndarray, "..."]
) -> Float[Tensor, ""] | float:
    r"""Half the weighted mean square of the residual.

    .. math::
        \ell = \frac12 \sum_{i=1}^n \nu_i\, |r_i|^2

    Parameters
    ----------
    residual
        Prediction minus target, shape ``(n,)`` or ``(n, q)``; a NumPy array or a tensor.
    nu
        Weights of the data points, shape ``(n,)``.

    Returns
    -------
    The loss: a number, or a tensor that carries the gradient.

    Scale
    -----
    ``nu = 1`` gives half the sum over the data, ``nu = 1/n`` half the mean. Outputs are summed.

    Raises
    ------
    ValueError
        If ``nu`` does not have one entry per row of ``residual``.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (1.1); there nu is a probability measure.
    """
    if tuple(nu.shape) != tuple(residual.shape[:1]):
        raise ValueError(
            f"`nu` must have one entry per row of `residual`, shape {tuple(residual.shape[:1])}; "
            f"got shape {tuple(nu.shape)}."
        )
    squares = (residual.reshape(len(nu), -1) ** 2).sum(1)
    loss: Tensor | float = (nu * squares).sum() / 2
    return loss
