"""Rows of document `training_dynamics` (Wu) on two-layer networks in the kernel regime."""

import math

import numpy as np
import torch

from companion.certificates.case import Case, Hypothesis, TheoremRow, decided
from companion.certificates.chain import Layer
from companion.claims.training_dynamics import random_feature_width, risk_decay_rate
from companion.claims.training_dynamics_corrected import kernel_width, outer_rate
from companion.kernels.arc_cosine import arc_cosine_kernel

DELTA = 0.05  # failure probability at which widths are stated

Numbers = tuple[tuple[str, float], ...]


def kernel_regime_rows(case: Case) -> tuple[TheoremRow, ...]:
    """What Lemma 11 and Theorems 10 and 13 say about a case.

    Parameters
    ----------
    case
        The network on its data.

    Returns
    -------
    One row for each.
    """
    start = _start(case)
    star = _lambda_star(case) if all(h.met for h in start) else None
    rate = _outer(case)
    document: Numbers = ()
    if star is not None and case.two_layers is not None:
        loss_rate = risk_decay_rate(star, width=len(case.two_layers[0].weight))
        document = (("rate of the document, in the time of (0.20)", loss_rate / 2),)
    return (
        decided(
            "LW-Lem11",
            "Wu, Lemma 11",
            statement=(
                "At the start lambda_min(G) >= m lambda_min(K) / 2 with probability 1 - delta, if "
                "m >= 8 |X|^2 log(n / delta) / lambda_min(K)."
            ),
            differs="The union bound of the proof controls single entries, not the norm; "
            "this width comes from a matrix Chernoff bound.",
            hypotheses=(*start, *_width(case, star)),
            numbers=_shares(case, star),
        ),
        decided(
            "LW-Thm10",
            "Wu, Theorem 10",
            statement=(
                "A two-layer network whose outer weights are trained: if the kernel of the outer "
                "weights is positive definite at the start and cannot be lost along the path that "
                "this allows, the residual decays exponentially for ever."
            ),
            differs="The random start and the width are replaced by the start itself. From "
            "(0.19) to (0.20) the document drops a factor 1/n: its rate is in the time of (0.20).",
            hypotheses=_outer_hypotheses(case, rate),
            rate=rate,
            measured=case.facts.dissipation_rate,
            numbers=document,
        ),
        decided(
            "LW-Thm13",
            "Wu, Theorem 13",
            statement=(
                "Network and random-feature model stay within (1 + sqrt(log(1/delta))) / "
                "(lambda sqrt(m)) of each other, if m is at least a constant times "
                "n^4 log(n^2 / delta) / lambda^2."
            ),
            hypotheses=(*start, *_unnamed(case, star)),
        ),
    )


def _start(case: Case) -> tuple[Hypothesis, ...]:
    layers = case.two_layers
    if layers is None:
        met = None if case.chain is None else False
        return (Hypothesis("a two-layer network", met, case.facts.architecture),)
    inner, outer = layers
    assert inner.activation is not None
    norms = torch.linalg.vector_norm(inner.weight, dim=1)
    return (
        Hypothesis(
            "one output, ReLU, no biases, no factor of the width",
            len(outer.weight) == 1
            and inner.activation.name == "relu"
            and inner.bias is None
            and outer.bias is None
            and outer.scale == 1,
            f"outputs {len(outer.weight)}, {inner.activation.name}, factor {outer.scale:.4g}",
        ),
        Hypothesis(
            "outer weights zero at the start",
            not bool(outer.weight.any()),
            f"largest {float(outer.weight.abs().max()):.4g}",
        ),
        Hypothesis(
            "inner weights of norm one at the start",
            bool(((norms - 1).abs() < 1e-6).all()),
            f"norms from {float(norms.min()):.4g} to {float(norms.max()):.4g}",
        ),
    )


def _lambda_star(case: Case) -> float | None:
    points = case.facts.points
    if not case.affordable or case.inputs is None or points is None or points.smallest_norm == 0:
        return None
    # Weights uniform on the sphere in place of Gaussian ones divide the kernel by d.
    K = arc_cosine_kernel(case.inputs, order=1) / points.dimension
    values = np.linalg.eigvalsh(K)
    return float(values[0]) if values[0] > 1e-15 * len(K) * values[-1] else None


