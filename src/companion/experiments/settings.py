"""Fields of a configuration from text, read by the types that the fields declare."""

import dataclasses
import math
import types
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Config = TypeVar("Config")


def with_settings(config: Config, assignments: Iterable[str]) -> Config:
    """A configuration with some fields replaced.

    Parameters
    ----------
    config
        An instance of a frozen dataclass.
    assignments
        Texts ``field=value``. Fields of type ``tuple`` take values separated by commas; ``none``
        stands for no value where the field allows it.

    Returns
    -------
    A new configuration of the same kind.

    Raises
    ------
    ValueError
        If an assignment has no ``=``, a field is unknown (the nearest names are offered), a value
        does not read as the type of its field, a number is not positive and finite, or a field
        that holds several values is left without one.
    """
    kinds = get_type_hints(type(config))
    changes = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise ValueError(f"a setting must have the form field=value; got {assignment!r}.")
        if name not in kinds:
            raise ValueError(
                f"`{name}` must be a field of the configuration; {nearest(name, kinds)}"
            )
        try:
            changes[name] = _value(text.strip(), kinds[name])
        except ValueError as error:
            raise ValueError(
                f"`{name}` must be {_described(kinds[name])}; got {text!r}."
            ) from error
        _require_size(name, changes[name])
    return dataclasses.replace(config, **changes)  # type: ignore[type-var]


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a name that is not known.

    Parameters
    ----------
    name
        What was asked for.
    known
        What there is.

    Returns
    -------
    The nearest names, or all of them if none is near.
    """
    known = sorted(known)
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    return f"nearest: {', '.join(close)}." if close else f"there is {', '.join(known)}."


def _require_size(name: str, value: Any) -> None:
    # Every number of a configuration is a count, a size, a time or a tolerance; a seed counts
    # from zero.
    if value == ():
        raise ValueError(f"`{name}` must have at least one value; got none.")
    for entry in value if isinstance(value, tuple) else (value,):
        if isinstance(entry, float) and not 0 < entry < math.inf:
            raise ValueError(f"`{name}` must be positive and finite; got {entry}.")
        least = 0 if name == "seed" else 1
        if isinstance(entry, int) and not isinstance(entry, bool) and entry < least:
            raise ValueError(f"`{name}` must be at least {least}; got {entry}.")


def _value(text: str, kind: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _member(text, arguments)
    if origin in (Union, types.UnionType):
        return _first_that_reads(text, arguments)
    if origin is tuple:
        return _entries(text, arguments)
    if kind is type(None):
        return _member(text, ("none",)) and None
    if kind is bool:
        return _member(text.lower(), ("true", "false")) == "true"
    if kind in (int, float, str):
        return kind(text)
    raise ValueError(f"no way to read {kind} from text")


def _member(text: str, choices: tuple) -> Any:
    for choice in choices:
        if text == str(choice):
            return choice
    raise ValueError(text)


def _first_that_reads(text: str, kinds: tuple) -> Any:
    # None first: the text "none" would also read as a string.
    for kind in sorted(kinds, key=lambda kind: kind is not type(None)):
        try:
            return _value(text, kind)
        except ValueError:
            continue
    raise ValueError(text)


def _entries(text: str, kinds: tuple) -> tuple:
    parts = [part.strip() for part in text.strip("()").split(",") if part.strip()]
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_value(part, kinds[0]) for part in parts)
    if len(parts) != len(kinds):
        raise ValueError(text)
    return tuple(_value(part, kind) for part, kind in zip(parts, kinds, strict=True))


def _described(kind: Any) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return f"one of {', '.join(map(str, arguments))}"
    if origin in (Union, types.UnionType):
        return " or ".join(_described(argument) for argument in arguments)
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"values separated by commas, each {_described(arguments[0])}"
    if origin is tuple:
        return f"{len(arguments)} values separated by commas"
    names = {int: "an integer", float: "a number", str: "a text", bool: "true or false"}
    return "none" if kind is type(None) else names.get(kind, str(kind))
