"""A layer of infinite width with Gaussian weights: what it makes of pairs of points."""

from abc import ABC, abstractmethod
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.point_pairs import PairBlock


@runtime_checkable
class Layer(Protocol):
    r"""One activation at the norms of its inputs, as a map of pairs of points.

    .. math::
        (r, s, \theta) \mapsto \mathbb{E}\,\sigma(u)\sigma(v),\;
        \mathbb{E}\,\sigma'(u)\sigma'(v),\; (r', s', \theta')

    Scale
    -----
    Plain expectations over standard Gaussian weights; the layer is divided by the root of its
    width. A homogeneous layer is taken at norms one.

    References
    ----------
    .. [1] A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel: convergence and
       generalization in neural networks", NeurIPS 2018, proposition 1.
    """

    def covariance(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Covariance of the pre-activations of each pair."""
        ...

    def value(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the activation."""
        ...

    def slope(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the derivative of the activation."""
        ...

    def moments(
        self, block: PairBlock
    ) -> tuple[Float[np.ndarray, "n n2"], Float[np.ndarray, "n n2"]]:
        """Second moments of the activation and of its derivative."""
        ...

    def after(self, block: PairBlock, value: Float[np.ndarray, "n n2"]) -> PairBlock:
        """The pairs after the layer, from the second moment of the activation."""
        ...

    def following(self) -> "Layer":
        """The same activation once more, fed by this layer."""
        ...


class LayerAtNorms(ABC):
    r"""A layer that depends on the norms of its inputs, not on their angles alone.

    .. math::
        r_i'^2 = \mathbb{E}\,\sigma(r_i z)^2, \qquad z \sim N(0, 1)

    Parameters
    ----------
    activation
        The activation.
    norms_x, norms_z
        The norms of its inputs, for all points.

    Scale
    -----
    Plain expectation; a norm is the standard deviation of a pre-activation.

    References
    ----------
    .. [1] A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel: convergence and
       generalization in neural networks", NeurIPS 2018, proposition 1.
    """

    def __init__(
        self,
        activation: Activation,
        norms_x: Float[np.ndarray, " n"],
        norms_z: Float[np.ndarray, " n2"],
    ) -> None:
        self.activation, self.norms_x, self.norms_z = activation, norms_x, norms_z
        self._next: LayerAtNorms | None = None

    @abstractmethod
    def value(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the activation."""

    @abstractmethod
    def slope(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the derivative of the activation."""

    def moments(
        self, block: PairBlock
    ) -> tuple[Float[np.ndarray, "n n2"], Float[np.ndarray, "n n2"]]:
        """Second moments of the activation and of its derivative."""
        return self.value(block), self.slope(block)

    @abstractmethod
    def after(self, block: PairBlock, value: Float[np.ndarray, "n n2"]) -> PairBlock:
        """The pairs after the layer, from the second moment of the activation."""

    @abstractmethod
    def mean_squares(self) -> Float[np.ndarray, " n"]:
        """Second moment of the activation at each norm, first those of X, then those of Z."""

    def covariance(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Covariance of the pre-activations of each pair."""
        return self.scale(block) * block.angles.cosine

    def following(self) -> "LayerAtNorms":
        """The same activation once more, fed by this layer."""
        if self._next is None:
            norms = np.sqrt(self.mean_squares())
            norms_x, norms_z = np.split(norms, [self.norms_x.size])
            self._next = type(self)(self.activation, norms_x, norms_z)
        return self._next

    def scale(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """The products of the norms of each pair."""
        return np.outer(self.norms_x[block.rows], self.norms_z[block.columns])

    def correlation_after(
        self, block: PairBlock, value: Float[np.ndarray, "n n2"]
    ) -> Float[np.ndarray, "n n2"]:
        """The correlation after the layer; zero where a point was sent to zero."""
        scale = self.following().scale(block)
        cosine = np.divide(value, scale, out=np.zeros_like(value), where=scale > 0)
        return np.clip(cosine, -1.0, 1.0, out=cosine)
