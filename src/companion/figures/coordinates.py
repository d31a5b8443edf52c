"""Axes of pictures that matplotlib does not draw: where a value stands, and what is named."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from matplotlib.ticker import MaxNLocator

Scale = Literal["linear", "log"]

_MOST_TICKS = 6
_MARGIN = 0.04  # of the length of the axis, so that no curve lies on the frame


@dataclass(frozen=True)
class Axis:
    """An axis from ``low`` to ``high``, and the values that are named on it.

    Scale
    -----
    Positions are fractions of the length: 0 at ``low`` and 1 at ``high``.
    """

    scale: Scale
    low: float
    high: float
    label: str
    ticks: tuple[float, ...]

    def position(self, values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Where values stand along the axis.

        Parameters
        ----------
        values
            Data coordinates.

        Returns
        -------
        Fractions of the length; NaN where the axis has no place for the value.

        Scale
        -----
        Linear in the value, or in its logarithm.
        """
        low, high = _measured(np.array([self.low, self.high]), self.scale)
        return np.asarray((_measured(values, self.scale) - low) / (high - low))


def axis_for(
    values: Float[np.ndarray, "*shape"], scale: Scale, label: str, *, margin: bool = True
) -> Axis:
    """An axis on which all values have their place.

    Parameters
    ----------
    values
        What is to be shown; values that are not finite are passed over, and on a logarithmic
        axis those that are not positive as well.
    scale
        ``"linear"`` or ``"log"``.
    label
        What the axis says.
    margin
        Whether room is left at both ends.

    Returns
    -------
    The axis, with at most seven values named.

    Scale
    -----
    Data coordinates.

    Raises
    ------
    ValueError
        If the scale is unknown, or it can show none of the values.
    """
    if scale not in ("linear", "log"):
        raise ValueError(f"`scale` must be 'linear' or 'log'; got {scale!r}.")
    measured = _measured(values, scale)
    shown = measured[np.isfinite(measured)]
    if not shown.size:
        raise ValueError(
            f"`values` must have one that a {scale} axis can show; got none for {label!r}."
        )
    low, high = float(shown.min()), float(shown.max())
    room = _MARGIN * (high - low) if margin else 0.0
    if low == high:
        room = 0.5 if scale == "log" else abs(low) / 10 or 1.0
    low, high = low - room, high + room
    if scale == "log":
        low, high = 10**low, 10**high
    return Axis(scale, low, high, label, _ticks(low, high, scale))


def _measured(values: np.ndarray, scale: Scale) -> np.ndarray:
    if scale == "linear":
        return np.asarray(values)
    return np.log10(np.where(values > 0, values, np.nan))


def _ticks(low: float, high: float, scale: Scale) -> tuple[float, ...]:
    if scale == "linear":
        locator = MaxNLocator(_MOST_TICKS, steps=[1, 2, 2.5, 5, 10])
        found = np.asarray(locator.tick_values(low, high))
        # Ticks are multiples of their distance; what is left of zero is rounding.
        found = np.where(np.abs(found) < 1e-9 * np.ptp(found), 0.0, found)
    else:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        stride = max(1, math.ceil((last - first - 1) / _MOST_TICKS))
        few = math.log10(high / low) < 2
        steps = (1, 2, 5) if few else (1,)
        # Powers count from 10^0, so that the labels do not depend on where the axis starts.
        powers = [p for p in range(first, last + 1) if p % stride == 0]
        found = np.array([step * 10.0**power for power in powers for step in steps])
    room = 1e-9 * (high - low)  # a tick at the end of the axis may be off by rounding
    return tuple(float(tick) for tick in found if low - room <= tick <= high + room)
