"""Training of stacked networks on the line with an optimiser of PyTorch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Int
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from companion.dynamics.progress import progress_bar
from companion.networks.line import LineNetworks
from companion.numerics.finite import require_finite


@dataclass(frozen=True)
class LineTraining:
    """What a training run of stacked networks went through.

    Parameters
    ----------
    steps
        Numbers of steps after which there is a record.
    loss
        Mean square of the residuals on the grid, for every record and network.
    bias, a
        The weights of every record and network.

    Scale
    -----
    The loss is the mean of the squares, twice the loss of the other chapters.
    """

    steps: Int[np.ndarray, " t"]
    loss: Float[np.ndarray, "t s"]
    bias: Float[np.ndarray, "t s m"]
    a: Float[np.ndarray, "t s m"]


def train_on_grid(
    networks: LineNetworks,
    y: Float[np.ndarray, " n"],
    *,
    optimizer: Optimizer,
    num_steps: int,
    schedule: LRScheduler | None = None,
    record_at: Sequence[int] | None = None,
    progress: bool = False,
) -> LineTraining:
    r"""Train every network of a stack on the same targets, all points at every step.

    .. math::
        \ell_s = \frac1n \sum_{i=1}^n \big( f_s(x_i) - y_i \big)^2, \qquad
        x_i = -1 + \frac{2 (i - 1)}{n - 1}

    Parameters
    ----------
    networks
        The networks; they are trained in place.
    y
        Target values on the uniform grid.
    optimizer
        An optimiser of ``networks.parameters()`` that treats entries one by one, such as
        :class:`torch.optim.Adam` or :class:`torch.optim.SGD`.
    num_steps
        How many steps.
    schedule
        A schedule of learning rates of that optimiser, advanced after every step.
    record_at
        Numbers of steps after which to record, increasing; by default the start and the end.
    progress
        Show a bar on the standard error if that is a terminal.

    Returns
    -------
    The records.

    Scale
    -----
    Plain descent with learning rate eta follows the flow of half the mean square, the loss of the
    other chapters, for the time 2 eta in each step.

    Raises
    ------
    ValueError
        If a target is not finite, ``num_steps`` is negative, or ``record_at`` does not increase
        within the run.
    FloatingPointError
        If a loss is no longer finite at a record.

    Notes
    -----
    A network on its own would take the same steps: no entry of the stack enters the step of
    another.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, the published code of its experiments.
    """
    require_finite(y, "y")
    marks = _marks(num_steps, record_at)
    values = torch.from_numpy(y).to(networks.bias)
    parameters = dict(networks.named_parameters())
    losses, biases, outers = [], [], []
    with progress_bar(float(num_steps), shown=progress) as bar:
        for step in range(num_steps + 1):
            residual, gradients = networks.residual_and_gradients(values)
            if step in marks:
                loss = residual.square().mean(1).double().cpu().numpy()
                if not np.isfinite(loss).all():
                    raise FloatingPointError(
                        f"the loss of network {int(np.argmin(np.isfinite(loss)))} is not finite "
                        f"after {step} steps. Lower the learning rate."
                    )
                losses.append(loss)
                biases.append(_copy(networks.bias))
                outers.append(_copy(networks.a))
                bar.update(step - bar.n)
            if step < num_steps:
                for name, gradient in gradients.items():
                    parameters[name].grad = gradient
                optimizer.step()
                if schedule is not None:
                    schedule.step()
    return LineTraining(
        np.array(sorted(marks)), np.array(losses), np.array(biases), np.array(outers)
    )


def _marks(num_steps: int, record_at: Sequence[int] | None) -> set[int]:
    if num_steps < 0:
        raise ValueError(f"`num_steps` must not be negative; got {num_steps}.")
    marks = [0, num_steps] if record_at is None else list(record_at)
    inside = all(0 <= mark <= num_steps for mark in marks)
    growing = all(early < late for early, late in pairwise(marks))
    if record_at is not None and not (marks and inside and growing):
        raise ValueError(
            f"`record_at` must increase from 0 to at most {num_steps}; got {marks}. "
            "Pass numbers of steps."
        )
    return set(marks)


def _copy(tensor: torch.Tensor) -> np.ndarray:
    array: np.ndarray = tensor.detach().double().cpu().numpy().copy()
    return array
