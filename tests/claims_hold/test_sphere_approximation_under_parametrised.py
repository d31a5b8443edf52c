"""Rows on training with fewer weights than samples: what is reached, and at what price."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from companion import records
from companion.activations import ELU, RELU
from companion.claims.sphere_approximation import coercivity_order, width_exponent
from companion.claims.sphere_approximation_cost import (
    least_coercivity_order,
    relu_tangent_dimension,
)
from companion.claims.sphere_approximation_rates import (
    classical_width_exponent,
    sharper_width_exponent,
)
from companion.dynamics.gradient_flow import gradient_flow
from companion.kernels.spectrum import network_spectrum
from companion.kernels.tangent_kernel import tangent_kernel
from companion.networks.circle_kinks import first_layer_kinks, second_layer_kinks
from companion.networks.fully_connected import FullyConnectedNetwork
from companion.networks.initialization import gaussian_layers, symmetric_layers
from companion.numerics.montecarlo import stream
from companion.numerics.rates import fit_power_law
from companion.spaces.circle import circle_points
from companion.spaces.harmonics import multiplicities
from companion.spaces.targets import borderline_energies, circle_target
from companion.tangent.jacobian import jacobian

RECORD = Path(__file__).parents[2] / "book/records/sphere_approximation/under_parametrised.nc"


def error_after(t_end, y, *, width=4, draw=0, trained="second_to_last"):
    """Relative error of a network on a grid with len(y) points, many for every weight."""
    layers = symmetric_layers((width, width), 2, stream(0, "row", width, draw))
    flow = gradient_flow(
        FullyConnectedNetwork(layers, activation=ELU, trained=trained),
        circle_points(len(y)),
        y,
        nu=np.full(len(y), 1 / len(y)),
        t_end=t_end,
        t_eval=[0.0, t_end],
        rtol=1e-2,
        method="stabilized",
    )
    return np.sqrt(flow.loss[-1] / flow.loss[0])


@pytest.fixture(scope="module")
def energies():
    return borderline_energies(input_dim=2, max_degree=31, smoothness=0.5)


# Fewer weights than samples ----------------------------------------------------------------


@pytest.mark.claim("W14", "W-D2", "W-D11", "W-D30")
@pytest.mark.parametrize("draw", [0, 1])
def test_a_smooth_target_is_learned_whatever_the_number_of_samples(energies, draw):
    errors = [
        error_after(
            100.0,
            circle_target(energies, num_points=count, rng=stream(1, draw)),
            draw=draw,
        )
        for count in (64, 256)  # 4 and 16 for every weight
    ]
    assert max(errors) < 0.8
    # What the grids see differently: the network beyond degree 32, and one per cent a step.
    assert_allclose(errors[0], errors[1], rtol=0.01)


@pytest.mark.claim("W-D2")
@pytest.mark.parametrize("draw", [0, 1])
def test_noise_is_not(draw):
    # 16 weights on 512 samples: a linear model leaves sqrt(1 - 16/512) = .984 on average, and
    # of the fluctuation (2 p)^(1/2) / N = .011 in the square three standard deviations.
    noise = stream(2, draw).standard_normal(512)
    assert error_after(100.0, noise, draw=draw) > 0.984 - 3 * 0.011 / 2


# Rates in the width ------------------------------------------------------------------------


@pytest.mark.claim("W14", "W-D30", "W-D33")
def test_the_power_of_the_width_is_above_the_theorem_and_below_the_classics(energies):
    widths, errors = np.array([2, 8]), []
    for width in widths:
        runs = [
            error_after(
                1000.0,
                circle_target(energies, num_points=256, rng=stream(1, draw)),
                width=int(width),
                draw=draw,
            )
            for draw in range(3)
        ]
        errors.append(np.mean(runs))
    power = -np.log(errors[1] / errors[0]) / np.log(widths[1] / widths[0])
    rho = width_exponent(0.5, coercivity_order=2.0, holder=0.5)
    assert power > 2 * rho
    assert power < classical_width_exponent(0.5, input_dim=2)


@pytest.mark.claim("W14", "W-D33")
def test_the_record_of_long_flows_says_the_same():
    long = records.load(RECORD).isel(activation=0, trained=0)
    assert (long.num_samples >= 4 * long.width**2).all()
    assert (long.error.diff("t") < 0).all()
    m = long.width.broadcast_like(long.linear_floor).values.ravel().astype(float)
    networks = fit_power_law(m, long.error.isel(t=-1).values.ravel())
    infinity = fit_power_law(m, long.linear_floor.values.ravel())
    classical = fit_power_law(m, long.fourier_error.values.ravel())
    rho = width_exponent(0.5, coercivity_order=2.0, holder=0.5)
    sharper = sharper_width_exponent(0.5, coercivity_order=2.0, holder=0.5)
    assert networks.high < -10 * max(rho, sharper)
    assert infinity.high < networks.low
    assert networks.low > classical.high


@pytest.mark.claim("W-D4")
@pytest.mark.parametrize("input_dim", [2, 3, 10, 100])
@pytest.mark.parametrize("derivatives", [0, 1, 3])
def test_the_proven_rate_is_below_an_eighth_of_the_classical_one(input_dim, derivatives):
    beta = coercivity_order(input_dim, continuous_derivatives=derivatives)
    for alpha in np.linspace(0.01, 0.5, 15):
        classical = classical_width_exponent(alpha, input_dim=input_dim)
        for gamma in np.linspace(0.01, 1, 15) * (1 - alpha):
            assert 8 * width_exponent(alpha, coercivity_order=beta, holder=gamma) < classical


@pytest.mark.claim("W-D4")
def test_eight_cannot_be_improved():
    # alpha to 0, gamma to 1 and d to infinity, ReLU.
    rho = width_exponent(1e-6, coercivity_order=5e5, holder=1 - 1e-6)
    assert_allclose(classical_width_exponent(1e-6, input_dim=1_000_000) / rho, 8, rtol=1e-4)


# Redundancy --------------------------------------------------------------------------------


@pytest.mark.claim("W-D5")
@pytest.mark.parametrize("width", [5, 9, 14])
def test_relu_features_span_as_many_dimensions_as_the_kinks_allow(width):
    W0, W1, signs = gaussian_layers((width, width), 2, stream(3, width))
    X = circle_points(4096)
    network = FullyConnectedNetwork((W0, W1, signs), activation=RELU)
    rank = np.linalg.matrix_rank(jacobian(network, X).numpy(), rtol=1e-11)
    kinks = len(first_layer_kinks(W0)), int(second_layer_kinks(W0, W1).sum())
    assert rank <= relu_tangent_dimension(*kinks)
    assert rank < width**2
    smooth = FullyConnectedNetwork((W0, W1, signs), activation=ELU)
    # The hypothesis that fails for ELU: it is no sinusoid between kinks, and all weights count.
    assert np.linalg.matrix_rank(jacobian(smooth, X).numpy(), rtol=1e-13) == width**2


# All layers --------------------------------------------------------------------------------


@pytest.mark.claim("W17", "W-D21")
def test_all_layers_give_a_lower_error_of_the_same_order(energies):
    ratios = []
    for draw in range(5):
        y = circle_target(energies, num_points=256, rng=stream(1, draw))
        last, every = (
            error_after(300.0, y, draw=draw, trained=name) for name in ("second_to_last", "all")
        )
        ratios.append(every / last)
    # Single runs may cross; on average the layers help, and no run gains an order.
    assert np.exp(np.mean(np.log(ratios))) < 0.97
    assert 0.5 < min(ratios) < max(ratios) < 1.1


# Dimension ---------------------------------------------------------------------------------


@pytest.mark.claim("W-D34")
@pytest.mark.parametrize("input_dim", [2, 3, 6])
def test_the_trace_is_the_value_on_the_diagonal(input_dim):
    layers = {"depth": 2, "activation": ELU, "trained": "second_to_last"}
    mu = network_spectrum(**layers, input_dim=input_dim, max_degree=40)
    trace = multiplicities(input_dim=input_dim, max_degree=40) @ mu
    diagonal = tangent_kernel(np.eye(2)[:1], **layers).item()
    # The eigenvalues fall like k^(-d-2) times k^(d-2) harmonics: a tail of order 40^-3.
    assert_allclose(trace, diagonal, rtol=1e-4)


@pytest.mark.claim("W-D34")
@pytest.mark.parametrize("input_dim", [2, 3, 7])
def test_coercivity_below_the_bound_would_make_it_infinite(input_dim):
    k = np.arange(40_001)
    counts = multiplicities(input_dim=input_dim, max_degree=40_000)
    least = least_coercivity_order(input_dim)
    for beta, growth in ((least, 1.0), (least - 0.1, 2**0.2), (least + 0.1, 2**-0.2)):
        sums = np.cumsum(counts * (1.0 + k) ** (-2 * beta))
        blocks = np.diff(sums[[5_000, 10_000, 20_000, 40_000]])
        # Each block is twice as long as the one before, so of growing sums none ends.
        assert_allclose(blocks[1:] / blocks[:-1], growth, rtol=5e-3)
    for r in range(4):
        assert coercivity_order(input_dim, continuous_derivatives=r) > least
