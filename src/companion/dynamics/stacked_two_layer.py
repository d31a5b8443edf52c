"""Residuals and gradients of many two-layer networks of one shape at once, written by hand."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from companion.activations import RELU, SIGMOID, TANH
from companion.dynamics.objective import Objective
from companion.networks.two_layer import TwoLayerNetwork

InPlace = Callable[[Tensor], Tensor]


def _slope_of_tanh(h: Tensor) -> Tensor:
    return torch.addcmul(torch.ones((), dtype=h.dtype, device=h.device), h, h, value=-1, out=h)


def _slope_of_sigmoid(h: Tensor) -> Tensor:
    return torch.addcmul(h, h, h, value=-1, out=h)


# Activation, its values in place, and its slope in place from its values.
_KNOWN: tuple[tuple[object, InPlace, InPlace], ...] = (
    (torch.tanh, Tensor.tanh_, _slope_of_tanh),
    (TANH, Tensor.tanh_, _slope_of_tanh),
    (torch.sigmoid, Tensor.sigmoid_, _slope_of_sigmoid),
    (SIGMOID, Tensor.sigmoid_, _slope_of_sigmoid),
    (torch.relu, Tensor.relu_, Tensor.sign_),
    (RELU, Tensor.relu_, Tensor.sign_),
)


class StackedTwoLayer:
    r"""The weighted square loss of many two-layer networks on the same data.

    .. math::
        \partial_{a_j} \ell = s \sum_i \nu_i r_i\, \sigma(z_{ij}), \qquad
        \partial_{w_j} \ell = s\, a_j \sum_i \nu_i r_i\, \sigma'(z_{ij})\, x_i, \qquad
        z_{ij} = w_j \cdot x_i + b_j

    Parameters
    ----------
    objectives
        One for each network, of one shape and activation: :meth:`takes` says whether this class
        can serve them.

    Scale
    -----
    The factor s is ``width**-exponent``; ``nu`` weighs the points.

    Notes
    -----
    The inner weights of all networks make one matrix, so that two products of matrices and a few
    passes over the values of the neurons, in place, are all there is.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.2).
    """

    def __init__(self, objectives: Sequence[Objective]) -> None:
        first = objectives[0]
        self.network = _network(first)
        self.values, self.slopes = _in_place(self.network)
        self.X, self.weights = first.predictor.X, first.weights
        if self.network.bias is not None:
            self.X = torch.cat([self.X, torch.ones_like(self.X[:, :1])], dim=1)
        self.transposed = self.X.T.contiguous()
        self.minus_y = -first.y
        self.trained = first.predictor.names
        self._rows = self.X.new_empty(0, 0)

    @staticmethod
    def takes(objectives: Sequence[Objective]) -> bool:
        """Whether all are two-layer networks of an activation that is known here."""
        modules = [objective.predictor.module for objective in objectives]
        if not all(type(module) is TwoLayerNetwork for module in modules):
            return False
        if any(objective.predictor.call is not None for objective in objectives):
            return False
        first = _network(objectives[0])
        inner = {"W"} if first.bias is None else {"W", "bias"}
        frozen = inner - set(objectives[0].predictor.names)
        return frozen in (set(), inner) and any(known == first.activation for known, *_ in _KNOWN)

    @property
    def bytes_per_seed(self) -> int:
        """Memory that one network keeps busy."""
        return len(self.X) * self.network.width * self.X.element_size()

    def residuals_and_gradients(
        self, parameters: dict[str, Float[Tensor, "s ..."]]
    ) -> tuple[Float[Tensor, "s n"], dict[str, Float[Tensor, "s ..."]]]:
        """Those of every network at its own parameters.

        Parameters
        ----------
        parameters
            All parameters by name, stacked over the networks; frozen ones, too.

        Returns
        -------
        Residuals, and the gradients of the trained parameters.
        """
        W, a = parameters["W"], parameters["a"]
        if "bias" in parameters:
            W = torch.cat([W, parameters["bias"][:, :, None]], dim=2)
        count, width, dim = W.shape
        scale = width**-self.network.exponent
        rows = self._memory(count * width)
        torch.mm(W.reshape(-1, dim), self.transposed, out=rows)
        neurons = rows.view(count, width, -1)
        self.values(rows)
        residual = torch.baddbmm(self.minus_y, a[:, None], neurons, alpha=scale)
        residual = residual[:, 0]
        pushed = residual * (scale * self.weights)
        gradients = {}
        if "a" in self.trained:
            gradients["a"] = torch.bmm(neurons, pushed[:, :, None])[:, :, 0]
        if "W" in self.trained:
            self.slopes(rows)
            neurons *= pushed[:, None]
            inner = (rows @ self.X).view(count, width, dim) * a[:, :, None]
            gradients["W"] = inner if "bias" not in parameters else inner[:, :, :-1]
            if "bias" in parameters:
                gradients["bias"] = inner[:, :, -1]
        return residual, gradients

    def _memory(self, num_neurons: int) -> Tensor:
        # Kept from step to step: a fresh array of this size costs as much as what is done with it.
        if len(self._rows) != num_neurons:
            self._rows = self.X.new_empty(num_neurons, len(self.X))
        return self._rows


def _network(objective: Objective) -> TwoLayerNetwork:
    module = objective.predictor.module
    assert isinstance(module, TwoLayerNetwork)
    return module


def _in_place(network: TwoLayerNetwork) -> tuple[InPlace, InPlace]:
    return next(
        (values, slopes) for known, values, slopes in _KNOWN if known == network.activation
    )
