"""Where the data points lie: norms, separation, points that coincide or are antipodal."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

EXACT_PAIRS = 4096  # up to here all pairs are compared; above, neighbours on random lines
_BLOCK = 512
_CANDIDATES = 4096
_ROUNDING = 1e-12  # of squared distances from products, relative to squared norms
_LINES = 16
_LISTED = 10

Closest = tuple[float, tuple[int, int]]  # a distance and the pair that has it


@dataclass(frozen=True)
class PointFacts:
    r"""Facts about the data points, read as rows.

    Attributes
    ----------
    dimension
        Entries of a point.
    smallest_norm, largest_norm
        Of the points.
    separation, closest
        The smallest distance between two points, and a pair that has it. None for one point.
    separation_up_to_sign
        The smallest of :math:`|x_i - x_j|` and :math:`|x_i + x_j|` over pairs.
    exact
        Whether all pairs were compared; otherwise the two separations are upper bounds.
    duplicates, num_duplicates
        The first pairs of equal points, and how many points equal an earlier one.
    antipodal, num_antipodal
        The first pairs with :math:`x_j = -x_i`, and how many there are.

    Scale
    -----
    Euclidean distances in the unit of X.
    """

    dimension: int
    smallest_norm: float
    largest_norm: float
    separation: float | None
    closest: tuple[int, int] | None
    separation_up_to_sign: float | None
    exact: bool
    duplicates: tuple[tuple[int, int], ...]
    num_duplicates: int
    antipodal: tuple[tuple[int, int], ...]
    num_antipodal: int

    @property
    def unit_norm(self) -> bool:
        """Whether all points have norm one, to single precision."""
        return abs(self.smallest_norm - 1) < 1e-6 and abs(self.largest_norm - 1) < 1e-6


def point_facts(X: Float[np.ndarray, "n d"], *, seed: int = 0) -> PointFacts:
    """Norms, separation, duplicates and antipodes of points.

    Parameters
    ----------
    X
        Points as rows.
    seed
        Of the random lines on which more than :data:`EXACT_PAIRS` points are compared.

    Returns
    -------
    The facts. Duplicates and antipodes are found at any number of points, by equality of all
    entries.

    Scale
    -----
    Euclidean distances in the unit of X.
    """
    X = X + 0.0  # makes -0.0 equal to 0.0 as bytes
    norms = np.linalg.norm(X, axis=1)
    duplicates = _equal_pairs(X, X)
    antipodal = _equal_pairs(X, -X + 0.0)
    exact = len(X) <= EXACT_PAIRS
    same = _closest(X, 1) if exact else _neighbours(X, 1, seed)
    opposite = _closest(X, -1) if exact else _neighbours(X, -1, seed)
    if duplicates:
        same = (0.0, duplicates[0])
    if antipodal:
        opposite = (0.0, antipodal[0])
    up_to_sign = [found[0] for found in (same, opposite) if found is not None]
    return PointFacts(
        dimension=X.shape[1],
        smallest_norm=float(norms.min()),
        largest_norm=float(norms.max()),
        separation=None if same is None else same[0],
        closest=None if same is None else same[1],
        separation_up_to_sign=min(up_to_sign) if up_to_sign else None,
        exact=exact,
        duplicates=tuple(duplicates[:_LISTED]),
        num_duplicates=len(duplicates),
        antipodal=tuple(antipodal[:_LISTED]),
        num_antipodal=len(antipodal),
    )


def _equal_pairs(
    X: Float[np.ndarray, "n d"], Z: Float[np.ndarray, "n d"]
) -> list[tuple[int, int]]:
    # Pairs i < j with z_j = x_i, for the first such i.
    first: dict[bytes, int] = {}
    for i, row in enumerate(X):
        first.setdefault(row.tobytes(), i)
    found = ((first.get(row.tobytes()), j) for j, row in enumerate(Z))
    return [(i, j) for i, j in found if i is not None and i < j]


def _closest(X: Float[np.ndarray, "n d"], sign: int) -> Closest | None:
    # The pair i < j with the smallest |x_i - sign x_j|. Squares from one product lose the digits
    # of small distances, so they only choose the pairs whose distance comes from differences.
    squares = (X**2).sum(1)
    slack = _ROUNDING * float(squares.max())
    best: Closest | None = None
    for start in range(0, len(X) - 1, _BLOCK):
        i = np.arange(start, min(start + _BLOCK, len(X)))
        table = squares[i, None] + squares - 2 * sign * X[i] @ X.T
        table[i[:, None] >= np.arange(len(X))] = np.inf
        likely = np.argwhere(table <= table.min() + slack)[:_CANDIDATES]
        best = _better(best, X, likely[:, 0] + start, likely[:, 1], sign)
    return best


def _neighbours(X: Float[np.ndarray, "n d"], sign: int, seed: int) -> Closest | None:
    # Points that are close are close on every line; those next to each other on a few random
    # lines give an upper bound of the smallest distance.
    rng = np.random.default_rng(seed)
    signs = np.repeat([1, sign], len(X)) if sign < 0 else np.ones(len(X), dtype=int)
    index = np.arange(len(signs)) % len(X)
    best: Closest | None = None
    for _ in range(_LINES):
        place = signs * (X @ rng.standard_normal(X.shape[1]))[index]
        order = np.argsort(place)
        i, j = order[:-1], order[1:]
        kept = (signs[i] * signs[j] == sign) & (index[i] != index[j])
        best = _better(best, X, index[i[kept]], index[j[kept]], sign)
    return best


def _better(
    best: Closest | None, X: Float[np.ndarray, "n d"], i: np.ndarray, j: np.ndarray, sign: int
) -> Closest | None:
    if not len(i):
        return best
    distances = np.linalg.norm(X[i] - sign * X[j], axis=1)
    least = int(distances.argmin())
    found = float(distances[least]), (int(min(i[least], j[least])), int(max(i[least], j[least])))
    return found if best is None or found[0] < best[0] else best
