"""A U-Net: down to coarse images and up again, with the fine ones handed across."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.networks.activation_module import activation_part
from companion.networks.default_law import default_layer, seeded
from companion.numerics.sizes import positive_size, positive_sizes


class UNet(nn.Module):
    r"""Two convolutions at each level, halving the image downwards and doubling it upwards.

    .. math::
        h_1 = s_1(X), \quad h_{l+1} = s_{l+1}(\mathrm{mean}_{2 \times 2}\, h_l), \qquad
        u_D = h_D, \quad u_l = t_l([h_l, \mathrm{up}_l\, u_{l+1}]), \qquad f = W u_1 + b,

    where :math:`s_l` and :math:`t_l` are two convolutions of size 3 with an activation behind each
    and :math:`\mathrm{up}_l` is a transposed convolution of size 2.

    Parameters
    ----------
    in_channels
        Channels of the images.
    channels
        Channels of each level, from fine to coarse.
    out_channels
        Channels of the outputs.
    activation, seed, dtype
        As in :func:`companion.networks.multilayer.multilayer_perceptron`.

    Scale
    -----
    No factor of a width. PyTorch's default law of each kind of layer.

    Raises
    ------
    ValueError
        If there are fewer than two levels or a size is not positive; on a call, if height or
        width of the images cannot be halved at each level.
    TypeError
        If a size is no whole number or ``activation`` cannot be called.

    Notes
    -----
    Two things differ from [1]_. Outside of the image stand zeros, so that outputs have the size of
    the inputs. And halving takes means: the largest of four values, as there, is no activation of
    single entries. What is handed across passes further activations unchanged, for a leaky ReLU
    as in :func:`companion.networks.residual.residual_network`; so this one is of the document's
    form (1).

    References
    ----------
    .. [1] O. Ronneberger, P. Fischer and T. Brox, "U-Net: convolutional networks for biomedical
       image segmentation", MICCAI 2015, section 2 and figure 1.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        out_channels: int,
        *,
        activation: Callable[[Any], Any],
        seed: int,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        super().__init__()
        remedy = "Pass a whole number from 1 on."
        first = positive_size("in_channels", in_channels, remedy=remedy)
        last = positive_size("out_channels", out_channels, remedy=remedy)
        levels = positive_sizes("channels", channels, at_least=2, remedy="Pass one per level.")
        generator = seeded(seed)

        def twice(before: int, after: int) -> nn.Sequential:
            parts: list[nn.Module] = []
            for width in (before, after):
                layer = default_layer(
                    nn.Conv2d, width, after, 3, padding=1, dtype=dtype, generator=generator
                )
                parts += [layer, activation_part(activation, dtype=dtype)]
            return nn.Sequential(*parts)

        self.down = nn.ModuleList(twice(b, a) for b, a in pairwise((first, *levels)))
        self.halve = nn.AvgPool2d(2)
        self.up, self.join = nn.ModuleList(), nn.ModuleList()
        for fine, coarse in reversed(list(pairwise(levels))):
            doubled = default_layer(
                nn.ConvTranspose2d, coarse, fine, 2, stride=2, dtype=dtype, generator=generator
            )
            self.up.append(doubled)
            self.join.append(twice(2 * fine, fine))
        self.last = default_layer(nn.Conv2d, levels[0], last, 1, dtype=dtype, generator=generator)

    def forward(self, X: Float[Tensor, "n c h w"]) -> Float[Tensor, "n q h w"]:
        """Images of the same height and width."""
        factor = 2 ** (len(self.down) - 1)
        if X.shape[-2] % factor or X.shape[-1] % factor:
            raise ValueError(
                f"`X` must have height and width divisible by {factor}; "
                f"got {tuple(X.shape[-2:])}. The image is halved {len(self.down) - 1} times."
            )
        held: list[Tensor] = []
        H = X
        for number, convolutions in enumerate(self.down):
            H = convolutions(self.halve(H) if number else H)
            held.append(H)
        held.pop()
        for up, join in zip(self.up, self.join, strict=True):
            H = join(torch.cat([held.pop(), up(H)], dim=-3))
        return self.last(H)