def _width(case: Case, star: float | None) -> tuple[Hypothesis, ...]:
    text = "wide enough"
    if case.two_layers is None or case.inputs is None:
        return ()
    if star is None:
        return (Hypothesis(text, None, "the smallest eigenvalue of K is not known"),)
    asked = kernel_width(
        star,
        data_norm=float(np.linalg.norm(case.inputs, 2)),
        num_samples=case.facts.num_samples,
        delta=DELTA,
    )
    width = len(case.two_layers[0].weight)
    return (Hypothesis(text, width >= asked, f"m = {width}, {asked} for delta = {DELTA}"),)


def _unnamed(case: Case, star: float | None) -> tuple[Hypothesis, ...]:
    if case.two_layers is None or star is None:
        return ()
    asked = random_feature_width(star, num_samples=case.facts.num_samples, delta=DELTA)
    width = len(case.two_layers[0].weight)
    return (
        Hypothesis(
            "wide enough, up to a constant that the document does not name",
            None,
            f"m = {width}, with the constant one {asked:.3g}",
        ),
    )


def _shares(case: Case, star: float | None) -> Numbers:
    if case.two_layers is None or star is None:
        return ()
    assert case.chain is not None
    (_, _, _), (_, hidden, _) = case.chain.values()
    found = float(torch.linalg.eigvalsh(hidden @ hidden.T)[0])
    return (
        ("smallest eigenvalue of K", star),
        ("lambda_min(G) / (m lambda_min(K))", max(found, 0.0) / (hidden.shape[1] * star)),
    )


def _outer_hypotheses(case: Case, rate: float | None) -> tuple[Hypothesis, ...]:
    layers = case.two_layers
    if layers is None:
        met = None if case.chain is None else False
        return (Hypothesis("a two-layer network", met, case.facts.architecture),)
    inner, outer = layers
    assert inner.activation is not None
    structure = (
        Hypothesis(
            "a Lipschitz activation",
            inner.activation.lipschitz < math.inf,
            inner.activation.name,
        ),
        Hypothesis("outer weights trained", outer.weight_trained, _trained(outer)),
    )
    if not all(h.met for h in structure):
        return structure
    if rate is None:
        unknown = "the matrix does not fit into the memory that was granted"
        return (*structure, Hypothesis("the kernel of the outer weights is kept", None, unknown))
    return (
        *structure,
        Hypothesis(
            "the kernel of the outer weights is positive definite and is kept",
            rate > 0,
            f"it guarantees the rate {rate:.4g}",
        ),
    )


def _trained(layer: Layer) -> str:
    return "trained" if layer.weight_trained else "fixed"


def _outer(case: Case) -> float | None:
    layers = case.two_layers
    if layers is None or case.chain is None or not layers[1].weight_trained:
        return None
    if not case.affordable:
        return None
    inner, outer = layers
    assert inner.activation is not None
    (_, _, _), (_, hidden, _) = case.chain.values()
    if outer.bias_trained:  # a feature that never moves
        hidden = torch.cat([hidden, torch.ones(len(hidden), 1, dtype=hidden.dtype)], dim=1)
    kept = case.nu > 0
    features = outer.scale * case.nu[kept, None] ** 0.5 * hidden[kept]
    values = torch.linalg.eigvalsh(features @ features.T)
    rounding = 4 * len(values) * case.facts.precision * float(values[-1])
    parts = inner.weight_trained, inner.bias_trained
    gain = 0.0
    if any(parts):
        X = case.weighted_points(biases=inner.bias_trained)
        X = X if inner.weight_trained else X[:, -1:]
        gain = inner.scale * outer.scale * inner.activation.lipschitz
        gain *= float(torch.linalg.matrix_norm(X, ord=2))
    return outer_rate(
        case.facts.residual_norm,
        lambda_outer=max(float(values[0]) - rounding, 0.0),
        outer_norm=float(torch.linalg.matrix_norm(outer.weight, ord=2)),
        gain=gain,
    )
