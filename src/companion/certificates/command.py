"""The text that ``companion certify`` prints."""

from pathlib import Path

from companion.certificates.certify import certify
from companion.certificates.loading import load_arrays, load_module


def certify_report(
    address: str, data: Path, *, inputs: str, targets: str, weights: str, as_json: bool
) -> str:
    """The certificate of a module in a file on data in a file.

    Parameters
    ----------
    address
        ``FILE.py:FACTORY``.
    data
        An ``.npz`` file.
    inputs, targets, weights
        Names of the arrays in it; the weights may be missing.
    as_json
        Whether JSON is wanted.

    Returns
    -------
    The text.

    Raises
    ------
    ValueError
        If a file, function or array is missing or wrong, or the certificate refuses the module or
        its data.
    """
    arrays = load_arrays(data, (inputs, targets), (weights,))
    module = load_module(address)
    try:
        found = certify(module, arrays[inputs], arrays[targets], nu=arrays.get(weights))
    except TypeError as error:
        if not str(error).startswith("`"):
            raise  # not one of our refusals
        raise ValueError(str(error)) from error
    return found.to_json() if as_json else str(found)
