r"""How large the rank of a tangent kernel can be, from the layers alone.

The rank of :math:`J` is at most the number of its rows and of its columns. Layers in sequence
lower both counts. Whatever changes no output is lost: a neuron of a homogeneous activation may
scale its incoming weights up and its outgoing ones down, and weights that no input sees do
nothing. And all that the layers up to one of width N do must pass through its N values per
sample, of which the next layer can already make every affine image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.numerical_rank import numerical_rank
from companion.tangent.preconditions import Call
from companion.tangent.predictor import Predictor


@dataclass(frozen=True)
class RankBound:
    r"""An upper bound of the rank of the Jacobian, with the counts that it is the least of.

    .. math::
        \operatorname{rank} J = \operatorname{rank} J J^\top \le \text{bound}

    Parameters
    ----------
    counts
        Each count by what it counts.
    num_symmetries
        Directions in parameter space along which no output changes.
    recognised
        Whether the layers were understood. Otherwise only rows and parameters are counted.

    Scale
    -----
    Numbers of dimensions. The kernel is singular wherever the bound is below the number of rows.

    References
    ----------
    J. E. Grigsby, K. Lindsey, R. Meyerhoff and C. Wu, "Functional dimension of feedforward ReLU
    neural networks", arXiv:2209.04036 (symmetries of rescaling). The cuts are derived in
    :func:`rank_bound`.
    """

    counts: dict[str, int]
    num_symmetries: int
    recognised: bool

    @property
    def bound(self) -> int:
        """The least of the counts."""
        return min(self.counts.values())

    @property
    def deciding(self) -> str:
        """What the least count counts."""
        return min(self.counts, key=self.counts.__getitem__)


def rank_bound(module: nn.Module, X: Any, *, call: Call | None = None) -> RankBound:
    r"""Upper bound of the rank of the tangent kernel at the module's parameters.

    For layers :math:`z_l = W_l h_{l-1} + b_l`, :math:`h_l = \sigma_l(z_l)`, with :math:`\rho_l`
    the rank over all samples of what layer l + 1 sees (:math:`h_l` and, for a bias, 1),

    .. math::
        \operatorname{rank} J \le \min\Bigl\{ n q,\quad
        \sum_l N_l \rho_{l-1} - S_l,\quad
        n N_l - N_l \rho_l + \sum_{k > l} (N_k \rho_{k-1} - S_k) \Bigr\},

    where the last is one count for each hidden layer l, the cut behind it.

    Parameters
    ----------
    module
        Any module. Understood are :class:`torch.nn.Sequential` of linear layers and parts without
        parameters, and :class:`companion.networks.two_layer.TwoLayerNetwork`, each with any
        parameters frozen.
    X
        The inputs.
    call
        As in :class:`companion.tangent.predictor.Predictor`; with it nothing is understood.

    Returns
    -------
    The bound.

    Scale
    -----
    As :class:`RankBound`.

    Raises
    ------
    ValueError, TypeError
        As :class:`companion.tangent.predictor.Predictor`.

    Notes
    -----
    Each count is the dimension of a space that maps onto the range of J, less a part of its
    kernel. With a cut at l that space holds the values :math:`h_l` of all samples and the
    parameters behind. The kernel holds every affine change :math:`A h_l + c` undone by
    :math:`W_{l+1}`, which is :math:`N_l \rho_l` dimensions, the symmetries behind, and what
    parameters behind do to inputs that no sample has. Before an activation with
    :math:`z \sigma'(z) = \sigma(z)` on the data, as every positively homogeneous function,
    :math:`S_l` counts the neurons that are not dead, and a neuron that is awake on k samples
    counts min(k, :math:`\rho`) instead of :math:`\rho`; where :math:`h_l = z_l`, :math:`S_l` is
    the dimension of the affine changes. The parts of the kernel are independent, layer by layer,
    because they move :math:`h_l` in independent ways.
    A rank :math:`\rho` that rounding leaves open enters each count from the safe side.

    References
    ----------
    Derived here; for rescalings see the reference of :class:`RankBound`.
    """
    predictor = Predictor(module, X, call=call)
    trivial = {"rows": predictor.num_rows, "parameters": predictor.num_params}
    layers = None if call else _layers(predictor)
    if layers is None:
        return RankBound(trivial, 0, recognised=False)
    counts, behind, symmetries = dict(trivial), 0, 0
    for number in reversed(range(len(layers))):
        layer = layers[number]
        behind += layer.effective - layer.symmetries
        symmetries += layer.symmetries
        if number:
            values = layer.num_inputs - layer.input_width * layer.seen
            counts[f"values of hidden layer {number} and parameters behind it"] = values + behind
    counts["parameters less symmetries"] = behind
    return RankBound(counts, symmetries, recognised=True)


class _Affine(NamedTuple):
    weight: Tensor
    bias: Tensor | None
    trains_weight: bool
    trains_bias: bool

    def __call__(self, h: Tensor) -> Tensor:
        return nn.functional.linear(h, self.weight, self.bias)

    def seen(self, h: Tensor) -> Tensor:
        """What the trainable parameters are multiplied with: a row per sample."""
        rows = h.reshape(-1, h.shape[-1])
        parts = [rows] if self.trains_weight else []
        parts += [torch.ones_like(rows[:, :1])] if self.trains_bias else []
        return torch.cat(parts, dim=1) if parts else rows[:, :0]

    @property
    def num_trained(self) -> int:
        bias = self.bias.numel() if self.bias is not None and self.trains_bias else 0
        return bias + (self.weight.numel() if self.trains_weight else 0)


_Part = _Affine | Callable[[Tensor], Tensor]


class _Layer(NamedTuple):
    input_width: int
    num_inputs: int
    seen: int  # rank of what the layer sees, from below
    effective: int  # dimensions in which its parameters may move its values
    symmetries: int  # of these, undone by the next layer


def _layers(predictor: Predictor) -> list[_Layer] | None:
    parts = _parts(predictor.module)
    if parts is None:
        return None
    with torch.no_grad():
        values = [predictor.X]
        for part in parts:
            values.append(part(values[-1].clone()))  # activations may work in place
    trained = sum(part.num_trained for part in parts if isinstance(part, _Affine))
    expected = predictor.outputs(predictor.theta_0)
    if trained != predictor.num_params or not _same(values[-1], expected):
        return None  # a parameter is used twice, or hooks do more than the layers
    affine = [(i, part) for i, part in enumerate(parts) if isinstance(part, _Affine)]
    layers = []
    for place, (index, layer) in enumerate(affine):
        h, z = values[index], values[index + 1]
        lower, upper = _rank(layer.seen(h))
        effective, symmetries = z.shape[-1] * upper, 0
        if place + 1 < len(affine):
            end, following = affine[place + 1]
            slope = _euler_slope(parts[index + 1 : end], z)
            if slope is not None:
                active = (slope != 0).reshape(-1, z.shape[-1]).sum(dim=0)
                effective = int(active.clamp(max=upper).sum())
                symmetries = _symmetries(layer, slope, values[end], following)
        layers.append(_Layer(h.shape[-1], h.numel(), lower, effective, symmetries))
    return layers


def _parts(module: nn.Module) -> list[_Part] | None:
    if isinstance(module, TwoLayerNetwork):
        first = _Affine(module.W, module.bias, *_trains(module.W, module.bias))
        second = _Affine(module.a[None], None, module.a.requires_grad, False)
        scale = module.width**-module.exponent
        return [first, module.activation, second, lambda f: f.squeeze(-1) * scale]
    if type(module) is not nn.Sequential:
        return None
    parts: list[_Part] = []
    for child in module:
        if type(child) is nn.Sequential:
            inner = _parts(child)
            if inner is None:
                return None
            parts += inner
        elif type(child) is nn.Linear:
            trains = _trains(child.weight, child.bias)
            parts.append(_Affine(child.weight, child.bias, *trains))
        elif any(True for _ in child.parameters()):
            return None
        else:
            parts.append(child)
    return parts


def _trains(weight: Tensor, bias: Tensor | None) -> tuple[bool, bool]:
    return weight.requires_grad, bias is not None and bias.requires_grad


def _rank(rows: Tensor) -> tuple[int, int]:
    if not rows.numel():
        return 0, 0
    found = numerical_rank(rows.detach().cpu().numpy())
    return (found.lower, found.lower if found.rank is not None else min(rows.shape))


def _symmetries(layer: _Affine, slope: Tensor, h: Tensor, following: _Affine) -> int:
    # For slopes sigma'(z) and values h = sigma(z) with z sigma'(z) = sigma(z).
    frozen_bias = layer.bias is not None and not layer.trains_bias
    if frozen_bias or not (layer.trains_weight and following.trains_weight):
        return 0
    rows = h.reshape(-1, h.shape[-1])
    if not _equal(slope, torch.ones_like(slope)):  # h = z also holds where all z are zero
        return int((rows != 0).any(dim=0).sum())
    both = layer.trains_bias and following.trains_bias
    moved = torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1) if both else rows
    return rows.shape[1] * _rank(moved)[0]


def _euler_slope(stages: Sequence[_Part], z: Tensor) -> Tensor | None:
    # The slopes sigma'(z) if every entry is mapped alone with z sigma'(z) = sigma(z). Both
    # follow from one product with the transposed derivative, for a random vector.
    z = z.clone().requires_grad_()
    with torch.enable_grad():
        h = z * 1  # activations may work in place, which a leaf forbids
        for stage in stages:
            h = stage(h)
    if h.shape != z.shape or not h.requires_grad:
        return None
    generator = torch.Generator().manual_seed(0)
    u = torch.randn(z.shape, generator=generator, dtype=z.dtype).to(z.device)
    (slope,) = torch.autograd.grad(h, z, u)
    return slope / u if _equal(slope * z.detach(), u * h.detach()) else None


def _same(outputs: Tensor, expected: Tensor) -> bool:
    few = 1e4 * torch.finfo(expected.dtype).eps * expected.abs().max()
    return outputs.shape == expected.shape and bool((outputs - expected).abs().max() <= few)


def _equal(a: Tensor, b: Tensor) -> bool:
    # A few roundings; what differs by more is another function.
    few = 64 * torch.finfo(b.dtype).eps
    return bool(torch.allclose(a, b, rtol=few, atol=few * few * float(b.abs().max())))
