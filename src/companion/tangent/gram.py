"""Tangent kernel of a finite network: inner products of parameter derivatives."""

from functools import reduce

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from companion.tangent.jacobian import jacobian_blocks


def ntk(
    module: nn.Module,
    X: Shaped[Tensor | np.ndarray, "n ..."],
    Z: Shaped[Tensor | np.ndarray, "n2 ..."] | None = None,
    *,
    chunk_size: int | None = None,
) -> Float[Tensor, "nq nq2"]:
    r"""Empirical neural tangent kernel.

    .. math::
        G = J(X)\, J(Z)^\top, \qquad
        G_{(i, j), (i', j')} = \nabla_\theta f_j(x_i) \cdot \nabla_\theta f_{j'}(z_{i'})

    Parameters
    ----------
    module
        Any module that maps a batch ``(n, ...)`` to ``(n,)`` or ``(n, q)``.
    X, Z
        Batches; ``Z`` is ``X`` by default. NumPy arrays are welcome.
    chunk_size
        Samples differentiated at once. By default as many as fit in 256 MiB of derivatives.

    Returns
    -------
    The kernel matrix; without ``Z`` it is symmetric to the last bit. Type and device are those of
    the module.

    Scale
    -----
    Plain inner products: no weight of the data. For weights nu the loss falls at the rate of
    ``G diag(nu)``. Frozen parameters do not contribute, shared parameters contribute once.

    Raises
    ------
    ValueError
        As :func:`companion.tangent.jacobian.jacobian`.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.6), where it is called the Gram matrix M(x, y).
    """
    return reduce(torch.add, _shares(module, X, Z, chunk_size).values())


def gram_by_parameter(
    module: nn.Module, X: Shaped[Tensor | np.ndarray, "n ..."], *, chunk_size: int | None = None
) -> dict[str, Float[Tensor, "nq nq"]]:
    r"""Share of each parameter in the tangent kernel.

    .. math::
        G = \sum_{\text{parameters } \vartheta} J_\vartheta(X)\, J_\vartheta(X)^\top

    For :class:`companion.networks.two_layer.TwoLayerNetwork` the entry ``"a"`` is the outer part
    of the Gram matrix and ``"W"`` the inner part.

    Parameters
    ----------
    module, X, chunk_size
        As in :func:`ntk`.

    Returns
    -------
    A dictionary from the name of a trainable parameter to a symmetric matrix.

    Scale
    -----
    As :func:`ntk`; the shares add up to it.

    Raises
    ------
    ValueError
        As :func:`companion.tangent.jacobian.jacobian`.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.6): the two terms under the sum.
    """
    return _shares(module, X, None, chunk_size)


def _shares(
    module: nn.Module,
    X: Shaped[Tensor | np.ndarray, "n ..."],
    Z: Shaped[Tensor | np.ndarray, "n2 ..."] | None,
    chunk_size: int | None,
) -> dict[str, Float[Tensor, "nq nq2"]]:
    # Blocks are differentiated again for every row of blocks: the products dominate the cost, and
    # the full Jacobian is never in memory.
    rows: list[dict[str, Tensor]] = []
    for index, left in enumerate(jacobian_blocks(module, X, chunk_size=chunk_size)):
        pieces: dict[str, list[Tensor]] = {name: [] for name in left}
        others = jacobian_blocks(module, X if Z is None else Z, chunk_size=chunk_size)
        for other_index, right in enumerate(others):
            below = Z is None and other_index < index
            for name, block in left.items():
                product = block @ right[name].T
                pieces[name].append(torch.zeros_like(product) if below else product)
        rows.append({name: torch.cat(parts, dim=1) for name, parts in pieces.items()})
    shares = {name: torch.cat([row[name] for row in rows]) for name in rows[0]}
    if Z is not None:
        return shares
    return {name: share.triu() + share.triu(1).T for name, share in shares.items()}
