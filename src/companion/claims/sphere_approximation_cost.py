r"""What under-parametrised training costs (document `sphere_approximation`): bounds of ours.

The document asks whether its rates can be improved, whether they are over-parametrisation in
another guise, and how the order of coercivity grows with the dimension. These functions hold what
can be said about it without training anything.
"""

import math

from companion.numerics.arguments import positive_number, whole_number


def least_coercivity_order(input_dim: int) -> float:
    r"""The order of coercivity that no kernel on the sphere with a finite diagonal goes below.

    .. math::
        \Gamma(x, x) = \sum_k N_k\, \mu_k < \infty, \quad N_k \sim k^{d-2}, \quad
        \mu_k \ge c\, (1 + k)^{-2 \beta} \qquad \Longrightarrow \qquad \beta > \frac{d - 1}{2}

    Parameters
    ----------
    input_dim
        The d of the sphere :math:`S^{d-1}`, at least 2.

    Returns
    -------
    The bound; every order beta of coercivity is larger.

    Scale
    -----
    Zonal kernels, uniform probability measure. It holds for the tangent kernel of every
    activation, depth and choice of trained layers, as long as that kernel exists.

    Raises
    ------
    TypeError
        If ``input_dim`` is not a whole number.
    ValueError
        If it is less than 2.

    References
    ----------
    Derived here.
    """
    remedy = "The circle has 2."
    if whole_number("input_dim", input_dim, remedy=remedy) < 2:
        raise ValueError(f"`input_dim` must be at least 2; got {input_dim}. {remedy}")
    return (input_dim - 1) / 2


def log10_weights(error: float, *, width_exponent: float) -> float:
    r"""Decimal digits of the number of weights at which a rate in the width reaches an error.

    .. math::
        m^{-\rho} = \varepsilon \quad \Longrightarrow \quad
        \log_{10} m^2 = \frac{2}{\rho} \log_{10} \frac1\varepsilon

    Parameters
    ----------
    error
        The error epsilon relative to that at width one, in (0, 1).
    width_exponent
        The exponent rho.

    Returns
    -------
    The logarithm to base ten: the number itself is beyond floating point in high dimensions.

    Scale
    -----
    A trained square matrix of :math:`m^2` weights; constants are taken as one.

    Raises
    ------
    TypeError
        If an argument is not a number.
    ValueError
        If ``error`` is not in (0, 1) or ``width_exponent`` is not positive.

    References
    ----------
    Derived here.
    """
    remedy = "Pass the share of the error that is to be left."
    error = positive_number("error", error, remedy=remedy)
    if error >= 1:
        raise ValueError(f"`error` must be less than 1; got {error}. {remedy}")
    exponent = positive_number(
        "width_exponent", width_exponent, remedy="Pass the exponent of a rate in the width."
    )
    return -2 * math.log10(error) / exponent


def relu_tangent_dimension(first_kinks: int, second_kinks: int) -> int:
    r"""Dimension that the tangent features of a ReLU network on the circle cannot exceed.

    .. math::
        \dim \operatorname{span} \Bigl\{ \frac{\partial f}{\partial W^1_{ij}} \Bigr\}
        \le K_1 + 2 K_2

    Parameters
    ----------
    first_kinks
        The number :math:`K_1` of points where a neuron of the first hidden layer changes sign.
    second_kinks
        The same for the second layer, :math:`K_2`; neurons that coincide count once.

    Returns
    -------
    The bound. It is linear in the width, whereas there are :math:`m^2` weights.

    Scale
    -----
    Two hidden layers without biases, the matrix between them trained, inputs on the unit circle.

    Raises
    ------
    TypeError
        If a count is not a whole number.
    ValueError
        If a count is negative.

    Notes
    -----
    Between neighbouring kinks every feature is a combination of cosine and sine, which makes two
    dimensions on each of :math:`K_1 + K_2` arcs. At a kink of the first layer all features are
    continuous: one condition for each.

    References
    ----------
    Derived here.
    """
    remedy = "Pass a number of sign changes."
    counts = [
        whole_number(name, value, remedy=remedy)
        for name, value in (("first_kinks", first_kinks), ("second_kinks", second_kinks))
    ]
    if min(counts) < 0:
        raise ValueError(f"`first_kinks` and `second_kinks` must be nonnegative; got {counts}.")
    return counts[0] + 2 * counts[1]


def noise_floor(num_params: int, num_samples: int) -> float:
    r"""Share of the norm of white noise that a linear model leaves on average.

    .. math::
        \Bigl( \mathbb{E}\, \frac{\|y - \Pi y\|^2}{\|y\|^2} \Bigr)^{1/2}
        = \sqrt{1 - \frac{\operatorname{rank} \Pi}{N}} \ge \sqrt{1 - \frac pN}

    Parameters
    ----------
    num_params
        The number p of weights, or the rank of the projection on what they reach.
    num_samples
        The number N of samples, at least p.

    Returns
    -------
    The share: a floor for the linearised network, however long it is trained.

    Scale
    -----
    Of the norm, not of its square.

    Raises
    ------
    TypeError
        If a count is not a whole number.
    ValueError
        If p is negative or N is not positive or less than p.

    References
    ----------
    Derived here: the mean of the trace of a projection against noise of variance one.
    """
    remedy = "Pass counts with more samples than weights."
    p = whole_number("num_params", num_params, remedy=remedy)
    n = whole_number("num_samples", num_samples, remedy=remedy)
    if p < 0 or n < 1 or n < p:
        raise ValueError(f"`num_samples` must be at least `num_params`; got {n} and {p}. {remedy}")
    return math.sqrt(1 - p / n)
