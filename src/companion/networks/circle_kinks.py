"""Where ReLU networks with two hidden layers and no biases bend on the circle."""

import numpy as np
from jaxtyping import Float, Int

from companion.numerics.finite import require_finite


def first_layer_kinks(W0: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, " k"]:
    r"""Angles at which a neuron of the first layer changes sign.

    .. math::
        w_j \cdot (\cos\theta, \sin\theta) = 0

    Parameters
    ----------
    W0
        Weights of the first layer as rows, none of them zero.

    Returns
    -------
    The 2 m angles in [0, 2 pi), increasing: two opposite ones for each neuron.

    Scale
    -----
    Angles; the size of a weight does not matter.

    Raises
    ------
    ValueError
        If an entry is not finite or a row is zero.

    References
    ----------
    Derived here.
    """
    require_finite(W0, "W0")
    if not W0.any(axis=1).all():
        row = int(np.argmin(W0.any(axis=1)))
        raise ValueError(f"`W0` must have nonzero rows; row {row} is zero. It never changes sign.")
    angles = np.arctan2(W0[:, 1], W0[:, 0]) + np.pi / 2
    kinks: np.ndarray = np.sort(np.concatenate([angles, angles + np.pi]) % (2 * np.pi))
    return kinks


def second_layer_kinks(
    W0: Float[np.ndarray, "m 2"], W1: Float[np.ndarray, "m2 m"]
) -> Int[np.ndarray, " m2"]:
    r"""How often every neuron of the second layer changes sign around the circle.

    .. math::
        \#\bigl\{ \theta : W^1_i \cdot \max(W^0 x(\theta), 0) \text{ changes sign} \bigr\}

    Parameters
    ----------
    W0, W1
        Weights of the two layers, rows for neurons.

    Returns
    -------
    The number for each neuron, always even.

    Scale
    -----
    Counts.

    Raises
    ------
    ValueError
        If an entry is not finite or a row of ``W0`` is zero.

    Notes
    -----
    Exact: between neighbouring kinks of the first layer, which are less than half a turn apart,
    a neuron of the second is a sinusoid of period one turn and has at most one zero.

    References
    ----------
    Derived here.
    """
    require_finite(W1, "W1")
    kinks = first_layer_kinks(W0)
    points = np.stack([np.cos(kinks), np.sin(kinks)])
    positive = W1 @ np.maximum(W0 @ points, 0) > 0
    changes: np.ndarray = (positive != np.roll(positive, 1, axis=1)).sum(axis=1)
    return changes
