"""The targets of the one-dimensional companion paper, with the settings published for each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float

from companion.claims.sphere_approximation_line import (
    bump_floor,
    curvature_budgets,
    cusp_floor,
    kink_floor,
    step_floor,
)
from companion.spaces.interval import cusp, gaussian_bump, step, uniform_grid
from companion.spaces.linear_splines import (
    Function,
    equidistributed_knots,
    linear_spline_error,
    uniform_knots,
)

_SPREAD = 0.2  # s
_POINTS = 200_001  # about 500 for each interval of the set of the kink floor at width 1000

Signs = Float[np.ndarray, "s m"]
PerNetwork = Float[np.ndarray, " s"]


@dataclass(frozen=True)
class LineTarget:
    """A target on [-1, 1] and how it was trained.

    Parameters
    ----------
    values
        The function.
    steps
        From a width to the published number of steps.
    spare_samples
        Samples beyond twice the width.
    curvature
        The second derivative, or none if the target jumps.
    floors
        From outer weights, all of them 1 or -1, to what the error of each network cannot fall
        below while they are frozen.

    Scale
    -----
    Steps are those of Adam with learning rate 1/1000.

    References
    ----------
    R. Gentile and G. Welper, arXiv:2209.08399, the published code of its experiments.
    """

    values: Function
    steps: Callable[[int], int]
    floors: Callable[[Signs], PerNetwork]
    spare_samples: int = 0
    curvature: Function | None = None

    def uniform_spline(self, num_knots: int) -> float:
        """Error of the best linear spline with so many equally spaced kinks.

        Parameters
        ----------
        num_knots
            The number of kinks.

        Returns
        -------
        The distance in L2.
        """
        return linear_spline_error(self.values, uniform_knots(num_knots))

    def free_knot_spline(self, num_knots: int) -> float:
        """Error of the best linear spline with so many well placed kinks.

        Parameters
        ----------
        num_knots
            The number of kinks.

        Returns
        -------
        The distance in L2; zero for a jump, which two kinks approach as closely as one likes.
        """
        if self.curvature is None:
            return 0.0
        knots = equidistributed_knots(self.curvature, num_knots)
        return linear_spline_error(self.values, knots)


def _gaussian(gain: float, steps: Callable[[int], int]) -> LineTarget:
    values = partial(gaussian_bump, gain=gain, spread=_SPREAD)

    def floors(a: Signs) -> PerNetwork:
        x = uniform_grid(_POINTS)
        slopes = -values(x) * x / _SPREAD**2
        _, bend = curvature_budgets(a)
        return np.maximum(bump_floor(values(x), bend), kink_floor(slopes, width=a.shape[1]))

    return LineTarget(
        values=values,
        steps=steps,
        floors=floors,
        curvature=lambda x: values(x) * (x**2 - _SPREAD**2) / _SPREAD**4,
    )


def _cusp_floors(a: Signs) -> PerNetwork:
    _, bend = curvature_budgets(a)
    # Few neurons bend too little for the closed form; a wider bound holds for them as well.
    return np.array([cusp_floor(max(one, 4 / 3)) for one in bend])


def _step_floors(a: Signs) -> PerNetwork:
    rise, _ = curvature_budgets(a)
    return np.array([step_floor(max(one, 1 / 2)) for one in rise])


def _more_steps_when_wide(width: int) -> int:
    return next(
        steps
        for least, steps in ((1000, 40_000), (562, 20_000), (316, 10_000), (0, 5_000))
        if width >= least
    )


LINE_TARGETS: dict[str, LineTarget] = {
    "gaussian 0.5": _gaussian(0.5, _more_steps_when_wide),
    "gaussian 0.25": _gaussian(0.25, lambda _: 40_000),
    "gaussian 0.1": _gaussian(0.1, lambda _: 40_000),
    "cusp": LineTarget(
        values=cusp,
        steps=lambda _: 10_000,
        floors=_cusp_floors,
        spare_samples=1,  # so that one of them is the tip
        curvature=lambda x: np.abs(x) ** -1.5 / 4,
    ),
    "step": LineTarget(values=step, steps=lambda _: 10_000, floors=_step_floors),
}


def line_target(name: str) -> LineTarget:
    """The target of that name.

    Parameters
    ----------
    name
        A key of ``LINE_TARGETS``.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in LINE_TARGETS:
        raise ValueError(f"`target` must be one of {', '.join(LINE_TARGETS)}; got {name!r}.")
    return LINE_TARGETS[name]
