"""The text that ``companion certify`` prints."""

import sys
import warnings
from contextlib import redirect_stdout
from pathlib import Path

from companion.certificates.certify import certify
from companion.certificates.findings import EqualPointsWarning
from companion.certificates.loading import load_arrays, load_module

_WEIGHTS = "nu"


def certify_report(
    address: str, data: Path, *, inputs: str, targets: str, weights: str | None, as_json: bool
) -> str:
    """The certificate of a module in a file on data in a file.

    Parameters
    ----------
    address
        ``FILE.py:FACTORY``.
    data
        An ``.npz`` file.
    inputs, targets, weights
        Names of the arrays in it. Without a name of the weights, ``nu`` is taken if it is there.
    as_json
        Whether JSON is wanted.

    Returns
    -------
    The text. What the file or the module prints goes to the standard error.

    Raises
    ------
    ValueError
        If a file, function or array is missing or wrong, or the certificate refuses the module or
        its data.
    """
    if weights is None:
        arrays, weights = load_arrays(data, (inputs, targets), (_WEIGHTS,)), _WEIGHTS
    else:
        arrays = load_arrays(data, (inputs, targets, weights))
    try:
        with redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore", EqualPointsWarning)  # the certificate tells it
            module = load_module(address)
            found = certify(module, arrays[inputs], arrays[targets], nu=arrays.get(weights))
    except TypeError as error:
        if not str(error).startswith("`"):
            raise  # not one of our refusals
        raise ValueError(str(error)) from error
    return found.to_json() if as_json else str(found)
