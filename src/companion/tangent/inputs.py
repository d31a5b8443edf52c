"""Data as tensors: what is taken as it is, what is converted and what is refused.

Derived here from what may be lost on the way: digits, a mask, an order of bytes.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor


def as_tensor(values: Any, name: str) -> Shaped[Tensor, "..."]:
    """Numbers in the form of PyTorch, whatever library holds them.

    Parameters
    ----------
    values
        A dense tensor, an array, or what NumPy makes one of: a data frame of numbers, or nested
        lists of numbers.
    name
        What the caller's argument is called, for messages.

    Returns
    -------
    A tensor without a graph; it may share memory with ``values``.

    Scale
    -----
    The same numbers, to the last digit.

    Raises
    ------
    TypeError
        If the numbers are complex, longer than float64, masked, or none, or the tensor is not a
        dense one that holds its numbers.
    """
    if isinstance(values, Tensor):
        return _dense(values, name)
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(
            f"`{name}` must have an entry everywhere; got a masked array. "
            f"Pass {name}.filled(value), or leave out the samples that are masked."
        )
    if not hasattr(values, "__array__") and not isinstance(values, list | tuple):
        raise _unknown(name, type(values).__name__)
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:  # rows of different lengths, say
        raise _unknown(name, type(values).__name__) from error
    if array.dtype.kind == "c":
        raise _complex(name, array.dtype)
    if array.dtype.kind not in "biuf":
        raise _unknown(name, f"{type(values).__name__} of {array.dtype}")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        raise TypeError(
            f"`{name}` must be of at most 64 bits; got {array.dtype}. Convert it to float64."
        )
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if not array.flags.writeable or any(step < 0 for step in array.strides):
        array = array.copy()
    return torch.as_tensor(array)


def beside(like: Float[Tensor, "..."], X: Any, name: str = "X") -> Shaped[Tensor, "..."]:
    """A batch where the parameters are: on their device and, if it is of real numbers, their type.

    Parameters
    ----------
    like
        A parameter.
    X
        The batch, as :func:`as_tensor` takes it; integers (tokens, say) stay integers.
    name
        What the caller's argument is called, for messages.

    Returns
    -------
    The batch in memory of its own, so that a module that writes into it does not reach the
    caller's.

    Scale
    -----
    The numbers are those of ``X``, rounded to the type of the parameters.

    Raises
    ------
    TypeError
        As :func:`as_tensor`.
    """
    tensor = as_tensor(X, name)
    dtype = like.dtype if tensor.is_floating_point() else tensor.dtype
    return tensor.to(like.device, dtype, copy=True)


def _dense(tensor: Tensor, name: str) -> Tensor:
    if tensor.is_complex():
        raise _complex(name, tensor.dtype)
    kinds = {
        "nested": tensor.is_nested,
        "quantised": tensor.is_quantized,
        "sparse": tensor.layout != torch.strided and not tensor.is_nested,
        "meta": tensor.is_meta,
    }
    for kind, found in kinds.items():
        if found:
            raise TypeError(
                f"`{name}` must be a dense tensor that holds its numbers; got a {kind} one. "
                "Convert it, or pass `call` for a module that takes it."
            )
    return tensor.detach()


def _complex(name: str, dtype: object) -> TypeError:
    return TypeError(f"`{name}` must be real; got {dtype}. Pass real and imaginary parts.")


def _unknown(name: str, kind: str) -> TypeError:
    return TypeError(
        f"`{name}` must be a tensor or an array of numbers; got {kind}. Convert it with "
        "numpy.asarray(..., dtype=float)."
    )
