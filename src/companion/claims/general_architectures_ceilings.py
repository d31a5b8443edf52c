"""Ranks that no number of parameters exceeds (document `general_architectures`).

The document asks for P >= n q. For architectures whose outputs are tied to each other the rank of
the Jacobian stays below n q for every P; here are two ties that plain networks do not have.
"""

from companion.numerics.arguments import one_of
from companion.numerics.sizes import positive_size

_SIZE = "Pass a whole number from 1 on."


def graph_convolution_rank_bound(
    num_samples: int,
    *,
    num_vertices: int,
    output_dim: int,
    propagation_rank: int,
    bias: str,
    reaches_constants: bool,
) -> int:
    r"""Largest rank of the Jacobian of a graph convolution network, of whatever size.

    .. math::
        \operatorname{rank} J \le
        \begin{cases}
            v q + (n - 1)\, \rho\, q & \text{biases per vertex} \\
            n\, \rho\, q + q\, [\mathbf{1} \notin \operatorname{range} S] & \text{shared biases}
        \end{cases}
        \qquad \rho = \operatorname{rank} S

    Parameters
    ----------
    num_samples
        The number n of samples: matrices of features on the same graph.
    num_vertices
        The number v of vertices.
    output_dim
        Outputs q per vertex.
    propagation_rank
        The rank of the propagation S.
    bias
        ``"per_vertex"`` or ``"shared"``.
    reaches_constants
        Whether the vector of ones is in the range of S; it matters for shared biases alone.

    Returns
    -------
    The bound.

    Scale
    -----
    A number of dimensions, to be compared with n v q.

    Raises
    ------
    ValueError
        If a size is not positive, the rank is above ``num_vertices``, or ``bias`` is another word.
    TypeError
        If a size is no whole number.

    Notes
    -----
    *Proof.* The last layer is :math:`F_s = S H_s W + B`. A change of parameters moves it by S
    times a matrix, and by :math:`dB`, the same for all samples. So all :math:`dF_s - dF_1` have
    columns in the range of S, and :math:`dF_1` is a matrix of v rows and q columns; with shared
    biases :math:`dB` has constant columns, the same ones for all samples.

    References
    ----------
    Derived here. The document's condition is P >= n v q: Y. Jakhmola, arXiv:2509.23887,
    Corollary 3.2.1, part 3.
    """
    samples = positive_size("num_samples", num_samples, remedy=_SIZE)
    vertices = positive_size("num_vertices", num_vertices, remedy=_SIZE)
    outputs = positive_size("output_dim", output_dim, remedy=_SIZE)
    rank = positive_size("propagation_rank", propagation_rank, remedy=_SIZE)
    if rank > vertices:
        raise ValueError(
            f"`propagation_rank` must be at most num_vertices = {vertices}; got {rank}."
        )
    if one_of("bias", bias, ("shared", "per_vertex")) == "per_vertex":
        return outputs * (vertices + (samples - 1) * rank)
    return outputs * (samples * rank + (not reaches_constants))


def siamese_rank_bound(num_points: int, *, num_features: int) -> int:
    r"""Largest rank of the Jacobian of a Siamese network on all pairs of points.

    .. math::
        \operatorname{rank} J \le (n - 1)\, q + 1 - \frac{q (q - 1)}{2}, \qquad q < n

    Parameters
    ----------
    num_points
        The number n of points; the data are their n (n - 1) / 2 pairs.
    num_features
        The number q of features of the branch.

    Returns
    -------
    The bound, at most the number of pairs.

    Scale
    -----
    A number of dimensions, to be compared with n (n - 1) / 2.

    Raises
    ------
    ValueError, TypeError
        If a size is not a positive whole number, or there are fewer than two points.

    Notes
    -----
    *Proof.* The outputs :math:`\sum_k a_k (u_{ik} - u_{jk})^2 + c` are polynomials of the n q
    features, the q weights and c. Where features are generic, q directions shift a feature,
    q scale one and undo it by its weight, and q (q - 1) / 2 turn features against each other
    without a change of the weighted form. These are independent for q < n, and no output moves.
    What is left of n q + q + 1 dimensions is the bound. Elsewhere the rank of a polynomial map
    is not larger. For q = n - 1 the formula exceeds the number of pairs, as it may for more.

    References
    ----------
    Derived here. Without c and the signs of the weights it is the dimension of the squared
    distances of n points in q dimensions.
    """
    points = positive_size("num_points", num_points, remedy=_SIZE)
    features = positive_size("num_features", num_features, remedy=_SIZE)
    if points < 2:
        raise ValueError(f"`num_points` must be at least 2; got {points}. A pair needs two.")
    pairs = points * (points - 1) // 2
    kept = min(features, points - 1)
    return min(pairs, (points - 1) * kept + 1 - kept * (kept - 1) // 2)
