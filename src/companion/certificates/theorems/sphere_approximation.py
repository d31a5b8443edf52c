"""Row of document `sphere_approximation` (Welper, known through a digest)."""

import math

from companion.certificates.case import Case, Hypothesis, TheoremRow, decided
from companion.certificates.chain import Chain
from companion.claims.sphere_approximation import coercivity_order, width_exponent

_DERIVATIVES = 3  # that the reconstruction asks of the activation


def rows(case: Case) -> tuple[TheoremRow, ...]:
    """What the theorem of this document says about a case.

    Parameters
    ----------
    case
        The network on its data.

    Returns
    -------
    One row, for the theorem as reconstructed here.
    """
    return (
        decided(
            "W-D1",
            "Welper, the theorem as reconstructed from a digest",
            statement=(
                "On the sphere, if the limiting kernel of the last hidden layer is coercive in a "
                "negative Sobolev norm, the error of a wide network falls to a plateau that "
                "shrinks like a power of the width."
            ),
            differs=(
                "The digest says that the error decays exponentially. The rate of that "
                "exponential tends to zero as the width grows, and the decay ends at the plateau."
            ),
            hypotheses=_hypotheses(case),
            numbers=_exponents(case),
        ),
    )


def _hypotheses(case: Case) -> tuple[Hypothesis, ...]:
    points, chain = case.facts.points, case.chain
    on_sphere = Hypothesis(
        "inputs on the unit sphere",
        None if points is None else points.unit_norm,
        "the inputs are not one array with a row per sample"
        if points is None
        else f"norms from {points.smallest_norm:.4g} to {points.largest_norm:.4g}",
    )
    finite = Hypothesis(
        "the loss is the L2 norm on the whole sphere",
        False,
        f"the loss has {case.facts.num_samples} points",
    )
    if chain is None:
        unknown = Hypothesis("a fully connected network", None, case.facts.architecture)
        return (on_sphere, unknown, finite)
    return (on_sphere, *_structure(chain), _coercive(chain), finite)


def _structure(chain: Chain) -> tuple[Hypothesis, ...]:
    first, *inside = chain.layers
    last = inside.pop() if inside else None
    bias = any(layer.bias is not None for layer in chain.layers)
    smooth = min((a.continuous_derivatives for a in chain.activations), default=math.inf)
    ends = last is not None and not first.trained and not last.trained
    return (
        Hypothesis("no biases", not bias, "biases" if bias else "none"),
        Hypothesis(
            "hidden layers trained, first and last layer fixed",
            ends and bool(inside) and all(layer.trained for layer in inside),
            f"{len(inside)} layers between the first and the last",
        ),
        Hypothesis(
            f"activations with {_DERIVATIVES} bounded derivatives",
            smooth >= _DERIVATIVES,
            f"continuous derivatives: {smooth:g}",
        ),
    )


def _coercive(chain: Chain) -> Hypothesis:
    smooth = min((a.continuous_derivatives for a in chain.activations), default=math.inf)
    infinite = smooth == math.inf
    return Hypothesis(
        "a limiting kernel that is coercive in some negative Sobolev norm",
        False if infinite else None,
        "the eigenvalues of the kernel of a smooth activation fall faster than any power (W6)"
        if infinite
        else f"an activation with {smooth:g} continuous derivatives",
    )


def _exponents(case: Case) -> tuple[tuple[str, float], ...]:
    chain = case.chain
    if chain is None or not chain.activations or chain.widths[0] < 2:
        return ()
    smooth = min(a.continuous_derivatives for a in chain.activations)
    if smooth == math.inf:
        return ()
    beta = coercivity_order(chain.widths[0], continuous_derivatives=int(smooth))
    rho = width_exponent(0.5, coercivity_order=beta, holder=0.5)
    return (("order of coercivity", beta), ("power of the width, smoothness 1/2", rho))
