"""The certificate: facts, one row per theorem, and what they mean."""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

from companion.certificates.case import TheoremRow
from companion.certificates.convergence import APPLIES, ConvergenceCertificate
from companion.certificates.facts import Facts
from companion.certificates.report import html_report, text_report

SCHEMA = 1

MEANING = (
    "Rates are those of gradient flow on 1/2 sum nu_i |f(x_i) - y_i|^2 and of the residual: "
    "|r(t)| <= exp(-rate t) |r(0)|. The loss decays twice as fast. nu = 1/n makes time n times "
    "slower.",
    "'applies' means that every hypothesis was checked on this network and these data, up to the "
    "rounding that the intervals show. 'does not apply' does not mean that training fails: these "
    "theorems ask for much more than training needs.",
    "Gradient descent: with a step below 2 / lambda_max it follows the flow at time = step times "
    "number of steps, up to an error of the order of the step; no bound of that error is given "
    "here.",
    "Stochastic gradient descent: the flow describes its mean at a small step. With a fixed step "
    "and batches it keeps a noise that no row bounds, unless the residual can be zero at every "
    "point.",
    "Adam, momentum, weight decay: other dynamics, with another kernel or another minimum. No row "
    "speaks about them.",
    "Cross-entropy: another loss, whose minimum is usually at infinity. Facts about the kernel "
    "and its rank hold, rates do not.",
    "Nothing is said about points that are not in the data.",
)


@dataclass(frozen=True, repr=False)
class Certificate:
    """What the theorems of five documents say about one network on its data.

    Attributes
    ----------
    facts
        What was measured at the start.
    theorems
        One row per theorem, as corrected.
    convergence
        The certificate that does not depend on the length of the run.
    warnings
        What makes training on these data impossible or the answer doubtful.
    meaning
        What the answer means, and what it does not.
    seconds
        Processor time that it took.

    Scale
    -----
    Rates of the residual under the flow of ``1/2 sum nu_i |r_i|**2``, in 1 / time.
    """

    facts: Facts
    theorems: tuple[TheoremRow, ...]
    convergence: ConvergenceCertificate
    warnings: tuple[str, ...]
    seconds: float
    meaning: tuple[str, ...] = MEANING

    def theorem(self, id: str) -> TheoremRow:
        """The row of that id.

        Parameters
        ----------
        id
            Row of the ledger, for example ``"LL-Thm1"``.

        Raises
        ------
        KeyError
            If there is none.
        """
        for row in self.theorems:
            if row.id == id:
                return row
        raise KeyError(f"no theorem {id!r}; known: {', '.join(row.id for row in self.theorems)}")

    def to_dict(self) -> dict[str, Any]:
        """Everything as numbers, words, lists and dictionaries.

        Returns
        -------
        A dictionary with ``schema`` 1. None stands for what is not known or was not computed, and
        for numbers that are not finite.
        """
        return {"schema": SCHEMA, **_plain(dataclasses.asdict(self))}

    def to_json(self, *, indent: int | None = 2) -> str:
        """The dictionary of :meth:`to_dict` as JSON.

        Parameters
        ----------
        indent
            Spaces by which levels are indented; None for one line.

        Returns
        -------
        The text.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def __str__(self) -> str:
        return text_report(self)

    def __repr__(self) -> str:
        applies = ", ".join(row.id for row in self.theorems if row.verdict == APPLIES)
        rows, num_params = len(self.theorems), self.facts.num_params
        return f"Certificate(applies: [{applies}], {rows} rows, P = {num_params})"

    def _repr_html_(self) -> str:
        return html_report(self)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
