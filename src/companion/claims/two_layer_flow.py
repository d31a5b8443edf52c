"""Right-hand sides of the statements of Li (document `two_layer_flow`), as the document has them.

What replaces a statement that is not true stands in
:mod:`companion.claims.two_layer_flow_corrected`.
"""

import numpy as np
from jaxtyping import Float


def decay_rate(kernel_bound: float) -> float:
    r"""The rate of Theorem 1.

    .. math::
        \lambda / 2

    Parameters
    ----------
    kernel_bound
        The lambda of Lemma 5, a positive lower bound of the entries of the outer kernel.

    Returns
    -------
    The rate at which the loss is claimed to decay, whatever the data are.

    Scale
    -----
    Time of the flow of ``1/2 sum nu_i r_i**2`` with nu a probability; network with factor
    ``m**-0.5``.

    Raises
    ------
    ValueError
        If ``kernel_bound`` is not positive.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    Theorem 1, eq. (2.8).
    """
    _require_positive(kernel_bound=kernel_bound)
    return kernel_bound / 2


def loss_decay(
    t: Float[np.ndarray, " t"], *, constant: float, kernel_bound: float
) -> Float[np.ndarray, " t"]:
    r"""The decay of the loss that Theorem 1 claims.

    .. math::
        \ell(t) \le C \log(1 / \delta)\, e^{-\lambda t / 2}

    Parameters
    ----------
    t
        Times.
    constant
        The whole factor :math:`C \log(1 / \delta)`; the last display of the proof has the initial
        loss there.
    kernel_bound
        The lambda of Lemma 5, a positive lower bound of the entries of the outer kernel.

    Returns
    -------
    The claimed bound at each time.

    Scale
    -----
    As :func:`decay_rate`.

    Raises
    ------
    ValueError
        If ``constant`` or ``kernel_bound`` is not positive.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    Theorem 1, eq. (2.8).
    """
    _require_positive(constant=constant)
    return constant * np.exp(-decay_rate(kernel_bound) * t)


def claimed_dissipation(
    residual: Float[np.ndarray, " n"], nu: Float[np.ndarray, " n"], *, kernel_bound: float
) -> float:
    r"""Lower bound of the quadratic form of the outer kernel, as the proof of Theorem 1 uses it.

    .. math::
        \iint e(x)\, e(y)\, D(x, y)\, d\nu\, d\nu \ge \lambda \ell
            = \frac{\lambda}{2} \int e^2\, d\nu

    Parameters
    ----------
    residual
        The function e on the data points.
    nu
        Weights of the data points.
    kernel_bound
        The lambda of Lemma 5, a positive lower bound of the entries of D.

    Returns
    -------
    The right-hand side.

    Scale
    -----
    The loss is half the integral of the square. For an eigenvector of the form the inequality
    says that its eigenvalue is at least half of ``lambda``.

    Raises
    ------
    ValueError
        If ``kernel_bound`` is not positive.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    first display of the proof of Theorem 1 (the term before the error terms).
    """
    _require_positive(kernel_bound=kernel_bound)
    return float(kernel_bound * (nu @ residual**2) / 2)


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < np.inf:
            raise ValueError(f"`{name}` must be positive and finite; got {value}.")
