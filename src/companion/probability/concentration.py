"""Tails of averages of independent variables, and the sample sizes that they ask for.

Every inequality here has the form

    P(|mean of n centred copies| >= t) <= 2 exp(-n rate(t)),

so an inequality is its rate, and one tail and one sample size serve them all:

    Hoeffding    values in an interval of length s       rate(t) = 2 t**2 / s**2
    Bernstein    variance v, values at most b            rate(t) = t**2 / (2 v + 2 b t / 3)
    Bernstein    psi_1 norm k                            rate(t) = t**2 / (4 k**2 + 2 k t)

The last two agree for small t with a Gaussian tail of variance v or 2 k**2. For large t they
are exponential, at the scale b or k. That scale decides whether chaining works: for an
increment over a distance r, the psi_1 norm can shrink like r, the bound b cannot.
"""

import math

import numpy as np
from jaxtyping import Float

from companion.probability.arguments import require_positive, require_probability


def hoeffding_rate(deviation: float, *, spread: float) -> float:
    r"""Rate of Hoeffding's inequality for variables in an interval.

    .. math::
        \mathrm{rate}(t) = 2 t^2 / s^2

    Parameters
    ----------
    deviation
        The deviation t of the mean.
    spread
        The length s of an interval that contains every variable.

    Returns
    -------
    The rate, to be passed to :func:`tail` or :func:`sample_size`.

    Scale
    -----
    Per sample: the tail of the mean of n variables is ``2 exp(-n rate)``, two-sided.

    Raises
    ------
    ValueError
        If ``deviation`` or ``spread`` is not positive and finite.

    References
    ----------
    .. [1] W. Hoeffding, "Probability inequalities for sums of bounded random variables", 1963,
       theorem 2.
    """
    require_positive(deviation=deviation, spread=spread)
    return 2 * (deviation / spread) ** 2


def bernstein_rate(deviation: float, *, variance: float, bound: float) -> float:
    r"""Rate of Bernstein's inequality for bounded variables of known variance.

    .. math::
        \mathrm{rate}(t) = \frac{t^2}{2 v + \tfrac{2}{3} b t}

    Parameters
    ----------
    deviation
        The deviation t of the mean.
    variance
        An upper bound v on the variance of one variable.
    bound
        An upper bound b on the absolute value of one centred variable.

    Returns
    -------
    The rate, to be passed to :func:`tail` or :func:`sample_size`.

    Scale
    -----
    Per sample: the tail of the mean of n variables is ``2 exp(-n rate)``, two-sided.

    Raises
    ------
    ValueError
        If an argument is not positive and finite.

    References
    ----------
    .. [1] G. Bennett, "Probability inequalities for the sum of independent random variables",
       1962, equation (8).
    """
    require_positive(deviation=deviation, variance=variance, bound=bound)
    return deviation**2 / (2 * variance + 2 * bound * deviation / 3)


def psi_1_rate(deviation: float, *, psi_1: float) -> float:
    r"""Rate of Bernstein's inequality for variables with exponential tails.

    .. math::
        \mathrm{rate}(t) = \frac{t^2}{4 \kappa^2 + 2 \kappa t}
        \ge \tfrac16 \min\Big(\frac{t^2}{\kappa^2}, \frac{t}{\kappa}\Big),
        \qquad \mathbb{E}\, e^{|X| / \kappa} \le 2

    Parameters
    ----------
    deviation
        The deviation t of the mean.
    psi_1
        An upper bound :math:`\kappa` on the psi_1 norm of one centred variable; see
        :func:`companion.probability.orlicz.psi_norm`.

    Returns
    -------
    The rate, to be passed to :func:`tail` or :func:`sample_size`.

    Scale
    -----
    Per sample: the tail of the mean of n variables is ``2 exp(-n rate)``, two-sided.

    Raises
    ------
    ValueError
        If an argument is not positive and finite.

    Notes
    -----
    :math:`|x|^k / k! \le e^{|x|} - 1` gives :math:`\mathbb{E}|X|^k \le k!\, \kappa^k`, which are
    Bernstein's moment conditions with :math:`v = 2 \kappa^2` and :math:`c = \kappa`.

    References
    ----------
    .. [1] S. Boucheron, G. Lugosi, P. Massart, "Concentration inequalities", 2013, theorem 2.10.
    """
    require_positive(deviation=deviation, psi_1=psi_1)
    t = deviation / psi_1
    return t**2 / (4 + 2 * t)


