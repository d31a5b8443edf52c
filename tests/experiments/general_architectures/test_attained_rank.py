"""Ranks of random networks against Jacobians written out, in whole numbers and residues."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from companion.activations import leaky_relu
from companion.experiments.general_architectures import attained_rank
from companion.experiments.general_architectures.attained_rank import (
    SCALES,
    clear_rank,
    exact_rank,
    rational_rank,
    run,
)
from companion.experiments.general_architectures.residue_jacobian import PRIME, residue_jacobian


@pytest.fixture(scope="module")
def data():
    return run(SCALES["smoke"])


def test_no_rank_exceeds_the_bound_and_the_analytic_one_attains_it(data):
    assert (data.found <= data.bound).all()
    rational = data.sel(activation="1 / (1 + z^2)")
    assert (rational.found == rational.bound).all()
    assert (data.bound < data.counted).any()


def test_kinks_attain_the_bound_where_layers_are_wide(data):
    leaky = data.sel(activation="leaky ReLU").where(data.narrowest >= 3, drop=True)
    assert leaky.sizes["network"] > 2
    assert (leaky.found == leaky.bound).all()


@pytest.mark.parametrize("draw", [exact_rank, rational_rank, clear_rank])
def test_no_draw_passes_a_bound_known_by_hand(draw, rng):
    # 4-6-5-6 on nine samples: 51 of 54 rows at most.
    ranks = {draw((4, 6, 5, 6), 9, rng) for _ in range(5)}
    assert max(ranks) == 51


def test_one_neuron_in_rational_arithmetic(rng):
    a, w, b, half = Fraction(3), Fraction(-5), Fraction(7), Fraction(1, 2)
    rows = []
    for x in (-3, 1, 2, 5):
        z = w * x + b
        slope = 1 if z > 0 else half
        rows.append([a * slope * x, a * slope, z * slope, Fraction(1)])
    null = [w, b, -a, Fraction(0)]
    assert all(sum(r * v for r, v in zip(row, null, strict=True)) == 0 for row in rows)
    assert max(exact_rank((1, 1, 1), 4, rng) for _ in range(20)) == 3


def test_large_numbers_are_refused(rng):
    with pytest.raises(ValueError, match=r"below 2\^53; got \(9, 9, 9"):
        exact_rank((9,) * 15, 2, rng)
    # A slope that is no multiple of one half is carried with rounding, and refused, too.
    with pytest.raises(ValueError, match=r"below 2\^53"):
        exact_rank((3, 4, 1), 5, rng, leaky_relu(0.3))


def test_residues_agree_with_difference_quotients(rng):
    # Modulo a prime a derivative is what the residue of the quotient polynomial says: compare
    # with dual numbers written out for one output of one sample.
    widths, n = (2, 3, 2), 2
    J = residue_jacobian(widths, n, np.random.default_rng(5))
    draws = np.random.default_rng(5)
    X = draws.integers(PRIME, size=(n, 2)).tolist()
    theta = []
    for after, before in ((3, 2), (2, 3)):
        theta += draws.integers(PRIME, size=(after, before)).reshape(-1).tolist()
        theta += draws.integers(PRIME, size=after).tolist()
    # The function orders a layer's columns as rows (weights, bias) of its neurons.
    order = [0, 1, 6, 2, 3, 7, 4, 5, 8, 9, 10, 11, 15, 12, 13, 14, 16]

    def output(x, moved):
        dual = [(t, int(k == moved)) for k, t in enumerate(theta)]
        W, b, V, c = dual[:6], dual[6:9], dual[9:15], dual[15:]
        h = []
        for i in range(3):
            z = add(add(mul(W[2 * i], (x[0], 0)), mul(W[2 * i + 1], (x[1], 0))), b[i])
            s = pow((1 + z[0] ** 2) % PRIME, -1, PRIME)
            h.append((s, -2 * z[0] * s * s * z[1] % PRIME))
        out = []
        for o in range(2):
            total = c[o]
            for i in range(3):
                total = add(total, mul(V[3 * o + i], h[i]))
            out.append(total[1])
        return out

    def mul(p, q):
        return (p[0] * q[0] % PRIME, (p[0] * q[1] + p[1] * q[0]) % PRIME)

    def add(p, q):
        return ((p[0] + q[0]) % PRIME, (p[1] + q[1]) % PRIME)

    written = [[output(x, k) for k in order] for x in X]
    np.testing.assert_array_equal(np.array(written).transpose(0, 2, 1).reshape(4, 17), J)


def test_wide_layers_are_refused_where_sums_overflow(rng):
    with pytest.raises(ValueError, match="at most 31; got 40"):
        residue_jacobian((2, 40, 1), 3, rng)


def test_parameters_are_whole_and_odd(rng, monkeypatch):
    seen = []

    def spy(module, X):
        seen.extend(p.detach().numpy() for p in module.parameters())
        seen.append(X)
        return torch.ones(1, 1, dtype=torch.float64)

    monkeypatch.setattr(attained_rank, "jacobian", spy)
    exact_rank((3, 4, 2), 5, rng)
    assert len(seen) == 5
    assert all((values % 2 == 1).all() for values in seen)
