r"""A two-layer ReLU network on its data, as the arrays that an event-driven flow needs.

With a bias the inputs get a last coordinate one and the rows of W a last entry, so that

.. math::
    f(x_i) = s \sum_{j=1}^m a_j \max(0, z_{ij}), \qquad z_{ij} = w_j \cdot x_i .

A kink of neuron j is a hyperplane :math:`\{w_j : x_i \cdot w_j = 0\}`. Samples on one line through
the origin share it, whether they are copies, multiples or opposites of each other.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from companion.activations import RELU
from companion.dynamics.objective import Objective
from companion.networks.two_layer import TwoLayerNetwork

PARALLEL = 1e-14  # unit vectors closer than this are one line up to rounding
_RELU_FUNCTIONS: tuple[Callable[..., Any], ...] = (torch.relu, nn.functional.relu, RELU)


def is_two_layer_relu(module: nn.Module) -> bool:
    r"""Whether the event-driven flow applies to a module.

    .. math::
        f(x) = m^{-\alpha} \sum_j a_j \max(0, w_j \cdot x + b_j)

    Parameters
    ----------
    module
        Any module.

    Returns
    -------
    True for a plain :class:`companion.networks.two_layer.TwoLayerNetwork`, without hooks or
    parametrizations, whose activation is recognised as the ReLU.

    Scale
    -----
    Either power of the width; any part may be frozen.

    References
    ----------
    Derived here: the class of networks for which the kinks are hyperplanes in the parameters.
    """
    if type(module) is not TwoLayerNetwork or module._forward_hooks or module._forward_pre_hooks:
        return False
    activation = module.activation
    return isinstance(activation, nn.ReLU) or any(activation == one for one in _RELU_FUNCTIONS)


class ReluProblem:
    """Data, kinks and initial weights of a two-layer ReLU network.

    Parameters
    ----------
    objective
        The loss of the network on its data.

    Scale
    -----
    ``scale`` is the factor ``m**-exponent`` of the network; residual = prediction - target.

    Raises
    ------
    TypeError
        If the module is not a two-layer ReLU network.

    References
    ----------
    Derived here.
    """

    def __init__(self, objective: Objective) -> None:
        module = objective.predictor.module
        if not is_two_layer_relu(module) or objective.predictor.call is not None:
            raise TypeError(
                "`method` must fit the module: the event-driven flow is for a TwoLayerNetwork "
                f"with a ReLU, called on its inputs; got {type(module).__name__}. "
                "Choose another method."
            )
        assert isinstance(module, TwoLayerNetwork)
        objective.predictor.set(objective.predictor.theta_0)
        self.nu, self.y = objective.nu, _numpy(objective.y)
        self.scale = module.width**-module.exponent
        self.outer_free = module.a.requires_grad
        self.a = _numpy(module.a)
        self.inputs, self.W = _numpy(objective.predictor.X), _numpy(module.W)
        self._input_dim = self.inputs.shape[1]
        self.free = np.full(self._input_dim, float(module.W.requires_grad))
        if module.bias is not None:
            self.inputs = np.column_stack([self.inputs, np.ones(len(self.inputs))])
            self.W = np.column_stack([self.W, _numpy(module.bias)])
            self.free = np.append(self.free, float(module.bias.requires_grad))
        self._set_kinks()

    @property
    def width(self) -> int:
        """Number of neurons."""
        return len(self.a)

    def flat(
        self, W: Float[np.ndarray, "*k m d"], a: Float[np.ndarray, "*k m"]
    ) -> Float[np.ndarray, "*k p"]:
        """Trainable parameters as the module lists them: W, a, bias."""
        batch, split = a.shape[:-1], self._input_dim
        parts = [W[..., :split].reshape(*batch, -1)] if self.free[0] else []
        parts += [a] if self.outer_free else []
        parts += [W[..., -1]] if len(self.free) > split and self.free[-1] else []
        return np.concatenate(parts, axis=-1)

    def _set_kinks(self) -> None:
        lengths = np.linalg.norm(self.inputs, axis=1)
        units = self.inputs / np.where(lengths > 0, lengths, 1.0)[:, None]
        first: list[int] = []  # one sample per kink
        kink, sign = np.zeros(len(units), dtype=int), np.zeros(len(units))
        for sample, unit in enumerate(units):
            if not lengths[sample]:
                continue  # its neurons are zero for ever
            others = units[first]
            same = np.abs(others - unit).max(axis=1, initial=0.0) <= PARALLEL
            opposite = np.abs(others + unit).max(axis=1, initial=0.0) <= PARALLEL
            if not (same | opposite).any():
                first.append(sample)
                kink[sample], sign[sample] = len(first) - 1, 1.0
            else:
                kink[sample] = int(np.argmax(same | opposite))
                sign[sample] = 1.0 if same[kink[sample]] else -1.0
        self.kink, self.sign = kink, sign
        self.sample = np.array(first, dtype=int)
        self.normals = self.inputs[self.sample]
        self.lengths = lengths[self.sample]
        self.movable = (self.normals * self.free).any(axis=1)
        # A sample's share in the slope along the normal, where its preactivation is positive.
        share = np.zeros((len(units), len(first)))
        taken = sign != 0
        share[taken, kink[taken]] = sign[taken] * lengths[taken] / self.lengths[kink[taken]]
        self.ahead, self.behind = np.maximum(share, 0.0), np.maximum(-share, 0.0)


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().double().cpu().numpy().copy()
    return array
