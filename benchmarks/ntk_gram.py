"""Tangent kernel of a ReLU network with two hidden layers on a batch, all entries."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from benchmarks.measure import Options, Row, Scaling, cpu_seconds, gemm_rate
from companion.numerics.rates import fit_power_law
from companion.tangent.gram import ntk

INPUT_DIM = 50
CORNER = 24  # rows that are compared with extended precision
JAX_PEER = Path(__file__).parent / "jax_peers" / "ntk_gram.py"
STATUS, FORGET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Case:
    num_samples: int
    output_dim: int
    width: int
    goal: float

    @property
    def layer_sizes(self) -> list[tuple[int, int]]:
        return list(pairwise((INPUT_DIM, self.width, self.width, self.output_dim)))

    @property
    def num_params(self) -> int:
        return sum((inside + 1) * out for inside, out in self.layer_sizes)

    @property
    def num_rows(self) -> int:
        return self.num_samples * self.output_dim

    @property
    def work(self) -> str:
        n, q, thousands = self.num_samples, self.output_dim, round(self.num_params / 1000)
        return f"tangent kernel, n = {n}, q = {q}, P = {thousands},000"

    def made(self) -> tuple[nn.Sequential, Tensor]:
        generator = torch.Generator().manual_seed(0)
        layers: list[nn.Module] = []
        for inside, out in self.layer_sizes:
            layers += [nn.Linear(inside, out, dtype=torch.float64), nn.ReLU()]
            for parameter in layers[-2].parameters():
                parameter.data.normal_(generator=generator).div_(inside**0.5)
        X = torch.randn(self.num_samples, INPUT_DIM, dtype=torch.float64, generator=generator)
        return nn.Sequential(*layers[:-1]), X

    def least_operations(self) -> float:
        """Forward, a backward pass per output, half of both products of every layer."""
        n, rows = self.num_samples, self.num_rows
        passes = 2 * n * self.num_params * (1 + self.output_dim)
        products = sum(n**2 * (inside + 1) + rows**2 * out for inside, out in self.layer_sizes)
        return passes + products


AGAINST_TUTORIAL = [Case(2000, 1, 256, 60.0), Case(500, 10, 256, 120.0)]
AGAINST_JAX = [Case(2000, 1, 960, 2.5), Case(500, 10, 960, 2.5)]


def rows(options: Options) -> Iterator[Row | Scaling]:
    rate = gemm_rate()
    for case in AGAINST_TUTORIAL:
        yield against_tutorial(case, rate)
    for case in AGAINST_JAX:
        yield against_jax(case, rate, options)
    yield from growth()


def against_tutorial(case: Case, rate: float) -> Row:
    module, X = case.made()
    facts = own_facts(case, module, X, rate)
    found: list[Tensor] = []
    seconds = cpu_seconds(lambda: found.append(contracted(module, X)), repeats=1)
    return Row(
        name=f"ntk_gram_q{case.output_dim}_tutorial",
        peer="torch.func, Jacobian contraction",
        peer_seconds=seconds,
        peer_error=corner_error(found[0], module, X),
        **facts,
    )


def contracted(module: nn.Module, X: Tensor) -> Tensor:
    """The way of PyTorch's tutorial, with one Jacobian for both sides."""
    parameters = {name: p.detach() for name, p in module.named_parameters()}

    def single(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(module, parameters, (x.unsqueeze(0),)).squeeze(0)

    jacobians = vmap(jacrev(single), (None, 0))(parameters, X)
    total: Tensor | float = 0.0
    for J in jacobians.values():
        J = J.flatten(2)
        total = total + torch.einsum("Naf,Mbf->NaMb", J, J)
    assert isinstance(total, Tensor)
    return total.flatten(2).flatten(0, 1)


def against_jax(case: Case, rate: float, options: Options) -> Row:
    module, X = case.made()
    facts = own_facts(case, module, X, rate)
    seconds = error = np.nan
    if options.jax_python is not None:
        with tempfile.TemporaryDirectory() as folder:
            given, found = Path(folder, "in.npz"), Path(folder, "out.npz")
            layers = [layer for layer in module if isinstance(layer, nn.Linear)]
            arrays = {"X": X.numpy()}
            for index, layer in enumerate(layers):
                arrays[f"weight_{index}"] = layer.weight.detach().numpy()
                arrays[f"bias_{index}"] = layer.bias.detach().numpy()
            np.savez(given, **arrays)
            command = [options.jax_python, JAX_PEER, given, found, "--repeats", "3"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            seconds = json.loads(done.stdout)["cpu_seconds"]
            with np.load(found, allow_pickle=False) as archive:
                error = corner_error(torch.from_numpy(archive["gram"]), module, X)
    return Row(
        name=f"ntk_gram_q{case.output_dim}_jax",
        peer="neural-tangents, structured derivatives",
        peer_seconds=seconds,
        peer_error=error,
        **facts,
    )


def own_facts(case: Case, module: nn.Module, X: Tensor, rate: float) -> dict:
    ntk(module, X[:50])  # what is loaded once
    FORGET_PEAK.write_text("5")
    before = resident("VmRSS")
    K = ntk(module, X)
    peak = (resident("VmHWM") - before) / (8 * case.num_rows**2)
    seconds = cpu_seconds(lambda: ntk(module, X), repeats=5)
    limit = case.least_operations() / rate
    assert torch.equal(K, K.T)
    return {
        "work": case.work,
        "seconds": seconds,
        "goal": case.goal,
        "error": corner_error(K, module, X),
        "error_kind": f"{CORNER} rows against extended precision, relative to the largest entry",
        "limit": "passes through the network and half of the products, at the GEMM rate",
        "limit_seconds": limit,
        "note": f"peak memory {peak:.2f} (n q)^2 doubles, the result included",
    }


def corner_error(K: Tensor, module: nn.Module, X: Tensor) -> float:
    """Error of some rows against forward and backward passes by hand in extended precision."""
    outputs = K.shape[0] // len(X)
    chosen = X[: max(1, CORNER // outputs)].numpy().astype(np.longdouble)
    layers = [
        (p.weight.detach().numpy().astype(np.longdouble), p.bias.detach().numpy())
        for p in module
        if isinstance(p, nn.Linear)
    ]
    inputs, values = [], chosen
    for position, (weight, bias) in enumerate(layers):
        inputs.append(values)
        values = values @ weight.T + bias
        if position < len(layers) - 1:
            values = np.maximum(values, 0)
    signals = np.broadcast_to(
        np.eye(outputs, dtype=np.longdouble), (len(chosen), outputs, outputs)
    )
    exact = np.zeros((len(chosen) * outputs,) * 2, dtype=np.longdouble)
    for A, (weight, _) in zip(reversed(inputs), reversed(layers), strict=True):
        flat = signals.reshape(len(chosen) * outputs, -1)
        exact += np.kron(A @ A.T + 1, np.ones((outputs, outputs))) * (flat @ flat.T)
        signals = (signals @ weight) * (A > 0)[:, None]
    corner = K[: len(exact), : len(exact)].numpy()
    return float(np.abs(corner - exact).max() / np.abs(exact).max())


def growth() -> Iterator[Scaling]:
    """Cost against each size, the others as in the first case."""
    sweeps = {
        "n": [(n, Case(n, 1, 256, 0.0)) for n in (1000, 2000, 4000, 8000)],
        "p": [(c.num_params, c) for c in (Case(2000, 1, w, 0.0) for w in (240, 480, 960, 1920))],
        "q": [(q, Case(500, q, 256, 0.0)) for q in (2, 4, 8, 16)],
    }
    for variable, cases in sweeps.items():
        sizes, seconds = [], []
        for size, case in cases:
            module, X = case.made()
            sizes.append(float(size))
            seconds.append(cpu_seconds(lambda m=module, X=X: ntk(m, X), repeats=2))
        fit = fit_power_law(np.array(sizes), np.array(seconds))
        yield Scaling(
            f"ntk_gram_{variable}",
            variable,
            tuple(sizes),
            tuple(seconds),
            fit.exponent,
            fit.low,
            fit.high,
        )


def resident(kind: str) -> int:
    return 1024 * int(STATUS.read_text().split(f"{kind}:")[1].split()[0])
