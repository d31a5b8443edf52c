"""The layers of a recorded computation, each proved against the true gradient.

Derived here: factors describe the Jacobian J of a parameter if and only if they reproduce the
product of its transpose with every vector, and a random vector finds a difference with
probability one. So nothing about a module is taken on trust: not that its samples act alone, not
the order of its positions, not what its operations do.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.graph import Node

from companion.tangent.layers import Factored, Layer, Weight, Written
from companion.tangent.predictor import Predictor
from companion.tangent.signals import Backward
from companion.tangent.single_samples import rows_of_single_samples
from companion.tangent.uses import Use, read_graph

_ROUNDINGS = 200  # allowed between factors and gradient, in units of eps |D| |A|


@torch.no_grad()
def recorded_layers(
    predictor: Predictor, outputs: Float[Tensor, "n ..."], rows: tuple[int, int]
) -> list[Layer]:
    r"""The Jacobian of recorded outputs, layer by layer.

    .. math::
        J = \frac{\partial F}{\partial \theta}

    Parameters
    ----------
    predictor
        What was recorded.
    outputs
        Its outputs, with their graph.
    rows
        First row and the row after the last, of those that are wanted; whole samples.

    Returns
    -------
    Layers that hold each parameter at most once; those without influence are in none.

    Scale
    -----
    Plain derivatives; rows are sample-major.

    Notes
    -----
    Three ways, the first that is proved right for a parameter: signals of all samples at once,
    one backward pass per output; single samples, vectorised; one backward pass per row. Where
    the operations alone show that samples are rows and act alone, and the same operations have
    been proved right once for this predictor, the proof is not repeated.
    """
    if not outputs.requires_grad:
        return []
    reading = read_graph(outputs, predictor.parameters)
    known = {index: found for index, found in enumerate(reading.uses) if found}
    unknown = [index for index, found in enumerate(reading.uses) if found is None]
    backward = Backward(outputs, predictor.parameters, rows)
    proved = reading.rowwise and reading.structure in predictor.proved_structures
    if not proved:  # a compiled part hides its uses, but not its gradient
        hidden = [index for index, found in enumerate(reading.uses) if found == []]
        unknown += [index for index in hidden if backward.gradients[index].any()]
    layers: list[Layer] = []
    signals = backward.per_output(_nodes(known))
    for minor in (False, True):
        if not known:
            break
        candidates = _layers(known, signals, len(outputs), minor=minor)
        if proved:
            return [layer.rows(*rows) for layer in candidates]
        layers += _proved(candidates, backward, backward.u, known)
    if reading.rowwise and not known and not unknown:
        predictor.proved_structures.add(reading.structure)
    if unknown:
        rest = dict.fromkeys(unknown)
        layers += _proved(rows_of_single_samples(predictor, unknown), backward, backward.u, rest)
        unknown = list(rest)
    layers = [layer.rows(*rows) for layer in layers]
    if known or unknown:
        signals, written = backward.per_row(_nodes(known), unknown)
        candidates = _layers(known, signals, 1, minor=False)
        layers += [*written, *_proved(candidates, backward, backward.u[slice(*rows)], known)]
    if known:
        layers += backward.per_row([], list(known))[1]
    return layers


def _nodes(known: dict[int, list[Use]]) -> list[Node]:
    return list(dict.fromkeys(use.node for uses in known.values() for use in uses))


def _proved(
    candidates: Sequence[Layer], backward: Backward, u: Tensor, open_: dict[int, Any]
) -> list[Layer]:
    # What reproduces the gradient; its parameters are removed from the open ones.
    layers = []
    for layer in candidates:
        products = layer.apply_transpose(u)
        proved = [index for index in products if _agree(layer, index, products[index], backward)]
        for index in proved:
            del open_[index]
        if proved:
            layers.append(layer.only(frozenset(proved)))
    return layers


def _agree(layer: Layer, index: int, product: Tensor, backward: Backward) -> bool:
    allowed = _ROUNDINGS * torch.finfo(product.dtype).eps
    gradient = backward.gradients[index]
    difference = (product - gradient).norm()
    if difference <= allowed * gradient.norm():
        return True
    return bool(difference <= allowed * layer.size(index))  # the gradient is small by cancellation


def _layers(
    known: dict[int, list[Use]], signals: dict[Node, Tensor], num_groups: int, *, minor: bool
) -> list[Layer]:
    shared: dict[tuple, tuple[list[Tensor], list[Weight]]] = {}
    layers: list[Layer] = []
    for index, uses in known.items():
        pieces = [_in_groups(use, signals[use.node], num_groups, minor=minor) for use in uses]
        if any(piece is None for piece in pieces):
            continue
        found = [piece for piece in pieces if piece is not None]
        if len({(D.shape[0], D.shape[4], A.shape[3]) for D, A in found}) > 1 or (
            len({use.transposed for use in uses}) > 1
        ):  # one matrix acting in two ways, such as a decoder tied to its encoder
            terms = [
                Factored(D, (Weight(index, A, use.transposed),)).written(index)
                for (D, A), use in zip(found, uses, strict=True)
            ]
            layers.append(Written(index, torch.stack(terms).sum(0)))
            continue
        A = found[0][1] if len(found) == 1 else torch.cat([A for _, A in found], dim=2)
        # A weight and the bias added to its product have one signal.
        key = tuple((D.data_ptr(), D.shape, D.stride()) for D, _ in found)
        shared.setdefault(key, ([D for D, _ in found], []))[1].append(
            Weight(index, A, uses[0].transposed)
        )
    for parts, weights in shared.values():
        D = parts[0] if len(parts) == 1 else torch.cat(parts, dim=3)
        layers.append(Factored(D.contiguous(), tuple(weights)))
    return layers


def _in_groups(
    use: Use, signal: Tensor, num_groups: int, *, minor: bool
) -> tuple[Tensor, Tensor] | None:
    D, A = use.arrange(signal), use.A  # (r, b, s, out) and (b, s, in)
    if D.shape[2] % num_groups:
        return None
    (blocks, _, out), (*_, inside), rows = D.shape[1:], A.shape, len(D)
    if minor:
        D = D.reshape(rows, blocks, -1, num_groups, out).permute(1, 3, 0, 2, 4)
        return D, A.reshape(blocks, -1, num_groups, inside).transpose(1, 2)
    D = D.reshape(rows, blocks, num_groups, -1, out).permute(1, 2, 0, 3, 4)
    return D, A.reshape(blocks, num_groups, -1, inside)
