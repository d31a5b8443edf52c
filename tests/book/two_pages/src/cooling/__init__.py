"""A library of two laws, behind a front door that loads them when first used."""

from importlib import import_module

_ROOMS = {"temperature": "cooling.newton", "area": "cooling.plates"}


def __getattr__(name):
    if name in _ROOMS:
        return getattr(import_module(_ROOMS[name]), name)
    raise AttributeError(name)
