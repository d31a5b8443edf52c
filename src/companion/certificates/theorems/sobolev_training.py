"""Rows of document `sobolev_training` (Cocola and Hand), on values alone."""

import numpy as np
import torch

from companion.certificates.case import Case, Hypothesis, TheoremRow, decided
from companion.certificates.chain import Layer
from companion.claims.sobolev_training import decay_rate, lambda_star_bound
from companion.claims.sobolev_training_corrected import neuron_displacement
from companion.kernels.arc_cosine import arc_cosine_kernel

_VALUES = (
    "With directional derivatives in the loss, equation (14) misses the jumps of the derivatives "
    "at the kinks, whose effect does not vanish with the width; on values alone (k = 0) there are "
    "none."
)


def rows(case: Case) -> tuple[TheoremRow, ...]:
    """What the theorems of this document say about a case.

    Parameters
    ----------
    case
        The network on its data. Its loss has values only: k = 0 directions.

    Returns
    -------
    One row for the proposition and one for each theorem.
    """
    low, _ = case.facts.spectrum.lambda_min
    star = _lambda_star(case)
    return (
        decided(
            "CH-Prop1",
            "Cocola and Hand, Proposition 1",
            statement=(
                "For unit points that are separated, also from each other's opposites, the Gram "
                "matrix of the inner weights of an infinitely wide two-layer ReLU network has a "
                "smallest eigenvalue of at least delta_1 / (100 n^2) (no directions)."
            ),
            hypotheses=_separated(case),
            numbers=_proposition(case, star),
        ),
        decided(
            "CH-Thm1",
            "Cocola and Hand, Theorem 1, on values alone",
            statement=(
                "If the Gram matrix at the start is positive definite and the neurons that may "
                "change side on their way cannot take half of its smallest eigenvalue, the "
                "residual decays at half that eigenvalue for ever."
            ),
            differs=_VALUES
            + " The law of the start and the width with its unnamed constant are replaced by the "
            "start itself, whose neurons near a kink are counted.",
            hypotheses=_hypotheses(case),
            rate=low / 2,
            measured=case.facts.dissipation_rate,
            numbers=()
            if star is None
            else (("rate of the document, at infinite width and nu = 1", decay_rate(star) / 2),),
        ),
        decided(
            "CH-Thm2",
            "Cocola and Hand, Theorem 2",
            statement="The same for a network with biases and directional derivatives.",
            differs=_VALUES
            + " With a smooth activation equation (14) is exact: values and derivatives together "
            "are then outputs like any others.",
            hypotheses=(
                Hypothesis(
                    "directional derivatives in the loss",
                    False,
                    "the loss has values only; the factor 1/(2k) of the network needs k >= 1",
                ),
            ),
        ),
    )


def _separated(case: Case) -> tuple[Hypothesis, Hypothesis]:
    points = case.facts.points
    if points is None:
        unknown = "the inputs are not one array with a row per sample"
        return (
            Hypothesis("points of norm one", None, unknown),
            Hypothesis("points separated, also from opposites", None, unknown),
        )
    delta = points.separation_up_to_sign
    if delta is None:
        met, number = None, "there is one point only"
    else:
        met = delta > 0 if points.exact or delta == 0 else None
        number = f"delta_1 {'=' if points.exact else '<='} {delta:.4g}"
    return (
        Hypothesis(
            "points of norm one",
            points.unit_norm,
            f"norms from {points.smallest_norm:.4g} to {points.largest_norm:.4g}",
        ),
        Hypothesis("points separated, also from opposites", met, number),
    )


def _lambda_star(case: Case) -> float | None:
    if any(h.met is not True for h in _separated(case)) or case.inputs is None:
        return None
    if not case.affordable:
        return None
    X = case.inputs
    values = np.linalg.eigvalsh(arc_cosine_kernel(X, order=0) * (X @ X.T))
    return float(values[0]) if values[0] > 0 else None


def _proposition(case: Case, star: float | None) -> tuple[tuple[str, float], ...]:
    points = case.facts.points
    if points is None or points.separation_up_to_sign is None:
        return ()
    bound = lambda_star_bound(
        points.separation_up_to_sign,
        tangency_defect=0.0,
        num_directions=0,
        num_samples=case.facts.num_samples,
    )
    found = () if star is None else (("smallest eigenvalue at infinite width", star),)
    return (("its lower bound", bound), *found)


def _hypotheses(case: Case) -> tuple[Hypothesis, ...]:
    layers = case.two_layers
    if layers is None:
        met = None if case.chain is None else False
        return (Hypothesis("a two-layer network", met, case.facts.architecture),)
    inner, outer = layers
    assert inner.activation is not None
    low, high = case.facts.spectrum.lambda_min
    structure = (
        Hypothesis(
            "one output, ReLU, no biases",
            len(outer.weight) == 1
            and inner.activation.name == "relu"
            and inner.bias is None
            and outer.bias is None,
            f"outputs {len(outer.weight)}, {inner.activation.name}",
        ),
        Hypothesis(
            "outer weights fixed, inner weights trained",
            inner.weight_trained and not outer.weight_trained,
            f"outer {'trained' if outer.weight_trained else 'fixed'}, "
            f"inner {'trained' if inner.weight_trained else 'fixed'}",
        ),
        Hypothesis(
            "the Gram matrix at the start is positive definite",
            True if low > 0 else False if high == 0 else None,
            f"lambda_min in [{low:.4g}, {high:.4g}]",
        ),
    )
    if any(h.met is not True for h in structure):
        return structure
    return (*structure, _flips(case, inner, outer))


def _flips(case: Case, inner: Layer, outer: Layer) -> Hypothesis:
    text = "neurons that may change side cannot take half of the smallest eigenvalue"
    if not case.affordable or case.chain is None:
        return Hypothesis(text, None, "the matrix does not fit into the memory that was granted")
    low = case.facts.spectrum.lambda_min[0]
    X, a = case.chain.X, outer.scale * outer.weight[0]
    reach = neuron_displacement(
        1.0,
        residual_norm=case.facts.residual_norm,
        lambda_min=low,
        data_norm=float(torch.linalg.matrix_norm(case.weighted_points(biases=False), ord=2)),
    )
    size = torch.linalg.vector_norm(X, dim=1)
    may = (inner.affine(X).abs() <= reach * a.abs() * size[:, None]).double()
    # A neuron counts for a pair of points if it may change side at either of them.
    squares = a**2
    alone = may @ squares
    counted = alone[:, None] + alone - (may * squares) @ may.T
    root = case.nu**0.5
    change = root[:, None] * counted * (X @ X.T).abs() * root
    lost = float(torch.linalg.eigvalsh(change)[-1])
    share = float(may.mean())
    return Hypothesis(
        text,
        lost < low / 2,
        f"{share:.2%} of the gates may change; they take at most {lost:.3g}, "
        f"half of lambda_min is {low / 2:.3g}",
    )
