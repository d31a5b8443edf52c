"""Sampling: named random streams, and means that carry their standard errors."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from companion.numerics.finite import require_finite


def stream(seed: int, *names: str | int | np.integer) -> np.random.Generator:
    r"""A random generator for one purpose, independent of those for other purposes.

    .. math::
        (\text{seed}, \text{names}) \mapsto \text{generator}

    Parameters
    ----------
    seed
        The seed of the whole experiment.
    names
        What the numbers are for, such as ``"weights", 3``. The order matters.

    Returns
    -------
    A fresh generator; the same arguments give the same numbers on every machine.

    Scale
    -----
    Uniform 64-bit words of PCG64; the law is chosen by what is drawn from it.

    Raises
    ------
    ValueError
        If ``seed`` is negative.
    TypeError
        If a name is neither a string nor an integer.

    Notes
    -----
    Every name is hashed to 128 bits and becomes part of the spawn key of a
    :class:`numpy.random.SeedSequence`, so adding a purpose leaves the numbers of the others as
    they are, which a shared generator would not.

    References
    ----------
    .. [1] NumPy reference, "Parallel random number generation", section on SeedSequence.
    """
    if seed < 0:
        raise ValueError(f"`seed` must be nonnegative; got {seed}.")
    key = tuple(word for name in names for word in _words(name))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


@dataclass(frozen=True)
class Estimate:
    r"""A mean of independent samples with its standard error.

    .. math::
        \bar s = \frac{1}{N} \sum_i s_i, \qquad
        \text{standard error} = \Big( \frac{1}{N (N - 1)} \sum_i (s_i - \bar s)^2 \Big)^{1/2}.

    Parameters
    ----------
    mean, standard_error
        The two numbers of the formula.
    count
        The number of samples :math:`N`.

    Scale
    -----
    The unit of the samples; the standard error is that of the mean, not of one sample.

    References
    ----------
    .. [1] A. B. Owen, "Monte Carlo theory, methods and examples", 2013, section 2.2.
    """

    mean: float
    standard_error: float
    count: int


def estimate(samples: Float[np.ndarray, " n"]) -> Estimate:
    r"""Mean and standard error of independent samples.

    .. math::
        \bar s = \frac{1}{N} \sum_i s_i

    Parameters
    ----------
    samples
        Independent draws of one number.

    Returns
    -------
    An :class:`Estimate`.

    Scale
    -----
    As for :class:`Estimate`.

    Raises
    ------
    ValueError
        If there are fewer than two samples or one is not finite.

    References
    ----------
    .. [1] A. B. Owen, "Monte Carlo theory, methods and examples", 2013, section 2.2.
    """
    if samples.ndim != 1 or samples.size < 2:
        raise ValueError(
            f"`samples` must be a vector of at least two numbers; got shape {samples.shape}."
        )
    require_finite(samples, "samples")
    spread = float(samples.std(ddof=1))
    return Estimate(float(samples.mean()), spread / math.sqrt(samples.size), samples.size)


def _words(name: str | int | np.integer) -> tuple[int, ...]:
    if isinstance(name, bool) or not isinstance(name, str | int | np.integer):
        raise TypeError(f"`names` must be strings or integers; got {name!r}.")
    # The kind is hashed too: the name 1 and the name "1" are different streams.
    kind = "text" if isinstance(name, str) else "number"
    digest = hashlib.sha256(f"{kind}:{name}".encode()).digest()
    return tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
