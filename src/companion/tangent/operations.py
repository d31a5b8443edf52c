"""Operations of autograd that act linearly, position by position, on a parameter.

Each is a map Y[s, b, :] = W[b] A[s, b, :] over positions s (samples, times, places of an image)
and blocks b (groups of a convolution, entries of a gain; one block otherwise). The rules below
read A from what autograd saved, and say how the output of the operation is laid out.

Derived here from the definitions of the operations.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot, pad

Arrange = Callable[[Float[Tensor, "r ..."]], Float[Tensor, "r b s out"]]


class LocalMap(NamedTuple):
    """How one operation uses one of its arguments.

    Scale
    -----
    ``A`` carries the constant factors of the operation.
    """

    A: Float[Tensor, "b s in"]
    W: Float[Tensor, "b out in"]  # a view of the argument
    arrange: Arrange  # from derivatives by the output, one per row, to positions and blocks


def local_map(node: Any, position: int, W: Float[Tensor, "..."]) -> LocalMap | None:
    r"""The linear map by which a recorded operation acts on one of its arguments.

    .. math::
        Y_{s, b, o} = \sum_i W_{b, o, i}\, A_{s, b, i}

    Parameters
    ----------
    node
        A node of the graph of autograd.
    position
        Which of its arguments.
    W
        That argument.

    Returns
    -------
    The map, or None if the operation is not known or not of this form.

    Scale
    -----
    As :class:`LocalMap`.
    """
    rule = _RULES.get(node.name())
    if rule is None:
        return None
    try:
        return rule(node, position, W)
    except (AttributeError, RuntimeError):  # nothing saved under this name, or no plain view
        return None


def output_shape(node: Any) -> tuple[int, ...]:
    """Shape of the output of a recorded operation.

    Parameters
    ----------
    node
        A node of the graph of autograd.

    Returns
    -------
    The shape of its first output.

    Scale
    -----
    Sizes.
    """
    return tuple(node._input_metadata[0].shape)  # the input of the backward pass


def signed(value: int) -> int:
    """An axis as autograd shows it, where -1 is a large unsigned number.

    Parameters
    ----------
    value
        The number that is shown.

    Returns
    -------
    The axis.

    Scale
    -----
    Counted from the end if negative.
    """
    return value - 2**64 if value >= 2**63 else value


def _matrix_right(A: Tensor, W: Tensor) -> LocalMap:  # (s, in) @ (in, out)
    return LocalMap(A[None], W.T[None], lambda D: D[:, None])


def _matrix_left(W: Tensor, B: Tensor) -> LocalMap:  # (out, in) @ (in, s)
    return LocalMap(B.T[None], W[None], lambda D: D.transpose(1, 2)[:, None])


def _mm(node: Any, position: int, W: Tensor) -> LocalMap:
    return (
        _matrix_left(W, node._saved_mat2) if position == 0 else _matrix_right(node._saved_self, W)
    )


def _addmm(node: Any, position: int, W: Tensor) -> LocalMap | None:
    if position == 0:
        return _entrywise(node, W, scale=float(node._saved_beta))
    if node._saved_alpha != 1:
        return None
    return (
        _matrix_left(W, node._saved_mat2) if position == 1 else _matrix_right(node._saved_mat1, W)
    )


def _mv(node: Any, position: int, W: Tensor) -> LocalMap:
    if position == 0:
        return LocalMap(node._saved_vec[None, None], W[None], lambda D: D[:, None, None])
    return LocalMap(node._saved_self[None], W[None, None], lambda D: D[:, None, :, None])


def _bmm(node: Any, position: int, W: Tensor) -> LocalMap:
    if position == 0:  # (b, out, in) @ (b, in, s)
        A, turned = node._saved_mat2.transpose(1, 2), W
    else:  # (b, s, in) @ (b, in, out)
        A, turned = node._saved_self, W.transpose(1, 2)

    def arrange(D: Tensor) -> Tensor:
        return D.transpose(2, 3) if position == 0 else D

    if len(W) > 1 and W.stride(0) == 0:  # one matrix for the whole stack: more positions
        return LocalMap(
            A.flatten(0, 1)[None],
            turned[:1],
            lambda D: arrange(D).flatten(1, 2)[:, None],
        )
    return LocalMap(A, turned, arrange)


def _convolution(node: Any, position: int, W: Tensor) -> LocalMap | None:
    if position == 2:
        return _entrywise(node, W[(...,) + (None,) * (len(output_shape(node)) - 2)])
    if node._saved_transposed:
        return None
    groups = node._saved_groups
    patches = input_patches(
        node._saved_input, W.shape[2:], node._saved_stride, node._saved_padding,
        node._saved_dilation,
    )  # fmt: skip
    num_positions = len(patches) * patches.shape[1]
    A = patches.reshape(num_positions, groups, -1).transpose(0, 1)

    def arrange(D: Tensor) -> Tensor:
        by_group = D.flatten(3).reshape(len(D), D.shape[1], groups, -1, patches.shape[1])
        return by_group.permute(0, 2, 1, 4, 3).flatten(2, 3)

    return LocalMap(A, W.view(groups, len(W) // groups, -1), arrange)


def input_patches(
    images: Float[Tensor, "n channels *places"],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> Float[Tensor, "n places patch"]:
    """What a convolution sees at each place: its input, unfolded, in any number of dimensions.

    Parameters
    ----------
    images
        The inputs.
    kernel, stride, padding, dilation
        Those of the convolution, one number per dimension.

    Returns
    -------
    A row per place of the output; columns run over channels, then the places of the kernel.

    Scale
    -----
    Entries of the input, zero outside of it.
    """
    folded = pad(images, [width for one in reversed(padding) for width in (one, one)])
    for axis, (size, step, gap) in enumerate(zip(kernel, stride, dilation, strict=True), start=2):
        # Every step-th window of the dilated extent, thinned to the places that the kernel has.
        folded = folded.unfold(axis, gap * (size - 1) + 1, step)[..., ::gap]
    dims = len(kernel)
    places = folded.movedim(1, 1 + dims)  # (n, places..., channels, kernel...)
    return places.flatten(1 + dims).flatten(1, dims)


def _entrywise(node: Any, W: Tensor, factor: Tensor | None = None, scale: float = 1.0) -> LocalMap:
    # Y = W * factor with broadcasting: entries of W are outputs of one block if only added,
    # otherwise blocks of one by one.
    shape = output_shape(node)
    aligned = W[(None,) * (len(shape) - W.ndim)]
    entries = [axis for axis, size in enumerate(aligned.shape) if size > 1]
    positions = [axis for axis in range(len(shape)) if axis not in entries]

    def flat(D: Tensor) -> Tensor:  # (r, entries, s)
        order = [0, *(1 + axis for axis in entries), *(1 + axis for axis in positions)]
        return D.permute(order).reshape(len(D), W.numel(), -1)

    if factor is None:
        num_positions = torch.Size([shape[axis] for axis in positions]).numel()
        ones = W.new_full((1,), scale).expand(1, num_positions, 1)
        return LocalMap(ones, W.view(1, -1, 1), lambda D: flat(D).transpose(1, 2)[:, None])
    A = flat(factor.expand(shape)[None])[0]
    return LocalMap(scale * A[:, :, None], W.view(-1, 1, 1), lambda D: flat(D)[..., None])


def _add(node: Any, position: int, W: Tensor) -> LocalMap:
    return _entrywise(node, W, scale=float(node._saved_alpha) if position == 1 else 1.0)


def _sub(node: Any, position: int, W: Tensor) -> LocalMap:
    return _entrywise(node, W, scale=-float(node._saved_alpha) if position == 1 else 1.0)


def _mul(node: Any, position: int, W: Tensor) -> LocalMap:
    return _entrywise(node, W, node._saved_other if position == 0 else node._saved_self)


def _layer_norm(node: Any, position: int, W: Tensor) -> LocalMap:
    normalised = (node._saved_input - node._saved_result1) * node._saved_result2
    return _entrywise(node, W, normalised if position == 1 else None)


def _group_norm(node: Any, position: int, W: Tensor) -> LocalMap:
    images = node._saved_input
    by_group = images.reshape(node._saved_N, node._saved_group, -1)
    centred = by_group - node._saved_result1[..., None]
    normalised = (centred * node._saved_result2[..., None]).reshape(images.shape)
    aligned = W[(...,) + (None,) * (images.ndim - 2)]
    return _entrywise(node, aligned, normalised if position == 1 else None)


def _batch_norm(node: Any, position: int, W: Tensor) -> LocalMap:
    images = node._saved_input
    trailing = (...,) + (None,) * (images.ndim - 2)
    if node._saved_training:
        mean, inverse = node._saved_result1, node._saved_result2
    else:
        mean = node._saved_running_mean
        inverse = (node._saved_running_var + node._saved_eps).rsqrt()
    normalised = (images - mean[trailing]) * inverse[trailing]
    return _entrywise(node, W[trailing], normalised if position == 1 else None)


def _embedding(node: Any, position: int, W: Tensor) -> LocalMap | None:
    if node._saved_scale_grad_by_freq:
        return None
    tokens = node._saved_indices.flatten()
    A = one_hot(tokens, len(W)).to(W.dtype)
    padding = signed(node._saved_padding_idx)
    if padding >= 0:
        A[tokens == padding] = 0  # by definition that row has no derivative
    return LocalMap(A[None], W.T[None], lambda D: D.flatten(1, -2)[:, None])


_RULES: dict[str, Callable[[Any, int, Tensor], LocalMap | None]] = {
    "AddBackward0": _add,
    "AddmmBackward0": _addmm,
    "BmmBackward0": _bmm,
    "ConvolutionBackward0": _convolution,
    "EmbeddingBackward0": _embedding,
    "MmBackward0": _mm,
    "MulBackward0": _mul,
    "MvBackward0": _mv,
    "NativeBatchNormBackward0": _batch_norm,
    "NativeGroupNormBackward0": _group_norm,
    "NativeLayerNormBackward0": _layer_norm,
    "SubBackward0": _sub,
}
