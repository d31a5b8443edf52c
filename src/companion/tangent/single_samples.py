"""Rows of the Jacobian from single samples, vectorised.

R. Novak, J. Sohl-Dickstein and S. S. Schoenholz, "Fast finite width neural tangent kernel", ICML
(2022), section 3.1.
"""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import functional_call, jacrev, vmap

from companion.tangent.layers import Written
from companion.tangent.predictor import Predictor

_BATCH_BYTES = 2**24  # derivatives that are computed together


def rows_of_single_samples(predictor: Predictor, indices: Sequence[int]) -> list[Written]:
    """The rows of some parameters, each sample in a batch of its own.

    Parameters
    ----------
    predictor
        The module on its inputs.
    indices
        Numbers of parameters.

    Returns
    -------
    The rows, right only if samples act alone; nothing if the inputs are not one tensor with a
    sample per row, or an operation cannot be vectorised.

    Scale
    -----
    Plain derivatives at the parameters that the predictor holds.
    """
    if predictor.call is not None or len(predictor.X) != predictor.num_samples:
        return []
    X = predictor.inputs()
    values = {predictor.names[index]: predictor.parameters[index].detach() for index in indices}

    def output(changed: dict[str, Tensor], x: Tensor) -> Tensor:
        batch: Tensor = functional_call(predictor.module, changed, (x.unsqueeze(0),))
        return batch.squeeze(0)

    row_bytes = predictor.output_dim * predictor.num_params * predictor.theta_0.element_size()
    chunk_size = max(1, _BATCH_BYTES // row_bytes)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="There is a performance drop")
            rows = vmap(jacrev(output), in_dims=(None, 0), chunk_size=chunk_size)(values, X)
    except Exception:  # whatever a module does with numbers that are hidden from it
        return []
    written = []
    for index in indices:
        size = predictor.parameters[index].numel()
        written.append(Written(index, rows[predictor.names[index]].reshape(-1, size)))
    return [layer for layer in written if len(layer.J) == predictor.num_rows]
