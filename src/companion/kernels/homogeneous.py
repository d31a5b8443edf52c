r"""A layer of infinite width whose activation is positively homogeneous.

Such an activation is :math:`\sigma(z) = \alpha z_+ - \beta z_-` with the slopes
:math:`\alpha = \sigma(1)` and :math:`\beta = -\sigma(-1)`: ReLU has (1, 0), the identity (1, 1),
the absolute value (1, -1). All that happens to a pair of points is a map of their angle, and
norms come out as a common factor.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.activations import Activation
from companion.kernels.point_pairs import PairBlock
from companion.spaces.angles import PairAngles, angles_from_cosine


@dataclass(frozen=True)
class HomogeneousLayer:
    r"""Moments of a homogeneous layer at points of norm one, and the angles after it.

    .. math::
        \mathbb{E}\,\sigma(u)\sigma(v) &= q \left( (\alpha^2 + \beta^2)\,\kappa_1(\theta)
            - 2\alpha\beta\,\kappa_1(\pi - \theta) \right), \\
        \mathbb{E}\,\sigma'(u)\sigma'(v) &= (\alpha^2 + \beta^2)\,\kappa_0(\theta)
            + 2\alpha\beta\,\kappa_0(\pi - \theta)

    Parameters
    ----------
    rise, fall
        The slopes :math:`\alpha` and :math:`\beta`.
    variance
        The variance q of the pre-activations that belong to a point of norm one.

    Scale
    -----
    Plain expectation over Gaussian u and v of variance q and correlation :math:`\cos\theta`.

    Notes
    -----
    The angle after the layer has the cosine :math:`\mathbb{E}\,\sigma(u)\sigma(v) /
    \mathbb{E}\,\sigma(u)^2`. For nearly parallel points its distances from the two ends are
    taken from :math:`g = \sin\theta - \theta\cos\theta` and
    :math:`p = (\alpha - \beta)^2 / (\pi (\alpha^2 + \beta^2))` as
    :math:`1 - \cos\theta' = 2\sin^2(\theta/2) - p g` and
    :math:`1 + \cos\theta' = 2\cos^2(\theta/2) + p g`. Neither subtracts numbers of order one
    near its zero, so small angles keep their digits from layer to layer.

    References
    ----------
    .. [1] Y. Cho and L. K. Saul, "Kernel methods for deep learning", NeurIPS 2009, section 2
       (with a factor 2).
    """

    rise: float
    fall: float
    variance: float

    def covariance(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Covariance of the pre-activations of each pair."""
        cosine = block.angles.cosine
        return cosine if self.variance == 1 else self.variance * cosine

    def value(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the activation."""
        return self.moments(block)[0]

    def slope(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the derivative of the activation."""
        slope = self._turn(block.angles)
        slope *= self._factor
        return slope

    def moments(
        self, block: PairBlock
    ) -> tuple[Float[np.ndarray, "n n2"], Float[np.ndarray, "n n2"]]:
        """Second moments of the activation and of its derivative, which share most of the work."""
        pairs, slope = block.angles, self._turn(block.angles)
        value = slope * pairs.cosine
        value += (1 - self._mixed) * pairs.sine if self._mixed else pairs.sine
        value *= self.variance * self._factor
        slope *= self._factor
        return value, slope

    def after(self, block: PairBlock, value: Float[np.ndarray, "n n2"]) -> PairBlock:
        """The pairs after the layer, from the second moment of the activation."""
        cosine = value * (1 / self.following().variance)
        angles = angles_from_cosine(cosine, lambda i, j: self._ends(block.angles.angle[i, j]))
        return PairBlock(block.rows, block.columns, angles)

    def following(self) -> "HomogeneousLayer":
        """The same activation once more, fed by this layer."""
        variance = self.variance * (self.rise**2 + self.fall**2) / 2
        return HomogeneousLayer(self.rise, self.fall, variance)

    @property
    def _factor(self) -> float:
        return (self.rise**2 + self.fall**2) / (2 * np.pi)

    @property
    def _mixed(self) -> float:
        return 2 * self.rise * self.fall / (self.rise**2 + self.fall**2)

    def _turn(self, pairs: PairAngles) -> Float[np.ndarray, "n n2"]:
        # The second moment of the derivative over its factor, in memory of its own.
        turn = pairs.supplement
        if self._mixed:
            turn += self._mixed * pairs.angle
        return turn

    def _ends(
        self, angle: Float[np.ndarray, " p"]
    ) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
        bend = (np.sin(angle) - angle * np.cos(angle)) * (self.rise - self.fall) ** 2
        bend /= np.pi * (self.rise**2 + self.fall**2)
        minus = np.maximum(2 * np.sin(angle / 2) ** 2 - bend, 0.0)
        return minus, 2 * np.cos(angle / 2) ** 2 + bend


def homogeneous_layer(activation: Activation) -> HomogeneousLayer:
    r"""The first layer with a given homogeneous activation.

    .. math::
        \alpha = \sigma(1), \qquad \beta = -\sigma(-1), \qquad q = 1

    Parameters
    ----------
    activation
        A homogeneous activation.

    Returns
    -------
    The layer.

    Scale
    -----
    Standard Gaussian weights: a point of norm one has a pre-activation of variance one.

    References
    ----------
    .. [1] Y. Cho and L. K. Saul, "Kernel methods for deep learning", NeurIPS 2009, section 2.
    """
    right, left = activation(np.array([1.0, -1.0]))
    return HomogeneousLayer(rise=float(right), fall=-float(left), variance=1.0)
