"""Activation functions with the facts that theorems ask of them."""

from companion.activations.facts import Activation
from companion.activations.names import activation
from companion.activations.piecewise import ELU, HARD_TANH, RELU, leaky_relu
from companion.activations.smooth import (
    ERF,
    GAUSSIAN_BUMP,
    GELU,
    NORMAL_CDF,
    SHIFTED_SIGMOID,
    SIGMOID,
    SILU,
    SOFTPLUS,
    TANH,
)
from companion.activations.splines import mollified_relu

__all__ = [
    "ELU",
    "ERF",
    "GAUSSIAN_BUMP",
    "GELU",
    "HARD_TANH",
    "NORMAL_CDF",
    "RELU",
    "SHIFTED_SIGMOID",
    "SIGMOID",
    "SILU",
    "SOFTPLUS",
    "TANH",
    "Activation",
    "activation",
    "leaky_relu",
    "mollified_relu",
]
