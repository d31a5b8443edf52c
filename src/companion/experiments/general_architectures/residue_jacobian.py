r"""The Jacobian of a network over the integers modulo a prime, for a rational activation.

The activation :math:`\sigma(z) = 1 / (1 + z^2)` is analytic and no polynomial, and it makes sense
modulo a prime. A minor of the Jacobian is a rational function of parameters and inputs; one point
at which it is not zero modulo p proves that it is not zero as a function, and so that it is not
zero at almost all real parameters and inputs.
"""

from itertools import pairwise

import numpy as np
from jaxtyping import Int

PRIME = 2**28 - 57  # 3 modulo 4, so that 1 + z^2 is never zero; sums of 32 products fit 64 bits
MAX_WIDTH = 31


def residue_jacobian(
    widths: tuple[int, ...], num_samples: int, rng: np.random.Generator
) -> Int[np.ndarray, "nq p"]:
    r"""Jacobian of a fully connected network at random residues.

    .. math::
        \sigma(z) = (1 + z^2)^{-1}, \qquad \sigma'(z) = -2 z\, \sigma(z)^2 \pmod p

    Parameters
    ----------
    widths
        Input dimension, widths of the hidden layers, output dimension.
    num_samples
        The number n of samples.
    rng
        Source of parameters and inputs, uniform modulo :data:`PRIME`.

    Returns
    -------
    Residues, a row for each output of each sample and a column for each parameter.

    Scale
    -----
    Plain derivatives.

    Raises
    ------
    ValueError
        If a layer is so wide that sums of products leave 64 bits.

    Notes
    -----
    Columns go layer by layer and neuron by neuron, the weights of a neuron before its bias.

    References
    ----------
    Derived here.
    """
    if max(widths) > MAX_WIDTH:
        raise ValueError(f"`widths` must be at most {MAX_WIDTH}; got {max(widths)}.")
    h = rng.integers(PRIME, size=(num_samples, widths[0]))
    layers = [
        (rng.integers(PRIME, size=(after, before)), rng.integers(PRIME, size=after))
        for before, after in pairwise(widths)
    ]
    seen, slopes = [], []
    for W, b in layers:
        seen.append(np.column_stack([h, np.ones(num_samples, dtype=np.int64)]))
        z = (h @ W.T + b) % PRIME
        h = _inverse((1 + z * z) % PRIME)
        slopes.append(-2 * (z * (h * h % PRIME) % PRIME) % PRIME)
    outputs = widths[-1]
    delta = np.broadcast_to(np.eye(outputs, dtype=np.int64), (num_samples, outputs, outputs))
    blocks = []
    for place in reversed(range(len(layers))):
        parts = delta[..., None] * seen[place][:, None, None, :] % PRIME
        blocks.append(parts.reshape(num_samples * outputs, -1))
        if place:
            delta = (delta @ layers[place][0]) % PRIME * slopes[place - 1][:, None, :] % PRIME
    return np.concatenate(blocks[::-1], axis=1)


def _inverse(a: Int[np.ndarray, "n m"]) -> Int[np.ndarray, "n m"]:
    # By Fermat, a^(p - 2): one power for all entries.
    power, result, exponent = a, np.ones_like(a), PRIME - 2
    while exponent:
        if exponent % 2:
            result = result * power % PRIME
        power, exponent = power * power % PRIME, exponent // 2
    return result
