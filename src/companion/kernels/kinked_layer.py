r"""A layer of infinite width whose activation is analytic between a few kinks or jumps.

Its Hermite series would converge like a power of the degree. Instead its moments are integrals
over the plane of a pair, cut along the kinks. Points of few different norms share one function
of the angle, which is analytic inside and interpolated.
"""

import math
from collections.abc import Callable
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from numpy.polynomial import chebyshev

from companion.kernels.gaussian_layer import LayerAtNorms
from companion.kernels.hermite_series import rounded_norms
from companion.kernels.point_pairs import PairBlock
from companion.numerics.piecewise_pairs import UnresolvedMean, piecewise_pair_mean
from companion.spaces.angles import angles_from_cosine

_DEGREES = (32, 64, 128, 256, 512)  # of the interpolant in the angle, tried in turn
_TAIL = 1e-14  # its last coefficients, relative to the largest
_ROUNDING = 1e-15  # of a difference of numbers of order one
_FEW = 33  # angles, for which an interpolant would cost more than they do

Function = Callable[[np.ndarray], np.ndarray]


class KinkedLayer(LayerAtNorms):
    r"""A layer with an activation that is analytic between stated breaks.

    .. math::
        \mathbb{E}\,\sigma(u)\sigma(v) = \sum_P \int_P \sigma(u)\,\sigma(v)\,
        \frac{e^{-(x^2 + y^2)/2}}{2\pi}\, dx\, dy

    over the pieces P into which the lines u = k and v = k cut the plane.

    Parameters
    ----------
    activation
        The activation, with its ``breaks``.
    norms_x, norms_z
        The norms of its inputs, for all points.

    Scale
    -----
    Plain expectation; a norm is the standard deviation of a pre-activation.

    Raises
    ------
    UnresolvedMean
        If a moment has not settled to 1e-14, as for an activation with a break not stated.

    Notes
    -----
    A moment at one angle and one pair of norms takes some milliseconds. Points on one sphere cost
    a few dozen of them in all; points of n different norms cost n^2 / 2. Nearly parallel points
    keep their digits: the angle after the layer comes from
    :math:`1 \mp \cos\theta' = \frac12\,\mathbb{E}\,(\sigma(u)/r' \mp \sigma(v)/s')^2`.

    References
    ----------
    .. [1] L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM 2013,
       chapters 8 and 19 (interpolation and quadrature of analytic functions).
    """

    def value(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the activation."""
        return self._moments(block, self.activation.value)

    def slope(self, block: PairBlock) -> Float[np.ndarray, "n n2"]:
        """Second moment of the derivative of the activation."""
        return self._moments(block, self.activation.derivative)

    def after(self, block: PairBlock, value: Float[np.ndarray, "n n2"]) -> PairBlock:
        """The pairs after the layer, from the second moment of the activation."""
        following = self.following()
        before = self.norms_x[block.rows], self.norms_z[block.columns]
        after = following.norms_x[block.rows], following.norms_z[block.columns]

        def ends(
            rows: Int[np.ndarray, " p"], columns: Int[np.ndarray, " p"]
        ) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " p"]]:
            pairs = [
                self._ends(before[0][i], before[1][j], after[0][i], after[1][j], angle)
                for i, j, angle in zip(
                    rows, columns, block.angles.angle[rows, columns], strict=True
                )
            ]
            return np.array([minus for minus, _ in pairs]), np.array([plus for _, plus in pairs])

        angles = angles_from_cosine(self.correlation_after(block, value), ends)
        return PairBlock(block.rows, block.columns, angles)

    def mean_squares(self) -> Float[np.ndarray, " n"]:
        """Second moment of the activation at each norm, first those of X, then those of Z."""
        norms = rounded_norms(np.concatenate([self.norms_x, self.norms_z]))
        radii, index = np.unique(norms, return_inverse=True)
        squares = [self._moment(self.activation.value, radius, radius, 0.0) for radius in radii]
        return np.array(squares)[index]

    def _moments(self, block: PairBlock, function: Function) -> Float[np.ndarray, "n n2"]:
        norms_x = rounded_norms(self.norms_x[block.rows])
        norms_z = rounded_norms(self.norms_z[block.columns])
        moments = np.empty_like(block.angles.angle)
        for r in np.unique(norms_x):
            for s in np.unique(norms_z):
                where = np.ix_(norms_x == r, norms_z == s)
                moments[where] = self._at_angles(function, r, s, block.angles.angle[where])
        return moments

    def _at_angles(
        self, function: Function, r: float, s: float, angle: Float[np.ndarray, "n n2"]
    ) -> Float[np.ndarray, "n n2"]:
        if angle.size <= _FEW:
            flat = [self._moment(function, r, s, theta) for theta in angle.ravel()]
            return np.array(flat).reshape(angle.shape)
        series = self._interpolant(function, r, s)
        return chebyshev.chebval(2 * angle / np.pi - 1, series)

    def _interpolant(self, function: Function, r: float, s: float) -> Float[np.ndarray, " k"]:
        known = self._interpolants.get((function, r, s))
        if known is not None:
            return known

        def moments(nodes: np.ndarray) -> np.ndarray:
            return np.array([self._moment(function, r, s, np.pi * (t + 1) / 2) for t in nodes])

        for degree in _DEGREES:
            series = chebyshev.chebinterpolate(moments, degree)  # type: ignore[type-var]
            if np.abs(series[-4:]).max() <= _TAIL * np.abs(series).max():
                self._interpolants[function, r, s] = series
                return series
        raise UnresolvedMean(
            f"`activation` must be analytic between its breaks {self.activation.breaks}; got "
            f"{self.activation.name!r}, whose moment at norms {r:.6g} and {s:.6g} is not resolved "
            f"by {degree} angles. State every kink and jump in `breaks`."
        )

    @cached_property
    def _interpolants(self) -> dict[tuple[Function, float, float], np.ndarray]:
        return {}

    def _moment(self, function: Function, r: float, s: float, angle: float) -> float:
        return self._mean(lambda u, v: function(u) * function(v), r, s, angle)

    def _ends(
        self, r: float, s: float, r_after: float, s_after: float, angle: float
    ) -> tuple[float, float]:
        sigma = self.activation.value

        def end(sign: float, distance: float) -> float:
            def square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
                return (sigma(u) / r_after + sign * sigma(v) / s_after) ** 2

            # A difference of size `distance` with the rounding of its terms, squared.
            noise = _ROUNDING * (distance + _ROUNDING)
            return self._mean(square, r, s, angle, noise=noise) / 2

        return end(-1.0, angle), end(1.0, math.pi - angle)

    def _mean(
        self,
        function: Callable[[np.ndarray, np.ndarray], np.ndarray],
        r: float,
        s: float,
        angle: float,
        *,
        noise: float = 0.0,
    ) -> float:
        return piecewise_pair_mean(
            function,
            breaks=self.activation.breaks,
            deviations=(float(r), float(s)),
            angle=min(float(angle), math.pi),
            noise=noise,
        )
