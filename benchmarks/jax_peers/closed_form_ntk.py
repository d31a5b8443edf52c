"""Closed-form tangent kernel of an infinitely wide ReLU network by neural-tangents.

    python closed_form_ntk.py INPUT.npz OUTPUT.npz --depth 1 [--repeats 2]

INPUT holds `X` (n, d). OUTPUT receives `corner`, the first rows and columns of the kernel. The
layers are scaled as in `companion.kernels.tangent_kernel`: no bias, no factor 2.
"""

import numpy as np
from peer import arguments, measured, report

import jax.numpy as jnp  # isort: skip  (after the settings that `peer` makes)
from neural_tangents import stax  # isort: skip

CORNER = 300


def main():
    given, output, repeats, depth = arguments(depth=1)
    X = jnp.asarray(given["X"])
    # Its layers divide by the width in; the first is undone by the factor d on the variance.
    first = stax.Dense(1, W_std=X.shape[1] ** 0.5, b_std=None)
    later = [stax.Dense(1, W_std=1.0, b_std=None) for _ in range(depth)]
    layers = [first, *(part for layer in later for part in (stax.Relu(), layer))]
    *_, kernel = stax.serial(*layers)
    values, facts = measured(lambda X: kernel(X, None, "ntk"), X, repeats=repeats)
    np.savez(output, corner=np.asarray(values[:CORNER, :CORNER]))
    report(num_samples=len(X), depth=depth, **facts)


if __name__ == "__main__":
    main()
