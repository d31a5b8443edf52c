"""The experiments on approximation on the sphere, with their drawings."""

from companion.catalogue.entries import Entry
from companion.experiments.sphere_approximation import one_dimension
from companion.figures import line

ENTRIES: tuple[Entry, ...] = (Entry(one_dimension.EXPERIMENT, line.draw_line_errors),)
