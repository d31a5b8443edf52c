"""Arguments of public calls are of the kind that they must be, or one sentence says what is wrong.

Each function returns the argument in plain Python types, so that what follows meets no others.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from reprlib import repr as shortened
from typing import Any


def real_number(name: str, value: object, *, remedy: str) -> float:
    """A real number, also one that an array or tensor without axes holds.

    Parameters
    ----------
    name
        What the caller's argument is called.
    value
        The argument.
    remedy
        A sentence that says what to pass.

    Returns
    -------
    The number.

    Scale
    -----
    The number is not changed; it may be infinite or NaN.

    Raises
    ------
    TypeError
        If it is something else, such as text, ``None`` or a truth value.

    References
    ----------
    Derived here.
    """
    refused = TypeError(f"`{name}` must be a number; got {_described(value)}. {remedy}")
    held = getattr(value, "shape", None) == () and hasattr(value, "item")
    plain = value.item() if held else value  # type: ignore[attr-defined]
    if isinstance(plain, bool) or not isinstance(plain, Real):
        raise refused
    try:
        return float(plain)
    except OverflowError:
        return math.inf if plain > 0.0 else -math.inf  # type: ignore[operator]


def positive_number(name: str, value: object, *, remedy: str) -> float:
    """A positive finite number.

    Parameters
    ----------
    name, value, remedy
        As in :func:`real_number`.

    Returns
    -------
    The number.

    Scale
    -----
    The number is not changed.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is zero, negative, infinite or NaN.

    References
    ----------
    Derived here.
    """
    number = real_number(name, value, remedy=remedy)
    if not 0 < number < math.inf:
        raise ValueError(f"`{name}` must be positive and finite; got {number}. {remedy}")
    return number


def whole_number(name: str, value: object, *, remedy: str) -> int:
    """A whole number, whatever type holds it.

    Parameters
    ----------
    name, value, remedy
        As in :func:`real_number`.

    Returns
    -------
    The number.

    Scale
    -----
    The number is not changed.

    Raises
    ------
    TypeError
        If it is no number or not whole.

    References
    ----------
    Derived here.
    """
    number = real_number(name, value, remedy=remedy)
    if not number.is_integer():
        raise TypeError(f"`{name}` must be a whole number; got {_described(value)}. {remedy}")
    # Not of the floating-point number, which rounds.
    return int(value)  # type: ignore[call-overload]


def entries(name: str, value: object, *, remedy: str) -> tuple[Any, ...]:
    """The entries of a sequence.

    Parameters
    ----------
    name, value, remedy
        As in :func:`real_number`.

    Returns
    -------
    The entries.

    Scale
    -----
    The entries are not changed.

    Raises
    ------
    TypeError
        If it is text, a mapping or nothing that has entries.

    References
    ----------
    Derived here.
    """
    if isinstance(value, str | bytes | Mapping | type) or not isinstance(value, Iterable):
        raise TypeError(f"`{name}` must be a sequence; got {_described(value)}. {remedy}")
    try:
        return tuple(value)
    except TypeError as error:  # arrays and tensors without axes
        raise TypeError(
            f"`{name}` must be a sequence; got {_described(value)}. {remedy}"
        ) from error


def one_of(name: str, value: object, options: Sequence[str]) -> str:
    """One of several names.

    Parameters
    ----------
    name, value
        As in :func:`real_number`.
    options
        The names.

    Returns
    -------
    The name.

    Scale
    -----
    None: names have no size.

    Raises
    ------
    ValueError
        If it is another name.
    TypeError
        If it is no name.

    References
    ----------
    Derived here.
    """
    if isinstance(value, str) and value in options:
        return value
    kind = ValueError if isinstance(value, str) else TypeError
    got = repr(value) if isinstance(value, str) else _described(value)
    raise kind(f"`{name}` must be one of {', '.join(options)}; got {got}.")


def _described(value: object) -> str:
    if value is None:
        return "None"
    return f"{shortened(value)} of type {type(value).__name__}"


def layer_indices(name: str, value: object, *, depth: int) -> tuple[int, ...]:
    """Which weight matrices of a network with hidden layers are meant.

    Parameters
    ----------
    name, value
        As in :func:`real_number`; ``"all"``, ``"second_to_last"`` (the last hidden matrix) or a
        tuple of indices.
    depth
        The number L of hidden layers.

    Returns
    -------
    Indices from 0 (the weights next to the input) to ``depth`` (the output weights).

    Scale
    -----
    None: indices count matrices.

    Raises
    ------
    ValueError
        If no layer is named, an unknown one, or one twice.

    References
    ----------
    Derived here.
    """
    if value == "all":
        return tuple(range(depth + 1))
    if value == "second_to_last":
        return (depth - 1,)
    indices = value if isinstance(value, tuple) else ()
    known = all(index in range(depth + 1) for index in indices)
    if not known or not indices or len(set(indices)) < len(indices):
        raise ValueError(
            f'`{name}` must be "all", "second_to_last" or a tuple of different layer indices '
            f"from 0 to depth = {depth}; got {value!r}."
        )
    return tuple(int(index) for index in indices)
