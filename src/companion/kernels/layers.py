"""Which way of computing suits the activation of a layer."""

from companion.activations import Activation
from companion.kernels.gaussian_layer import Layer
from companion.kernels.homogeneous import homogeneous_layer
from companion.kernels.kinked_layer import KinkedLayer
from companion.kernels.point_pairs import PointPairs
from companion.kernels.smooth_layer import SmoothLayer


def first_layer(activation: Activation, pairs: PointPairs) -> Layer:
    r"""The layer that given points enter, by the way of computing that suits its activation.

    .. math::
        h = \sigma(W x), \qquad W_{ij} \sim N(0, 1)

    Parameters
    ----------
    activation
        The activation :math:`\sigma`: homogeneous, analytic between stated breaks, or smooth.
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
    kind = KinkedLayer if activation.breaks else SmoothLayer
    return kind(activation, pairs.norms_x, pairs.norms_z)
