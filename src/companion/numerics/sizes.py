"""Sizes are whole numbers from 1 on, or one sentence says which is not."""

from companion.numerics.arguments import entries, whole_number


def positive_size(name: str, value: object, *, remedy: str) -> int:
    """A whole number that is at least 1.

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
    The number is not changed.

    Raises
    ------
    TypeError
        If it is no whole number.
    ValueError
        If it is zero or negative.

    References
    ----------
    Derived here.
    """
    size = whole_number(name, value, remedy=remedy)
    if size < 1:
        raise ValueError(f"`{name}` must be at least 1; got {size}. {remedy}")
    return size


def positive_sizes(name: str, value: object, *, at_least: int, remedy: str) -> tuple[int, ...]:
    """Whole numbers that are at least 1, and enough of them.

    Parameters
    ----------
    name, value, remedy
        As in :func:`positive_size`; a sequence.
    at_least
        How many there must be.

    Returns
    -------
    The numbers.

    Scale
    -----
    The numbers are not changed.

    Raises
    ------
    TypeError
        If it is no sequence, or an entry no whole number.
    ValueError
        If there are too few, or an entry is zero or negative; the message names the entry.

    References
    ----------
    Derived here.
    """
    given = entries(name, value, remedy=remedy)
    if len(given) < at_least:
        raise ValueError(
            f"`{name}` must have at least {at_least} entries; got {len(given)}. {remedy}"
        )
    return tuple(
        positive_size(f"{name}[{index}]", size, remedy=remedy) for index, size in enumerate(given)
    )
