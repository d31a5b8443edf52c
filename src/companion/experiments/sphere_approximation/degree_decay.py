r"""Eigenvalues by degree of the kernels of networks with a kink, beside what the kink predicts.

The theorem as reconstructed needs :math:`\mu_k \ge c (1 + k)^{-2\beta}`. Its kernel is the one of
the second-to-last layer; the others show what depends on that choice.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from companion.activations import activation
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.decay import fit_degree_decay
from companion.kernels.kink_singularity import kink_singularity
from companion.kernels.laplace import laplace_kernel
from companion.kernels.spectrum import angle_spectrum, rounding_floor
from companion.kernels.tangent_kernel import tangent_kernel
from companion.kernels.zonal import zonal_spectrum

KERNELS = ("second-to-last layer", "all layers", "first layer", "output weights")
PARITIES = ("even", "odd")

_DIGITS = 1e3  # times the rounding floor: an eigenvalue with three digits
_OCTAVES = 4.0  # a fit runs from a quarter of the largest degree up to it
_FEWEST = 8  # eigenvalues in a fit


@dataclass(frozen=True)
class Config:
    """Networks by activation, trained layers and depth; the digest leaves all sizes open."""

    activations: tuple[str, ...] = ("relu",)
    kernels: tuple[str, ...] = KERNELS
    depths: tuple[int, ...] = (1, 2, 3)  # numbers of hidden layers
    input_dims: tuple[int, ...] = (2, 3, 5)  # d of the sphere S^(d-1)
    max_degree: int = 512
    shown_per_octave: int = 4  # pairs of degrees kept in the dataset
    seed: int = 0  # nothing here is random


SCALES = {
    "smoke": Config(kernels=KERNELS[:2], depths=(1, 2), input_dims=(2, 3), max_degree=64),
    "book": Config(),
    "document": Config(depths=(1, 2, 3, 4, 5, 6), max_degree=4096),
}


def run(config: Config) -> xr.Dataset:
    """Eigenvalues, their prediction from the kinks, and fitted exponents by parity.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Eigenvalues and predictions at some degrees, even ones and the odd ones after them, not a
    number below the rounding floor; the same for the Laplace kernel; exponents of fits to all
    resolved degrees of a parity from a quarter of the largest on, with intervals, not a number
    where too few are resolved; and the largest degree of each fit.
    """
    degrees = shown_degrees(config.max_degree, config.shown_per_octave)
    networks = [*product(config.activations, config.kernels, config.depths)]
    found, predicted = (
        np.empty((len(networks), len(config.input_dims), config.max_degree + 1)) for _ in range(2)
    )
    for i, (name, kernel, depth) in enumerate(with_bar(networks, "kernels")):
        network: dict[str, Any] = {
            "depth": depth,
            "activation": activation(name),
            "trained": _trained(kernel, depth),
        }
        found[i] = _spectra(network, config.input_dims, config.max_degree)
        kink = kink_singularity(**network)
        predicted[i] = [
            kink.spectrum(input_dim=d, max_degree=config.max_degree) for d in config.input_dims
        ]
    fits = np.stack(
        [[_fits(one, d) for one, d in zip(rows, config.input_dims, strict=True)] for rows in found]
    )
    shape = tuple(len(axis) for axis in (config.activations, config.kernels, config.depths))
    found, predicted, fits = (
        one.reshape(*shape, *one.shape[1:]) for one in (found, predicted, fits)
    )
    laplace = np.stack([_laplace(d, config.max_degree) for d in config.input_dims])
    axes = ("activation", "kernel", "depth", "input_dim")
    fit = (*axes, "parity")
    return xr.Dataset(
        {
            "eigenvalue": ((*axes, "degree"), found[..., degrees], label("eigenvalue")),
            "prediction": (
                (*axes, "degree"),
                predicted[..., degrees],
                label("predicted by the kink"),
            ),
            "laplace": (("input_dim", "degree"), laplace[:, degrees], label("Laplace kernel")),
            "exponent": (fit, fits[..., 0], label("exponent of the degree")),
            "low": (fit, fits[..., 1], label("lower end of its interval")),
            "high": (fit, fits[..., 2], label("upper end of its interval")),
            "largest": (fit, fits[..., 3], label("largest degree of the fit")),
            "laplace_exponent": (
                ("input_dim", "parity"),
                np.stack(
                    [
                        _fits(one, d)[:, 0]
                        for one, d in zip(laplace, config.input_dims, strict=True)
                    ]
                ),
                label("exponent of the Laplace kernel"),
            ),
        },
        coords={
            "activation": ("activation", list(config.activations), label("activation")),
            "kernel": ("kernel", list(config.kernels), label("trained")),
            "depth": ("depth", list(config.depths), label("hidden layers")),
            "input_dim": ("input_dim", list(config.input_dims), label("dimension d")),
            "degree": ("degree", degrees, label("degree k")),
            "parity": ("parity", list(PARITIES), label("parity of the degree")),
        },
    )


def by_kernel(data: xr.Dataset) -> xr.Dataset:
    """The eigenvalues of one activation, a variable for each kernel, for a figure with sliders.

    Parameters
    ----------
    data
        A dataset of this experiment; the first activation is taken.

    Returns
    -------
    Variables over depth, dimension and degree, named by what is trained, and the Laplace kernel.
    """
    split = data["eigenvalue"].isel(activation=0, drop=True).to_dataset("kernel")
    for name, variable in split.items():
        variable.attrs = label(f"trained: {name}")
    return split.assign(laplace=data["laplace"])


def shown_degrees(max_degree: int, per_octave: int) -> Int[np.ndarray, " l"]:
    """Degrees evenly spaced in the logarithm, in pairs of an even one and the odd one after it.

    Parameters
    ----------
    max_degree
        The largest degree.
    per_octave
        Pairs per factor of two.

    Returns
    -------
    The degrees, from 0 on; every power of two is among them.
    """
    octaves = np.log2(max(max_degree // 2, 1))
    even = 2 * np.round(2 ** (np.arange(int(octaves * per_octave) + 1) / per_octave)).astype(int)
    pairs = np.unique(np.concatenate([[0, 1], even, even + 1]))
    return pairs[pairs <= max_degree]


def _trained(kernel: str, depth: int) -> str | tuple[int, ...]:
    ways: dict[str, str | tuple[int, ...]] = {
        "second-to-last layer": "second_to_last",
        "all layers": "all",
        "first layer": (0,),
        "output weights": (depth,),
    }
    return ways[kernel]


def _spectra(
    network: dict[str, Any], input_dims: tuple[int, ...], max_degree: int
) -> Float[np.ndarray, "d l"]:
    pole = np.array([[1.0, 0.0]])
    scale = tangent_kernel(pole, pole, **network).item()
    known: dict[bytes, Float[np.ndarray, " k"]] = {}  # the dimensions share most angles

    def of_angle(angle: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
        key = angle.tobytes()
        if key not in known:
            Z = np.stack([np.cos(angle), np.sin(angle)], axis=1)
            known[key] = tangent_kernel(pole, Z, **network)[0]
        return known[key]

    spectra = [angle_spectrum(of_angle, input_dim=d, max_degree=max_degree) for d in input_dims]
    return np.stack([_resolved(one, scale, d) for one, d in zip(spectra, input_dims, strict=True)])


def _laplace(input_dim: int, max_degree: int) -> Float[np.ndarray, " l"]:
    found = zonal_spectrum(laplace_kernel, input_dim=input_dim, max_degree=max_degree)
    return _resolved(found, 1.0, input_dim)


def _resolved(
    eigenvalues: Float[np.ndarray, " l"], scale: float, input_dim: int
) -> Float[np.ndarray, " l"]:
    floor = rounding_floor(scale, input_dim=input_dim, max_degree=eigenvalues.size - 1)
    return np.where(eigenvalues > _DIGITS * floor, eigenvalues, np.nan)


def _fits(eigenvalues: Float[np.ndarray, " l"], input_dim: int) -> Float[np.ndarray, "2 4"]:
    fits = np.full((len(PARITIES), 4), np.nan)
    for parity in range(len(PARITIES)):
        degrees = np.arange(parity + 2, eigenvalues.size, 2)
        hidden = np.flatnonzero(np.isnan(eigenvalues[degrees]))
        degrees = degrees[: hidden[0]] if hidden.size else degrees
        degrees = degrees[degrees >= degrees[-1] / _OCTAVES] if degrees.size else degrees
        if degrees.size < _FEWEST:
            continue
        rate = fit_degree_decay(degrees, eigenvalues[degrees], input_dim=input_dim)
        fits[parity] = rate.exponent, rate.low, rate.high, degrees[-1]
    return fits


EXPERIMENT = Experiment(
    name="sphere_approximation.degree_decay",
    summary="eigenvalues by degree for networks with a kink, and their exponents",
    scales=SCALES,
    run=run,
)
