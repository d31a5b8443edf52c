r"""How fast the Jacobian can turn: bounds of its Lipschitz constant on a ball.

With :math:`A(\theta) = \operatorname{diag}(\nu)^{1/2} J(\theta)` and a ball of radius R about the
start, a *bound* is a number beta with

.. math::
    \|A(\theta) - A(\theta_0)\| \le \beta\, |\theta - \theta_0|
    \qquad \text{for } |\theta - \theta_0| \le R,

in the operator norm. It is derived here from second derivatives of the outputs, for chains of
affine maps and activations.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from companion.certificates.activation_facts import ActivationFacts
from companion.certificates.chain import Chain, Layer

_BLOCK_ENTRIES = 2**22  # 32 MiB of derivatives at a time
_ROUNDED_UP = 1 + 1e-9  # the bound is attained by linear networks, and is computed with rounding


@dataclass(frozen=True, eq=False)
class _Hidden:
    # Norms at the start, one per sample, of what stands before and behind one hidden layer.
    layer: Layer
    size: Float[Tensor, " n"]  # of the layer's output h
    kink: Float[Tensor, " n"]  # distance of the nearest pre-activation from a kink
    column: Float[Tensor, " n"]  # largest column of G = df/dh
    spread: Float[Tensor, " n"]  # operator norm of G

    @property
    def facts(self) -> ActivationFacts:
        facts = self.layer.activation
        assert facts is not None  # hidden layers have one
        return facts

    @property
    def bound(self) -> float:
        return self.facts.bound * len(self.layer.weight) ** 0.5  # of |h|, wherever theta is

    @property
    def slope(self) -> float:
        return self.facts.lipschitz

    @property
    def bend(self) -> float:
        return self.facts.bend


class ChainCurvature:
    r"""Bound of the Lipschitz constant of the Jacobian of a chain, for any radius.

    .. math::
        \beta(R)^2 = \sum_i \nu_i\, \beta_i(R)^2, \qquad
        \beta_i = \sum_l s_2\, \|G_l\|_{\mathrm{col}}\, \|Dz_l\|^2
            + \sum_l c_l\, \|\bar G_l\|\, \|Dh_{l-1}\|

    Parameters
    ----------
    chain
        The module taken apart.
    nu
        Weights of the data points.

    Scale
    -----
    Of the weighted Jacobian ``diag(nu)**0.5 J``; per unit of the Euclidean norm of all trained
    parameters.

    Notes
    -----
    For one sample, with :math:`G_l = \partial f / \partial h_l`,
    :math:`\bar G_l = \partial f / \partial z_l` and U, V the parts of the directions u, v that
    belong to :math:`W_l`,

    .. math::
        D^2 f[u, v] = \sum_l G_l\, (\sigma_l''(z_l)\, Dz_l[u]\, Dz_l[v])
            + \sum_l c_l\, \bar G_l\, (U\, Dh_{l-1}[v] + V\, Dh_{l-1}[u]).

    In the first sum the product of the two directions is entrywise and has
    :math:`\ell_1` norm at most :math:`|Dz_l[u]|\,|Dz_l[v]|`, so that the largest column of
    :math:`G_l` enters and not its operator norm: this is what lets the curvature fall like
    :math:`m^{-1/2}` with the width. In the second,
    :math:`|U||v_{<l}| + |V||u_{<l}| \le |u||v|`. All norms are suprema over the ball, from
    those at the start and the largest change that the ball allows:

    * :math:`\|Dz_l\|^2 \le c_l^2 (|h_{l-1}|^2 + 1 + \|W_l\|^2 \|Dh_{l-1}\|^2)`, the first term if
      :math:`W_l` and the second if :math:`b_l` is trained,
      :math:`\|Dh_l\| \le s_1 \|Dz_l\|`;
    * :math:`|h_l| \le |h_l(\theta_0)| + R \|Dh_l\|`, :math:`\|W_l\| \le \|W_l(\theta_0)\| + R`;
    * the change of :math:`G_{l-1} = c_l G_l \operatorname{diag}(\sigma_l') W_l` is at most
      :math:`c_l (s_1 \|G_l\| R + \|W_l(\theta_0)\|\, (s_1 \Delta_l
      + \|G_l(\theta_0)\|_{\mathrm{col}}\, s_2 R \|Dz_l\|))`, where :math:`\Delta_l` is that of
      :math:`G_l`.

    An activation with kinks has for :math:`s_2` the bound between them, such as 0 where it is
    piecewise linear, as long as no pre-activation that moves can reach a kink inside the ball, and
    no finite bound otherwise.

    For two layers the samples are taken together as well, see the closed form in
    :func:`two_layer_curvature`; the smaller of the two bounds is returned.

    References
    ----------
    Derived here. The order ``m**-0.5`` is that of C. Liu, L. Zhu and M. Belkin, "On the linearity
    of large non-linear models", NeurIPS 2020, theorem 3.2.
    """

    def __init__(self, chain: Chain, nu: Float[Tensor, " n"]) -> None:
        kept = nu > 0
        self.chain = Chain(chain.layers, chain.X[kept])
        self.nu = nu[kept]
        self.input_size = torch.linalg.vector_norm(self.chain.X, dim=1)
        self.norms = [float(torch.linalg.matrix_norm(la.weight, ord=2)) for la in chain.layers]
        self.hidden = self._norms_at_start()

    def __call__(self, radius: float) -> float:
        """The bound on the ball of that radius; infinite where there is none."""
        found = self._general(radius)
        if len(self.chain.layers) == 2:
            found = min(found, two_layer_curvature(self.chain, self.nu, radius))
        return _ROUNDED_UP * found

    def _norms_at_start(self) -> list[_Hidden]:
        # A few samples at a time: df/dh has an entry for every output and neuron of a sample.
        entries = len(self.chain.layers[-1].weight) * max(self.chain.widths)
        blocks = torch.split(self.chain.X, max(1, _BLOCK_ENTRIES // entries))
        pieces = [_hidden_norms(Chain(self.chain.layers, block)) for block in blocks]
        return [
            _Hidden(layer, *(torch.cat(parts) for parts in zip(*norms, strict=True)))
            for layer, *norms in zip(self.chain.layers[:-1], *pieces, strict=True)
        ]

    def _general(self, radius: float) -> float:
        slopes = self._forward(radius)
        if slopes is None:
            return math.inf
        return float((self.nu @ self._backward(radius, *slopes) ** 2) ** 0.5)

    def _forward(self, radius: float) -> tuple[list[Tensor], list[Tensor]] | None:
        size, moved = self.input_size, torch.zeros_like(self.input_size)
        before, inside = [], []
        for place, layer in enumerate(self.chain.layers):
            norm = self.norms[place] + radius * layer.weight_trained
            inner = size**2 * layer.weight_trained + layer.bias_trained + norm**2 * moved**2
            step = layer.scale * inner**0.5
            before.append(moved)
            inside.append(step)
            if place == len(self.hidden):
                break
            here = self.hidden[place]
            unbounded = here.bend == math.inf
            if bool(((step > 0) & ((radius * step >= here.kink) | unbounded)).any()):
                return None
            moved = here.slope * step
            size = torch.clamp(here.size + radius * moved, max=here.bound)
        return before, inside

    def _backward(self, radius: float, before: list[Tensor], inside: list[Tensor]) -> Tensor:
        last = self.chain.layers[-1]
        total = last.scale * before[-1] * last.weight_trained
        change = torch.full_like(self.nu, last.scale * radius * last.weight_trained)
        for place in range(len(self.hidden) - 1, -1, -1):
            here, layer = self.hidden[place], self.chain.layers[place]
            s_1, s_2 = here.slope, here.bend
            if s_2 == math.inf:  # then nothing in front of it moves
                s_2 = 0.0
            spread = here.spread + change
            total = total + s_2 * (here.column + change) * inside[place] ** 2
            total = total + layer.scale * s_1 * spread * before[place] * layer.weight_trained
            turned = s_1 * change + here.column * s_2 * radius * inside[place]
            change = layer.scale * (
                s_1 * spread * radius * layer.weight_trained + self.norms[place] * turned
            )
        return total


def two_layer_curvature(chain: Chain, nu: Float[Tensor, " n"], radius: float) -> float:
    r"""Bound of the Lipschitz constant of the Jacobian of a two-layer network.

    .. math::
        \beta = \tfrac12 \bigl(C + \sqrt{C^2 + 4 B^2}\bigr), \qquad
        B = c_1 c_2 s_1 \sqrt{\lambda_{\max}(S)}, \qquad
        C = c_1^2 c_2\, (\alpha + R)\, s_2\, X \sqrt{\lambda_{\max}(S)},

    with :math:`S = \sum_i \nu_i \tilde x_i \tilde x_i^\top`, :math:`\tilde x = (x, 1)` if biases
    are trained, :math:`X = \max |\tilde x_i|`, and :math:`\alpha` the largest column of the outer
    weights (for one output, the largest of them).

    Parameters
    ----------
    chain
        A chain of two affine maps.
    nu
        Weights of the data points, all positive.
    radius
        Radius R of the ball.

    Returns
    -------
    The bound. Without trained outer weights B = 0 and R does not enter; without trained inner
    weights and biases the network is linear in its parameters and the bound is 0. Infinite where
    a pre-activation can reach a kink inside the ball.

    Scale
    -----
    As :class:`ChainCurvature`.

    Raises
    ------
    ValueError
        If the chain has another number of affine maps.

    Notes
    -----
    With :math:`\alpha^u` and :math:`\omega^u` the parts of a direction in the outer and inner
    weights, :math:`D^2 f(x)[u, v]` is the sum of
    :math:`c\sum_j (\alpha^u_j \omega^v_j + \alpha^v_j \omega^u_j) \cdot \tilde x\, \sigma'_j`, of
    weighted norm at most B times the products of norms by Cauchy's inequality over j and then
    over i, and of :math:`c \sum_j a_j \sigma''_j (\omega^u_j \tilde x)(\omega^v_j \tilde x)`,
    where one factor is bounded by :math:`X|u|` at every sample and the other summed over the
    samples. The norm of the form :math:`B(p_1 q_2 + p_2 q_1) + C p_2 q_2` is the larger
    eigenvalue of its matrix.

    References
    ----------
    Derived here from L. Li, "On the convergence of gradient descent for two layer neural
    networks", 2019, eqs. (2.3) and (2.4).
    """
    if len(chain.layers) != 2:
        raise ValueError(f"`chain` must have two affine maps; got {len(chain.layers)}.")
    inner, outer = chain.layers
    facts = inner.activation
    assert facts is not None
    parts = [chain.X] if inner.weight_trained else []
    parts += [torch.ones(len(nu), 1, dtype=nu.dtype)] if inner.bias_trained else []
    if not parts:
        return 0.0
    X = torch.cat(parts, dim=1)
    reach = inner.scale * torch.linalg.vector_norm(X, dim=1)
    s_2 = facts.bend
    kink = _gap(inner, inner.affine(chain.X))
    if bool(((reach > 0) & ((radius * reach >= kink) | (s_2 == math.inf))).any()):
        return math.inf
    spread = inner.scale * float(torch.linalg.matrix_norm(nu[:, None] ** 0.5 * X, ord=2))
    column = float(torch.linalg.vector_norm(outer.weight, dim=0).max())
    column += radius * outer.weight_trained
    mixed = outer.scale * facts.lipschitz * spread * outer.weight_trained
    bent = outer.scale * column * s_2 * float(reach.max()) * spread if 0 < s_2 < math.inf else 0.0
    return (bent + math.hypot(bent, 2 * mixed)) / 2


def _hidden_norms(chain: Chain) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    *inside, (last, _, _) = chain.values()
    G = (last.scale * last.weight).expand(len(chain.X), *last.weight.shape)
    found = []
    for layer, _, z in reversed(inside):
        h, slope = _value_and_slope(layer, z)
        column = torch.linalg.vector_norm(G, dim=1).amax(1)
        found.append((torch.linalg.vector_norm(h, dim=1), _gap(layer, z), column, _spread(G)))
        G = layer.scale * (G * slope[:, None, :]) @ layer.weight
    return found[::-1]


def _gap(layer: Layer, z: Float[Tensor, "n m"]) -> Float[Tensor, " n"]:
    assert layer.activation is not None
    never = torch.full_like(z[:, 0], math.inf)
    distances = [(z - kink).abs().amin(1) for kink in layer.activation.kinks]
    return torch.stack([never, *distances]).amin(0)


def _spread(G: Float[Tensor, "n q m"]) -> Float[Tensor, " n"]:
    # Operator norms through q x q matrices, of which there is one per sample.
    return torch.linalg.eigvalsh(G @ G.mT)[:, -1].clamp(min=0) ** 0.5


def _value_and_slope(layer: Layer, z: Float[Tensor, "n m"]) -> tuple[Tensor, Tensor]:
    assert layer.value is not None
    leaf = z.clone().requires_grad_()
    with torch.enable_grad():
        h = layer.value(leaf.clone())  # some activations work in place
        (slope,) = torch.autograd.grad(h.sum(), leaf)
    return h.detach(), slope
