"""Right-hand sides of the statements of Jakhmola (document `general_architectures`).

What replaces a statement that is not true stands in
:mod:`companion.claims.general_architectures_corrected`.
"""

from collections.abc import Sequence
from itertools import pairwise


def fully_connected_parameters(widths: Sequence[int]) -> int:
    r"""Number of parameters of a fully connected network with biases.

    .. math::
        P = \sum_{i=1}^{L} N_i (N_{i-1} + 1)

    Parameters
    ----------
    widths
        :math:`N_0, \dots, N_L`: input dimension, widths of the hidden layers, output dimension.

    Returns
    -------
    The number P that the document compares with the number ``n q`` of outputs on the data.

    Scale
    -----
    A count.

    Raises
    ------
    ValueError
        If fewer than two widths are given or one is not positive.

    References
    ----------
    Y. Jakhmola, "Gradient flow convergence guarantee for general neural network architectures",
    arXiv:2509.23887, Corollary 3.2.1, part 1; q is his M.
    """
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"`widths` must be two or more positive numbers; got {list(widths)}.")
    return sum(width * (before + 1) for before, width in pairwise(widths))
