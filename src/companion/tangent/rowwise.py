"""Whether a recorded computation treats the rows of a batch alike and apart.

Derived here: every operation named below maps row i of what depends on parameters to row i of its
result and nowhere else, so by induction from the outputs a place in row i belongs to sample i.
"""

from collections.abc import Sequence

from companion.tangent.operations import output_shape
from companion.tangent.reach import Operation

_ENTRY_BY_ENTRY = {
    f"{name}Backward0"
    for name in (
        *("Add", "Sub", "Mul", "Div", "Neg", "Pow", "Exp", "Sin", "Cos", "Erf", "Abs", "Sqrt"),
        *("Tanh", "Sigmoid", "Relu", "LeakyRelu", "Elu", "Gelu", "Silu", "Softplus", "Mish"),
        *("Hardtanh", "LogSigmoid", "Clamp", "ClampMin"),
    )
}
_MATRIX = {"MmBackward0": 0, "MvBackward0": 0, "AddmmBackward0": 1}  # where the rows come in
_VIEWS = {"ViewBackward0", "UnsqueezeBackward0", "SqueezeBackward1"}


def keeps_rows(node: Operation, flowing: Sequence[tuple[int, Operation]], num_rows: int) -> bool:
    """Whether row i of a result depends on row i of the arguments only.

    Parameters
    ----------
    node
        A recorded operation.
    flowing
        Place and source of each argument that is neither constant nor a parameter.
    num_rows
        Rows of the batch.

    Returns
    -------
    True only for operations that are known to do so.

    Scale
    -----
    A yes or no.
    """
    name, shape = node.name(), output_shape(node)
    if shape[:1] != (num_rows,):
        return False
    shapes = [output_shape(source) for _, source in flowing]
    if name in _MATRIX:
        return all(place == _MATRIX[name] for place, _ in flowing)
    if name in _VIEWS:
        return all(inner[:1] == (num_rows,) for inner in shapes)
    return name in _ENTRY_BY_ENTRY and all(inner == shape for inner in shapes)
