"""The front door is quick to open and leads to the rooms."""

import inspect
import subprocess
import sys

import pytest
import torch
from numpy.testing import assert_allclose

import companion
from companion.catalogue import draw
from companion.certificates.certify import certify
from companion.dynamics.gradient_flow import gradient_flow
from companion.tangent.gram import ntk
from strangers import stranger

HEAVY = ("torch", "matplotlib", "xarray", "scipy", "numpy")


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_importing_the_package_loads_nothing_heavy():
    loaded = python(f"import sys, companion; print([m for m in {HEAVY} if m in sys.modules])")
    assert loaded.strip() == "[]"


def test_names_are_those_of_the_rooms():
    assert companion.gradient_flow is gradient_flow
    assert companion.ntk is ntk
    assert companion.draw is draw
    assert companion.certify is certify
    assert set(companion.__all__) <= set(dir(companion))
    assert companion.__version__[0].isdigit()


@pytest.mark.parametrize(
    "name", ["recurrent", "attention", "batch norm and dropout, evaluating", "shared weights"]
)
def test_modules_unlike_ours_go_through_every_call(name):
    module, X = stranger(name)
    y = torch.zeros_like(module(X)).detach()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    K = companion.ntk(module, X)
    flow = companion.gradient_flow(module, X, y, t_end=1.0, rtol=1e-6)
    certificate = companion.certify(module, X, y)
    figure = companion.draw(flow)
    # At the start the loss falls at the rate r K r, and the certificate measures K's eigenvalues.
    r = flow.residual[0].reshape(-1)
    assert_allclose(flow.dissipation_rate[0], r @ K.numpy() @ r / (r @ r), rtol=1e-9)
    assert flow.loss[-1] < flow.loss[0]
    assert "eigenvalue" in str(certificate)
    assert figure.axes
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    flow.load_into(module)
    loss = ((module(X) - y) ** 2).sum().item() / 2
    assert_allclose(loss, flow.loss[-1], rtol=1e-12)


def test_the_calls_have_the_promised_arguments():
    parameters = inspect.signature(companion.gradient_flow).parameters
    assert list(parameters)[:3] == ["module", "X", "y"]
    assert {"t_end", "t_eval", "nu", "rtol", "method", "stop", "record"} <= set(parameters)
    assert {"keep_path", "progress", "call"} <= set(parameters)
    assert parameters["rtol"].default is None  # 1e-6, or what single precision allows
    assert parameters["method"].default == "auto"
    assert not parameters["progress"].default
    for function in (companion.ntk, companion.certify):
        assert list(inspect.signature(function).parameters)[:2] == ["module", "X"]


def test_using_a_name_loads_its_room():
    code = "import sys, companion; companion.ntk; print('torch' in sys.modules)"
    assert python(code).strip() == "True"


def test_unknown_names_are_unknown():
    with pytest.raises(AttributeError, match="module 'companion' has no attribute 'grad_flow'"):
        companion.grad_flow  # noqa: B018
