r"""The rate at which the loss falls for the target x_1, against the dimension.

On the uniform sphere x_1 is an eigenfunction of the limiting kernel. Its eigenvalue mu is given
by the Funk-Hecke formula; the loss of the limiting flow falls like exp(-2 mu t), and 2 mu is
:math:`4 c_1^2 / d` up to terms of order :math:`1 / d^2`.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import SIGMOID
from companion.claims.two_layer_flow import decay_rate
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.kernel_flow import kernel_flow
from companion.experiments.base import Experiment, label, with_bar
from companion.kernels.spectrum import funk_hecke
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.initialization import antisymmetric
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.numerics.quadrature import hermite_coefficients
from companion.numerics.rates import fit_exponential
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Config:
    """Networks that start at the zero function, so that the residual starts as -x_1."""

    input_dims: tuple[int, ...] = (3, 10, 30)  # d; the document's rate is free of it
    num_samples: int = 200  # M
    width: int = 1000  # n in the document, n >= C d
    horizon: float = 6.0  # flow time over d: about one factor e in the loss
    num_times: int = 25
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(input_dims=(2, 4), num_samples=20, width=50, num_times=5, num_seeds=2),
    "book": Config(width=400),
    "document": Config(input_dims=(3, 10, 30, 100), num_samples=500, num_seeds=5),
}


def run(config: Config) -> xr.Dataset:
    """Loss of networks for the target x_1, with fitted and predicted rates.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Loss by dimension, draw and time over d; rates of the networks, of the limiting flow on the
    same points, and on the uniform sphere; the leading term of the last; the claimed rate.
    """
    scaled = np.linspace(0, config.horizon, config.num_times)
    shape = (len(config.input_dims), config.num_seeds)
    loss = np.empty((*shape, len(scaled)))
    finite, limit, sphere = np.empty(shape), np.empty(shape), np.empty(shape[0])
    for i, input_dim in enumerate(with_bar(config.input_dims, "dimensions")):
        t = input_dim * scaled
        nu = np.full(config.num_samples, 1 / config.num_samples)
        for k in range(config.num_seeds):
            rng = stream(config.seed, "points", input_dim, k)
            X = uniform_on_sphere(config.num_samples, input_dim, rng)
            W, a = antisymmetric(config.width, input_dim, rng)
            network = TwoLayerNetwork(W, a, activation=SIGMOID)
            loss[i, k] = gradient_flow(network, X, X[:, 0], t_end=t[-1], t_eval=t, nu=nu).loss
            finite[i, k] = fit_exponential(t, loss[i, k]).rate
            K = tangent_kernel(X, X, depth=1, activation=SIGMOID)
            exact = 0.5 * kernel_flow(K, -X[:, 0], t, nu=nu) ** 2 @ nu
            limit[i, k] = fit_exponential(t, exact).rate
        sphere[i] = 2 * funk_hecke(zonal_kernel, input_dim=input_dim, max_degree=1)[1]
    axis = np.eye(2)[:1]
    smallest = tangent_kernel(axis, -axis, depth=1, activation=SIGMOID, trained=(1,)).item()
    claimed = np.full(len(config.input_dims), decay_rate(smallest))
    cells = ("input_dim", "draw")
    first = hermite_coefficients(SIGMOID, max_degree=1, num_nodes=200)[1]
    return xr.Dataset(
        {
            "loss": ((*cells, "scaled_time"), loss, label("loss", "1")),
            "network_rate": (cells, finite, label("rate, networks", "1/time")),
            "kernel_rate": (cells, limit, label("rate, infinite width, same points", "1/time")),
            "sphere_rate": ("input_dim", sphere, label("rate, uniform sphere", "1/time")),
            "leading_rate": (
                "input_dim",
                4 * first**2 / np.array(config.input_dims),
                label("its leading term", "1/time"),
            ),
            "claimed_rate": ("input_dim", claimed, label("rate, as claimed", "1/time")),
        },
        coords={
            "input_dim": ("input_dim", list(config.input_dims), label("dimension d", "1")),
            "scaled_time": ("scaled_time", scaled, label("time over d", "time")),
        },
    )


def zonal_kernel(cosine: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    r"""Limiting kernel of the sigmoid on the unit sphere, as a function of the inner product.

    .. math::
        t = x \cdot y \mapsto D(x, y) + D'(x, y)

    Parameters
    ----------
    cosine
        Inner products, in [-1, 1].

    Returns
    -------
    The kernel at each of them.

    Scale
    -----
    Expectation over w ~ N(0, I) with outer weights of size one.

    Raises
    ------
    ValueError
        If an inner product lies outside [-1, 1].

    References
    ----------
    L. Li, "On the convergence of gradient descent for two layer neural networks", 2019,
    eq. (2.6) in the limit of infinite width.
    """
    if not (np.abs(cosine) <= 1).all():
        index = int(np.argmax(~(np.abs(cosine) <= 1)))
        raise ValueError(f"`cosine` must lie in [-1, 1]; entry {index} is {cosine[index]}.")
    circle = np.stack([cosine, np.sqrt((1 - cosine) * (1 + cosine))], axis=1)
    return tangent_kernel(np.array([[1.0, 0.0]]), circle, depth=1, activation=SIGMOID)[0]


EXPERIMENT = Experiment(
    name="two_layer_flow.rate_by_dimension",
    summary="rate of decay for the target x_1 against the dimension",
    scales=SCALES,
    run=run,
)
