"""What replaces Theorem 10 and Lemma 11 of Wu (document `training_dynamics`).

The theorem asks for a random start and a width; with the start at hand, its kernel is measured and
neither is needed. The argument is the document's: only the outer weights' share of the kernel is
used, which depends continuously on the inner weights even for ReLU.
"""

import math

_ROUNDS = 10_000  # of an increasing sequence that ends at a fixed point or runs away


def outer_rate(
    residual_norm: float, *, lambda_outer: float, outer_norm: float, gain: float
) -> float:
    r"""Rate that the kernel of the outer weights guarantees for ever.

    .. math::
        \rho = (\alpha - \eta)^2, \qquad \alpha = \sqrt{\lambda}, \qquad
        \eta = \Gamma \min\Bigl(d,\ \frac{\Gamma (\|a_0\| + d)\, |s_0|}{(\alpha - \eta)^2}\Bigr),
        \qquad d = \frac{|s_0|}{\alpha - \eta},

    with the smallest solution eta; zero if there is none below alpha.

    Parameters
    ----------
    residual_norm
        :math:`|s_0|`, the norm of the initial residual, weighted by nu.
    lambda_outer
        Smallest eigenvalue lambda of :math:`\Phi \Phi^\top` at the start, where
        :math:`\Phi_{ij} = \sqrt{\nu_i}\, c_2\, \sigma(z_{ij})`.
    outer_norm
        Operator norm of the outer weights at the start.
    gain
        :math:`\Gamma = c_1 c_2 s_1 \|X\|`: the factors of the two layers, the Lipschitz constant
        of the activation, and the operator norm of the points (with a 1 appended if biases
        are trained) times the square roots of their weights. Zero if no inner weight is trained.

    Returns
    -------
    The rate rho with ``|s(t)| <= exp(-rho t) |s(0)|`` for all t; zero where nothing is promised.

    Scale
    -----
    Time of the flow of ``1/2 sum nu_i |r_i|**2``. For ReLU with a(0) = 0 and large width m it
    tends to m times the smallest eigenvalue of the document's K: the loss then decays at twice
    the rate of Theorem 10.

    Raises
    ------
    ValueError
        If an argument is negative or not a number.

    Notes
    -----
    *Proof.* The whole Gram matrix is at least that of the outer weights,
    :math:`\Phi_t \Phi_t^\top`. While :math:`\|\Phi_t - \Phi_0\| \le \eta < \alpha` its singular
    values are at least :math:`\alpha - \eta`, so the residual falls at the rate
    :math:`(\alpha - \eta)^2` and, as in
    :func:`companion.claims.general_architectures_corrected.basin`, the path of all parameters is
    shorter than d. Hence :math:`\|a_t\| < \|a_0\| + d`, and the inner weights move by less than
    d and than
    :math:`\int c_1 c_2 s_1 \|X\| \|a\| |s| \le \Gamma (\|a_0\| + d) |s_0| / (\alpha - \eta)^2`.
    As sigma is Lipschitz, :math:`\|\Phi_t - \Phi_0\|` is at most Gamma times that, which is less
    than eta: it is never reached. For ReLU the same holds with gates between 0 and 1 along a kink.

    References
    ----------
    Derived here; the argument is that of the proof of Theorem 10 of L. Wu, lecture slides, 2021.
    """
    for name, value in (
        ("residual_norm", residual_norm),
        ("lambda_outer", lambda_outer),
        ("outer_norm", outer_norm),
        ("gain", gain),
    ):
        if not value >= 0:
            raise ValueError(f"`{name}` must be nonnegative; got {value}.")
    alpha, eta = math.sqrt(lambda_outer), 0.0
    for _ in range(_ROUNDS):
        if not eta < alpha:
            return 0.0
        path = residual_norm / (alpha - eta)
        moved = gain * (outer_norm + path) * residual_norm / (alpha - eta) ** 2
        further = gain * min(path, moved)
        if further <= eta * (1 + 1e-12):
            return (alpha - further) ** 2 if further < alpha else 0.0
        eta = further
    return 0.0


def kernel_width(lambda_star: float, *, data_norm: float, num_samples: int, delta: float) -> int:
    r"""Width at which the outer kernel keeps half of its smallest eigenvalue at the start.

    .. math::
        m \ge \frac{8\, \|X\|^2 \log(n / \delta)}{\lambda_n(K)}

    Parameters
    ----------
    lambda_star
        :math:`\lambda_n(K)`.
    data_norm
        Operator norm of the matrix of the points.
    num_samples
        n.
    delta
        Failure probability.

    Returns
    -------
    The smallest such width: then :math:`\lambda_n(G) \ge \frac m2 \lambda_n(K)` with probability
    at least ``1 - delta``.

    Scale
    -----
    Inner weights uniform on the unit sphere, outer weights zero, a 1-Lipschitz activation that
    vanishes at zero, no factor of the width.

    Raises
    ------
    ValueError
        If ``lambda_star`` or ``data_norm`` is not positive, ``num_samples`` is less than one, or
        ``delta`` is not in (0, 1).

    Notes
    -----
    G is a sum of m independent matrices :math:`g g^\top` with
    :math:`|g|^2 = \sum_i \sigma(b \cdot x_i)^2 \le |X b|^2 \le \|X\|^2` and mean K; the matrix
    Chernoff bound gives failure probability :math:`n e^{-m \lambda_n(K) / (8 \|X\|^2)}`.

    References
    ----------
    Derived here in place of Lemma 11 of L. Wu, lecture slides, 2021; J. A. Tropp, "An introduction
    to matrix concentration inequalities", 2015, theorem 5.1.1.
    """
    if not lambda_star > 0 or not data_norm > 0:
        raise ValueError(
            f"`lambda_star` and `data_norm` must be positive; got {lambda_star} and {data_norm}."
        )
    if num_samples < 1 or not 0 < delta < 1:
        raise ValueError(
            f"`num_samples` must be positive and `delta` in (0, 1); got {num_samples} and {delta}."
        )
    return math.ceil(8 * data_norm**2 * math.log(num_samples / delta) / lambda_star)