def psi_1_deviation(rate: float, *, psi_1: float) -> float:
    r"""Deviation at which :func:`psi_1_rate` takes a given value.

    .. math::
        t = \kappa \big(\rho + \sqrt{\rho^2 + 4 \rho}\big)
        \quad\Longleftrightarrow\quad \frac{t^2}{4 \kappa^2 + 2 \kappa t} = \rho

    Parameters
    ----------
    rate
        The rate :math:`\rho`; ``log(2 / delta) / n`` gives the deviation that the mean of n
        variables exceeds with probability at most delta.
    psi_1
        An upper bound :math:`\kappa` on the psi_1 norm of one centred variable.

    Returns
    -------
    The deviation t.

    Scale
    -----
    In the unit of the variable; proportional to ``psi_1``.

    Raises
    ------
    ValueError
        If an argument is not positive and finite.

    References
    ----------
    .. [1] S. Boucheron, G. Lugosi, P. Massart, "Concentration inequalities", 2013, section 2.8.
    """
    require_positive(rate=rate, psi_1=psi_1)
    return psi_1 * (rate + math.sqrt(rate**2 + 4 * rate))


def tail(rate: float, num_samples: int) -> float:
    r"""Two-sided bound on the probability that a mean deviates, from its rate.

    .. math::
        \min(1, 2 e^{-n \rho})

    Parameters
    ----------
    rate
        The value :math:`\rho` of one of the rates of this module at the deviation in question.
    num_samples
        The number n of independent variables in the mean.

    Returns
    -------
    A probability.

    Scale
    -----
    Two-sided: both signs of the deviation are counted.

    Raises
    ------
    ValueError
        If ``rate`` is not positive and finite or ``num_samples`` is less than 1.

    References
    ----------
    .. [1] S. Boucheron, G. Lugosi, P. Massart, "Concentration inequalities", 2013, chapter 2.
    """
    require_positive(rate=rate, num_samples=num_samples)
    return min(1.0, 2 * math.exp(-num_samples * rate))


def sample_size(rate: float, delta: float) -> int:
    r"""Number of samples after which the two-sided tail is at most ``delta``.

    .. math::
        n = \lceil \log(2 / \delta) / \rho \rceil

    Parameters
    ----------
    rate
        The value :math:`\rho` of one of the rates of this module at the deviation that is
        tolerated.
    delta
        The failure probability, strictly between 0 and 1.

    Returns
    -------
    The smallest n with ``2 exp(-n rate) <= delta``.

    Scale
    -----
    Two-sided: both signs of the deviation are counted.

    Raises
    ------
    ValueError
        If ``rate`` is not positive and finite or ``delta`` is not strictly between 0 and 1.

    References
    ----------
    .. [1] S. Boucheron, G. Lugosi, P. Massart, "Concentration inequalities", 2013, chapter 2.
    """
    require_positive(rate=rate)
    require_probability(delta)
    return math.ceil(math.log(2 / delta) / rate)


def bounded_difference_deviation(differences: Float[np.ndarray, " n"], delta: float) -> float:
    r"""Deviation above its mean that a function of independent variables rarely exceeds.

    .. math::
        t = \sqrt{\tfrac12 \textstyle\sum_i c_i^2 \log(1 / \delta)},
        \qquad \mathbb{P}(f - \mathbb{E} f \ge t) \le e^{-2 t^2 / \sum_i c_i^2} = \delta

    Parameters
    ----------
    differences
        For each variable the most, :math:`c_i`, by which f changes when that variable alone
        changes.
    delta
        The failure probability, strictly between 0 and 1.

    Returns
    -------
    The deviation t.

    Scale
    -----
    One-sided, in the unit of f. A supremum of means of n variables bounded by b has
    ``c_i = 2 b / n``, hence ``t = b sqrt(2 log(1 / delta) / n)``: the supremum of a bounded
    process always concentrates at its mean; what chaining must bound is the mean.

    Raises
    ------
    ValueError
        If an entry of ``differences`` is not positive and finite or ``delta`` is not strictly
        between 0 and 1.

    References
    ----------
    .. [1] C. McDiarmid, "On the method of bounded differences", 1989, lemma 1.2.
    """
    for index, difference in enumerate(differences.tolist()):
        require_positive(**{f"differences[{index}]": difference})
    require_probability(delta)
    return math.sqrt(float(np.sum(differences**2)) * math.log(1 / delta) / 2)
