"""Power laws fitted to a variable of a dataset, one for every combination of its other axes."""

import numpy as np
import xarray as xr

from companion.numerics.rates import fit_power_law


def fitted_powers(
    values: xr.DataArray, *, along: str, over: str = "draw", confidence: float = 0.99
) -> xr.Dataset:
    r"""Exponents with confidence intervals, all repetitions in one fit.

    .. math::
        \log y_{ik} = c + p \log x_i + \text{noise}_{ik}

    Parameters
    ----------
    values
        Positive values over ``along``, ``over`` and any other dimensions.
    along
        The coordinate x.
    over
        The dimension of the repetitions k.
    confidence
        Coverage of each interval.

    Returns
    -------
    Variables ``exponent``, ``low`` and ``high`` over the other dimensions.

    Raises
    ------
    ValueError
        As :func:`companion.numerics.rates.fit_power_law`.
    """
    ordered = values.transpose(..., along, over)
    others = ordered.dims[:-2]
    x = np.repeat(values[along].values.astype(float), values.sizes[over])
    shape = ordered.shape[:-2]
    flat = ordered.values.reshape(-1, len(x))
    fits = [fit_power_law(x, y, confidence=confidence) for y in flat]
    columns = {
        "exponent": [fit.exponent for fit in fits],
        "low": [fit.low for fit in fits],
        "high": [fit.high for fit in fits],
    }
    return xr.Dataset(
        {name: (others, np.array(column).reshape(shape)) for name, column in columns.items()},
        coords={name: values[name] for name in others if name in values.coords},
    )
