"""Counting parameters against outputs."""

import dataclasses

import pytest

from companion.certificates.facts import Facts
from companion.certificates.spectrum import SpectrumFacts


def facts(**changed):
    spectrum = SpectrumFacts(6, (0.0, 1.0), (1.0, 2.0), None, None, "bounds")
    found = Facts(
        num_params=6,
        num_samples=3,
        output_dim=2,
        num_rows=6,
        architecture="unknown",
        activations=(),
        unknown_activations=(),
        activations_complete=False,
        rank_bound=6,
        rank_bound_reason="rows",
        points=None,
        spectrum=spectrum,
        loss=1.0,
        residual_norm=2**0.5,
        gradient_norm=1.0,
        dissipation_rate=0.5,
        total_weight=3.0,
        precision=2e-16,
    )
    return dataclasses.replace(found, **changed)


@pytest.mark.parametrize(("num_params", "expected"), [(5, False), (6, True), (7, True)])
def test_as_many_parameters_as_outputs_are_enough(num_params, expected):
    assert facts(num_params=num_params).overparametrised is expected
