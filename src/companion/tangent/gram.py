"""Tangent kernel of a finite network: inner products of parameter derivatives."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.tangent.chunks import chunks
from companion.tangent.contraction import add_products, mirror, unwritten
from companion.tangent.linearization import Linearization
from companion.tangent.preconditions import Call
from companion.tangent.predictor import Predictor


def ntk(
    module: nn.Module,
    X: Any,
    Z: Any = None,
    *,
    call: Call | None = None,
    memory: int = 2**30,
) -> Float[Tensor, "nq nq2"]:
    r"""Empirical neural tangent kernel.

    .. math::
        G = J(X)\, J(Z)^\top, \qquad
        G_{(i, j), (i', j')} = \nabla_\theta f_j(x_i) \cdot \nabla_\theta f_{j'}(z_{i'})

    Parameters
    ----------
    module
        Any module in evaluation mode that maps a batch ``(n, ...)`` to ``(n,)`` or ``(n, q)``.
    X, Z
        Batches, tensors or arrays; ``Z`` is ``X`` by default. With ``call`` any objects.
    call
        ``call(module, X)`` gives the outputs; ``module(X)`` by default.
    memory
        Bytes to work with beside the result, 1 GiB by default. Larger batches are divided.

    Returns
    -------
    The kernel matrix; row ``i * q + c`` belongs to output ``c`` of sample ``i``. Without ``Z`` it
    is symmetric to the last bit. Type and device are those of the module.

    Scale
    -----
    Plain inner products: no weight of the data. For weights nu the loss falls at the rate of
    ``G diag(nu)``. Frozen parameters do not contribute, shared parameters contribute once.

    Raises
    ------
    ValueError, TypeError
        As :class:`companion.tangent.predictor.Predictor`; the message names ``X`` or ``Z``. Also
        if a derivative is not finite, or ``memory`` is too small for any division.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.6), where it is called the Gram matrix M(x, y).
    """
    if memory < 1:
        raise ValueError(f"`memory` must be positive; got {memory}.")
    left = chunks(module, X, call, "X", memory)
    right = left if Z is None else chunks(module, Z, call, "Z", memory)
    shape = left.predictor.num_rows, right.predictor.num_rows
    G = unwritten(*shape, left.predictor.theta_0)
    for i, (first, last) in enumerate(left.rows):
        rows = left.linearization(i)
        for j in range(i if Z is None else 0, len(right.rows)):
            columns = rows if right is left and i == j else right.linearization(j)
            block = G[first:last, slice(*right.rows[j])]
            add_products(block, rows.layers, columns.layers, slab_bytes=memory // 8, fresh=True)
    # A derivative that is no number shows on the diagonal, and in a sum.
    if not torch.isfinite(G.diagonal() if Z is None else G.sum()).all():
        raise ValueError(
            "`module` must have finite derivatives at every sample; got others. "
            "Look for square roots, logarithms or norms at zero in its forward pass."
        )
    return mirror(G) if Z is None else G


def gram_by_parameter(
    module: nn.Module, X: Any, *, call: Call | None = None
) -> dict[str, Float[Tensor, "nq nq"]]:
    r"""Share of each parameter in the tangent kernel.

    .. math::
        G = \sum_{\text{parameters } \vartheta} J_\vartheta(X)\, J_\vartheta(X)^\top

    For :class:`companion.networks.two_layer.TwoLayerNetwork` the entry ``"a"`` is the outer part
    of the Gram matrix and ``"W"`` the inner part.

    Parameters
    ----------
    module, X, call
        As in :func:`ntk`.

    Returns
    -------
    A dictionary from the name of a trainable parameter to a symmetric matrix.

    Scale
    -----
    As :func:`ntk`; the shares add up to it.

    Raises
    ------
    ValueError, TypeError
        As :func:`ntk`.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.6): the two terms under the sum.
    """
    predictor = Predictor(module, X, call=call)
    linearization = Linearization(predictor, predictor.theta_0)
    return {
        name: linearization.gram(frozenset([index])) for index, name in enumerate(predictor.names)
    }


def gram_by_layer(
    module: nn.Module, X: Any, *, call: Call | None = None
) -> dict[str, Float[Tensor, "nq nq"]]:
    r"""Share of each layer in the tangent kernel.

    .. math::
        G = \sum_{\text{layers } l} J_l(X)\, J_l(X)^\top

    Parameters
    ----------
    module, X, call
        As in :func:`ntk`.

    Returns
    -------
    A dictionary from the path of a submodule to the share of the trainable parameters that it
    owns itself, ``""`` for the module itself. A shared parameter belongs to its first owner.

    Scale
    -----
    As :func:`ntk`; the shares add up to it.

    Raises
    ------
    ValueError, TypeError
        As :func:`ntk`.

    References
    ----------
    A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel", NeurIPS 2018, section 4.
    """
    predictor = Predictor(module, X, call=call)
    linearization = Linearization(predictor, predictor.theta_0)
    owned: dict[str, set[int]] = {}
    for index, name in enumerate(predictor.names):
        owned.setdefault(name.rpartition(".")[0], set()).add(index)
    return {path: linearization.gram(frozenset(indices)) for path, indices in owned.items()}
