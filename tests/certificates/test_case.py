"""Rows decide themselves from their hypotheses."""

import pytest

from companion.certificates.case import Hypothesis, certificate_hypothesis, decided
from companion.certificates.convergence import convergence_certificate


def row(*met, rate=2.0):
    hypotheses = tuple(Hypothesis(f"h{k}", one, f"number {k}") for k, one in enumerate(met))
    return decided("X-1", "title", statement="s", hypotheses=hypotheses, rate=rate, measured=3.0)


@pytest.mark.parametrize(
    ("met", "verdict", "reason"),
    [
        ((True, True), "applies", "every hypothesis is met"),
        ((True, None), "cannot be decided", "not known: h1 (number 1)"),
        ((None, False), "does not apply", "not met: h1 (number 1)"),
        ((False, False), "does not apply", "not met: h0 (number 0)"),
    ],
)
def test_one_failure_outweighs_what_is_unknown(met, verdict, reason):
    found = row(*met)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert found.promised_rate == (2.0 if verdict == "applies" else None)
    assert found.measured_rate == 3.0


@pytest.mark.parametrize(
    ("residual", "beta", "met"), [(0.1, 1.0, True), (0.6, 1.0, False), (0.6, 0.4, None)]
)
def test_the_certificate_is_a_hypothesis(residual, beta, met):
    certificate = convergence_certificate(
        residual,
        (1.0, 1.0),
        bound=(lambda radius: beta) if met else None,
        measured=lambda radius, enough: beta,
    )
    hypothesis = certificate_hypothesis(certificate)
    assert hypothesis.met is met
    assert f"{2 * residual * beta:.3g}" in hypothesis.number
