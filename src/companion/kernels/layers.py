r"""A layer of infinite width with Gaussian weights: what it makes of pairs of points.

For a smooth activation Mehler's formula turns second moments into power series in the
correlation, whose terms are each positive semidefinite,

.. math::
    \mathbb{E}\,\sigma(u)\sigma(v) = \sum_{k \ge 0} c_k(r)\, c_k(s)\, \cos^k\theta, \qquad
    c_k(r) = \mathbb{E}_{z \sim N(0,1)}\, \sigma(rz)\, h_k(z);

for a homogeneous one there is a closed form.
"""

from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.hermite_series import hermite_series, mehler_sum
from companion.kernels.homogeneous import homogeneous_layer
from companion.kernels.point_pairs import PairBlock, PointPairs
from companion.spaces.angles import PairAngles


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

    def after(self, block: PairBlock, value: Float[np.ndarray, "n n2"]) -> PairBlock:
        """The pairs after the layer, from the second moment of the activation."""
        ...

    def following(self) -> "Layer":
        """The same activation once more, fed by this layer."""
        ...


class SmoothLayer:
    r"""A layer with a smooth activation, by its Hermite series.

    .. math::
        \mathbb{E}\,\sigma(u)\sigma(v) = \sum_{k \ge 0} c_k(r)\, c_k(s)\, \cos^k\theta, \qquad
        r'^2 = \sum_{k \ge 0} c_k(r)^2

    Parameters
    ----------
    activation
        The activation.
    norms_x, norms_z
        The norms r and s of its inputs, for all points.

    Scale
    -----
    Plain expectation; standard deviations r and s.

    Notes
    -----
    After the layer the angle of nearly parallel points is known to the root of the rounding
    only, but the next moment is smooth in the cosine and does not see it.

    References
    ----------
    .. [1] R. O'Donnell, "Analysis of Boolean Functions", Cambridge 2014, section 11.2
       (Mehler's formula).
    """

    def __init__(
        self,
        activation: Activation,
        norms_x: Float[np.ndarray, " n"],
        norms_z: Float[np.ndarray, " n2"],
    ) -> None:
        self.activation, self.norms_x, self.norms_z = activation, norms_x, norms_z

    def covariance(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Covariance of the pre-activations of each pair."""
        return self._scale(block) * block.angles.cosine

    def value(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the activation."""
        return self._sum(self._value_series, block)

    def slope(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the derivative of the activation."""
        return self._sum(self._slope_series, block)

    def after(self, block: PairBlock, value: Float[np.ndarray, "n n2"]) -> PairBlock:
        """The pairs after the layer, from the second moment of the activation."""
        scale = self.following()._scale(block)
        cosine = np.divide(value, scale, out=np.zeros_like(value), where=scale > 0)
        np.clip(cosine, -1.0, 1.0, out=cosine)
        angles = PairAngles(np.arccos(cosine), np.sqrt(1 - cosine**2), cosine)
        return PairBlock(block.rows, block.columns, angles)

    def following(self) -> "SmoothLayer":
        """The same activation once more, fed by this layer."""
        return self._following

    @cached_property
    def _following(self) -> "SmoothLayer":
        series, index = self._value_series
        norms = np.sqrt((series**2).sum(axis=1))[index]
        norms_x, norms_z = np.split(norms, [self.norms_x.size])
        return SmoothLayer(self.activation, norms_x, norms_z)

    @cached_property
    def _value_series(self) -> tuple[np.ndarray, np.ndarray]:
        norms = np.concatenate([self.norms_x, self.norms_z])
        return hermite_series(norms, activation=self.activation, derivative=False)

    @cached_property
    def _slope_series(self) -> tuple[np.ndarray, np.ndarray]:
        norms = np.concatenate([self.norms_x, self.norms_z])
        return hermite_series(norms, activation=self.activation, derivative=True)

    def _scale(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        return np.outer(self.norms_x[block.rows], self.norms_z[block.columns])

    def _sum(
        self, expansion: tuple[np.ndarray, np.ndarray], block: PairBlock
    ) -> Float[np.ndarray, "n n2"]:
        series, index = expansion
        index_x, index_z = np.split(index, [self.norms_x.size])
        return mehler_sum(series, index_x[block.rows], index_z[block.columns], block.angles.cosine)


def first_layer(activation: Activation, pairs: PointPairs) -> Layer:
    r"""The layer that given points enter, by the way of computing that suits its activation.

    .. math::
        h = \sigma(W x), \qquad W_{ij} \sim N(0, 1)

    Parameters
    ----------
    activation
        The activation :math:`\sigma`: homogeneous, or smooth.
    pairs
        The points.

    Returns
    -------
    The layer; at norms one if the activation is homogeneous, so that the norms of the points
    are left as a factor.

    Scale
    -----
    Standard Gaussian weights.

    References
    ----------
    .. [1] A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel: convergence and
       generalization in neural networks", NeurIPS 2018, proposition 1.
    """
    if activation.homogeneous:
        return homogeneous_layer(activation)
    return SmoothLayer(activation, pairs.norms_x, pairs.norms_z)
