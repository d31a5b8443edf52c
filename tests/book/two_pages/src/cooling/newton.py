"""Newton's law of cooling."""

import math

from cooling.constants import RATE


def temperature(time):
    """Temperature above that of the room, one at the start."""
    return math.exp(-RATE * time)  # the solution of T' = -RATE T
