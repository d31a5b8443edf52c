"""Flow of a small tanh network to high accuracy, against every strong peer."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.flows.problems import Problem, smooth_target, two_layers
from benchmarks.flows.race import Run, against, engine, peer, reference_losses, scipy_method
from benchmarks.measure import Options, Row

STIFFNESS, RTOL, REFERENCE = 5.8e3, 2.5e-8, 1e-10
DIFFRAX = Path(__file__).parent / "jax_peers" / "flow_tanh.py"
TOLERANCE = {"DOP853": 1e-8, "LSODA": 1e-9, "diffrax": 1e-8}  # with which peers err by less


def rows(options: Options) -> Iterator[Row]:
    points, values = smooth_target(50, 5)
    problem = two_layers(points, values, width=100, activation=torch.tanh, stiffness=STIFFNESS)
    reference = reference_losses(problem, REFERENCE)
    ours = engine(problem, RTOL)
    work = "flow, two-layer tanh, n = 50, P = 700, lambda_max T = 5.8e3"
    for method in ("DOP853", "LSODA"):
        theirs = peer(problem, scipy_method(method, TOLERANCE[method]), cap=40.0)
        name = f"flow_tanh_small_{method.lower()}"
        yield against(problem, ours, theirs, reference, RTOL, name, work, f"scipy {method}", 5.0)
    theirs = diffrax(problem, options.jax_python)
    name, title = "flow_tanh_small_diffrax", "diffrax Dopri5, compiled"
    yield against(problem, ours, theirs, reference, RTOL, name, work, title, 5.0)


def diffrax(problem: Problem, python: str | None) -> Run:
    if python is None:
        return Run(np.zeros(0), np.nan)
    network, tolerance = problem.module, str(TOLERANCE["diffrax"])
    arrays = {name: value.detach().numpy() for name, value in network.named_parameters()}
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "given.npz"), Path(folder, "found.npz")
        data = {"X": problem.X, "y": problem.y, "nu": problem.nu, "times": problem.times()}
        np.savez(given, **arrays, **data)
        command = [python, DIFFRAX, given, found, "--rtol", tolerance, "--atol", tolerance]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return Run(np.load(found)["loss"], json.loads(done.stdout)["cpu_seconds"])
