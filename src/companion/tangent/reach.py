"""Whether autograd gets from recorded outputs to the parameters that are to be moved.

Derived here: the leaves of the graph tell what the outputs were made of. Where it holds none of
these parameters, the derivative is zero only if moving them moves nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor

Operation = Any  # a torch.autograd.graph.Node, or what compiled code records in place of it


def nodes(root: Operation | None) -> Iterator[Operation]:
    """All operations of a recording, outputs first.

    Parameters
    ----------
    root
        The operation that gave the outputs; None if nothing was recorded.

    Returns
    -------
    Each operation once.

    Scale
    -----
    None: a graph has no units.

    Raises
    ------
    ValueError
        If one of them hides a graph of its own.
    """
    seen, waiting = {root}, [] if root is None else [root]
    while waiting:
        node = waiting.pop()
        if node.name() == "CheckpointFunctionBackward":
            raise ValueError(
                "`module` must keep its derivatives in one graph; torch.utils.checkpoint with "
                "use_reentrant=True hides a part. Pass use_reentrant=False there."
            )
        yield node
        for source, _ in node.next_functions:
            if source is not None and source not in seen:
                seen.add(source)
                waiting.append(source)


def check_reach(
    outputs: Float[Tensor, "n ..."],
    parameters: Sequence[Float[Tensor, "..."]],
    originals: Sequence[Float[Tensor, "..."]],
    moves: Callable[[], bool],
    *,
    by_call: bool,
) -> None:
    """Refuse outputs whose derivatives by the parameters of a copy would be wrong.

    Parameters
    ----------
    outputs
        Recorded with the copy.
    parameters, originals
        Trainable parameters of the copy, and of the module that was copied.
    moves
        Whether other parameters give other outputs; asked only if no parameter is reached.
    by_call
        The outputs come from the user's own function of module and inputs.

    Scale
    -----
    None: a graph has no units.

    Raises
    ------
    ValueError
        If the outputs depend on the original's parameters, or if the graph holds none of the
        copy's although these matter, or although a function was given to use them.
    """
    leaves = {id(getattr(node, "variable", None)) for node in nodes(outputs.grad_fn)}
    if any(id(parameter) in leaves for parameter in originals):
        if by_call:
            raise ValueError(
                "`call` must compute the outputs with the module that it is given, a copy; got "
                "outputs of the original. Write it as a function of both arguments, such as "
                "lambda module, X: module(X)."
            )
        raise ValueError(
            "`module` must compute its outputs from its own parameters when copied; got those of "
            "the original. Make `forward` and hooks methods instead of closures over the module."
        )
    if outputs.grad_fn is None and any(outputs is parameter for parameter in parameters):
        return
    if any(id(parameter) in leaves for parameter in parameters):
        return
    if by_call:
        raise ValueError(
            "`call` must return outputs with a graph to the parameters of its first argument; got "
            "none. Use that argument, without detach, torch.no_grad() or NumPy."
        )
    if moves():
        raise ValueError(
            "`module` must leave a graph from its outputs to its parameters; got none, although "
            "other parameters give other outputs. Remove detach, torch.no_grad(), rounding and "
            "NumPy from its forward pass."
        )
