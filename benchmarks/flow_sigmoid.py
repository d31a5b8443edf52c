"""Flow of a wide sigmoid network on random labels, against two explicit methods."""

from collections.abc import Iterator

import torch

from benchmarks.flows.problems import random_labels, two_layers
from benchmarks.flows.race import against, dopri5, engine, peer, reference_losses, scipy_method
from benchmarks.measure import Options, Row

# Stability limits the steps of the peers, and their times hardly depend on the tolerance: runs of
# dopri5 on this flow at 1e-3, 1e-4, 1e-5 and 1e-7 took the same time within a tenth.
STIFFNESS, RTOL, PEER_TOLERANCE, REFERENCE = 2.3e4, 1.5e-4, 1e-7, 1e-8


def rows(options: Options) -> Iterator[Row]:
    points, labels = random_labels(100, 10)
    problem = two_layers(points, labels, width=1000, activation=torch.sigmoid, stiffness=STIFFNESS)
    work = "flow, two-layer sigmoid, n = 100, P = 12,000, lambda_max T = 2.3e4"
    reference = reference_losses(problem, REFERENCE)
    ours = engine(problem, RTOL)
    for name, title, segment, goal in (
        ("flow_sigmoid_dopri5", "torchdiffeq dopri5", dopri5(PEER_TOLERANCE), 100.0),
        ("flow_sigmoid_dop853", "scipy DOP853", scipy_method("DOP853", PEER_TOLERANCE), 60.0),
    ):
        theirs = peer(problem, segment)
        yield against(problem, ours, theirs, reference, RTOL, name, work, title, goal)
