"""Wrong arguments of the public calls are refused in one sentence with their names."""

import numpy as np
import pytest
import torch
from torch import nn

from companion.catalogue import draw
from companion.dynamics.ensemble import gradient_descent_ensemble
from companion.dynamics.events import LossBelow
from companion.dynamics.failures import Diverged, FlowNotFinite
from companion.dynamics.gradient_descent import gradient_descent
from companion.dynamics.gradient_flow import gradient_flow


def module():
    made = nn.Linear(2, 1).double()
    nn.init.constant_(made.weight, 0.5)
    return made


X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
Y = torch.ones(3, 1, dtype=torch.float64)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rtol", "1e-6"),
        ("t_end", "1"),
        ("t_end", None),
        ("t_end", [1.0]),
        ("t_eval", ["0.5"]),
        ("t_eval", "0.5"),
        ("t_eval", 1.0),
        ("stop", LossBelow),
        ("stop", [LossBelow]),
        ("stop", 1e-3),
        ("method", ["auto"]),
        ("method", None),
        ("record", None),
        ("record", 1),
        ("call", 1),
    ],
)
def test_gradient_flow_names_the_argument(name, value):
    options = {"t_end": 1.0, name: value}
    with pytest.raises(TypeError, match=rf"`{name}` must .*; got "):
        gradient_flow(module(), X, Y, **options)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", "0.1"),
        ("learning_rate", None),
        ("num_steps", 1.5),
        ("num_steps", "3"),
        ("num_steps", True),
        ("record_at", 1),
        ("record_at", "1"),
        ("record_at", [0.5]),
        ("record", None),
        ("batch", 1.5),
        ("batch", "1"),
        ("batch", True),
        ("rng", 3),
        ("rng", torch.Generator()),
    ],
)
def test_gradient_descent_names_the_argument(name, value):
    options = {"learning_rate": 0.1, "num_steps": 3, name: value}
    if name == "rng":
        options["batch"] = 2
    with pytest.raises(TypeError, match=rf"`{name}` must .*; got "):
        gradient_descent(module(), X, Y, **options)


@pytest.mark.usefixtures("unchecked")
def test_numbers_that_tensors_hold_are_numbers():
    number = torch.tensor
    flow = gradient_flow(
        module(), X, Y, t_end=number(1.0), t_eval=number([0.0, 1.0]), rtol=number(1e-6)
    )
    assert flow.loss[-1] < flow.loss[0]
    run = gradient_descent(module(), X, Y, learning_rate=number(0.1), num_steps=number(3))
    assert_plain = np.array([0.0, 0.1, 0.2, 0.3])
    np.testing.assert_allclose(run.t, assert_plain, rtol=1e-7)  # 0.1 in single precision


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("data", [None, 1, "a", np.ones(2), module(), []])
def test_only_runs_are_drawn(data):
    with pytest.raises(TypeError, match=r"`data` must be a Trajectory or an xarray\.Dataset; got"):
        draw(data)


RUNS = {
    "flow": lambda *data, **more: gradient_flow(*data, t_end=1.0, **more),
    "descent": lambda *data, **more: gradient_descent(
        *data, learning_rate=0.1, num_steps=1, **more
    ),
    "ensemble": lambda one, *data, **more: gradient_descent_ensemble(
        [one, one], *data, learning_rate=0.1, num_steps=1, **more
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_loss_that_overflows_is_refused(name):
    with pytest.raises(ValueError, match="`y` must leave the loss finite"):
        RUNS[name](module(), X, 1e200 * Y)


@pytest.mark.parametrize("name", ["descent", "ensemble"])
def test_the_last_step_may_not_diverge_unseen(name):
    with pytest.raises(Diverged):
        RUNS[name](module(), X, Y, nu=np.full(3, 1e300))


class Root(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, X):
        return X[:, :1] * torch.sqrt(self.scale)


@pytest.mark.parametrize("name", RUNS)
def test_a_gradient_that_is_not_finite_at_the_start_is_named(name):
    with pytest.raises(FlowNotFinite, match=r"gradient .*is not finite at the start") as failure:
        RUNS[name](Root(), X, Y)
    assert failure.value.time == 0.0
