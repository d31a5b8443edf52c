"""The front door is quick to open and leads to the rooms."""

import subprocess
import sys

import pytest

import companion
from companion.catalogue import draw
from companion.certificates.certify import certify
from companion.dynamics.gradient_flow import gradient_flow
from companion.tangent.gram import ntk

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


def test_using_a_name_loads_its_room():
    code = "import sys, companion; companion.ntk; print('torch' in sys.modules)"
    assert python(code).strip() == "True"


def test_unknown_names_are_unknown():
    with pytest.raises(AttributeError, match="module 'companion' has no attribute 'grad_flow'"):
        companion.grad_flow  # noqa: B018
