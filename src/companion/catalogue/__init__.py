"""Every experiment by name, with the function that draws its dataset."""

from companion.catalogue.entries import Drawing, Entry
from companion.catalogue.listing import CATALOGUE, draw, drawing, entry

__all__ = ["CATALOGUE", "Drawing", "Entry", "draw", "drawing", "entry"]
