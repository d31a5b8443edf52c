"""Tangent kernel of an infinitely wide ReLU network on 10,000 points."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import mpmath
import numpy as np

from benchmarks.measure import Options, Row, Scaling, copy_rate, cpu_seconds, gemm_rate
from companion.activations import RELU
from companion.kernels.tangent_kernel import tangent_kernel
from companion.numerics.rates import fit_power_law
from companion.spaces.angles import angles

NUM_SAMPLES = 10_000
CASES = [(input_dim, depth) for depth in (1, 3) for input_dim in (10, 100)]
SMALL_ANGLE = 1e-6
GOAL_TEXTBOOK, GOAL_JAX = 8.0, {1: 2.5, 3: 4.0}
JAX_PEER = Path(__file__).parent / "jax_peers" / "closed_form_ntk.py"


def rows(options: Options) -> Iterator[Row | Scaling]:
    ours = {}
    base = peak_bytes()  # before anything large is in memory: the peak never falls again
    for case in CASES:
        X = points(case[0])
        seconds = cpu_seconds(lambda X=X, case=case: kernel(X, case[1]), repeats=3)
        ours[case] = seconds, error_of(kernel(X, case[1]), X, case[1])
    # All four runs together: no peer has run in this process yet.
    share = (peak_bytes() - base) / (8 * NUM_SAMPLES**2)
    note = f"peak memory {share:.3f} n^2 doubles; " + angle_note()
    limits = Limits()
    for case in CASES:
        for peer in (against_textbook, against_jax):
            yield peer(case, *ours[case], limits, note, options)
    yield growth()


def points(input_dim: int, num_samples: int = NUM_SAMPLES) -> np.ndarray:
    """Normal points, the second at an angle of 1e-6 with the first."""
    rng = np.random.default_rng(input_dim)
    X = rng.standard_normal((num_samples, input_dim))
    across = X[1] - X[0] * (X[1] @ X[0]) / (X[0] @ X[0])
    across *= np.linalg.norm(X[0]) / np.linalg.norm(across)
    X[1] = np.cos(SMALL_ANGLE) * X[0] + np.sin(SMALL_ANGLE) * across
    return X


def kernel(X: np.ndarray, depth: int) -> np.ndarray:
    return tangent_kernel(X, depth=depth, activation=RELU)


def textbook(X: np.ndarray, depth: int) -> np.ndarray:
    """The recursion as it stands in the papers, with whole matrices and one arc cosine a layer."""
    covariance = X @ X.T
    tangent = covariance.copy()
    for _ in range(depth):
        norms = np.sqrt(np.diag(covariance))
        scale = np.outer(norms, norms)
        correlation = np.clip(covariance / scale, -1.0, 1.0)
        kappa_0 = (np.pi - np.arccos(correlation)) / (2 * np.pi)
        kappa_1 = correlation * kappa_0 + np.sqrt(1 - correlation**2) / (2 * np.pi)
        covariance = scale * kappa_1
        tangent = tangent * kappa_0 + covariance
    return tangent


def against_textbook(case, seconds, error, limits, note, options) -> Row:
    (_, depth), X = case, points(case[0])
    return row(
        case,
        "textbook",
        "numpy, whole matrices",
        seconds,
        cpu_seconds(lambda: textbook(X, depth), repeats=2 if depth == 1 else 1),
        GOAL_TEXTBOOK,
        error,
        error_of(textbook(X[:CORNER], depth), X, depth),
        limits,
        note,
    )


def against_jax(case, seconds, error, limits, note, options) -> Row:
    (_, depth), X = case, points(case[0])
    peer_seconds = peer_error = np.nan
    if options.jax_python is not None:
        with tempfile.TemporaryDirectory() as folder:
            given, found = Path(folder, "in.npz"), Path(folder, "out.npz")
            np.savez(given, X=X)
            command = [
                options.jax_python,
                JAX_PEER,
                given,
                found,
                "--depth",
                str(depth),
                "--repeats",
                "2",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            peer_seconds = json.loads(done.stdout)["cpu_seconds"]
            with np.load(found, allow_pickle=False) as archive:
                peer_error = error_of(archive["corner"], X, depth)
    return row(
        case,
        "jax",
        "neural-tangents kernel_fn, compiled",
        seconds,
        peer_seconds,
        GOAL_JAX[depth],
        error,
        peer_error,
        limits,
        note,
    )


def row(case, suffix, peer, seconds, peer_seconds, goal, error, peer_error, limits, note) -> Row:
    input_dim, depth = case
    return Row(
        name=f"closed_form_ntk_d{input_dim}_depth{depth}_{suffix}",
        work=f"closed-form ReLU NTK, n = {NUM_SAMPLES}, d = {input_dim}, depth {depth}",
        peer=peer,
        seconds=seconds,
        peer_seconds=peer_seconds,
        goal=goal,
        error=error,
        peer_error=peer_error,
        error_kind="entries of a corner against 40 digits, relative to the diagonal",
        limit="half of the products at the GEMM rate, half of the arc cosines and roots at "
        "NumPy's rate in the cache, every entry written once",
        limit_seconds=limits.seconds(input_dim, depth),
        note=note,
    )


class Limits:
    """Rates of the machine, measured once."""

    def __init__(self) -> None:
        in_cache = np.linspace(-0.9, 0.9, 10_000)
        out = np.empty_like(in_cache)

        def root(c: np.ndarray, out: np.ndarray) -> None:
            np.sqrt(np.abs(c, out=out), out=out)

        def rate(function: Callable[..., object]) -> float:
            def many() -> None:
                for _ in range(200):
                    function(in_cache, out=out)

            return cpu_seconds(many) / 200 / in_cache.size

        self.functions = rate(np.arccos) + rate(root)
        self.gemm, self.copy = gemm_rate(), copy_rate()

    def seconds(self, input_dim: int, depth: int) -> float:
        pairs = NUM_SAMPLES**2 / 2
        written = 8 * NUM_SAMPLES**2 / self.copy
        return pairs * (2 * input_dim / self.gemm + depth * self.functions) + written


CORNER = 300  # what the peer in the other interpreter hands back


def error_of(found: np.ndarray, X: np.ndarray, depth: int) -> float:
    """Largest error over some entries of the corner, the nearly parallel pair among them."""
    rng = np.random.default_rng(0)
    errors = []
    for i, j in [(0, 1), (5, 5), *rng.integers(0, CORNER, (60, 2)).tolist()]:
        exact, scale = (exact_kernel(*pair, depth) for pair in ((X[i], X[j]), (X[i], X[i])))
        errors.append(float(abs(mpmath.mpf(found[i, j]) - exact) / scale))
    return max(errors)


def exact_kernel(x: np.ndarray, z: np.ndarray, depth: int) -> mpmath.mpf:
    with mpmath.workdps(40):
        x, z = (mpmath.matrix([mpmath.mpf(float(c)) for c in point]) for point in (x, z))
        scale = mpmath.norm(x) * mpmath.norm(z)
        cosine = (x.T * z)[0] / scale if x != z else mpmath.mpf(1)
        tangent, covariance = cosine, cosine
        for layer in range(depth):
            angle = mpmath.acos(min(cosine, mpmath.mpf(1)))
            slope = (mpmath.pi - angle) / (2 * mpmath.pi)
            moment = (mpmath.sin(angle) + (mpmath.pi - angle) * cosine) / (2 * mpmath.pi)
            covariance = moment / 2**layer
            tangent = tangent * slope + covariance
            cosine = 2 * moment
        return tangent * scale


def angle_note() -> str:
    """Error of the angle at 1e-6, the chord formula against the arc cosine."""
    chord, arc = [], []
    for input_dim in (10, 100):
        X = points(input_dim, 2)
        with mpmath.workdps(40):
            x, z = (mpmath.matrix([mpmath.mpf(float(c)) for c in point]) for point in X)
            exact = mpmath.acos((x.T * z)[0] / mpmath.norm(x) / mpmath.norm(z))
        unit = X / np.linalg.norm(X, axis=1)[:, None]
        naive = np.arccos(np.clip(unit[0] @ unit[1], -1.0, 1.0))
        chord.append(float(abs(mpmath.mpf(angles(X[:1], X[1:]).item()) - exact)))
        arc.append(float(abs(mpmath.mpf(float(naive)) - exact)))
    return (
        f"angle at {SMALL_ANGLE:.0e} wrong by {max(chord):.0e}, from the arc cosine {max(arc):.0e}"
    )


def growth() -> Scaling:
    sizes = [1250, 2500, 5000, 10_000]
    X = points(10)
    seconds = [cpu_seconds(lambda n=n: kernel(X[:n], 1), repeats=3) for n in sizes]
    fit = fit_power_law(np.array(sizes, dtype=float), np.array(seconds))
    return Scaling(
        "closed_form_ntk", "n", tuple(sizes), tuple(seconds), fit.exponent, fit.low, fit.high
    )


def peak_bytes() -> float:
    # Not ru_maxrss, which a process inherits from the one that started it.
    status = Path("/proc/self/status")
    if not status.is_file():
        return np.nan  # not Linux
    return 1024.0 * int(status.read_text().split("VmHWM:")[1].split()[0])
