"""Singular starts of one hidden layer on a line, in closed form.

With one input a neuron of a leaky ReLU is a kink, and whether the tangent kernel at the start is
singular is decided by how kinks and samples alternate. Here the probability is counted.
"""

from fractions import Fraction
from math import comb


def singular_start_probability(num_neurons: int, num_samples: int) -> float:
    r"""Probability that the tangent kernel of a leaky ReLU network 1-h-1 is singular at the start.

    .. math::
        1 - \sum_{k=0}^{h} \frac{\binom hk}{2^h}
        \frac{[z^n] (1 + z + z^2)^{k+1}}{\binom{n+k}{n}}
        + \frac{2}{4^h \binom{n+h}{n}}
        \sum_{m \ge 1} \binom{h-1}{m-1} \binom{m-1}{n-3-m} 2^{n-3-m}

    Parameters
    ----------
    num_neurons
        The number h of hidden neurons.
    num_samples
        The number n of samples.

    Returns
    -------
    The probability, under PyTorch's default law of the weights and independent samples uniform
    on [-1, 1]. It does not depend on the slope of the leaky ReLU, if that is none of -1, 0 and 1.

    Scale
    -----
    A probability.

    Raises
    ------
    ValueError
        If a number is not positive.

    Notes
    -----
    *Proof.* Weights and biases of the first layer are uniform on [-1, 1], so a kink at -b/w lies
    in [-1, 1] with probability 1/2 and is uniform there, like the samples: all orders of samples
    and of the k kinks inside are equally likely. Kinks cut the samples into groups. The tangent
    features are 1 and, for each kink, a step and a ramp; kinks in one gap between two samples have
    the same two on the samples, up to the side. If 1, steps and ramps contain x, they span
    all functions that are affine on each group, so the kernel is regular if and only if no group
    has three samples: the sum. They contain x if a kink lies outside all samples or two kinks
    of opposite sides share a gap. Otherwise they span a hyperplane, of functions whose slopes
    :math:`s_i` on the groups satisfy :math:`\sum \nu_i s_i = 0`, where :math:`\nu_i` vanishes
    exactly for inner groups between gaps of the same side. Then the kernel is singular also if
    all groups with :math:`\nu_i \ne 0` have two samples: the last term counts these orders, by
    the number m of gaps.

    References
    ----------
    Derived here. It concerns Lemma 3.2 of Y. Jakhmola, arXiv:2509.23887.
    """
    for name, count in (("num_neurons", num_neurons), ("num_samples", num_samples)):
        if count < 1:
            raise ValueError(f"`{name}` must be positive; got {count}.")
    n, h = num_samples, num_neurons
    regular = Fraction(0)
    runs = [1]  # coefficients of (1 + z + z^2)^(k + 1) up to z^n
    for kinks in range(h + 1):
        runs = [sum(runs[max(i - 2, 0) : i + 1]) for i in range(min(len(runs) + 2, n + 1))]
        if len(runs) > n:
            regular += Fraction(comb(h, kinks) * runs[n], comb(n + kinks, n))
    trapped = sum(
        comb(h - 1, gaps - 1) * comb(gaps - 1, n - 3 - gaps) * 2 ** (n - 3 - gaps)
        for gaps in range(1, min(h, n - 3) + 1)
    )
    regular -= Fraction(2 * trapped, 2**h * comb(n + h, n))
    return float(1 - regular / 2**h)
