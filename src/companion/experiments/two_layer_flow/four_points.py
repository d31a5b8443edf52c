r"""Four points that no network with the logistic sigmoid learns: the flow at several widths.

For every :math:`\sigma` with :math:`\sigma(z) + \sigma(-z) = 2c` the sum :math:`f(x) + f(-x)` is
the same number :math:`\beta = 2 c\, m^{-1/2} \sum_i a_i` at every x. On :math:`\{x, -x, y, -y\}`
with targets 1, 1, -1, -1 this fixes a floor under the loss, whatever the parameters are.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from companion.activations import SHIFTED_SIGMOID, SIGMOID, Activation
from companion.claims.two_layer_flow import loss_decay
from companion.dynamics.gradient_flow import gradient_flow
from companion.dynamics.trajectory import Trajectory
from companion.experiments.base import Experiment, with_bar
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.initialization import gaussian_rademacher
from companion.networks.two_layer import TwoLayerNetwork
from companion.numerics.montecarlo import stream
from companion.spaces.sphere import uniform_on_sphere


@dataclass(frozen=True)
class Config:
    """Theorem 1 with the smallest data set that refutes it."""

    widths: tuple[int, ...] = (10, 100, 1000)  # n in the document, n >= C d
    input_dim: int = 5  # d; the document allows any
    t_end: float = 200.0  # (2.8) is claimed for all t; with lambda = 0.2 it is e**-20 here
    num_times: int = 41
    num_seeds: int = 3
    seed: int = 0


SCALES = {
    "smoke": Config(widths=(4, 50), t_end=20.0, num_times=6, num_seeds=1),
    "book": Config(),
    "document": Config(widths=(10, 100, 1000, 10_000), t_end=400.0, num_times=81, num_seeds=8),
}


def four_points(
    input_dim: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    r"""Two random pairs of opposite points, with a target that is even and not constant.

    .. math::
        T = \{x, -x, y, -y\}, \qquad f = (1, 1, -1, -1), \qquad \nu = \tfrac14 (1, 1, 1, 1)

    Parameters
    ----------
    input_dim
        Dimension of the points, at least 2 (in one dimension the pairs coincide).
    rng
        Source of randomness.

    Returns
    -------
    The triple ``(X, y, nu)``: points as rows, targets, weights.

    Scale
    -----
    Points on the unit sphere; ``nu`` is a probability.

    Raises
    ------
    ValueError
        If ``input_dim`` is less than 2.

    References
    ----------
    The counterexample is ours; it satisfies Assumption 1 of L. Li, "On the convergence of
    gradient descent for two layer neural networks", 2019.
    """
    if input_dim < 2:
        raise ValueError(f"`input_dim` must be at least 2; got {input_dim}.")
    x, y = uniform_on_sphere(2, input_dim, rng)
    return np.stack([x, -x, y, -y]), np.array([1.0, 1.0, -1.0, -1.0]), np.full(4, 0.25)


def excess_loss(residual: Float[np.ndarray, "t 4"]) -> Float[np.ndarray, " t"]:
    r"""Loss above its floor 1/2, from the residual on the four points.

    .. math::
        \ell - \tfrac12 = \frac{\beta^2}{8} + \frac{(r_1 - r_2)^2 + (r_3 - r_4)^2}{16},
        \qquad \beta = \tfrac12 (r_1 + r_2 + r_3 + r_4)

    Holds whenever :math:`f(x) + f(-x) = f(y) + f(-y)`, and :math:`\beta` is that sum.

    Parameters
    ----------
    residual
        Prediction minus target in the order of :func:`four_points`, a row per time.

    Returns
    -------
    The excess, to full relative accuracy however small; never negative.

    Scale
    -----
    Loss with ``nu = 1/4``, half the mean square.

    Raises
    ------
    ValueError
        If the residuals belong to no function with :math:`f(x) + f(-x) = f(y) + f(-y)`.

    References
    ----------
    Derived here and on the page `exponential-convergence`.
    """
    r = residual.T
    defect = np.abs(r[0] + r[1] - r[2] - r[3] + 4).max()
    if not defect <= 1e-12 * (1 + np.abs(r).max()):
        raise ValueError(
            "`residual` must come from a function with f(x) + f(-x) = f(y) + f(-y); "
            f"the two sums differ by {defect:.3g}."
        )
    excess: Float[np.ndarray, " t"] = (
        r.sum(axis=0) ** 2 / 32 + ((r[0] - r[1]) ** 2 + (r[2] - r[3]) ** 2) / 16
    )
    return excess


def run(config: Config) -> xr.Dataset:
    """Loss on the four points along the gradient flow, for every width and draw.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    Loss and its excess over 1/2, by width, draw and time; the loss of the shifted sigmoid, which
    lacks the symmetry, at the largest width; the claimed bound, from the largest initial loss and
    the smallest entry of the outer kernel on the points.
    """
    t = np.linspace(0, config.t_end, config.num_times)
    shape = (len(config.widths), config.num_seeds, len(t))
    loss, excess = np.empty(shape), np.empty(shape)
    shifted = np.empty(shape[1:])
    for k in range(config.num_seeds):
        for i, width in enumerate(with_bar(config.widths, "widths")):
            X, flow = _flow(SIGMOID, width, k, t, config)
            loss[i, k], excess[i, k] = flow.loss, excess_loss(flow.residual)
        _, flow = _flow(SHIFTED_SIGMOID, max(config.widths), k, t, config)
        shifted[k] = flow.loss
    # The smallest entry belongs to x and -x, and is the same for all unit vectors.
    smallest = tangent_kernel(X, X, depth=1, activation=SIGMOID, trained=(1,)).min()
    claimed = loss_decay(t, constant=loss[..., 0].max(), kernel_bound=smallest)
    dims = ("width", "draw", "t")
    return xr.Dataset(
        {
            "loss": (dims, loss, {"long_name": "loss", "units": "1"}),
            "excess": (dims, excess, {"long_name": "loss minus 1/2", "units": "1"}),
            "shifted_loss": (
                dims[1:],
                shifted,
                {"long_name": "loss with the shifted sigmoid", "units": "1"},
            ),
            "claimed_loss": ("t", claimed, {"long_name": "loss, as claimed", "units": "1"}),
        },
        coords={
            "width": ("width", list(config.widths), {"long_name": "width", "units": "1"}),
            "t": ("t", t, {"long_name": "time", "units": "time"}),
        },
    )


def _flow(
    activation: Activation,
    width: int,
    draw: int,
    t: Float[np.ndarray, " t"],
    config: Config,
) -> tuple[Float[np.ndarray, "n d"], Trajectory]:
    rng = stream(config.seed, "four points", width, draw)
    X, y, nu = four_points(config.input_dim, rng)
    W, a = gaussian_rademacher(width, config.input_dim, rng)
    network = TwoLayerNetwork(W, a, activation=activation)
    return X, gradient_flow(network, X, y, t_end=config.t_end, t_eval=t, nu=nu)


EXPERIMENT = Experiment(
    name="two_layer_flow.four_points",
    summary="four points on which the loss never falls below 1/2, at any width",
    scales=SCALES,
    run=run,
)
