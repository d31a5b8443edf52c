r"""Limiting Gram matrix of Sobolev training: values and directional derivatives together.

A two-layer ReLU network :math:`f(x) = \sum_r a_r \sigma(w_r \cdot x)` is fitted to values
:math:`y_i` and to derivatives in the directions :math:`V_i`. With the convention
:math:`\sigma'' = 0` the gradients of :math:`f(x_i)` and of :math:`V_i^\top \nabla f(x_i)` in
:math:`w_r` are :math:`a_r \sigma'(w_r \cdot x_i)` times :math:`x_i` and times :math:`V_i`. Their
Gram matrix, averaged over Gaussian weights, therefore has one scalar kernel in all of its blocks,
the arc-cosine kernel :math:`\kappa_0` of order zero.
"""

import numpy as np
from jaxtyping import Float

from companion.kernels.arc_cosine import arc_cosine_kernel
from companion.kernels.point_pairs import checked_norms
from companion.numerics.finite import require_finite


def limiting_gram(
    X: Float[np.ndarray, "n d"], V: Float[np.ndarray, "n d k"]
) -> Float[np.ndarray, "N N"]:
    r"""The matrix :math:`H^\infty` on values and directional derivatives.

    .. math::
        H^\infty = \mathbb{E}_{w \sim N(0, I_d)}\, \Omega(w)^\top \Omega(w)
        = \begin{pmatrix} A & B \\ B^\top & C \end{pmatrix}, \qquad
        \Omega(w) = [\phi_w(x_1), \dots, \phi_w(x_n), \psi_w(x_1), \dots, \psi_w(x_n)]

    with :math:`\phi_w(x_i) = \sigma'(w \cdot x_i)\, x_i` and
    :math:`\psi_w(x_i) = \sigma'(w \cdot x_i)\, V_i`.

    Parameters
    ----------
    X
        Points as rows, none of them zero.
    V
        Directions: ``V[i]`` holds those at point i in its columns.

    Returns
    -------
    The symmetric matrix of size n (k + 1): first the n values, then the k directions of the first
    point, of the second, and so on.

    Scale
    -----
    Plain expectation over standard Gaussian weights; outer weights :math:`a_r = \pm m^{-1/2}`,
    frozen, make it the limit of the Gram matrix of m neurons. Residuals
    (prediction minus target) decay under it for the loss 1/2 sum of squares.

    Raises
    ------
    TypeError
        If ``X`` or ``V`` is not of double precision.
    ValueError
        If the points are malformed or a row is zero, ``V`` is not finite or does not hold
        vectors of the same dimension for every point, or a norm is outside of 1e-150 to 1e150.

    Notes
    -----
    Positive semidefinite; singular exactly where it must be: at parallel points, and at a point
    that lies in the span of its directions, because :math:`x \cdot \nabla f = f`. It is the Gram
    matrix of gradients. That residuals follow it for ReLU is another matter, since derivatives
    of the network jump when a weight crosses the hyperplane of a point. For a network with biases
    append a constant coordinate to the points and a zero one to the directions.

    References
    ----------
    .. [1] J. Cocola and P. Hand, "Global convergence of Sobolev training for
       overparameterized neural networks", arXiv:2006.07928, Definition 1; its blocks are called
       ``A``, ``B`` and ``C`` here.
    """
    _check(X, V)
    count, _, num_directions = V.shape
    vectors = np.concatenate([X, _direction_rows(V)])
    owner = np.concatenate([np.arange(count), np.repeat(np.arange(count), num_directions)])
    return (vectors @ vectors.T) * arc_cosine_kernel(X, order=0)[np.ix_(owner, owner)]


def value_block(X: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n n"]:
    r"""The block of values, which is the whole matrix without derivatives.

    .. math::
        A_{ij} = \kappa_0(x_i, x_j)\, x_i \cdot x_j

    Parameters
    ----------
    X
        Points as rows, none of them zero.

    Returns
    -------
    The block.

    Scale
    -----
    As for :func:`limiting_gram`; the diagonal is :math:`|x_i|^2 / 2`.

    Raises
    ------
    TypeError
        If ``X`` is not of double precision.
    ValueError
        If the points are malformed or a row is zero.

    References
    ----------
    .. [1] J. Cocola and P. Hand, arXiv:2006.07928, Definition 1.
    """
    kernel = arc_cosine_kernel(X, order=0)  # first, for it checks the points
    return (X @ X.T) * kernel


def mixed_block(
    X: Float[np.ndarray, "n d"], V: Float[np.ndarray, "n d k"]
) -> Float[np.ndarray, "n nk"]:
    r"""The block of values against derivatives.

    .. math::
        B_{i, (j, c)} = \kappa_0(x_i, x_j)\, x_i \cdot v_{j,c}

    Parameters
    ----------
    X, V
        As for :func:`limiting_gram`.

    Returns
    -------
    The block; column ``j * k + c`` belongs to direction c at point j.

    Scale
    -----
    As for :func:`limiting_gram`.

    Raises
    ------
    TypeError, ValueError
        As for :func:`limiting_gram`.

    References
    ----------
    .. [1] J. Cocola and P. Hand, arXiv:2006.07928, Definition 1.
    """
    _check(X, V)
    kernel = np.repeat(arc_cosine_kernel(X, order=0), V.shape[2], axis=1)
    return (X @ _direction_rows(V).T) * kernel


def derivative_block(
    X: Float[np.ndarray, "n d"], V: Float[np.ndarray, "n d k"]
) -> Float[np.ndarray, "nk nk"]:
    r"""The block of derivatives.

    .. math::
        C_{(i, b), (j, c)} = \kappa_0(x_i, x_j)\, v_{i,b} \cdot v_{j,c}

    Parameters
    ----------
    X, V
        As for :func:`limiting_gram`.

    Returns
    -------
    The block; row ``i * k + b`` belongs to direction b at point i.

    Scale
    -----
    As for :func:`limiting_gram`; the diagonal is :math:`|v_{i,b}|^2 / 2`.

    Raises
    ------
    TypeError, ValueError
        As for :func:`limiting_gram`.

    References
    ----------
    .. [1] J. Cocola and P. Hand, arXiv:2006.07928, Definition 1.
    """
    _check(X, V)
    rows, num_directions = _direction_rows(V), V.shape[2]
    kernel = np.repeat(arc_cosine_kernel(X, order=0), num_directions, axis=1)
    return (rows @ rows.T) * np.repeat(kernel, num_directions, axis=0)


def _direction_rows(V: Float[np.ndarray, "n d k"]) -> Float[np.ndarray, "nk d"]:
    return V.transpose(0, 2, 1).reshape(-1, V.shape[1])


def _check(X: Float[np.ndarray, "n d"], V: Float[np.ndarray, "n d k"]) -> None:
    checked_norms(X, "X")
    if not isinstance(V, np.ndarray) or V.dtype != np.float64:
        kind = V.dtype if isinstance(V, np.ndarray) else type(V).__name__
        raise TypeError(
            f"`V` must be a NumPy array of float64; got {kind}. "
            "Convert it with numpy.asarray(directions, dtype=float)."
        )
    if V.ndim != 3 or V.shape[:2] != X.shape or V.shape[2] == 0:
        raise ValueError(
            f"`V` must have shape (n, d, k) with (n, d) = {X.shape} as `X` and k at least 1; "
            f"got {V.shape}. Put the directions at each point into columns."
        )
    require_finite(V, "V")
    checked_norms(_direction_rows(V), "V")
