"""The experiments on approximation on the sphere, with their drawings."""

from companion.catalogue.entries import Entry

ENTRIES: tuple[Entry, ...] = ()
