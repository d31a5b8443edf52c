"""Tangent kernel of a finite network: inner products of parameter derivatives."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from companion.tangent.linearization import Linearization
from companion.tangent.preconditions import Call
from companion.tangent.predictor import Predictor


def ntk(
    module: nn.Module, X: Any, Z: Any = None, *, call: Call | None = None
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
        As :class:`companion.tangent.predictor.Predictor`; the message names ``X`` or ``Z``.

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.6), where it is called the Gram matrix M(x, y).
    """
    return _kernels(module, X, Z, call)[None]


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


def _kernels(module: nn.Module, X: Any, Z: Any, call: Call | None) -> dict[None, Tensor]:
    predictor = Predictor(module, X, call=call)
    left = Linearization(predictor, predictor.theta_0)
    if Z is None:
        return {None: left.gram()}
    other = Predictor(module, Z, call=call, name="Z")
    return {None: left.cross_gram(Linearization(other, other.theta_0))}
