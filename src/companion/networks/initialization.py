"""Laws of the initial weights of a network."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def gaussian_rademacher(
    width: int, input_dim: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "m d"], Float[np.ndarray, " m"]]:
    r"""Standard Gaussian inner weights and fair signs as outer weights.

    .. math::
        w_i \sim N(0, I_d), \qquad \mathbb{P}(a_i = 1) = \mathbb{P}(a_i = -1) = \tfrac12,
        \qquad i = 1, \dots, m, \text{ all independent.}

    Parameters
    ----------
    width
        Number of neurons.
    input_dim
        Dimension of the inputs.
    rng
        Source of randomness.

    Returns
    -------
    The pair ``(W, a)``, inner weights as rows and outer weights.

    Scale
    -----
    No factor of the width: the network carries it, see
    :class:`companion.networks.two_layer.TwoLayerNetwork`.

    Raises
    ------
    ValueError
        If ``width`` or ``input_dim`` is not positive.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    Assumption 2; ``width`` is his n.
    """
    _check_sizes(width, input_dim)
    W = rng.standard_normal((width, input_dim))
    return W, _signs(width, rng)


def antisymmetric(
    width: int, input_dim: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "m d"], Float[np.ndarray, " m"]]:
    r"""Gaussian inner weights, each used twice with opposite outer signs.

    .. math::
        w_{i + m/2} = w_i \sim N(0, I_d), \qquad a_{i + m/2} = -a_i \in \{-1, 1\},
        \qquad i = 1, \dots, m/2.

    The network is zero at the start for every input, and its Gram matrix has the law of
    a network of half the width.

    Parameters
    ----------
    width
        Number of neurons, even.
    input_dim
        Dimension of the inputs.
    rng
        Source of randomness.

    Returns
    -------
    The pair ``(W, a)``, inner weights as rows and outer weights.

    Scale
    -----
    No factor of the width, as in :func:`gaussian_rademacher`.

    Raises
    ------
    ValueError
        If ``width`` is odd, or ``width`` or ``input_dim`` is not positive.

    References
    ----------
    L. Chizat, E. Oyallon and F. Bach, "On lazy training in differentiable programming",
    NeurIPS 2019, section 1 (unbiased initialisation).
    """
    _check_sizes(width, input_dim)
    if width % 2:
        raise ValueError(f"`width` must be even; got {width}. Neurons come in pairs.")
    W = rng.standard_normal((width // 2, input_dim))
    a = _signs(width // 2, rng)
    return np.concatenate([W, W]), np.concatenate([a, -a])


def gaussian_layers(
    widths: Sequence[int], input_dim: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "_ _"], ...]:
    r"""Standard Gaussian hidden matrices and a row of fair signs for the output.

    .. math::
        W^l_{ij} \sim N(0, 1), \quad l < L, \qquad
        \mathbb{P}(W^L_{1j} = 1) = \mathbb{P}(W^L_{1j} = -1) = \tfrac12,
        \qquad \text{all independent.}

    Parameters
    ----------
    widths
        Numbers of neurons of the hidden layers, from the input on.
    input_dim
        Dimension of the inputs.
    rng
        Source of randomness.

    Returns
    -------
    The matrices from the input to the output, for
    :class:`companion.networks.fully_connected.FullyConnectedNetwork`.

    Scale
    -----
    No factor of the widths: the network carries them.

    Raises
    ------
    ValueError
        If there is no width, or ``input_dim`` or a width is not positive.

    References
    ----------
    G. Welper, "Approximation Results for Gradient Descent trained Neural Networks",
    arXiv:2309.04860, known through a digest: the initial law as reconstructed here.
    """
    if len(widths) == 0:
        raise ValueError("`widths` must hold a width; got none. Pass one for each hidden layer.")
    for index, width in enumerate(widths):
        if width < 1:
            raise ValueError(f"`widths[{index}]` must be at least 1; got {width}.")
    _check_sizes(widths[0], input_dim)
    sizes = [input_dim, *widths]
    hidden = [rng.standard_normal((sizes[i + 1], sizes[i])) for i in range(len(widths))]
    return (*hidden, _signs(widths[-1], rng)[None, :])


def symmetric_layers(
    widths: Sequence[int], input_dim: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "_ _"], ...]:
    r"""Layers of which the last hidden neurons come in pairs with opposite output signs.

    .. math::
        W^{L-1}_{i + m/2,\, j} = W^{L-1}_{ij}, \qquad W^L_{1,\, i + m/2} = -W^L_{1i},
        \qquad i = 1, \dots, m/2, \quad m = m_L

    The network is zero at the start for every input, so that the residual is minus the target.

    Parameters
    ----------
    widths, input_dim, rng
        As for :func:`gaussian_layers`, the last width even.

    Returns
    -------
    The matrices from the input to the output.

    Scale
    -----
    As :func:`gaussian_layers`. The Gram matrix at the start has the law of a network whose last
    hidden layer is half as wide.

    Raises
    ------
    ValueError
        If the last width is odd, there is none, or ``input_dim`` or a width is not positive.

    References
    ----------
    L. Chizat, E. Oyallon and F. Bach, "On lazy training in differentiable programming",
    NeurIPS 2019, section 1 (unbiased initialisation).
    """
    if len(widths) > 0 and widths[-1] % 2:
        raise ValueError(
            f"`widths[{len(widths) - 1}]` must be even; got {widths[-1]}. Neurons come in pairs."
        )
    halved = (*widths[:-1], widths[-1] // 2) if len(widths) > 0 else ()
    *before, last, signs = gaussian_layers(halved, input_dim, rng)
    return (*before, np.concatenate([last, last]), np.concatenate([signs, -signs], axis=1))


def _signs(size: int, rng: np.random.Generator) -> Float[np.ndarray, " m"]:
    return 2.0 * rng.integers(0, 2, size) - 1.0


def _check_sizes(width: int, input_dim: int) -> None:
    for name, value in (("width", width), ("input_dim", input_dim)):
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1; got {value}.")
