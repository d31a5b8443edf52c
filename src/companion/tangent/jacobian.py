"""Derivatives of a module's outputs with respect to its trainable parameters.

These are the gradients whose inner products make the tangent kernel: A. Jacot, F. Gabriel and
C. Hongler, "Neural tangent kernel", NeurIPS (2018), section 4.
"""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from companion.tangent.preconditions import (
    beside,
    check_evaluation_mode,
    repeatable_outputs,
    trainable_parameters,
)

BLOCK_BYTES = 2**28  # one block of rows of the Jacobian; small beside the memory of a laptop


def jacobian(
    module: nn.Module, X: Shaped[Tensor | np.ndarray, "n ..."], *, chunk_size: int | None = None
) -> Float[Tensor, "nq p"]:
    r"""Jacobian of the outputs with respect to all trainable parameters.

    .. math::
        J_{(i, j),\, k} = \frac{\partial f_j(x_i; \theta)}{\partial \theta_k}

    Parameters
    ----------
    module
        Any module that maps a batch ``(n, ...)`` to ``(n,)`` or ``(n, q)``.
    X
        The batch; real numbers are brought to the type and device of the parameters.
    chunk_size
        Samples differentiated at once. By default as many as fit in 256 MiB of derivatives.

    Returns
    -------
    One row per output, the outputs of a sample next to each other; one column per entry of the
    parameters with ``requires_grad``, in the order of ``module.named_parameters()``. A parameter
    used in several places has its columns once. Type and device are those of the module.

    Scale
    -----
    Plain derivatives: no weight of the data and no factor of the width beyond the module's own.

    Raises
    ------
    ValueError
        If no parameter requires a gradient, parameters differ in type, the batch is empty, an
        entry or an output is not finite, the outputs are random or have another shape than
        ``(n,)`` or ``(n, q)``, or a layer that drops or mixes samples is in training mode.
    TypeError
        If the parameters are complex, or the module returns something else than a tensor of real
        numbers.

    Notes
    -----
    Samples are differentiated one by one, vectorised. Where the outputs of single samples are
    not those of the batch (a module that couples samples) or an operation cannot be vectorised,
    the rows are computed one at a time from the whole batch, which is slower and always right.
    """
    blocks = list(jacobian_blocks(module, X, chunk_size=chunk_size))
    return torch.cat([torch.cat(list(block.values()), dim=1) for block in blocks])


def jacobian_blocks(
    module: nn.Module, X: Shaped[Tensor | np.ndarray, "n ..."], *, chunk_size: int | None = None
) -> Iterator[dict[str, Float[Tensor, "rows columns"]]]:
    """Rows of the Jacobian, a few samples at a time and split by parameter.

    Parameters
    ----------
    module, X, chunk_size
        As in :func:`jacobian`.

    Returns
    -------
    For each run of at most ``chunk_size`` samples, a dictionary from the name of a parameter to
    the columns that belong to it.

    Scale
    -----
    As :func:`jacobian`.

    Raises
    ------
    ValueError
        As :func:`jacobian`.
    """
    parameters = trainable_parameters(module)
    check_evaluation_mode(module)
    X = beside(next(iter(parameters.values())), X)
    outputs = repeatable_outputs(module, X)
    if outputs.ndim not in (1, 2) or len(outputs) != len(X):
        raise ValueError(
            f"`module` must map a batch of {len(X)} samples to shape (n,) or (n, q) with "
            f"n = {len(X)}; its outputs have shape {tuple(outputs.shape)}."
        )
    if chunk_size is None:
        row_bytes = sum(p.numel() for p in parameters.values()) * outputs.element_size()
        chunk_size = max(1, BLOCK_BYTES // (row_bytes * max(1, outputs[0].numel())))
    if chunk_size < 1:
        raise ValueError(f"`chunk_size` must be at least 1; got {chunk_size}.")
    alone = _acts_on_each_sample_alone(module, X, outputs)
    for start in range(0, len(X), chunk_size):
        chunk = slice(start, start + chunk_size)
        if alone:
            yield _per_sample(module, parameters, X[chunk])
        else:
            yield _row_by_row(module, parameters, X, chunk)


def _acts_on_each_sample_alone(
    module: nn.Module, X: Shaped[Tensor, "n ..."], outputs: Float[Tensor, "n ..."]
) -> bool:
    # With gradients on, since some layers take another path without them.
    try:
        singles = vmap(lambda x: module(x.unsqueeze(0)).squeeze(0), chunk_size=1024)(X).detach()
    except RuntimeError:  # an operation that vmap does not know
        return False
    # Rounding differs between batched and single products; coupling is of the size of the outputs.
    tolerance = torch.finfo(outputs.dtype).eps ** 0.5
    close = (singles - outputs).abs().max() <= tolerance * outputs.abs().max()
    return singles.shape == outputs.shape and bool(close)


def _per_sample(
    module: nn.Module, parameters: dict[str, Float[Tensor, "..."]], X: Shaped[Tensor, "n ..."]
) -> dict[str, Float[Tensor, "rows columns"]]:
    def output(values: dict[str, Tensor], x: Tensor) -> Tensor:
        batch: Tensor = functional_call(module, values, (x.unsqueeze(0),))
        return batch.squeeze(0)

    derivatives = vmap(jacrev(output), in_dims=(None, 0))(parameters, X)
    return {
        name: values.reshape(-1, parameters[name].numel()) for name, values in derivatives.items()
    }


def _row_by_row(
    module: nn.Module,
    parameters: dict[str, Float[Tensor, "..."]],
    X: Shaped[Tensor, "n ..."],
    chunk: slice,
) -> dict[str, Float[Tensor, "rows columns"]]:
    leaves = {name: p.clone().requires_grad_() for name, p in parameters.items()}
    outputs = functional_call(module, leaves, (X,))[chunk].reshape(-1)
    rows = [
        torch.autograd.grad(
            output, list(leaves.values()), retain_graph=True, materialize_grads=True
        )
        for output in outputs
    ]
    return {
        name: torch.stack([row[index].reshape(-1) for row in rows])
        for index, name in enumerate(leaves)
    }
