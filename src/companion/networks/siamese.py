"""A Siamese network: one branch for both members of a pair, and a distance."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from companion.networks.default_law import default_layer, seeded
from companion.numerics.sizes import positive_size


class SiameseNetwork(nn.Module):
    r"""Weighted squared distance of what one branch makes of the members of a pair.

    .. math::
        f(x, x') = \sum_{j=1}^{q} a_j\, (u_j(x) - u_j(x'))^2 + c

    Parameters
    ----------
    branch
        The module u, from ``(n, ...)`` to ``(n, q)``; used for both members.
    num_features
        The number q.
    seed
        Seed of the initial weights ``a`` and bias ``c``; their type is that of the branch.

    Scale
    -----
    PyTorch's default law of a linear layer for ``a`` and ``c``.

    Raises
    ------
    ValueError
        If ``num_features`` is not positive, the branch has no parameters, or pairs do not stand
        in the second axis on a call.

    Notes
    -----
    The distance in [1]_ has absolute values; with squares the last layer is a polynomial of its
    inputs, as the document's form (1) asks. Swapping the members changes nothing, and neither
    does a common shift of a feature, a scaling of a feature undone by its weight, or a rotation
    of features that the weighted distance does not see. On all pairs of few points these make the
    kernel singular, however many parameters the branch has.

    References
    ----------
    .. [1] Y. Taigman, M. Yang, M. Ranzato and L. Wolf, "DeepFace", CVPR 2014, section 4.2.
    """

    def __init__(self, branch: nn.Module, *, num_features: int, seed: int) -> None:
        super().__init__()
        width = positive_size(
            "num_features", num_features, remedy="Pass the number of outputs of the branch."
        )
        first = next(branch.parameters(), None)
        if first is None:
            raise ValueError(
                "`branch` must have parameters; got none. Pass a network, say a "
                "multilayer_perceptron."
            )
        self.branch = branch
        generator = seeded(seed)
        self.head = default_layer(nn.Linear, width, 1, dtype=first.dtype, generator=generator)

    def forward(self, pairs: Float[Tensor, "n ..."]) -> Float[Tensor, " n"]:
        """The distance of each pair; members stand in the second axis."""
        if pairs.ndim < 2 or pairs.shape[1] != 2:
            raise ValueError(
                f"`pairs` must have shape (n, 2, ...); got {tuple(pairs.shape)}. "
                "Stack the members with torch.stack([X, Z], dim=1)."
            )
        difference = self.branch(pairs[:, 0]) - self.branch(pairs[:, 1])
        distance: Tensor = self.head(torch.square(difference))
        return distance.squeeze(-1)
