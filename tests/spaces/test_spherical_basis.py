"""Explicit harmonics: orthonormal, harmonic, and those of two other libraries."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln, lpmv

from companion.spaces.circle import circle_points, fourier_basis
from companion.spaces.harmonics import gegenbauer, multiplicities
from companion.spaces.sphere import uniform_on_sphere
from companion.spaces.sphere_rule import sphere_rule
from companion.spaces.spherical_basis import spherical_basis

SIZES = pytest.mark.parametrize(
    ("input_dim", "max_degree"), [(2, 30), (3, 12), (4, 6), (6, 3), (10, 2)]
)

# Sums over the harmonics of one degree, sum_a Y_a(x_i) Y_a(x_j) for (i, j) = (0, 1), (0, 2),
# (1, 2), at the normalised rows of POINTS; printed by spherical-harmonics-basis 0.0.4 (V.
# Dutordoir), which takes its harmonics from optimised point sets and a Cholesky factor.
POINTS = np.array(
    [
        [1.0, 2.0, -1.0, 3.0, 1.0, -2.0, 2.0, 1.0, -3.0, 1.0],
        [2.0, -1.0, 2.0, 1.0, -3.0, 1.0, 1.0, -2.0, 1.0, 2.0],
        [-1.0, 1.0, 3.0, 2.0, 1.0, 2.0, -1.0, 3.0, 2.0, -2.0],
    ]
)
REFERENCE = {
    (3, 1): [-0.8164965809277261, -0.7385489458759963, 0.9045340337332907],
    (3, 3): [2.5049308686486422, 2.323818147882555, -2.68619197896553],
    (3, 6): [0.9289075598231995, 0.20965335169879373, 1.7190082644628049],
    (4, 2): [-2.919999999999999, -2.1466666666666683, -0.9999999999999999],
    (4, 4): [4.603555555555562, 1.1378765432098654, -2.7777777777777874],
    (4, 5): [2.8355728727301317, 6.218018765432068, 3.8103173776626997],
    (6, 2): [-3.039999999999983, -3.9399999999999977, -3.0399999999999983],
    (6, 3): [5.359999999999974, -1.4900000000000173, -5.3600000000000065],
    (10, 1): [-1.5430334996209176, -1.6452254913212443, -1.4808721943977317],
    (10, 2): [-4.571428571428562, -4.375939849624086, -4.684210526315781],
}


# Exact values ------------------------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [2, 3, 4, 10])
def test_coordinates_are_the_harmonics_of_degree_one(input_dim, rng):
    X = uniform_on_sphere(5, input_dim, rng)
    basis, degrees = spherical_basis(X, max_degree=1)
    assert degrees.tolist() == [0] + [1] * input_dim
    assert_allclose(basis[:, 0], 1, rtol=1e-14)
    assert_allclose(basis[:, 1:], np.sqrt(input_dim) * X, rtol=1e-14)


def test_circle():
    basis, degrees = spherical_basis(circle_points(41), max_degree=20)
    expected, expected_degrees = fourier_basis(41)
    assert_allclose(basis, expected, atol=1e-14)  # powers up to the twentieth
    assert_allclose(degrees, expected_degrees)


# Identities --------------------------------------------------------------------------------


@SIZES
def test_orthonormal_under_an_exact_rule(input_dim, max_degree):
    points, weights = sphere_rule(input_dim=input_dim, degree=2 * max_degree)
    basis, degrees = spherical_basis(points, max_degree=max_degree)
    counts = multiplicities(input_dim=input_dim, max_degree=max_degree)
    assert np.bincount(degrees).tolist() == counts.tolist()
    gram = basis.T @ (weights[:, None] * basis)
    assert_allclose(gram, np.eye(len(gram)), atol=1e-13)  # linear algebra of numbers up to 10


@SIZES
def test_addition_theorem(input_dim, max_degree, rng):
    X, Z = uniform_on_sphere(7, input_dim, rng), uniform_on_sphere(6, input_dim, rng)
    at_x, degrees = spherical_basis(X, max_degree=max_degree)
    at_z, _ = spherical_basis(Z, max_degree=max_degree)
    zonal = gegenbauer(X @ Z.T, input_dim=input_dim, max_degree=max_degree)
    counts = multiplicities(input_dim=input_dim, max_degree=max_degree)
    for k in range(max_degree + 1):
        found = at_x[:, degrees == k] @ at_z[:, degrees == k].T
        assert_allclose(found, counts[k] * zonal[k], atol=1e-13 * counts[k])


def test_parity(rng):
    X = uniform_on_sphere(9, 5, rng)
    basis, degrees = spherical_basis(X, max_degree=5)
    opposite, _ = spherical_basis(-X, max_degree=5)
    assert_allclose(opposite, basis * (-1.0) ** degrees, atol=1e-13)


# Independent computations ------------------------------------------------------------------


def test_associated_legendre_functions(rng):
    # d = 3 with the first coordinate as the axis: |order| = m of sqrt((2k+1)(k-m)!/(k+m)!)
    # P_k^m(x_1) times sqrt 2 cos m phi or sqrt 2 sin m phi, up to the sign (-1)^m of SciPy.
    X = uniform_on_sphere(40, 3, rng)
    basis, degrees = spherical_basis(X, max_degree=25)
    phi = np.arctan2(X[:, 2], X[:, 1])
    for k in (1, 2, 7, 25):
        columns = []
        for m in range(k + 1):
            size = np.sqrt((2 * k + 1) * np.exp(gammaln(k - m + 1) - gammaln(k + m + 1)))
            along = (-1) ** m * size * lpmv(m, k, X[:, 0])
            waves = [np.cos(m * phi), np.sin(m * phi)] if m else [np.full(40, np.sqrt(1 / 2))]
            columns += [np.sqrt(2) * along * wave for wave in waves]
        # lpmv and the factorials carry a relative error of about 1e-13 each.
        assert_allclose(basis[:, degrees == k], np.stack(columns, axis=1), atol=1e-12)


@pytest.mark.parametrize(("input_dim", "degree"), REFERENCE)
def test_values_of_another_library(input_dim, degree):
    X = POINTS[:, :input_dim] / np.linalg.norm(POINTS[:, :input_dim], axis=1, keepdims=True)
    basis, degrees = spherical_basis(X, max_degree=degree)
    gram = basis[:, degrees == degree] @ basis[:, degrees == degree].T
    # The other library keeps about 13 digits of the sums, which are at most 54 on the diagonal.
    found = [gram[0, 1], gram[0, 2], gram[1, 2]]
    assert_allclose(found, REFERENCE[input_dim, degree], atol=2e-13)


@pytest.mark.parametrize("input_dim", [3, 4, 6])
def test_laplacian_by_differences(input_dim, rng):
    # Along a great circle x cos s + v sin s the second derivatives, summed over orthonormal v,
    # are the Laplacian, which multiplies a harmonic of degree k by -k (k + d - 2).
    point = uniform_on_sphere(1, input_dim, rng)[0]
    tangents = np.linalg.svd(point[None])[2][1:]
    step = 1e-3

    def along(s):
        return spherical_basis(point * np.cos(s) + tangents * np.sin(s), max_degree=3)

    ahead, degrees = along(step)
    behind, _ = along(-step)
    here, _ = spherical_basis(point[None], max_degree=3)
    laplacian = (ahead + behind - 2 * here).sum(axis=0) / step**2
    # Truncation k^4 step^2 / 12 per direction, rounding 1e-16 * 10 / step^2.
    assert_allclose(laplacian, -degrees * (degrees + input_dim - 2) * here[0], atol=2e-4)


# Where naive formulas fail -----------------------------------------------------------------


@pytest.mark.parametrize("input_dim", [3, 4, 6])
def test_poles(input_dim):
    # Angles are undefined at the axis points, where all but the zonal harmonics vanish.
    X = np.zeros((2, input_dim))
    X[:, 0] = 1, -1
    basis, degrees = spherical_basis(X, max_degree=4)
    squares = np.stack([(basis[:, degrees == k] ** 2).sum(axis=1) for k in range(5)])
    counts = multiplicities(input_dim=input_dim, max_degree=4)
    assert_allclose(squares, np.stack([counts, counts], axis=1), rtol=1e-13)
    assert (np.abs(basis[0]) > 1e-12).sum() == 5


def test_high_degree_on_a_meridian():
    # Degree 400, where (1 - t^2)^200 underflows near the poles and factorials overflow.
    angle = np.linspace(0, np.pi, 7)
    X = np.stack([np.cos(angle), np.sin(angle), np.zeros(7)], axis=1)
    basis, degrees = spherical_basis(X, max_degree=400)
    squares = (basis[:, degrees == 400] ** 2).sum(axis=1)
    assert_allclose(squares, 801, rtol=1e-10)  # four hundred steps of a recurrence


# Bad input ---------------------------------------------------------------------------------


def test_points_off_the_sphere():
    X = np.array([[1.0, 0.0, 0.0], [0.0, 0.6, 0.8], [0.0, 1.25, 0.0], [1.1, 0, 0]])
    with pytest.raises(ValueError, match=r"got norm 1.25 in row 2, a defect of 2.5e-01. Divide"):
        spherical_basis(X, max_degree=2)


def test_other_bad_input(unchecked):
    X = np.eye(3)
    with pytest.raises(ValueError, match="`input_dim` must be at least 2; got 1"):
        spherical_basis(np.ones((2, 1)), max_degree=2)
    with pytest.raises(ValueError, match="`max_degree` must be nonnegative; got -1"):
        spherical_basis(X, max_degree=-1)
    with pytest.raises(TypeError, match="`X` must be a NumPy array of float64"):
        spherical_basis(np.eye(3, dtype=int), max_degree=1)
    with pytest.raises(ValueError, match=r"`max_degree` must leave at most 44739242 harmonics"):
        spherical_basis(X, max_degree=10**4)
