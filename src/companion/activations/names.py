"""Activations by name, for configurations and command lines."""

import difflib

from companion.activations.facts import Activation
from companion.activations.piecewise import ELU, HARD_TANH, RELU
from companion.activations.smooth import (
    ERF,
    GAUSSIAN_BUMP,
    GELU,
    NORMAL_CDF,
    SHIFTED_SIGMOID,
    SIGMOID,
    SILU,
    SOFTPLUS,
    TANH,
)
from companion.activations.splines import mollified_relu

_ALL = (
    SIGMOID,
    SHIFTED_SIGMOID,
    NORMAL_CDF,
    GAUSSIAN_BUMP,
    TANH,
    ERF,
    SOFTPLUS,
    GELU,
    SILU,
    RELU,
    ELU,
    HARD_TANH,
    *(mollified_relu(order) for order in range(1, 7)),
)
_BY_NAME = {entry.name: entry for entry in _ALL}


def activation(name: str) -> Activation:
    r"""The activation of a given name.

    .. math::
        \text{name} \mapsto \sigma

    Parameters
    ----------
    name
        One of ``sigmoid``, ``shifted_sigmoid``, ``normal_cdf``, ``gaussian_bump``, ``tanh``,
        ``erf``, ``softplus``, ``gelu``, ``silu``, ``relu``, ``elu``, ``hard_tanh``,
        ``mollified_relu(1)`` to ``mollified_relu(6)``.

    Returns
    -------
    The activation of that name.

    Scale
    -----
    As for :class:`~companion.activations.facts.Activation`: no normalisation.

    Raises
    ------
    ValueError
        If no activation has this name; the message lists the nearest names.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Assumption 3 ("the sigmoid functions").
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    nearest = difflib.get_close_matches(str(name).lower(), _BY_NAME, n=3, cutoff=0.4)
    suggestion = f"Did you mean {' or '.join(map(repr, nearest))}? " if nearest else ""
    raise ValueError(
        f"`name` must be the name of an activation; got {name!r}. "
        f"{suggestion}Known names: {', '.join(_BY_NAME)}."
    )
