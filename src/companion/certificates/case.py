"""What the rows of theorems are decided from: facts, arrays and the module taken apart."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from companion.certificates.chain import Chain, Layer
from companion.certificates.convergence import APPLIES, FAILS, UNDECIDED, ConvergenceCertificate
from companion.certificates.facts import Facts


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis of a theorem, with the number that decides it.

    Attributes
    ----------
    text
        What is asked.
    met
        True, False, or None where it cannot be told.
    number
        The number, or the observation, that decides.
    """

    text: str
    met: bool | None
    number: str


@dataclass(frozen=True)
class TheoremRow:
    """What one theorem says about this network and these data.

    Attributes
    ----------
    id
        Row of the ledger.
    title
        Document and theorem.
    statement
        The statement that is checked: the document's, or the form in which it is true.
    differs
        How that form differs from the document's, empty if it does not.
    hypotheses
        Each with the number that decides it.
    verdict, reason
        ``"applies"``, ``"does not apply"`` or ``"cannot be decided"``, and why.
    promised_rate
        Rate of the residual that is promised; None if the row applies to nothing or promises none.
    measured_rate
        The rate of the residual at the start, where the theorem speaks of one.
    numbers
        Further numbers by name.

    Scale
    -----
    As :class:`companion.certificates.facts.Facts`.
    """

    id: str
    title: str
    statement: str
    differs: str
    hypotheses: tuple[Hypothesis, ...]
    verdict: str
    reason: str
    promised_rate: float | None = None
    measured_rate: float | None = None
    numbers: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, eq=False)
class Case:
    """A network on its data, as far as the theorems ask.

    Attributes
    ----------
    facts
        What was measured.
    convergence
        The certificate that does not depend on the length of the run.
    chain
        The module taken apart; None if it is not a chain.
    inputs
        The inputs with one row per sample; None if they are not one array.
    nu
        Weights of the data points.
    residual
        Prediction minus target at the start, shape ``(n, q)``.
    affordable
        Whether matrices with a row and a column per sample fit into the memory that was granted.
    convex
        Whether the loss is a convex function of the parameters; False if it was seen not to be,
        None if neither is known.
    """

    facts: Facts
    convergence: ConvergenceCertificate
    chain: Chain | None
    inputs: Float[np.ndarray, "n d"] | None
    nu: Float[Tensor, " n"]
    residual: Float[Tensor, "n q"]
    affordable: bool
    convex: bool | None

    @property
    def two_layers(self) -> tuple[Layer, Layer] | None:
        """The layers of a chain of two affine maps."""
        if self.chain is None or len(self.chain.layers) != 2:
            return None
        first, last = self.chain.layers
        return first, last

    def weighted_points(self, *, biases: bool) -> Float[Tensor, "n d"]:
        """Points times the square roots of their weights, a 1 appended if biases are asked for."""
        assert self.chain is not None
        X = self.chain.X
        if biases:
            X = torch.cat([X, torch.ones(len(X), 1, dtype=X.dtype)], dim=1)
        return self.nu[:, None] ** 0.5 * X


def decided(
    id: str,
    title: str,
    *,
    statement: str,
    differs: str = "",
    hypotheses: tuple[Hypothesis, ...],
    rate: Callable[[], float | None] | float | None = None,
    measured: float | None = None,
    numbers: tuple[tuple[str, float], ...] = (),
) -> TheoremRow:
    """A row with its verdict: one hypothesis that fails is enough, and so is one that is unknown.

    Parameters
    ----------
    id, title, statement, differs, hypotheses, numbers
        As in :class:`TheoremRow`.
    rate
        The promised rate, kept only if the row applies; a function is called only then.
    measured
        The measured rate.

    Returns
    -------
    The row.
    """
    failing = [h for h in hypotheses if h.met is False]
    unknown = [h for h in hypotheses if h.met is None]
    if failing:
        verdict, reason = FAILS, f"not met: {failing[0].text} ({failing[0].number})"
    elif unknown:
        verdict, reason = UNDECIDED, f"not known: {unknown[0].text} ({unknown[0].number})"
    else:
        verdict, reason = APPLIES, "every hypothesis is met"
    promised = None
    if verdict == APPLIES:
        promised = rate() if callable(rate) else rate
    return TheoremRow(
        id=id,
        title=title,
        statement=statement,
        differs=differs,
        hypotheses=hypotheses,
        verdict=verdict,
        reason=reason,
        promised_rate=promised,
        measured_rate=measured,
        numbers=numbers,
    )


def certificate_hypothesis(certificate: ConvergenceCertificate) -> Hypothesis:
    """The T-independent certificate as a hypothesis of a theorem.

    Parameters
    ----------
    certificate
        The certificate.

    Returns
    -------
    The hypothesis, met if the certificate applies.
    """
    met = {APPLIES: True, FAILS: False, UNDECIDED: None}[certificate.verdict]
    ratio = "unknown" if certificate.ratio is None else f"{certificate.ratio:.3g}"
    return Hypothesis(
        "2 beta |s_0| / lambda_min below 1", met, f"it is {ratio}; see the certificate above"
    )
