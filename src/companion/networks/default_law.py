"""The initial law that PyTorch gives its layers, drawn from a generator of one's own."""

import math
from typing import Any, TypeVar

import torch
from torch import nn

from companion.numerics.arguments import whole_number

LayerKind = TypeVar("LayerKind", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def seeded(seed: int) -> torch.Generator:
    """A generator of random numbers that starts at a seed.

    Parameters
    ----------
    seed
        A whole number.

    Returns
    -------
    The generator.

    Scale
    -----
    None.

    Raises
    ------
    TypeError
        If ``seed`` is no whole number.

    References
    ----------
    Derived here.
    """
    return torch.Generator().manual_seed(
        whole_number("seed", seed, remedy="Pass a whole number such as 0.")
    )


def default_layer(
    kind: type[LayerKind], *arguments: Any, generator: torch.Generator, **options: Any
) -> LayerKind:
    r"""A linear or convolutional layer whose entries are uniform, as PyTorch draws them.

    .. math::
        W_{ij},\ b_i \sim U(-k^{-1/2}, k^{-1/2}), \quad \text{all independent},

    where k is the number of entries of one slice of the weights, ``weight[0]``: the number of
    inputs that a neuron sees, for a transposed convolution of outputs that an input reaches.

    Parameters
    ----------
    kind
        :class:`torch.nn.Linear`, :class:`torch.nn.Conv2d` or :class:`torch.nn.ConvTranspose2d`.
    arguments, options
        What the class takes.
    generator
        Source of randomness. The global one is left alone.

    Returns
    -------
    The layer.

    Scale
    -----
    The variance of an entry is 1 / (3 k): a third of that under which a linear layer keeps the
    mean square of its inputs.

    Raises
    ------
    TypeError
        What PyTorch raises of options that the class does not know.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers", ICCV 2015, section 2.2:
    the uniform law there has sqrt(6) where this one, PyTorch's default, has 1.
    """
    with torch.device("meta"):  # where nothing is drawn: the global generator is left alone
        empty = kind(*arguments, **options)
    layer = empty.to_empty(device="cpu")
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    if layer.bias is not None:
        bound = layer.weight[0].numel() ** -0.5
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer
