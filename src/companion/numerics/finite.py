"""The check that no input hides a NaN or an infinity."""

import numpy as np
from jaxtyping import Shaped


def require_finite(values: Shaped[np.ndarray, "..."], name: str) -> None:
    r"""Raise an error that names the first entry which is NaN or infinite.

    .. math::
        |v_i| < \infty \quad \text{for every index } i

    Parameters
    ----------
    values
        The array to check.
    name
        What the caller's argument is called, for the message.

    Raises
    ------
    ValueError
        If an entry is NaN or infinite; the message carries its first index in row order.
    """
    finite = np.isfinite(values)
    if finite.all():
        return
    index = tuple(int(i) for i in np.argwhere(~finite)[0])
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    raise ValueError(
        f"`{name}` must be finite; got {place} = {values[index]}. "
        "Remove or repair the entries that are NaN or infinite."
    )
