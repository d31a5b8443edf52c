"""Rows of document `general_architectures` (Jakhmola)."""

from companion.certificates.case import (
    Case,
    Hypothesis,
    TheoremRow,
    certificate_hypothesis,
    decided,
)
from companion.claims.general_architectures import fully_connected_parameters

_CONVERGES = (
    "If the Gram matrix at the start is positive definite and the initial residual is small "
    "against its smallest eigenvalue and the curvature of the network, the residual decays "
    "exponentially for ever."
)
_DIFFERS = (
    "Beside a start and data with a density, the document asks for P >= n q alone, which is "
    "necessary and not sufficient, and lets the rate depend on the length of the run; such a rate "
    "exists for every smooth model whose gradient does not vanish at the start, so no convergence "
    "follows from it."
)
_KINKS = (
    "The document compares Gram matrices entry by entry with those of another network; the "
    "comparison fails. What is left is the statement for smooth networks, as long as no "
    "pre-activation can reach a kink."
)


def rows(case: Case) -> tuple[TheoremRow, ...]:
    """What the theorems of this document say about a case.

    Parameters
    ----------
    case
        The network on its data.

    Returns
    -------
    One row for each theorem and corollary.
    """
    facts, certificate = case.facts, case.convergence
    rate, measured = certificate.rate, facts.dissipation_rate
    counted, positive = _counted(case), _positive(case)
    convergence = (*counted, positive, certificate_hypothesis(certificate))
    spectrum = facts.spectrum
    numbers = tuple(
        (name, float(value))
        for name, value in (("numerical rank", spectrum.numerical_rank), ("gap", spectrum.gap))
        if value is not None
    )

    def corollary(part: str, title: str, differs: str, *hypotheses: Hypothesis) -> TheoremRow:
        return decided(
            f"YJ-Cor{part}",
            f"Jakhmola, Corollary {part}: {title}",
            statement=_CONVERGES,
            differs=differs,
            hypotheses=(*hypotheses, *convergence),
            rate=rate,
            measured=measured,
        )

    return (
        decided(
            "YJ-Lem3.2a",
            "Jakhmola, Lemma 3.2, at the start",
            statement=(
                "The Gram matrix at the start can be positive definite only if n q is at most "
                "the largest rank that the architecture allows; whether it is, is computed."
            ),
            differs=(
                "The document asks for n q <= P. Symmetries of the architecture lower the rank, "
                "and on open sets of parameters it is lower still."
            ),
            hypotheses=(*counted, positive),
            numbers=numbers,
        ),
        decided(
            "YJ-Thm3.1",
            "Jakhmola, Theorem 3.1",
            statement=_CONVERGES,
            differs=_DIFFERS,
            hypotheses=convergence,
            rate=rate,
            measured=measured,
        ),
        corollary("3.1.1", "ReLU", _KINKS, _only(case, "relu", "every activation is ReLU")),
        corollary(
            "3.1.2", "sigmoid", _KINKS, _only(case, "sigmoid", "every activation is the sigmoid")
        ),
        corollary("3.2.1(1)", "fully connected networks", _DIFFERS, _fully_connected(case)),
        corollary(
            "3.2.1(2)", "residual networks", _DIFFERS, _square(case), _fully_connected(case)
        ),
        corollary("3.2.1(3)", "graph convolutional networks", _DIFFERS, _graph(case)),
    )


def _counted(case: Case) -> tuple[Hypothesis, Hypothesis]:
    facts = case.facts
    rows = facts.spectrum.num_rows
    return (
        Hypothesis(
            "at least as many parameters as outputs on the data",
            facts.num_params >= rows,
            f"P = {facts.num_params}, n q = {rows}",
        ),
        Hypothesis(
            "the layers allow the full rank n q",
            facts.rank_bound >= rows,
            f"rank at most {facts.rank_bound}, the number of {facts.rank_bound_reason}",
        ),
    )


def _positive(case: Case) -> Hypothesis:
    low, high = case.facts.spectrum.lambda_min
    return Hypothesis(
        "the Gram matrix at the start is positive definite",
        True if low > 0 else False if high == 0 else None,
        f"lambda_min in [{low:.4g}, {high:.4g}]",
    )


def _only(case: Case, name: str, text: str) -> Hypothesis:
    facts = case.facts
    names = [one.name for one in facts.activations] + list(facts.unknown_activations)
    listed = ", ".join(names) or "none recognised"
    others = [found for found in names if found != name]
    met: bool | None = None
    if others:
        met = False
    elif facts.activations_complete:
        met = bool(names)
    return Hypothesis(text, met, f"activations: {listed}")


def _fully_connected(case: Case) -> Hypothesis:
    text = "fully connected, with biases, all trained"
    if case.chain is None:
        return Hypothesis(text, None, "the architecture is unknown")
    expected = fully_connected_parameters(case.chain.widths)
    trained = case.facts.num_params
    scaled = any(layer.scale != 1 for layer in case.chain.layers)
    return Hypothesis(
        text,
        trained == expected and not scaled,
        f"P = {trained}, the formula gives {expected}"
        + (", and the network has a factor of its width" if scaled else ""),
    )


def _square(case: Case) -> Hypothesis:
    # X + W X + b inside the activation is a layer with I + W in place of W.
    text = "all widths equal: X + W X + b is a layer with the matrix I + W"
    if case.chain is None:
        return Hypothesis(text, None, "the architecture is unknown")
    widths = case.chain.widths
    return Hypothesis(text, len(set(widths)) == 1, f"widths {'-'.join(map(str, widths))}")


def _graph(case: Case) -> Hypothesis:
    text = "a graph convolution"
    if case.chain is not None:
        return Hypothesis(text, False, "a fully connected network")
    return Hypothesis(
        text,
        None,
        "the architecture is unknown; with one graph and an output bias for every vertex the "
        "Gram matrix is at least the identity at all times",
    )
