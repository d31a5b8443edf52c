"""Gram matrix of a ReLU network by the structured derivatives of neural-tangents.

    python ntk_gram.py INPUT.npz OUTPUT.npz [--repeats 3]

INPUT holds `X` (n, d) and, as PyTorch stores a linear layer, `weight_0`, `bias_0`, `weight_1`, ...
OUTPUT receives `gram` (n q, n q), sample-major. One line of JSON goes to the standard output.
"""

import numpy as np
from peer import arguments, jax, measured, report

import jax.numpy as jnp  # isort: skip  (after the settings that `peer` makes)
import neural_tangents as nt  # isort: skip
from jax._src import source_info_util  # isort: skip
from jax.interpreters import ad  # isort: skip

# This release reaches two modules through an attribute that this JAX no longer has.
ad.source_info_util, ad.config = source_info_util, jax.config


def network(parameters, x):
    *hidden, (weight, bias) = parameters
    for inner, shift in hidden:
        x = jax.nn.relu(x @ inner + shift)
    return x @ weight + bias


def main():
    given, output, repeats = arguments()
    # Stored (in, out): behind a transposition the library does not see the structure.
    count = sum(name.startswith("weight_") for name in given)
    parameters = [
        (jnp.asarray(given[f"weight_{i}"].T.copy()), jnp.asarray(given[f"bias_{i}"]))
        for i in range(count)
    ]
    kernel = nt.empirical_ntk_fn(
        network,
        trace_axes=(),
        vmap_axes=0,
        implementation=nt.NtkImplementation.STRUCTURED_DERIVATIVES,
    )
    X = jnp.asarray(given["X"])
    # The parameters are arguments: as constants of the compiled program they hide the structure.
    gram, facts = measured(lambda X, theta: kernel(X, None, theta), X, parameters, repeats=repeats)
    size = gram.shape[0] * gram.shape[2]
    np.savez(output, gram=np.asarray(gram).transpose(0, 2, 1, 3).reshape(size, size))
    num_params = sum(weight.size + bias.size for weight, bias in parameters)
    report(num_params=num_params, num_rows=size, **facts)


if __name__ == "__main__":
    main()
