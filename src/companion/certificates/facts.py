"""What is measured of a network on its data before any theorem is asked."""

from dataclasses import dataclass

from companion.certificates.activation_facts import ActivationFacts
from companion.certificates.points import PointFacts
from companion.certificates.spectrum import SpectrumFacts


@dataclass(frozen=True)
class Facts:
    r"""Facts about a network, its data and its start.

    Attributes
    ----------
    num_params
        Trainable parameters P.
    num_samples, output_dim, num_rows
        n, q and n q.
    architecture
        What the module was recognised as; ``"unknown"`` if it was not.
    activations
        Facts about the activations found among the submodules, each once.
    unknown_activations
        Classes of further activations among them, of which nothing is known here.
    activations_complete
        Whether these are all: known only if the architecture is.
    rank_bound, rank_bound_reason
        An upper bound of the rank of the Jacobian that follows from the layers; what it counts.
    points
        Facts about the inputs; None if they are not one array with a row per sample.
    spectrum
        The spectrum of the weighted Gram matrix at the start.
    loss, residual_norm
        At the start: ``1/2 sum nu_i |r_i|**2``, and the root of twice that.
    gradient_norm
        :math:`|\nabla \ell|` at the start.
    dissipation_rate
        :math:`|\nabla \ell|^2 / |r|_\nu^2` at the start, the rate at which the residual falls
        there; None if it is zero.
    total_weight
        Sum of the weights nu.
    precision
        Relative rounding error of the module's arithmetic.

    Scale
    -----
    Residual = prediction - target. Rates are those of the residual under the flow of
    ``1/2 sum nu_i |r_i|**2``, in 1 / time; the loss decays twice as fast.
    """

    num_params: int
    num_samples: int
    output_dim: int
    num_rows: int
    architecture: str
    activations: tuple[ActivationFacts, ...]
    unknown_activations: tuple[str, ...]
    activations_complete: bool
    rank_bound: int
    rank_bound_reason: str
    points: PointFacts | None
    spectrum: SpectrumFacts
    loss: float
    residual_norm: float
    gradient_norm: float
    dissipation_rate: float | None
    total_weight: float
    precision: float

    @property
    def overparametrised(self) -> bool:
        """Whether there are at least as many parameters as outputs on the data."""
        return self.num_params >= self.num_rows
