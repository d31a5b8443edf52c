r"""The same eigenvalues for activations with r continuous derivatives, which the theory asks for.

With a jump in the derivative of order r + 1 the exponent is :math:`-d - 2r`, unless the
singularities at both ends of [-1, 1] cancel.
"""

from companion.experiments.base import Experiment
from companion.experiments.sphere_approximation.degree_decay import KERNELS, Config, run

_ORDERS = ("relu", "elu", "mollified_relu(1)", "mollified_relu(2)")  # r = 0, 1, 1, 2

SCALES = {
    "smoke": Config(
        activations=("relu", "elu"),
        kernels=KERNELS[:1],
        depths=(1, 2),
        input_dims=(2,),
        max_degree=48,
    ),
    "book": Config(
        activations=_ORDERS,
        kernels=KERNELS[:1],
        depths=(1, 2),
        max_degree=128,
        shown_per_octave=8,
    ),
    # Beyond degree 512 nothing rises above rounding.
    "document": Config(
        activations=(*_ORDERS, "mollified_relu(3)"),
        kernels=KERNELS[:2],
        depths=(1, 2, 3),
        max_degree=512,
        shown_per_octave=8,
    ),
}

EXPERIMENT = Experiment(
    name="sphere_approximation.kink_orders",
    summary="eigenvalues by degree for activations with continuous derivatives",
    scales=SCALES,
    run=run,
)
