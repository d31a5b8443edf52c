"""A bounded process with small second moments whose supremum does not shrink: the agreement tree.

A node of the tree is a finite word x = x_1 ... x_K. Level k offers 4^e_k letters, and the letters
sit on a grid of spacing 2^-e_k in R^d, so words are points: x lies at the sum over k of
2^-e_k c_k(x_k), with c_k(x_k) an integer vector of a cube. One sample draws an independent sign r
and an endless random word J, uniform and independent on each level, and

    Y_x = r if x and J agree in at least one place, and 0 if they agree nowhere.

So |Y| <= 1 and E Y = 0. Two words that differ first on level k are at distance about 2^-e_k, and
the chance that only one of them agrees with J is about 2 * 4^-e_k: the root mean square of an
increment is Lipschitz. Yet with n samples in hand one can spell a word that takes its k-th letter
from the k-th positive sample. It agrees with all positive samples and, the letters being many,
with no negative one: the supremum of the mean is the share of positive samples, about 1/2.

The cubes of level k must fit between the points of level k - 1, which needs
e_k - 2 e_k / d > e_{k-1}: three dimensions at least.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from companion.probability.orlicz import indicator_psi_1_norm


@dataclass(frozen=True)
class AgreementTree:
    r"""The letters of an agreement tree: 4**e letters at spacing 2**-e, one e per level.

    .. math::
        N_k = 4^{e_k} \text{ letters, each drawn with probability } 4^{-e_k}

    Parameters
    ----------
    input_dim
        The dimension d of the space that the words are placed in.
    exponents
        The exponents :math:`e_1 < e_2 < \dots`, exact integers.

    Scale
    -----
    Spacing and probability are tied: the probability is the squared spacing.

    Raises
    ------
    ValueError
        If ``input_dim`` is less than 1, or ``exponents`` is empty or not increasing from 1 on.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1: the hypotheses that this process satisfies.
    """

    input_dim: int
    exponents: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.input_dim < 1:
            raise ValueError(
                f"`input_dim` must be at least 1; got {self.input_dim}. "
                "Use `agreement_tree`, which needs three dimensions."
            )
        steps = zip((0, *self.exponents), self.exponents, strict=False)
        if not self.exponents or any(low >= high for low, high in steps):
            raise ValueError(
                f"`exponents` must be increasing from 1 on; got {self.exponents}. "
                "Use `agreement_tree` to have them chosen."
            )


def agreement_tree(input_dim: int, num_levels: int) -> AgreementTree:
    r"""The tree with the coarsest letters for which increments are Lipschitz in mean square.

    .. math::
        e_k - \lceil 2 e_k / d \rceil - e_{k-1} \ge 3 + \tfrac12 \log_2 d, \qquad e_0 = 0

    Parameters
    ----------
    input_dim
        The dimension d of the space that the words are placed in.
    num_levels
        How many levels to build; a supremum over n samples needs about n/2.

    Returns
    -------
    The tree with the smallest exponents that satisfy the inequality on every level.

    Scale
    -----
    In three dimensions :math:`e_k = 6 (3^k - 1)`: the exponents are exact integers of hundreds
    of digits after a thousand levels.

    Raises
    ------
    ValueError
        If ``input_dim`` is less than 3 or ``num_levels`` is less than 1.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1 (2).
    """
    if input_dim < 3:
        raise ValueError(
            f"`input_dim` must be at least 3; got {input_dim}. In a plane the letters of one "
            "level do not fit between the letters of the level before."
        )
    if num_levels < 1:
        raise ValueError(f"`num_levels` must be at least 1; got {num_levels}. Ask for levels.")
    gap = 3
    while 4 ** (gap - 3) < input_dim:
        gap += 1
    exponents: list[int] = []
    previous = 0
    for _ in range(num_levels):
        # e - ceil(2e/d) never decreases in e, and (d - 2)/d of the need is a lower bound on e.
        exponent = -(-(previous + gap) * input_dim // (input_dim - 2))
        while exponent - side_bits(exponent, input_dim) < previous + gap:
            exponent += 1
        exponents.append(exponent)
        previous = exponent
    return AgreementTree(input_dim, tuple(exponents))


def lipschitz_constant(tree: AgreementTree) -> Fraction:
    r"""An upper bound on the ratio of mean square increment and squared distance, all pairs.

    .. math::
        \sup_{x \ne y} \frac{\mathbb{E} |Y_x - Y_y|^2}{|x - y|^2}
        \le \frac{2}{1 - 4^{-g}} \Big(1 - \frac{1}{8 (1 - 2^{-g})}\Big)^{-2},
        \qquad g = \min_k (e_{k+1} - e_k)

    Parameters
    ----------
    tree
        A tree that satisfies the inequality of :func:`agreement_tree` on every level.

    Returns
    -------
    The bound, as an exact fraction. It holds for the tree continued to infinitely many levels
    by :func:`agreement_tree`, whose steps never become smaller.

    Scale
    -----
    The constant :math:`C_1` of Li's Proposition 1: mean squares, not roots.

    Raises
    ------
    ValueError
        If the inequality fails on a level; the message names the first.

    Notes
    -----
    The inequality says that the cube of level k + 1 has a diameter (its far corner included) of at
    most :math:`2^{-e_k - 3}`. Let x and y differ first on level k. Later letters move either
    word within those cubes, so :math:`|x - y| \ge 2^{-e_k} - \sum_{j \ge k} 2^{-e_j - 3}`, and
    just one of them agrees with J with probability at most :math:`2 \sum_{j \ge k} 4^{-e_j}`.
    If y is x cut before level k, the distance is at least :math:`2^{-e_k} \sqrt d` and the
    probability at most half as large.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1 (2).
    """
    previous, gap = 0, None
    for level, exponent in enumerate(tree.exponents, start=1):
        room = exponent - side_bits(exponent, tree.input_dim) - previous - 3
        if room < 0 or 4**room < tree.input_dim:
            raise ValueError(
                f"`tree` must leave room for its letters on every level; level {level} with "
                f"exponent {exponent} after {previous} does not. Use `agreement_tree`."
            )
        if level > 1:
            gap = exponent - previous if gap is None else min(gap, exponent - previous)
        previous = exponent
    # A finer tail than 2**-64 changes nothing that matters; a coarser g only loosens the bound.
    g = 64 if gap is None else min(gap, 64)
    lost = Fraction(1, 8) / (1 - Fraction(1, 2**g))
    return 2 / (1 - Fraction(1, 4**g)) / (1 - lost) ** 2


def log_psi_1_ratio(tree: AgreementTree, level: int) -> float:
    r"""How far the psi_1 norm of an increment exceeds the distance, on one level.

    .. math::
        \log \frac{\|Y_x - Y_y\|_{\psi_1}}{|x - y|}
        \quad \text{for neighbours } x, y \text{ on level } k: \quad
        |x - y| = 2^{-e_k}, \quad \mathbb{P}(Y_x \ne Y_y) \approx 2 \cdot 4^{-e_k}

    Parameters
    ----------
    tree
        The tree.
    level
        The level k, counted from 1.

    Returns
    -------
    The natural logarithm of the ratio. It grows without bound with the level.

    Scale
    -----
    Natural logarithm, because the ratio itself overflows on fine levels. The probability is
    taken with its factor for agreement on earlier levels, whose logarithm is below 1e-4.

    Raises
    ------
    ValueError
        If ``level`` is not a level of the tree.

    References
    ----------
    .. [1] B. Klartag and S. Mendelson, "Empirical processes and random projections", 2005,
       section 2 (the psi_alpha hypothesis on increments).
    """
    if not 1 <= level <= len(tree.exponents):
        raise ValueError(
            f"`level` must lie between 1 and {len(tree.exponents)}; got {level}. "
            "Build a deeper tree for finer levels."
        )
    *coarser, exponent = tree.exponents[:level]
    missed = sum(math.log1p(-(4.0**-e)) if e < 500 else 0.0 for e in coarser)
    log_probability = (1 - 2 * exponent) * math.log(2) + missed
    return math.log(indicator_psi_1_norm(log_probability)) + exponent * math.log(2)


def side_bits(exponent: int, input_dim: int) -> int:
    r"""Side of the smallest cube of grid points that holds 4**e letters, as a power of two.

    .. math::
        \big(2^{\lceil 2 e / d \rceil}\big)^d \ge 4^e

    Parameters
    ----------
    exponent
        The exponent e of the level.
    input_dim
        The dimension d.

    Returns
    -------
    The exponent of the side, :math:`\lceil 2 e / d \rceil`.

    Scale
    -----
    In grid points; the grid has spacing ``2**-e``.

    References
    ----------
    .. [1] R. Vershynin, "High-dimensional probability", 2018, section 4.2 (packing by volume).
    """
    return -(-2 * exponent // input_dim)
