"""Rows of document `two_layer_flow` (Li)."""

import math

import torch

from companion.activations import SIGMOID, Activation
from companion.certificates.case import Case, Hypothesis, TheoremRow, decided
from companion.certificates.chain import Layer
from companion.claims.two_layer_flow_corrected import kernel_drift_bound

_NOTHING = 1e-12  # of the loss at the start, which rounding leaves of a floor of zero
_KNOWN = {"sigmoid": SIGMOID}  # the torch.nn activations that are non-negative and bounded


def rows(case: Case) -> tuple[TheoremRow, ...]:
    """What the theorems of this document say about a case.

    Parameters
    ----------
    case
        The network on its data.

    Returns
    -------
    One row for the theorem and one for its corollary.
    """
    low, _ = case.facts.spectrum.lambda_min
    floor = antipodal_loss_floor(case)
    return (
        decided(
            "LL-Thm1",
            "Li, Theorem 1",
            statement=(
                "Fixed sample: if the Gram matrix at the start is positive definite and the width "
                "is so large that it cannot lose half of its smallest eigenvalue along the path "
                "that this allows, the residual decays at half that eigenvalue for ever."
            ),
            differs=(
                "The document promises a rate that depends neither on the data nor on the "
                "width. For four points and the logistic sigmoid the loss cannot fall below 1/2 "
                "at any width. This is the statement for a fixed sample that its argument proves."
            ),
            hypotheses=_hypotheses(case, floor),
            rate=low / 2,
            measured=case.facts.dissipation_rate,
            numbers=() if floor is None else (("loss that antipodal points keep", floor),),
        ),
        decided(
            "LL-Cor1",
            "Li, Corollary 1",
            statement="Networks whose width is a multiple of the dimension approximate every "
            "continuous function of absolute value at most one in L2.",
            differs="False for every fixed width in dimension two or more.",
            hypotheses=(
                Hypothesis(
                    "a statement about one target on finitely many points",
                    False,
                    "it speaks of all continuous functions",
                ),
            ),
        ),
    )


def _hypotheses(case: Case, floor: float | None) -> tuple[Hypothesis, ...]:
    layers = case.two_layers
    if layers is None:
        known = case.chain is not None
        return (
            Hypothesis(
                "a two-layer network",
                False if known else None,
                case.facts.architecture,
            ),
        )
    inner, outer = layers
    facts, width = inner.activation, len(inner.weight)
    assert facts is not None
    unit = bool((outer.weight.abs() == 1).all())
    scale = math.isclose(outer.scale, width**-0.5)
    bounded = max(facts.bound, facts.lipschitz, facts.derivative_lipschitz) < math.inf
    smallest = float(torch.linalg.vector_norm(case.chain.X, dim=1).min()) if case.chain else 0.0
    low, high = case.facts.spectrum.lambda_min
    structure = (
        Hypothesis(
            "one output, the factor m**-1/2, no bias, both layers trained",
            len(outer.weight) == 1
            and scale
            and inner.bias is None
            and outer.bias is None
            and inner.weight_trained
            and outer.weight_trained,
            f"outputs {len(outer.weight)}, factor {outer.scale:.4g}, width {width}",
        ),
        Hypothesis(
            "outer weights plus or minus one (Assumption 2)",
            unit,
            f"between {float(outer.weight.min()):.4g} and {float(outer.weight.max()):.4g}",
        ),
        Hypothesis(
            "activation non-negative, positive at zero, bounded with its first two derivatives "
            "(Assumption 3, and a Lipschitz derivative)",
            facts.nonnegative and facts.positive_at_zero and bounded,
            facts.name,
        ),
        Hypothesis("points away from zero (Assumption 1)", smallest > 0, f"|x| >= {smallest:.4g}"),
        Hypothesis(
            "no loss that antipodal points keep whatever the parameters are",
            floor is None or floor <= _NOTHING * case.facts.loss,
            "none" if floor is None else f"at least {floor:.4g}",
        ),
        Hypothesis(
            "the Gram matrix at the start is positive definite",
            True if low > 0 else False if high == 0 else None,
            f"lambda_min in [{low:.4g}, {high:.4g}]",
        ),
    )
    if any(h.met is not True for h in structure):
        return structure
    return (*structure, _drift(case, inner))


def _drift(case: Case, inner: Layer) -> Hypothesis:
    # In L2 of the probability nu / |nu| eigenvalues and squared norms are divided by |nu|.
    total = case.facts.total_weight
    low = case.facts.spectrum.lambda_min[0] / total
    norm = case.facts.residual_norm / math.sqrt(total)
    assert case.chain is not None and inner.activation is not None
    drift = kernel_drift_bound(
        2 * norm / low,
        width=len(inner.weight),
        activation=_companion(inner),
        radius=float(torch.linalg.vector_norm(case.chain.X, dim=1).max()),
    )
    return Hypothesis(
        "the kernel cannot lose half of its smallest eigenvalue",
        drift <= low / 2,
        f"drift at most {drift:.3g}, half of lambda_min is {low / 2:.3g} (for weights of sum one)",
    )


def _companion(inner: Layer) -> Activation:
    assert inner.activation is not None
    value = inner.value
    return value if isinstance(value, Activation) else _KNOWN[inner.activation.name]


def antipodal_loss_floor(case: Case) -> float | None:
    r"""Loss below which a two-layer network without biases cannot fall, whatever its parameters.

    .. math::
        \ell \ge \min_C \sum_{\text{pairs } x_j = -x_i}
            \frac{\nu_i \nu_j}{2 (\nu_i + \nu_j)}\, (y_i + y_j - C)^2

    Parameters
    ----------
    case
        The network on its data.

    Returns
    -------
    The bound; None without antipodal pairs, or if the activation is neither a constant plus an
    odd function (C is 0 if the constant is) nor even (then y_i - y_j stands for the sum, and C is
    0).

    Scale
    -----
    Of ``1/2 sum nu_i |r_i|**2``. Only the pairs listed in the facts are used, so that it stays a
    bound when there are more.

    Notes
    -----
    If :math:`\sigma(z) + \sigma(-z) = 2c`, then f(x) + f(-x) is the same number for all x; and a
    sum s of two residuals costs at least :math:`s^2 \nu_i \nu_j / (2 (\nu_i + \nu_j))`.

    References
    ----------
    Derived here; it is the four-point example against Theorem 1 of L. Li, arXiv:1909.13671.
    """
    layers, points = case.two_layers, case.facts.points
    if layers is None or points is None or not points.antipodal or case.chain is None:
        return None
    inner, outer = layers
    facts = inner.activation
    assert facts is not None
    if inner.bias is not None or outer.bias is not None:
        return None
    if facts.centre is None and not facts.even:
        return None
    *_, (_, _, outputs) = case.chain.values()
    y = outputs - case.residual
    used = torch.zeros(len(y), dtype=torch.bool)
    sums, weights = [], []
    for i, j in points.antipodal:
        if not used[i] and not used[j] and bool(case.nu[i] * case.nu[j] > 0):
            used[i] = used[j] = True
            sums.append(y[i] + y[j] if facts.centre is not None else y[i] - y[j])
            weights.append(case.nu[i] * case.nu[j] / (case.nu[i] + case.nu[j]))
    if not sums:
        return None
    total, weight = torch.stack(sums), torch.stack(weights)[:, None]
    middle = (weight * total).sum(0) / weight.sum() if facts.centre else 0.0
    return float((weight * (total - middle) ** 2).sum() / 2)
