"""Explicit Runge-Kutta methods of order four that are stable far along the negative axis.

A method with s stages multiplies the mode of rate z / h by a polynomial R(z) of degree s. An
ordinary method stays bounded for -3 < z; here |R| < 1 down to z = -0.3 s^2, as far as a degree
allows, so that the price of a stiff equation with real spectrum is the square root of its
stiffness.

The polynomial is a product w(z) P(z). P belongs to s - 4 stages with a recurrence of three terms,
which is stable against rounding; w to the last four stages, whose coefficients meet the
conditions of order four for nonlinear equations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float

from companion.numerics.stability_polynomials import (
    ROUNDING,
    StabilityPolynomial,
    stability_polynomial,
)

Vector = Float[np.ndarray, " p"]
Plain = np.ndarray  # in private helpers: shapes are checked where they enter

# Neighbours differ by little, so that no stage is wasted; each is computed when first needed.
LADDER = (*range(6, 33), *np.unique(np.geomspace(35, 250, 25).round().astype(int)).tolist())

LONGEST_INTERVAL = 0.31  # no stability interval is longer, in units of the square of the stages

# Coefficients of the last four stages in units of their length, where their search starts.
NEWTON_STEPS = 20
FINISH = (0.38, -0.20, 0.65, -0.10, -0.02, 1.17, 0.01, 0.44, 0.38, 0.17)


@dataclass(frozen=True, eq=False)
class StabilizedScheme:
    r"""One method: a recurrence of three terms, then four stages.

    .. math::
        g_j = h \mu_j F(g_{j-1}) + \nu_j g_{j-1} + (1 - \nu_j) g_{j-2}, \qquad
        y_1 = g_{s-4} + h \sum_i b_i k_i

    Parameters
    ----------
    num_stages
        Evaluations of the field in a step, the one at its start included.
    polynomial
        What a step multiplies a mode by, with the recurrence of all stages but four.
    A, b
        Coefficients of the last four stages.
    fourth, third
        Weights of the last stage of the recurrence and of the last four in estimates of the
        fourth and the third derivative of the solution.

    Scale
    -----
    The unit of time is the step.

    References
    ----------
    A. Abdulle, "Fourth order Chebyshev methods with recurrence relation", SIAM J. Sci. Comput.
    23, 2002 (the last four stages). The estimate of the error is another one.
    """

    num_stages: int
    polynomial: StabilityPolynomial
    A: Float[np.ndarray, "4 4"]
    b: Float[np.ndarray, " 4"]
    fourth: Float[np.ndarray, " 5"]
    third: Float[np.ndarray, " 5"]

    @property
    def stability_interval(self) -> float:
        """Modes are damped for step times rate between 0 and this."""
        return self.polynomial.interval

    def advance(
        self, field: Callable[[Vector], Vector], state: Vector, slope: Vector, h: float
    ) -> tuple[Vector, Vector]:
        """One step of an autonomous equation.

        Parameters
        ----------
        field
            The right-hand side.
        state, slope
            The state and ``field(state)``.
        h
            The step.

        Returns
        -------
        The new state and its estimated error.

        Scale
        -----
        The error is that of one step. Its fifth derivative is the fourth, times the ratio of the
        sizes of the fourth and the third.
        """
        mu, nu = self.polynomial.mu, self.polynomial.nu
        before, here, latest = state, state + h * mu[0] * slope, slope
        for j in range(1, len(mu)):
            latest = field(here)
            before, here = here, (h * mu[j]) * latest + nu[j] * here + (1 - nu[j]) * before
        stages = np.empty((5, len(state)))
        stages[0] = latest
        for index in range(4):
            stages[index + 1] = field(
                here + h * (self.A[index, :index] @ stages[1 : index + 1]) if index else here
            )
        fourth, third = h * (self.fourth @ stages), h * (self.third @ stages)
        size = float(np.linalg.norm(third))
        ratio = float(np.linalg.norm(fourth)) / size if size > 0 else 0.0
        return here + h * (self.b @ stages[1:]), self.polynomial.error_constant * ratio * fourth


@cache
def stabilized_scheme(num_stages: int) -> StabilizedScheme:
    r"""The method with a given number of stages.

    Parameters
    ----------
    num_stages
        At least 6.

    Returns
    -------
    The method; it is computed once in a process.

    Scale
    -----
    Its stability interval is about ``0.3 * num_stages**2``.

    Raises
    ------
    ValueError
        If there are fewer than 6 stages.
    ArithmeticError
        If the coefficients are not found to rounding.

    References
    ----------
    A. Abdulle, "Fourth order Chebyshev methods with recurrence relation", SIAM J. Sci. Comput.
    23, 2002 (the last four stages).
    """
    if num_stages < 6:
        raise ValueError(f"`num_stages` must be at least 6; got {num_stages}.")
    polynomial = stability_polynomial(num_stages)
    rows = _rows(polynomial.mu, polynomial.nu)
    A, b = _finishing(rows, polynomial.weight)
    fourth, third = _derivative_weights(_tableau(rows, A, b))
    return StabilizedScheme(num_stages, polynomial, A, b, fourth, third)


def scheme_for(stiffness: float) -> StabilizedScheme:
    """The cheapest method of the ladder that is stable for a product of step and rate.

    Parameters
    ----------
    stiffness
        Step times the largest rate of decay.

    Returns
    -------
    A method; the last one of the ladder where none is stable.

    Scale
    -----
    Compare ``stiffness`` with ``stability_interval`` of what is returned.

    References
    ----------
    A. Abdulle, "Fourth order Chebyshev methods with recurrence relation", SIAM J. Sci. Comput.
    23, 2002 (the choice of the stages in a step).
    """
    for num_stages in LADDER:
        if LONGEST_INTERVAL * num_stages**2 < stiffness:
            continue  # known without its coefficients
        if stabilized_scheme(num_stages).stability_interval >= stiffness:
            break
    return stabilized_scheme(num_stages)


def _rows(mu: Plain, nu: Plain) -> Plain:
    # Row j: the weights of all slopes in stage j of the recurrence.
    rows = np.zeros((len(mu) + 1, len(mu)))
    for j in range(len(mu)):
        rows[j + 1] = nu[j] * rows[j] + (1 - nu[j]) * rows[max(j - 1, 0)]
        rows[j + 1, j] += mu[j]
    return rows


def _last_stages(finish: Plain) -> tuple[Plain, Plain]:
    A = np.zeros((4, 4), finish.dtype)
    A[1, 0], A[2, :2], A[3, :3] = finish[0], finish[1:3], finish[3:6]
    return A, finish[6:]


def _finishing(rows: Plain, weight: Plain) -> tuple[Plain, Plain]:
    # The conditions of trees without branches are those of w; the recurrence enters the others
    # by a few sums, the trees over it.
    T, d = rows[:-1], rows[-1]
    c = T.sum(axis=1)
    first, second, square = d.sum(), d @ c, d @ c**2
    trees = np.array([square, d @ c**3, d @ (c * (T @ c)), d @ (T @ c**2)])

    def conditions(finish: Plain) -> Plain:
        A, b = _last_stages(finish)
        ones = np.ones(4)
        linear = [b @ ones, b @ A @ ones, b @ A @ (A @ ones), b @ A @ (A @ (A @ ones))]
        nodes = first + A @ ones
        branched = [
            b @ nodes**2,
            b @ nodes**3,
            b @ (nodes * (second + A @ nodes)),
            b @ (square + A @ nodes**2),
        ]
        return np.array(
            [*(linear - weight[1:]), *(trees + branched - [1 / 3, 1 / 4, 1 / 8, 1 / 12])]
        )

    finish = weight[1] * np.array(FINISH)
    for _ in range(NEWTON_STEPS):
        # Ten unknowns for eight conditions: the shortest step.
        step = np.linalg.lstsq(_derivative(conditions, finish), conditions(finish))[0]
        finish -= step
        if np.abs(step).max() < 1e-9:  # the next one would be its square
            break
    remainder = float(np.abs(conditions(finish)).max())
    if not remainder < ROUNDING:
        raise ArithmeticError(f"the last four stages are only known to {remainder:.1e}")
    return _last_stages(finish)


def _derivative(conditions: Callable[[Plain], Plain], at: Plain) -> Plain:
    # Exact to rounding: the conditions are polynomials, and nothing is subtracted.
    tiny = 1e-30
    return np.stack([conditions(at + 1j * tiny * unit).imag / tiny for unit in np.eye(len(at))], 1)


def _tableau(rows: Plain, A: Plain, b: Plain) -> Plain:
    # Rows are stages, the last row is the new state.
    last = np.hstack([np.repeat(rows[-1:], 5, axis=0), np.vstack([A, b])])
    return np.vstack([np.hstack([rows[:-1], np.zeros((len(rows) - 1, 4))]), last])


def _derivative_weights(tableau: Plain) -> tuple[Plain, Plain]:
    # Of five stages, all damped by the recurrence: earlier ones and the slope at the end are not.
    T = tableau[:-1]
    c = T.sum(axis=1)
    conditions = np.array([np.ones(len(c)), c, c**2 / 2, T @ c])[:, -5:]
    third = np.linalg.lstsq(conditions, np.array([0.0, 0.0, 1.0, 1.0]))[0]
    free = np.linalg.svd(conditions)[2][-1]
    return free / (free @ (T @ (T @ c))[-5:]), third
