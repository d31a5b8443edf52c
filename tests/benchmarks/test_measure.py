"""The ratio, its verdict and the clock of the table of speeds."""

import math
import time

import pytest

from benchmarks.measure import Row, Scaling, as_record, copy_rate, cpu_seconds, gemm_rate


def row(**changes):
    told = {"name": "a_row", "work": "w", "peer": "p", "seconds": 2.0, "peer_seconds": 10.0}
    return Row(**{**told, "goal": 5.0, **changes})


@pytest.mark.parametrize(
    ("peer_seconds", "ratio", "verdict"),
    [(10.0, 5.0, "reached"), (9.9, 4.95, "missed"), (math.nan, math.nan, "peer absent")],
)
def test_the_ratio_is_the_peers_time_over_ours(peer_seconds, ratio, verdict):
    measured = row(peer_seconds=peer_seconds)
    assert measured.ratio == pytest.approx(ratio, nan_ok=True)
    assert measured.verdict == verdict


def test_an_extrapolated_peer_is_marked():
    assert "(extrapolated)" in row(extrapolated=True).line()
    assert "(extrapolated)" not in row().line()


def test_records_carry_their_kind_and_ratio():
    assert as_record(row()) | {"ratio": 5.0, "kind": "Row"} == as_record(row())
    scaling = Scaling("s", "n", (1.0, 2.0), (1.0, 4.0), 2.0, 1.9, 2.1)
    assert as_record(scaling)["kind"] == "Scaling"
    assert "n^2.00 [1.90, 2.10]" in scaling.line()


def test_the_clock_counts_work_and_not_waiting():
    assert cpu_seconds(lambda: time.sleep(0.2), repeats=1) < 0.1
    turns = []

    def spin():
        turns.append(1)
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass

    # The clock of the process and the one read here are the same; only the calls lie between.
    assert cpu_seconds(spin, repeats=3) == pytest.approx(0.05, rel=0.2)
    assert len(turns) == 3


def test_rates_are_those_of_a_computer():
    # From a small board to a large server; a factor 1e9 lost or won would leave the range.
    assert 1e8 < gemm_rate() < 1e14
    assert 1e8 < copy_rate() < 1e13
