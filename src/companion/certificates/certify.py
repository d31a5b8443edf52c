"""The front door: facts and theorems for a module on its data."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn.modules import activation

from companion.certificates import preconditions
from companion.certificates.activation_facts import ActivationFacts, activation_facts
from companion.certificates.case import Case
from companion.certificates.certificate import Certificate
from companion.certificates.chain import Chain, chain_of
from companion.certificates.convergence import convergence_certificate
from companion.certificates.convexity import negative_curvature
from companion.certificates.curvature import ChainCurvature
from companion.certificates.facts import Facts
from companion.certificates.findings import findings
from companion.certificates.points import point_facts
from companion.certificates.spectrum import SpectrumFacts, bounded_spectrum, dense_spectrum
from companion.certificates.theorems import (
    general_architectures,
    sobolev_training,
    sphere_approximation,
    training_dynamics,
    two_layer_flow,
)
from companion.certificates.turning import turning
from companion.certificates.weighted_jacobian import WeightedJacobian
from companion.dynamics.objective import Objective
from companion.tangent.linearization import Linearization
from companion.tangent.preconditions import Call
from companion.tangent.predictor import Predictor
from companion.tangent.rank import RankBound, rank_bound

MEMORY = 2**30  # bytes; matrices of 5,700 rows
_EVERYWHERE = 1e100  # radius of a ball beyond every kink, whose square is finite
_MATRICES = 4  # of the size of the Gram matrix that are held at once

_DOCUMENTS = (
    sphere_approximation,
    two_layer_flow,
    general_architectures,
    sobolev_training,
    training_dynamics,
)


def certify(
    module: nn.Module,
    X: Any,
    y: Shaped[Tensor | np.ndarray, "..."],
    *,
    nu: Shaped[Tensor | np.ndarray, "..."] | None = None,
    call: Call | None = None,
    memory: int = MEMORY,
    seed: int = 0,
) -> Certificate:
    r"""Which convergence theorem applies to a module on its data, why or why not, at which rate.

    .. math::
        \dot\theta = -\nabla \ell(\theta), \qquad
        \ell(\theta) = \frac12 \sum_{i=1}^n \nu_i\, |f(x_i; \theta) - y_i|^2

    Parameters
    ----------
    module
        Any module in evaluation mode; its parameters are the start. It is not changed.
    X, y
        Data and targets; ``y`` has the shape of ``module(X)``. NumPy arrays are welcome.
    nu
        Weights of the data points; ones by default.
    call
        ``call(module, X)`` gives the outputs, for inputs of any structure; ``module(X)`` by
        default.
    memory
        Bytes that matrices and recorded passes may take. Where the Gram matrix of all outputs does
        not fit, bounds from products take its place, and rows that need the matrix cannot be
        decided.
    seed
        Of the random vectors with which eigenvalues are bounded and the curvature is measured.

    Returns
    -------
    The certificate. It prints as a table, shows as one in notebooks, and has ``to_dict`` and
    ``to_json``. Equal points that make the kernel singular are an ``EqualPointsWarning``, too.

    Scale
    -----
    Residual = prediction - target. All rates are those of the residual in the time of this flow:
    ``|r(t)|_nu <= exp(-rate t) |r(0)|_nu``; the loss decays twice as fast. ``nu = 1/n`` makes time
    ``n`` times slower.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is not finite, a weight is negative, a layer is in training
        mode, no parameter requires a gradient, ``memory`` does not hold one sample, ``seed`` is
        negative, or targets, weights or derivatives are so large that squares overflow.
    TypeError
        If an array is complex, ``y`` or ``nu`` is not of a real floating type, or ``memory`` or
        ``seed`` is not a whole number.

    Notes
    -----
    Facts come first: counts, rank, the spectrum of the weighted Gram matrix, the position of the
    points, the activations. Then each theorem of the five documents is asked in the form in which
    it is true. The certificate that does not depend on the length of the run is proved in
    :func:`companion.claims.general_architectures_corrected.basin`; its curvature is bounded for
    chains of affine layers and activations, see
    :class:`companion.certificates.curvature.ChainCurvature`, and only measured for other modules,
    where it can then be refuted and not proved.

    *Cost.* Where the Gram matrix fits: forming it, and a few factorisations of its size. Where it
    does not: 30 products with the kernel, and at most 200 with the Jacobian or its transpose
    where the curvature is measured, beside the memory of 31 vectors of all outputs. 50,000
    outputs of 200,000 parameters on 1,000 samples take about a minute of one core.

    References
    ----------
    The five documents: G. Welper, arXiv:2309.04860; L. Li, arXiv:1909.13671; Y. Jakhmola,
    arXiv:2509.23887; J. Cocola and P. Hand, arXiv:2006.07928; L. Wu, lecture slides, 2021.
    """
    started = time.process_time()
    memory, seed = preconditions.checked_memory(memory), preconditions.checked_seed(seed)
    objective = Objective(module, X, y, nu, call=call)
    preconditions.check_scales(objective)
    predictor = objective.predictor

    def jacobian_at(theta: Float[Tensor, " p"]) -> WeightedJacobian:
        return WeightedJacobian(
            module,
            X,
            _root(objective),
            call=call,
            memory=memory,
            parameters=predictor.split(theta),
        )

    chain = chain_of(predictor)
    bound = None if chain is None else ChainCurvature(chain, objective.weights.double().cpu())
    rank = rank_bound(module, X, call=call)
    facts, gradient = _facts(objective, chain, rank, jacobian_at, memory, seed)
    convergence = convergence_certificate(
        facts.residual_norm,
        facts.spectrum.lambda_min,
        bound=bound,
        measured=partial(_measured, jacobian_at, predictor, gradient, seed),
    )
    residual = objective.residual(objective.theta_0).reshape(facts.num_samples, -1)
    case = Case(
        facts=facts,
        convergence=convergence,
        chain=chain,
        inputs=_rows(predictor),
        nu=objective.weights.double().cpu(),
        residual=torch.from_numpy(residual),
        affordable=_affordable(facts.num_samples, memory),
        convex=_convex(objective, bound, seed),
    )
    return Certificate(
        facts=facts,
        theorems=tuple(row for document in _DOCUMENTS for row in document.rows(case)),
        convergence=convergence,
        warnings=findings(objective, case),
        seconds=time.process_time() - started,
    )


def _facts(
    objective: Objective,
    chain: Chain | None,
    rank: RankBound,
    jacobian_at: Callable[[Tensor], WeightedJacobian],
    memory: int,
    seed: int,
) -> tuple[Facts, Float[Tensor, " p"]]:
    predictor = objective.predictor
    outputs, gradient = predictor.pull_back(predictor.theta_0, objective.weighted_residual)
    norm = objective.norm((outputs - objective.y).double().cpu().numpy())
    length = float(torch.linalg.vector_norm(gradient.double()))
    known, unknown = _activations(predictor, chain)
    rows = _rows(predictor)
    facts = Facts(
        num_params=predictor.num_params,
        num_samples=predictor.num_samples,
        output_dim=predictor.output_dim,
        num_rows=predictor.num_rows,
        architecture=_architecture(chain),
        activations=tuple(known),
        unknown_activations=tuple(unknown),
        activations_complete=chain is not None,
        rank_bound=rank.bound,
        rank_bound_reason=rank.deciding,
        points=None if rows is None else point_facts(rows),
        spectrum=_spectrum(objective, jacobian_at, rank.bound, memory, seed),
        loss=norm**2 / 2,
        residual_norm=norm,
        gradient_norm=length,
        dissipation_rate=(length / norm) ** 2 if norm > 0 else None,
        total_weight=float(objective.nu.sum()),
        precision=objective.precision,
    )
    return facts, gradient


def _spectrum(
    objective: Objective,
    jacobian_at: Callable[[Tensor], WeightedJacobian],
    rank: int,
    memory: int,
    seed: int,
) -> SpectrumFacts:
    predictor, precision = objective.predictor, objective.precision
    if _affordable(predictor.num_rows, memory):
        gram = Linearization(predictor, predictor.theta_0).gram().double().cpu().numpy()
        weights = _root(objective).double().cpu().numpy()
        kept = weights > 0
        preconditions.check_derivatives(gram)
        weighted = weights[:, None] * gram * weights
        return dense_spectrum(weighted[np.ix_(kept, kept)], precision=precision)
    jacobian = jacobian_at(predictor.theta_0)
    return bounded_spectrum(jacobian, rank_bound=rank, precision=precision, seed=seed)


def _affordable(rows: int, memory: int) -> bool:
    return _MATRICES * 8 * rows**2 <= memory


def _root(objective: Objective) -> Float[Tensor, " nq"]:
    return (objective.weights**0.5).repeat_interleave(objective.predictor.output_dim)


def _rows(predictor: Predictor) -> Float[np.ndarray, "n d"] | None:
    X = predictor.X
    if not isinstance(X, Tensor | np.ndarray) or X.ndim < 2 or len(X) != predictor.num_samples:
        return None
    rows: np.ndarray = torch.as_tensor(X).detach().double().cpu().reshape(len(X), -1).numpy()
    return rows


def _architecture(chain: Chain | None) -> str:
    if chain is None:
        return "unknown"
    widths = "-".join(map(str, chain.widths))
    kind = "fully connected" if len(chain.layers) != 2 else "fully connected with two layers"
    return f"{kind}, widths {widths}"


def _activations(
    predictor: Predictor, chain: Chain | None
) -> tuple[list[ActivationFacts], list[str]]:
    known: dict[str, ActivationFacts] = {}
    unknown: dict[str, None] = {}
    if chain is not None:
        known = {facts.name: facts for facts in chain.activations}
    for layer in predictor.module.modules() if chain is None else ():
        facts = activation_facts(layer)
        if facts is not None:
            known[facts.name] = facts
        elif type(layer).__name__ in activation.__all__ and not any(layer.children()):
            unknown[type(layer).__name__] = None
    known.pop("identity", None)
    return list(known.values()), list(unknown)


def _measured(
    jacobian_at: Callable[[Tensor], WeightedJacobian],
    predictor: Predictor,
    gradient: Float[Tensor, " p"],
    seed: int,
    radius: float,
    enough: float,
) -> float | None:
    start = predictor.theta_0
    try:
        return turning(jacobian_at, start, gradient, radius=radius, enough=enough, seed=seed)
    except RuntimeError:  # an operation without a second derivative
        return None


def _convex(objective: Objective, bound: ChainCurvature | None, seed: int) -> bool | None:
    if bound is not None and bound(_EVERYWHERE) == 0:
        return True
    try:
        return False if negative_curvature(objective, seed=seed) is not None else None
    except RuntimeError:  # an operation without a second derivative
        return None
