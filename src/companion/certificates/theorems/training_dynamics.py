"""Rows of document `training_dynamics` (Wu)."""

import math

from companion.certificates.case import (
    Case,
    Hypothesis,
    TheoremRow,
    certificate_hypothesis,
    decided,
)
from companion.certificates.theorems.kernel_regime import kernel_regime_rows
from companion.claims.training_dynamics import convex_bound, gradient_bound

_JUMPING = ("Hardshrink", "Softplus", "Threshold")  # unless their constants are usual ones


def rows(case: Case) -> tuple[TheoremRow, ...]:
    """What the theorems of this document say about a case.

    Parameters
    ----------
    case
        The network on its data.

    Returns
    -------
    One row for each theorem.
    """
    return (*_classical(case), *_hardness(), *kernel_regime_rows(case))


def _classical(case: Case) -> tuple[TheoremRow, ...]:
    facts = case.facts
    low, _ = facts.spectrum.lambda_min
    far = facts.residual_norm / math.sqrt(low) if low > 0 else None
    return (
        decided(
            "LW-Thm1",
            "Wu, Theorem 1",
            statement="The smallest gradient up to time t is at most sqrt(loss(0) / t).",
            hypotheses=(
                Hypothesis("a loss that is bounded below", True, f"loss(0) = {facts.loss:.4g}"),
                _continuous(case),
            ),
            numbers=(
                ("bound of the gradient up to time 1", gradient_bound(facts.loss, time=1.0)),
                ("gradient at the start", facts.gradient_norm),
            ),
        ),
        decided(
            "LW-Thm2",
            "Wu, Theorem 2",
            statement="For a convex loss the excess over the minimum is at most "
            "|theta* - theta_0|^2 / (2 t).",
            hypotheses=(Hypothesis("a convex loss", case.convex, _convexity(case)),),
            numbers=()
            if far is None or case.convex is not True
            else (("bound of the loss at time 1", convex_bound(far, time=1.0)),),
        ),
        decided(
            "LW-Thm3",
            "Wu, Theorem 3",
            statement=(
                "If |grad loss|^2 >= C loss along the flow, the loss decays at the rate C. In the "
                "ball of the certificate that does not depend on the length of the run it holds, "
                "with C twice its rate."
            ),
            differs="The condition is printed without the square on the gradient; so it does not "
            "imply an exponential rate (LW-PL).",
            hypotheses=(certificate_hypothesis(case.convergence),),
            rate=case.convergence.rate,
            measured=facts.dissipation_rate,
        ),
    )


def _continuous(case: Case) -> Hypothesis:
    # Across a jump the loss may grow, and what the gradient took off it says nothing.
    jumping = [name for name in case.facts.unknown_activations if name in _JUMPING]
    return Hypothesis(
        "a loss that does not jump",
        None if jumping else True,
        f"{', '.join(jumping)} may jump" if jumping else "no layer is known to jump",
    )


def _convexity(case: Case) -> str:
    if case.convex:
        return "the network is linear in its trained parameters"
    if case.convex is False:
        return "the loss has negative curvature at the start"
    return "the network is not linear in its parameters, and no negative curvature was seen"


def _hardness() -> tuple[TheoremRow, ...]:
    told = {
        "4": "Intersections of halfspaces are hard to learn (cryptographic assumption).",
        "5": "Functions of polynomial Barron norm are hard to learn (cryptographic assumption).",
        "7": "Over an orthonormal class of targets the variance of the gradient is at most "
        "4 E|grad h|^2 / |F|.",
        "8": "Over an orthonormal class of size 2^d the flow stays within "
        "2^(-d/2) sqrt(G_0 / L) (exp(sqrt(L) t) - 1) of its start, in root mean square.",
    }
    differs = {
        "7": "The factor 4 is missing, or the loss has a factor 1/2.",
        "8": "The gradient estimate is applied at a point that depends on the target; the form "
        "given here covers times up to a multiple of d.",
    }
    return tuple(
        decided(
            f"LW-Thm{number}",
            f"Wu, Theorem {number}",
            statement=statement,
            differs=differs.get(number, ""),
            hypotheses=(
                Hypothesis(
                    "a statement about one target on finitely many points",
                    False,
                    "it speaks of all targets of a class",
                ),
            ),
        )
        for number, statement in told.items()
    )
