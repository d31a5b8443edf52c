"""What replaces P >= n M in Lemma 3.2 of Jakhmola: the largest rank of the tangent kernel.

His M is q here, the number of outputs. The document `general_architectures` asks for at least as
many parameters as outputs on the data. What the layers can do with the parameters is less.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from companion.claims.general_architectures import fully_connected_parameters
from companion.numerics.finite import require_finite
from companion.numerics.sizes import positive_size, positive_sizes


def largest_rank(widths: Sequence[int], *, num_samples: int, homogeneous: bool) -> int:
    r"""Bound of the rank of the tangent kernel for all parameters and inputs.

    .. math::
        R = \min\Bigl\{ n q,\quad P - S,\quad
        \min_{1 \le l < L} \bigl[ n N_l - N_l \min(n, N_l + 1)
        + P_{>l} - S_{>l} \bigr] \Bigr\}

    Parameters
    ----------
    widths
        :math:`N_0, \dots, N_L`: input dimension, widths of the hidden layers, output dimension q.
    num_samples
        The number n of samples.
    homogeneous
        Whether the activation is positively homogeneous, as leaky ReLU: then :math:`S_{>l}` is
        the number of hidden neurons behind layer l, and S that of all. Otherwise S = 0.

    Returns
    -------
    The number R. :math:`P_{>l}` counts the parameters of the layers behind layer l.

    Scale
    -----
    A count, for affine layers with biases.

    Raises
    ------
    ValueError
        If fewer than two widths are given, or a width or the number of samples is not positive.

    Notes
    -----
    The proof is on the page `rank`. It needs no genericity: the bound of
    :func:`companion.tangent.rank.rank_bound`, which looks at the features, is never above the
    bound from widths alone. Where :math:`N_l \ge N_{l+1}`, the cut at l is never below the
    one at l + 1, so only cuts in front of a wider layer matter; those grow with the rank of the
    features.

    References
    ----------
    Derived here. It replaces the condition of Lemma 3.2 of Y. Jakhmola, arXiv:2509.23887. For
    the part P - S see J. E. Grigsby, K. Lindsey, R. Meyerhoff and C. Wu, "Functional dimension of
    feedforward ReLU neural networks", arXiv:2209.04036.
    """
    sizes = positive_sizes("widths", widths, at_least=2, remedy="Pass input to output dimension.")
    count = positive_size("num_samples", num_samples, remedy="Pass a positive number.")
    bounds = [count * sizes[-1], fully_connected_parameters(sizes)]
    behind = 0
    for place in reversed(range(len(sizes) - 1)):
        behind += sizes[place + 1] * (sizes[place] + 1)
        if place + 1 < len(sizes) - 1 and homogeneous:
            behind -= sizes[place + 1]
        width = sizes[place]
        through = width * (count - min(count, width + 1)) if place else 0
        bounds.append(through + behind)
    return min(bounds)


def always_singular(widths: Sequence[int]) -> tuple[int, ...]:
    r"""Sample sizes that P >= n q admits and at which no start has a positive definite kernel.

    .. math::
        \{ n : R(n) < n q \le P \}

    Parameters
    ----------
    widths
        Input dimension, widths of the hidden layers, output dimension q; the activation is
        positively homogeneous.

    Returns
    -------
    All such n, in order.

    Scale
    -----
    Numbers of samples.

    Raises
    ------
    ValueError
        As :func:`largest_rank`.

    References
    ----------
    Derived here.
    """
    most = fully_connected_parameters(widths) // widths[-1]
    return tuple(
        n
        for n in range(1, most + 1)
        if largest_rank(widths, num_samples=n, homogeneous=True) < n * widths[-1]
    )


def bottleneck_loss(Y: Float[np.ndarray, "n q"], *, width: int) -> float:
    r"""The least loss behind a last hidden layer of a given width, whatever stands before it.

    .. math::
        \inf_{H \in \mathbb{R}^{n \times N},\, W,\, b}
        \tfrac12 \| H W^\top + 1 b^\top - Y \|_F^2
        = \tfrac12 \sum_{i > N} \sigma_i \bigl( Y - 1 \bar y^\top \bigr)^2

    Parameters
    ----------
    Y
        Targets, a row per sample.
    width
        The width N of the last hidden layer.

    Returns
    -------
    The infimum; no parameters of any network with this layer and a bias have a smaller loss.

    Scale
    -----
    Half the sum of squares.

    Raises
    ------
    ValueError
        If the targets are not finite or the width is not positive.

    References
    ----------
    Derived here, from C. Eckart and G. Young, "The approximation of one matrix by another of
    lower rank", Psychometrika 1 (1936): the best constant is the mean, because projecting away
    the constants lowers no rank of H and no norm is raised by it.
    """
    require_finite(Y, "Y")
    positive_size("width", width, remedy="Pass a positive number.")
    values = np.linalg.svd(Y - Y.mean(axis=0), compute_uv=False)
    return float((values[width:] ** 2).sum() / 2)
