"""A bar on the standard error that stays silent where nobody looks."""

import sys

from tqdm import tqdm


def progress_bar(total: float, *, shown: bool) -> tqdm:
    """A bar over the time of a run, to be closed by the caller.

    Parameters
    ----------
    total
        The time at which the run ends.
    shown
        Show it if the standard error is a terminal; otherwise nothing is ever shown.

    Returns
    -------
    The bar; its ``n`` is the time reached.

    Scale
    -----
    Time is that of the run.

    References
    ----------
    C. da Costa-Luis, "tqdm: A fast, extensible progress meter for Python and CLI", Journal of Open
    Source Software 4(37), 2019.
    """
    return tqdm(
        total=total,
        desc="time",
        bar_format="{l_bar}{bar}| {elapsed} < {remaining}",
        # None asks the stream whether it is a terminal; some programs have no stream at all.
        disable=None if shown and sys.stderr is not None else True,
        leave=False,
    )
