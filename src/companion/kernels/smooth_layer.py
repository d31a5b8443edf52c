r"""A layer of infinite width whose activation is smooth, by Hermite series.

Mehler's formula turns second moments into power series in the correlation, whose terms are each
positive semidefinite,

.. math::
    \mathbb{E}\,\sigma(u)\sigma(v) = \sum_{k \ge 0} c_k(r)\, c_k(s)\, \cos^k\theta, \qquad
    c_k(r) = \mathbb{E}_{z \sim N(0,1)}\, \sigma(rz)\, h_k(z).
"""

from functools import cached_property

import numpy as np
from jaxtyping import Float

from companion.kernels.gaussian_layer import LayerAtNorms
from companion.kernels.hermite_series import hermite_series, mehler_sum
from companion.kernels.point_pairs import PairBlock
from companion.spaces.angles import PairAngles


class SmoothLayer(LayerAtNorms):
    r"""A layer with a smooth activation.

    .. math::
        \mathbb{E}\,\sigma(u)\sigma(v) = \sum_{k \ge 0} c_k(r)\, c_k(s)\, \cos^k\theta,
        \qquad r'^2 = \sum_{k \ge 0} c_k(r)^2

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

    def value(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the activation."""
        return self._sum(self._value_series, block)

    def slope(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the derivative of the activation."""
        return self._sum(self._slope_series, block)

    def after(self, block: PairBlock, value: Float[np.ndarray, "n n2"]) -> PairBlock:
        """The pairs after the layer, from the second moment of the activation."""
        cosine = self.correlation_after(block, value)
        angles = PairAngles(np.arccos(cosine), np.sqrt(1 - cosine**2), cosine)
        return PairBlock(block.rows, block.columns, angles)

    def mean_squares(self) -> Float[np.ndarray, " n"]:
        """Second moment of the activation at each norm, first those of X, then those of Z."""
        series, index = self._value_series
        return (series**2).sum(axis=1)[index]

    @cached_property
    def _value_series(self) -> tuple[np.ndarray, np.ndarray]:
        return self._series(derivative=False)

    @cached_property
    def _slope_series(self) -> tuple[np.ndarray, np.ndarray]:
        return self._series(derivative=True)

    def _series(self, *, derivative: bool) -> tuple[np.ndarray, np.ndarray]:
        norms = np.concatenate([self.norms_x, self.norms_z])
        return hermite_series(norms, activation=self.activation, derivative=derivative)

    def _sum(
        self, expansion: tuple[np.ndarray, np.ndarray], block: PairBlock
    ) -> Float[np.ndarray, "n n2"]:
        series, index = expansion
        index_x, index_z = np.split(index, [self.norms_x.size])
        cosine = block.angles.cosine
        return mehler_sum(series, index_x[block.rows], index_z[block.columns], cosine)
