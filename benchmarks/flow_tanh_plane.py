"""Flow of a wide tanh network on points of the plane, the stiffest row, against dopri5."""

from collections.abc import Iterator

import torch

from benchmarks.flows.problems import two_layers, wave
from benchmarks.flows.race import against, dopri5, engine, peer, reference_losses
from benchmarks.measure import Options, Row

STIFFNESS, RTOL, PEER_TOLERANCE, REFERENCE = 1.5e6, 4e-5, 1e-7, 1e-8


def rows(options: Options) -> Iterator[Row]:
    points, values = wave(50)
    problem = two_layers(points, values, width=1000, activation=torch.tanh, stiffness=STIFFNESS)
    reference = reference_losses(problem, REFERENCE)
    ours, theirs = engine(problem, RTOL), peer(problem, dopri5(PEER_TOLERANCE))
    work = "flow, two-layer tanh, d = 2, n = 50, P = 4,000, lambda_max T = 1.5e6"
    yield against(
        problem,
        ours,
        theirs,
        reference,
        RTOL,
        "flow_tanh_plane",
        work,
        "torchdiffeq dopri5",
        3000.0,
    )
