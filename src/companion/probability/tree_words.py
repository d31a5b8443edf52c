"""Words of an agreement tree, one pair at a time: their exact places and exact second moments.

Everything is integer arithmetic on fractions, so an inequality that holds here holds, and the
scales (2**-156 on the third level of three dimensions) do no harm.
"""

from fractions import Fraction

from companion.probability.tree_process import AgreementTree, side_bits

Word = tuple[int, ...]


def position(tree: AgreementTree, word: Word) -> tuple[Fraction, ...]:
    r"""Where a word lies in R^d, exactly.

    .. math::
        x \mapsto \sum_k 2^{-e_k} c_k(x_k), \qquad
        c_k : \{0, \dots, 4^{e_k} - 1\} \to \{1, \dots, 2^{\lceil 2 e_k / d \rceil}\}^d
        \text{ one to one}

    Parameters
    ----------
    tree
        The tree.
    word
        Letters, one per level, each an integer from 0 to ``4**e - 1``; the empty word is the
        origin.

    Returns
    -------
    The coordinates, as exact fractions.

    Scale
    -----
    All words of a tree from :func:`agreement_tree` lie within 1/7 of the origin.

    Raises
    ------
    ValueError
        If the word is longer than the tree is deep or a letter is out of range.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1: the index set D.
    """
    _require_word(tree, word)
    place = [Fraction(0)] * tree.input_dim
    for letter, exponent in zip(word, tree.exponents, strict=False):
        bits = side_bits(exponent, tree.input_dim)
        for axis in range(tree.input_dim):
            digit = (letter >> (axis * bits)) & (2**bits - 1)
            place[axis] += Fraction(1 + digit, 2**exponent)
    return tuple(place)


def mean_square_increment(tree: AgreementTree, x: Word, y: Word) -> Fraction:
    r"""The second moment of an increment, exactly.

    .. math::
        \mathbb{E} |Y_x - Y_y|^2 = 2 \mathbb{P}(x \text{ or } y \text{ agrees with } J)
        - \mathbb{P}(x \text{ agrees}) - \mathbb{P}(y \text{ agrees})

    Parameters
    ----------
    tree
        The tree.
    x, y
        Two words.

    Returns
    -------
    The probability that exactly one of the words agrees with J, an exact fraction.

    Scale
    -----
    One sample, not the mean of n; that has a second moment n times smaller.

    Raises
    ------
    ValueError
        If a word is longer than the tree is deep or a letter is out of range.

    References
    ----------
    .. [1] L. Li, arXiv:1909.13671, Proposition 1 (2).
    """
    _require_word(tree, x)
    _require_word(tree, y)
    neither = only_x_missed = only_y_missed = Fraction(1)
    for level, exponent in enumerate(tree.exponents[: max(len(x), len(y))]):
        chance = Fraction(1, 4**exponent)
        letters = {word[level] for word in (x, y) if level < len(word)}
        neither *= 1 - len(letters) * chance
        only_x_missed *= 1 - chance * (level < len(x))
        only_y_missed *= 1 - chance * (level < len(y))
    return only_x_missed + only_y_missed - 2 * neither


def _require_word(tree: AgreementTree, word: Word) -> None:
    if len(word) > len(tree.exponents):
        raise ValueError(
            f"`word` must have at most {len(tree.exponents)} letters; got {len(word)}. "
            "Build a deeper tree."
        )
    for level, (letter, exponent) in enumerate(zip(word, tree.exponents, strict=False)):
        if not 0 <= letter < 4**exponent:
            raise ValueError(
                f"`word` must have letters from 0 to 4**e - 1; got {letter} on level {level + 1} "
                f"with e = {exponent}. Choose a smaller letter."
            )
