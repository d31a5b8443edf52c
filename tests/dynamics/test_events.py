"""Events of flows in closed form happen when they must."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics.events import Escape, KernelDrift, LossBelow
from companion.dynamics.gradient_flow import gradient_flow
from companion.networks.two_layer import TwoLayerNetwork

RTOL = 1e-8


class Scalar(nn.Module):
    """f(x) = theta x, with one parameter that starts at 1."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.ones(1, dtype=torch.float64))

    def forward(self, X):
        return self.theta * X[:, 0]


class Square(Scalar):
    """f(x) = theta^2 x / 2: the tangent kernel is theta^2 x x'."""

    def forward(self, X):
        return self.theta**2 * X[:, 0] / 2


X = np.array([[1.0], [2.0]])  # the rate is 1 + 4


def run(stop, module=None, y=None, **options):
    module = Scalar() if module is None else module
    y = 3 * X[:, 0] if y is None else y
    return gradient_flow(module, X, y, t_end=4.0, rtol=RTOL, stop=stop, **options)


@pytest.mark.parametrize("method", ["DOP853", "RK45", "LSODA"])
@pytest.mark.parametrize("value", [9.0, 1e-2, 1e-8])
def test_the_loss_is_at_its_value_when_the_flow_stops(method, value):
    # theta = 3 - 2 exp(-5 t), so that the loss is 5/2 * 4 * exp(-10 t).
    flow = run(LossBelow(value), method=method)
    # A relative error of the loss moves the moment by a tenth of it; some tens of steps add up.
    assert_allclose(flow.t[-1], np.log(10 / value) / 10, rtol=0, atol=10 * RTOL)
    assert_allclose(flow.loss[-1], value, rtol=100 * RTOL)
    assert flow.stopped_by == f"LossBelow(value={value})"
    assert_allclose(flow.parameters["theta"], 3 - 2 * np.sqrt(value / 10), rtol=100 * RTOL)
    assert (np.diff(flow.t) > 0).all()


@given(st.floats(0.01, 1.99))
def test_escape_happens_at_the_radius(radius):
    flow = run(Escape(radius), t_eval=[0.0])
    assert_allclose(flow.t[-1], -np.log1p(-radius / 2) / 5, rtol=1e-5)
    assert_allclose(flow.distance[-1], radius, rtol=10 * RTOL)


@pytest.mark.parametrize("norm", ["operator", "frobenius"])
def test_kernel_drift_happens_at_its_value(norm):
    # One parameter: the kernel is theta^2 times a fixed matrix, whatever the norm.
    flow = run(KernelDrift(0.5, norm=norm), module=Square(), record=("kernel_drift",))
    assert_allclose(flow.parameters["theta"] ** 2, 1.5, rtol=10 * RTOL)
    assert_allclose(flow.kernel_drift[-1], 0.5, rtol=10 * RTOL)


def test_norms_of_drift_differ_for_networks(rng):
    W, a = rng.standard_normal((6, 2)), rng.standard_normal(6)
    points, y = rng.standard_normal((5, 2)), rng.standard_normal(5)
    network = TwoLayerNetwork(W, a, activation=torch.tanh)
    ends = {}
    for norm in ("operator", "frobenius"):
        flow = gradient_flow(
            network, points, y, t_end=50.0, stop=KernelDrift(0.2, norm=norm), keep_path=True
        )
        grams = []
        for index in (0, -1):
            W_t, a_t = (flow.parameters_at(index)[name] for name in ("W", "a"))
            hidden = np.tanh(points @ W_t.T)
            weighted = (1 - hidden**2) * a_t
            grams.append((hidden @ hidden.T + weighted @ weighted.T * (points @ points.T)) / 6)
        order = 2 if norm == "operator" else "fro"
        change = np.linalg.norm(grams[1] - grams[0], order) / np.linalg.norm(grams[0], order)
        assert_allclose(change, 0.2, rtol=1e-5)  # ten times rtol
        ends[norm] = flow.t[-1]
    assert ends["operator"] != ends["frobenius"]


def test_the_first_of_several_events_wins_and_times_before_it_are_recorded():
    loss, escape = LossBelow(10 * np.exp(-4.0)), Escape(2 * (1 - np.exp(-3.0)))  # t = 0.4 and 0.6
    for stop in ([loss, escape], (escape, loss)):
        flow = run(stop, t_eval=[0.1, 0.3, 0.5])
        assert flow.stopped_by == str(loss)
        assert_allclose(flow.t, [0.1, 0.3, 0.4], rtol=1e-7)
    flow = run(Escape(1e6))
    assert flow.stopped_by is None
    assert flow.t[-1] == 4


def test_an_event_that_has_happened_stops_the_flow_at_once():
    flow = run(LossBelow(11.0), t_eval=[1.0])
    assert_allclose(flow.t, [0.0], rtol=0, atol=0)
    assert flow.stopped_by == "LossBelow(value=11.0)"
    assert flow.distance[-1] == 0


def test_a_loss_of_zero_is_below_every_value():
    assert len(run(LossBelow(1e-300), y=X[:, 0]).t) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LossBelow(0.0), "`value` must be positive and finite; got 0.0"),
        (lambda: Escape(np.inf), "`radius` must be positive and finite; got inf"),
        (lambda: KernelDrift(-1.0), "`change` must be positive and finite; got -1.0"),
    ],
)
def test_events_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.usefixtures("unchecked")
def test_other_norms_and_other_things_are_refused():
    with pytest.raises(ValueError, match="`norm` must be 'operator' or 'frobenius'; got 'max'"):
        KernelDrift(0.1, norm="max")
    with pytest.raises(TypeError, match=r"`stop` must be a sequence; got 0.1.*LossBelow"):
        run(0.1)
