r"""Points of the sphere at which the network and the kernel are far off at the start, on average.

Both are directions of a mean of weights. They bound from below what Lemmas 3 and 4 of Li bound
from above, and show the law :math:`\sqrt d` in both.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.stats import chi

from companion.activations import Activation
from companion.numerics.quadrature import gauss_hermite

_NODES = 100  # per direction; the integrands are analytic in a strip of width one
_DEVIATIONS = 10  # the length of a Gaussian vector has standard deviation at most one


def mean_network_at_witness(activation: Activation, *, width: int, input_dim: int) -> float:
    r"""Mean of the initial network at the unit vector along :math:`W^\top a`.

    .. math::
        \mathbb{E} f_m\Big( \frac{W^\top a}{|W^\top a|}, 0 \Big) =
        \sqrt m\; \mathbb{E}\, \sigma\Big( \sqrt{1 - \tfrac1m}\, z + \frac{\chi_d}{\sqrt m} \Big)
        - \sqrt m\, \sigma(0)
        = (1 + o(1))\, \sqrt d\; \mathbb{E} \sigma'(z)

    Parameters
    ----------
    activation
        An activation that is odd up to a constant, such as the sigmoid.
    width
        Number of neurons m.
    input_dim
        The dimension d.

    Returns
    -------
    The mean, a lower bound of the mean supremum over the sphere.

    Scale
    -----
    Gaussian inner weights, fair signs, network with factor ``m**-0.5``.

    Raises
    ------
    ValueError
        If a size is not positive or the activation has no centre.

    References
    ----------
    Derived here: the vectors :math:`a_i w_i` are independent of the signs, and their mean is
    independent of the deviations from it. It refutes a constant free of d in L. Li, 2019, Lemma 4.
    """
    if activation.centre is None:
        raise ValueError(
            f"`activation` must be odd up to a constant; got {activation.name!r}, which is not."
        )
    mean = _mean_along_mean_weight(activation.value, width, input_dim)
    return math.sqrt(width) * (mean - activation.centre)


def mean_kernel_at_witness(activation: Activation, *, width: int, input_dim: int) -> float:
    r"""Mean of the empirical kernel's excess at the direction of the mean weight.

    .. math::
        \mathbb{E} (D_m - D)(\hat x, \hat x) =
        \mathbb{E}\, \sigma\Big( \sqrt{1 - \tfrac1m}\, z + \frac{\chi_d}{\sqrt m} \Big)^2
        - \mathbb{E}\, \sigma(z)^2, \qquad \hat x \parallel \textstyle\sum_i w_i

    Parameters
    ----------
    activation
        The activation.
    width
        Number of neurons m.
    input_dim
        The dimension d.

    Returns
    -------
    The mean, a lower bound of the mean supremum over pairs on the sphere; to first order
    :math:`2 \mathbb{E} \sigma \sigma'(z) \sqrt{d/m}`, for the logistic sigmoid
    :math:`0.207 \sqrt{d / m}`.

    Scale
    -----
    Gaussian inner weights; :math:`D_m` is a mean over neurons.

    Raises
    ------
    ValueError
        If a size is not positive.

    References
    ----------
    Derived here, as :func:`mean_network_at_witness`. It shows that Lemma 3 of L. Li, 2019, is
    sharp in d and n.
    """

    def square(z: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return np.asarray(activation(z)) ** 2

    nodes, weights = gauss_hermite(_NODES)
    return _mean_along_mean_weight(square, width, input_dim) - float(weights @ square(nodes))


def _mean_along_mean_weight(
    function: Callable[[np.ndarray], np.ndarray], width: int, input_dim: int
) -> float:
    _require_positive(width=width, input_dim=input_dim)
    middle = float(chi.mean(input_dim))
    # The density of the length and its derivatives vanish at both ends but for small dimensions,
    # where Gauss-Legendre nodes do not mind.
    low, high = max(0.0, middle - _DEVIATIONS), middle + _DEVIATIONS
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    lengths = low + (high - low) * (nodes + 1) / 2
    density = weights * (high - low) / 2 * chi.pdf(lengths, input_dim)
    z, gaussian = gauss_hermite(_NODES)
    at = math.sqrt(1 - 1 / width) * z[:, None] + lengths / math.sqrt(width)
    return float(gaussian @ function(at) @ density)


def _require_positive(**values: float | int) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"`{name}` must be positive and finite; got {value}.")
