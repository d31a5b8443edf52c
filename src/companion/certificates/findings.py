"""What makes training on these data impossible, or an answer doubtful."""

import warnings
from collections.abc import Iterator

import torch

from companion.certificates.case import Case
from companion.certificates.theorems.two_layer_flow import antipodal_loss_floor
from companion.dynamics.objective import Objective

_SAME = 1e-10  # relative difference of two rows of the Jacobian that counts as none
_CALLER = 5  # the line that calls certify, from _equal, _findings, findings and certify


class EqualPointsWarning(UserWarning):
    """Two data points are equal, and so are their rows of the Jacobian: the kernel is singular."""


def findings(objective: Objective, case: Case) -> tuple[str, ...]:
    """Warnings, each one sentence that names what it is about.

    Parameters
    ----------
    objective
        The loss.
    case
        The network on its data.

    Returns
    -------
    The warnings; empty if there are none. That equal points make the kernel singular is an
    :class:`EqualPointsWarning` of Python as well, at the line that calls the caller.
    """
    return tuple(_findings(objective, case))


def _findings(objective: Objective, case: Case) -> Iterator[str]:
    facts = case.facts
    if facts.points is not None and facts.points.duplicates:
        yield _equal(objective, case, *facts.points.duplicates[0], facts.points.num_duplicates)
    floor = antipodal_loss_floor(case)
    if floor is not None and floor > 1e-12 * facts.loss:
        assert facts.points is not None
        i, j = facts.points.antipodal[0]
        yield (
            f"points {i} and {j} are antipodal (pairs: {facts.points.num_antipodal}); with this "
            f"activation and without biases the loss cannot fall below {floor:.4g}"
        )
    if facts.spectrum.method == "bounds":
        yield (
            f"the Gram matrix of {facts.num_rows} rows does not fit into the memory that was "
            "granted; its eigenvalues are bounded by products, from below the smallest and from "
            "above the largest with probability 1 - 1e-9 over a random vector"
        )
    if facts.precision > 1e-12:
        yield (
            f"the module computes with a relative rounding of {facts.precision:.1e}; small "
            "eigenvalues are known to that precision of the largest only. Convert it with double()"
        )


def _equal(objective: Objective, case: Case, i: int, j: int, count: int) -> str:
    told = f"points {i} and {j} are equal" + (f" (and {count - 1} more)" if count > 1 else "")
    if not _same_rows(objective, i, j):
        return told + "; the module tells them apart, by their place in the batch"
    told += ", so the kernel is singular"
    targets = objective.y.double().cpu().reshape(len(case.nu), -1)
    apart = float(((targets[i] - targets[j]) ** 2).sum())
    weights = float(case.nu[i] + case.nu[j])
    if apart > 0 and weights > 0:
        floor = float(case.nu[i] * case.nu[j]) / weights * apart / 2
        told += f"; their targets differ, so the loss cannot fall below {floor:.4g}"
    warnings.warn(told, EqualPointsWarning, stacklevel=_CALLER)
    return told


def _same_rows(objective: Objective, i: int, j: int) -> bool:
    # Whether J^T (e_i - e_j) vanishes, the outputs of a sample mixed at random.
    predictor = objective.predictor
    mixed = torch.linspace(1, 2, predictor.output_dim).to(predictor.theta_0)

    def rows(sign: float) -> torch.Tensor:
        cotangent = torch.zeros(predictor.num_samples, predictor.output_dim).to(mixed)
        cotangent[i] += mixed
        cotangent[j] += sign * mixed
        shaped = cotangent.view(predictor.output_shape)
        return predictor.pull_back(predictor.theta_0, lambda _: shaped)[1]

    difference, total = torch.linalg.vector_norm(rows(-1.0)), torch.linalg.vector_norm(rows(1.0))
    tolerance = max(_SAME, 100 * torch.finfo(predictor.dtype).eps)
    return bool(difference <= tolerance * total)
