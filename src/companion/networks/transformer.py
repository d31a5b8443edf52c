"""One block of a transformer: attention among tokens, then a network at each token."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.networks.activation_module import activation_part
from companion.networks.default_law import default_layer, seeded
from companion.numerics.sizes import positive_size

_SIZE = "Pass a whole number from 1 on."


class TransformerBlock(nn.Module):
    r"""Attention and a two-layer network, each added to its input, which is normalised first.

    .. math::
        Y = X + O\, \mathrm{heads}(N_1 X) + c, \qquad Z = Y + V \sigma(W N_2 Y + b) + c',

        \mathrm{head}_h = \mathrm{softmax}(Q_h K_h^\top / \sqrt{k})\, V_h

    Parameters
    ----------
    token_dim
        Features d of a token.
    num_heads
        Number of heads; divides ``token_dim``, and a head has k = token_dim / num_heads features.
    hidden_width
        Neurons of the two-layer network.
    activation, seed, dtype
        As in :func:`companion.networks.multilayer.multilayer_perceptron`.

    Scale
    -----
    No factor of a width but the :math:`\sqrt k` of the attention. PyTorch's default law of linear
    layers for all matrices and biases; normalisations start with factor one and shift zero.

    Raises
    ------
    ValueError
        If a size is not positive or ``num_heads`` does not divide ``token_dim``.
    TypeError
        If a size is no whole number or ``activation`` cannot be called.

    Notes
    -----
    Softmax and normalisation are neither polynomials nor functions of single entries: a
    transformer is not of the document's form (1). A bias of the keys adds the same number to all
    entries of a row before the softmax, which changes nothing: its derivative is zero.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3; the order of
    normalisation and sum is that of R. Xiong et al., "On layer normalization in the transformer
    architecture", ICML 2020, figure 1(b).
    """

    def __init__(
        self,
        token_dim: int,
        num_heads: int,
        hidden_width: int,
        *,
        activation: Callable[[Any], Any],
        seed: int,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        dim = positive_size("token_dim", token_dim, remedy=_SIZE)
        self.num_heads = positive_size("num_heads", num_heads, remedy=_SIZE)
        width = positive_size("hidden_width", hidden_width, remedy=_SIZE)
        if dim % self.num_heads:
            raise ValueError(
                f"`num_heads` must divide token_dim = {dim}; got {self.num_heads}. "
                "Every head has the same number of features."
            )
        generator = seeded(seed)

        def affine(before: int, after: int) -> nn.Linear:
            return default_layer(nn.Linear, before, after, dtype=dtype, generator=generator)

        self.attention_norm = nn.LayerNorm(dim, dtype=dtype)
        self.query, self.key, self.value = affine(dim, dim), affine(dim, dim), affine(dim, dim)
        self.mix = affine(dim, dim)
        self.network_norm = nn.LayerNorm(dim, dtype=dtype)
        self.inner, self.outer = affine(dim, width), affine(width, dim)
        self.activation = activation_part(activation, dtype=dtype)

    def forward(self, X: Float[Tensor, "n s d"]) -> Float[Tensor, "n s d"]:
        """New features of the s tokens of each sample."""
        Y = X + self._attention(self.attention_norm(X))
        return Y + self.outer(self.activation(self.inner(self.network_norm(Y))))

    def _attention(self, H: Tensor) -> Tensor:
        query, key, value = (self._by_head(part(H)) for part in (self.query, self.key, self.value))
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        mixed = torch.softmax(scores, dim=-1) @ value
        together: Tensor = self.mix(mixed.transpose(-3, -2).flatten(-2))
        return together

    def _by_head(self, features: Tensor) -> Tensor:
        return features.reshape(*features.shape[:-1], self.num_heads, -1).transpose(-3, -2)
