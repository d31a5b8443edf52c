"""Flow of a three-layer tanh network with 94,000 parameters, at two accuracies."""

from collections.abc import Iterator

from benchmarks.flows.problems import Problem, ThreeLayers, random_labels
from benchmarks.flows.race import against, dopri5, engine, peer, reference_losses
from benchmarks.measure import Options, Row

STIFFNESS, PEER_TOLERANCE, REFERENCE = 8.2e3, 1e-7, 1e-8
# For the two accuracies of the loss: the tolerance of a step, and the ratio asked for.
ASKED = {"1e-4": (7e-5, 50.0), "1e-6": (4e-7, 20.0)}


def rows(options: Options) -> Iterator[Row]:
    points, labels = random_labels(200, 10)
    problem = Problem(ThreeLayers(10, 300, seed=0), points, labels, STIFFNESS)
    reference = reference_losses(problem, REFERENCE)
    theirs = peer(problem, dopri5(PEER_TOLERANCE))
    for accuracy, (rtol, goal) in ASKED.items():
        ours = engine(problem, rtol, repeats=2)
        yield against(
            problem,
            ours,
            theirs,
            reference,
            rtol,
            f"flow_three_layers_{accuracy}",
            f"flow, three-layer tanh, n = 200, P = 93,900, lambda_max T = 8.2e3, to {accuracy}",
            "torchdiffeq dopri5",
            goal,
        )
