"""The supremum of the agreement process over all words, in closed form and by climbing.

No word agrees with more than all samples of one sign, so the supremum of |Z| is at most
max(n_plus, n_minus) / n. It is attained: spell a word that on every level takes the letter of
some sample of the more frequent sign with which no sample of the other sign agrees. The tree has
infinitely many levels with more letters than samples, so such a word exists with probability 1.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from companion.probability.arguments import require_positive
from companion.probability.tree_process import AgreementTree

_DRAWN_BITS = 62  # of one integer draw


class Climb(NamedTuple):
    r"""The mean |Z| along one ever longer word, and the most that any word can reach.

    .. math::
        |Z_{x_1}|, |Z_{x_1 x_2}|, \dots \;\le\; \max(n_+, n_-) / n

    Parameters
    ----------
    values
        The value after each letter.
    ceiling
        The share of the more frequent sign.

    Scale
    -----
    Mean of n samples with values 0, 1 or -1.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1.
    """

    values: Float[np.ndarray, " k"]
    ceiling: float


def expected_supremum(num_samples: int) -> float:
    r"""Expectation of the supremum of |Z| over all words of an agreement tree.

    .. math::
        \mathbb{E} \sup_x |Z_x| = \mathbb{E} \frac{\max(n_+, n_-)}{n}
        = \frac12 + 2^{-n} \binom{n - 1}{\lfloor n / 2 \rfloor}

    Parameters
    ----------
    num_samples
        The number n of samples in the mean.

    Returns
    -------
    The expectation; more than 1/2 for every n, and 1/2 in the limit.

    Scale
    -----
    Values of one sample are 0, 1 or -1. The dimension and the exponents do not matter as long as
    the first level has more than n letters.

    Raises
    ------
    ValueError
        If ``num_samples`` is less than 1.

    References
    ----------
    .. [1] P. Diaconis and S. Zabell, "Closed form summation for classical distributions", 1991
       (De Moivre's mean absolute deviation of the binomial law).
    """
    require_positive(num_samples=num_samples)
    excess = Fraction(math.comb(num_samples - 1, num_samples // 2), 2**num_samples)
    return float(Fraction(1, 2) + excess)


def climb(tree: AgreementTree, num_samples: int, rng: np.random.Generator) -> Climb:
    r"""Draw n samples and spell, letter by letter, the word that agrees with the most of them.

    .. math::
        x_k = \arg\max_\ell \Big( \#\{i : J^i_k = \ell,\ r_i = r\}
        - \#\{i : J^i_k = \ell,\ r_i \ne r\} \Big)

    over the samples that do not agree yet, where r is the more frequent sign.

    Parameters
    ----------
    tree
        The tree; the climb ends on its last level or when every sample of sign r agrees.
    num_samples
        The number n of samples in the mean.
    rng
        The source of signs and letters.

    Returns
    -------
    The value of |Z| at the word after each letter, and the bound ``max(n_plus, n_minus) / n``
    that no word exceeds. If they meet, the supremum over all words is found exactly.

    Scale
    -----
    Mean of n samples with values 0, 1 or -1.

    Raises
    ------
    ValueError
        If ``num_samples`` is less than 1.

    Notes
    -----
    Only the pattern of coincidences between letters matters. Letters of more than 62 bits are
    drawn in pieces until all are told apart, which has the law of the full draw.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1, (3.8): the supremum that is bounded there.
    """
    require_positive(num_samples=num_samples)
    frequent = rng.integers(2, size=num_samples) == 1
    if 2 * np.count_nonzero(frequent) < num_samples:
        frequent = ~frequent
    ceiling = int(np.count_nonzero(frequent)) / num_samples
    waiting = np.where(frequent, 1, -1)
    reached, values = 0, []
    for exponent in tree.exponents:
        letters = _coincidences(rng, waiting.size, 2 * exponent)
        gains = np.bincount(letters, weights=waiting)
        letter = int(np.argmax(gains))
        # A letter that nobody drew gains nothing; only a coarse level can have run out of them.
        if gains[letter] > 0 or (exponent < _DRAWN_BITS and gains.size == 4**exponent):
            reached += int(gains[letter])
            waiting = waiting[letters != letter]
        values.append(reached / num_samples)
        if not (waiting > 0).any():
            break
    return Climb(np.array(values), ceiling)


def _coincidences(rng: np.random.Generator, count: int, bits: int) -> Int[np.ndarray, " n"]:
    # Numbers 0, 1, ... for `count` uniform letters of `bits` bits: equal numbers, equal letters.
    classes = np.zeros(count, dtype=np.int64)
    num_classes = 1
    while bits > 0 and num_classes < count:
        drawn = min(bits, _DRAWN_BITS)
        pieces = rng.integers(2**drawn, size=count)
        if (np.diff(np.sort(pieces)) > 0).all():  # the usual case, at a fifth of the cost
            return np.arange(count)
        _, pieces = np.unique(pieces, return_inverse=True)
        labels, classes = np.unique(classes * count + pieces, return_inverse=True)
        num_classes = labels.size
        bits -= drawn
    return classes
