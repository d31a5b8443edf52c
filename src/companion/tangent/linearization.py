"""First-order expansion of a module in its parameters, as an operator."""

import torch
from jaxtyping import Float
from torch import Tensor

from companion.tangent.contraction import add_products, mirror, unwritten
from companion.tangent.predictor import Predictor
from companion.tangent.recording import recorded_layers

_WRITTEN_BYTES = 2**21  # a Jacobian that fits in a cache: one pass over it beats many layers
_QUICK = 10**7  # multiplications that cost less than looking at the layers


class Linearization:
    r"""The Jacobian of the outputs at given parameters, as an operator.

    .. math::
        F(\theta + v) = F(\theta) + J v + O(|v|^2), \qquad G = J J^\top

    Parameters
    ----------
    predictor
        The module on its inputs.
    theta
        The parameters to expand about.
    rows
        First row and the row after the last, if only some are wanted; whole samples.

    Scale
    -----
    Plain derivatives, no weight of the data. Rows are sample-major, columns in the order of
    ``theta``.

    Notes
    -----
    One forward pass and a few backward passes happen when it is made; after that the module is
    not called again, and the predictor may be set to other parameters.

    References
    ----------
    A. Jacot, F. Gabriel and C. Hongler, "Neural tangent kernel", NeurIPS 2018, section 4.
    """

    def __init__(
        self,
        predictor: Predictor,
        theta: Float[Tensor, " p"],
        *,
        rows: tuple[int, int] | None = None,
    ) -> None:
        predictor.set(theta)
        with torch.enable_grad():
            outputs = predictor.recorded_outputs()
        self._predictor = predictor
        self.outputs: Float[Tensor, "n ..."] = predictor.own(outputs)
        first, last = (0, outputs.numel()) if rows is None else rows
        self.num_rows = last - first
        self.layers = recorded_layers(predictor, outputs, (first, last))
        self._sizes = [shape.numel() for shape in predictor.shapes]
        self._J: Tensor | None = None
        if self.num_rows * sum(self._sizes) * outputs.element_size() <= _WRITTEN_BYTES:
            self._J = self.jacobian()

    def jacobian(self) -> Float[Tensor, "nq p"]:
        """The matrix J itself."""
        if self._J is not None:
            return self._J
        parts = {index: one.written(index) for one in self.layers for index in one.indices}
        return torch.cat(
            [
                parts[index] if index in parts else self.outputs.new_zeros(self.num_rows, size)
                for index, size in enumerate(self._sizes)
            ],
            dim=1,
        )

    def gram(self, indices: frozenset[int] | None = None) -> Float[Tensor, "nq nq"]:
        """The tangent kernel matrix G, or the share of some parameters; symmetric to the bit."""
        self._predictor.num_grams += 1
        G = unwritten(self.num_rows, self.num_rows, self.outputs)
        if indices is None and self._J is not None and G.numel() * len(self._J.T) <= _QUICK:
            return mirror(torch.mm(self._J, self._J.T, out=G))
        layers = self.layers if indices is None else [one.only(indices) for one in self.layers]
        add_products(G, layers, layers, fresh=True)
        return mirror(G)

    def cross_gram(self, other: "Linearization") -> Float[Tensor, "nq nq2"]:
        """The kernel between these outputs and those of the same module on other inputs."""
        G = unwritten(self.num_rows, other.num_rows, self.outputs)
        add_products(G, self.layers, other.layers, fresh=True)
        return G

    def apply(self, v: Float[Tensor, "p ..."]) -> Float[Tensor, "nq ..."]:
        """J times a vector or the columns of a matrix."""
        if self._J is not None:
            return self._J @ v
        if v.ndim == 2:
            return torch.stack([self.apply(column) for column in v.unbind(1)], dim=1)
        pieces = torch.split(v, self._sizes)
        product = self.outputs.new_zeros(self.num_rows)
        for layer in self.layers:
            product += layer.apply(pieces)
        return product

    def apply_transpose(self, u: Float[Tensor, "nq ..."]) -> Float[Tensor, "p ..."]:
        """The transpose of J times a vector or the columns of a matrix."""
        if self._J is not None:
            return self._J.T @ u
        if u.ndim == 2:
            return torch.stack([self.apply_transpose(column) for column in u.unbind(1)], dim=1)
        product = u.new_zeros(sum(self._sizes))
        pieces = torch.split(product, self._sizes)
        for layer in self.layers:
            for index, part in layer.apply_transpose(u).items():
                pieces[index].copy_(part)
        return product
