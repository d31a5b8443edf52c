"""Graphs over data points, and the matrix by which a graph convolution mixes vertices."""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Shaped
from scipy import sparse
from scipy.spatial import cKDTree

from companion.numerics.arguments import whole_number
from companion.numerics.finite import require_finite

Matrix: TypeAlias = Shaped[np.ndarray, "..."] | sparse.sparray | sparse.spmatrix

_SIMPLE = "Pass the adjacency of a simple undirected graph: zeros and ones, symmetric, no loops."


def nearest_neighbour_graph(X: Float[np.ndarray, "v d"], num_neighbours: int) -> sparse.csr_array:
    r"""The graph that joins each point to those next to it.

    .. math::
        A_{ij} = 1 \iff x_j \text{ is one of the } k \text{ nearest of } x_i
        \text{, or } x_i \text{ one of the } k \text{ nearest of } x_j

    Parameters
    ----------
    X
        The points as rows.
    num_neighbours
        The number k of neighbours that each point chooses.

    Returns
    -------
    The adjacency: symmetric, zeros and ones, no loops. Each vertex has at least k neighbours.

    Scale
    -----
    Euclidean distance. Scaling or rotating the points changes nothing.

    Raises
    ------
    ValueError
        If ``X`` is no matrix of finite entries, or ``num_neighbours`` is not between 1 and the
        number of other points.
    TypeError
        If ``num_neighbours`` is no whole number.

    Notes
    -----
    Of points at the same distance the search tree takes whichever it meets first. In many
    dimensions it looks at nearly every pair.

    References
    ----------
    Y. Jakhmola, arXiv:2509.23887, section 4: k = 10 over the inputs.
    """
    points = np.asarray(X)
    if points.ndim != 2 or 0 in points.shape:
        raise ValueError(f"`X` must have shape (v, d), both positive; got {points.shape}.")
    require_finite(points, "X")
    num_points = len(points)
    remedy = "Pass how many neighbours each point chooses."
    k = whole_number("num_neighbours", num_neighbours, remedy=remedy)
    if not 1 <= k < num_points:
        raise ValueError(
            f"`num_neighbours` must be between 1 and {num_points - 1}, the number of other "
            f"points; got {k}. {remedy}"
        )
    _, nearest = cKDTree(points).query(points, k=k + 1)
    other = nearest != np.arange(num_points)[:, None]
    # Where more than k points coincide with one, it need not be among its own nearest.
    other[other.all(axis=1), -1] = False
    rows = np.repeat(np.arange(num_points), k)
    chosen = sparse.csr_array(
        (np.ones(num_points * k), (rows, nearest[other])), shape=(num_points, num_points)
    )
    return chosen.maximum(chosen.T).tocsr()


def normalised_adjacency(adjacency: Matrix, *, exponent: float = -0.5) -> sparse.csr_array:
    r"""Adjacency with a loop at each vertex, scaled by a power of the degrees from both sides.

    .. math::
        \hat D^{e} \hat A\, \hat D^{e}, \qquad \hat A = A + I,
        \qquad \hat D = \operatorname{diag}(\hat A \mathbf{1})

    Parameters
    ----------
    adjacency
        The adjacency A of a simple undirected graph, a matrix of NumPy or SciPy.
    exponent
        The power e: -1/2 as graph convolutions have it, or 1/2 as our text of the document
        prints it.

    Returns
    -------
    The matrix, symmetric. It is called the propagation.

    Scale
    -----
    With -1/2 the largest eigenvalue is one, its eigenvector :math:`\hat D^{1/2} \mathbf{1}`.
    With 1/2 it is at least the product of the arithmetic and the harmonic mean of the degrees.

    Raises
    ------
    ValueError
        If the matrix is not square, an entry is neither 0 nor 1, it is not symmetric, has a loop
        (which would count twice), or ``exponent`` is neither -1/2 nor 1/2.
    TypeError
        If ``adjacency`` is no matrix of numbers.

    Notes
    -----
    A vertex without neighbours is allowed: with its loop it has degree one and sees itself alone.

    References
    ----------
    T. N. Kipf and M. Welling, "Semi-supervised classification with graph convolutional networks",
    ICLR 2017, eq. (2); Y. Jakhmola, arXiv:2509.23887, Corollary 3.2.1, part 3.
    """
    if exponent not in (-0.5, 0.5):
        raise ValueError(f"`exponent` must be -0.5 or 0.5; got {exponent}.")
    simple = _simple_adjacency(adjacency)
    looped = simple + sparse.eye_array(simple.shape[0], format="csr")
    factors = sparse.diags_array(np.asarray(looped.sum(axis=1)).ravel() ** exponent)
    return (factors @ looped @ factors).tocsr()


def _simple_adjacency(adjacency: Matrix) -> sparse.csr_array:
    given = adjacency if sparse.issparse(adjacency) else np.asarray(adjacency)
    if given.dtype.kind not in "biuf":
        raise TypeError(f"`adjacency` must hold real numbers; got {given.dtype}. {_SIMPLE}")
    if given.ndim != 2 or given.shape[0] != given.shape[1] or 0 in given.shape:
        raise ValueError(f"`adjacency` must be square; got shape {given.shape}. {_SIMPLE}")
    matrix = sparse.csr_array(given, dtype=float)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    entries = matrix.tocoo()
    _refuse_first(entries, entries.data != 1, "have entries 0 and 1")
    _refuse_first(entries, entries.row == entries.col, "have no loops")
    one_sided = (matrix - matrix.T).tocoo()
    _refuse_first(one_sided, one_sided.data > 0, "be symmetric", and_back=True)
    return matrix


def _refuse_first(
    matrix: sparse.coo_array,
    wrong: Shaped[np.ndarray, " e"],
    rule: str,
    *,
    and_back: bool = False,
) -> None:
    if not wrong.any():
        return
    first = int(np.argmax(wrong))
    i, j, value = int(matrix.row[first]), int(matrix.col[first]), matrix.data[first]
    other = f" and adjacency[{j}, {i}] = 0" if and_back else ""
    raise ValueError(
        f"`adjacency` must {rule}; got adjacency[{i}, {j}] = {value:g}{other}. {_SIMPLE}"
    )
