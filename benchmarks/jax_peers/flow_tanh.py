"""Gradient flow of a two-layer tanh network by diffrax, compiled.

    python flow_tanh.py INPUT.npz OUTPUT.npz [--solver Dopri5] [--rtol 1e-6] [--atol 1e-6]

The network is f(x) = scale * sum_r a_r tanh(w_r . x + bias_r), the loss 1/2 sum_i nu_i r_i^2.
INPUT holds `W` (m, d), `a` (m,), `X` (n, d), `y` (n,), `times` (t,) in increasing order from the
first after zero, and if wanted `bias` (m,), `nu` (n,), `scale` (), by default absent, ones and
m**-0.5. OUTPUT receives `loss` (t,) and the final `W`, `a`, `bias`.
"""

import numpy as np
from peer import arguments, jax, measured, report

import diffrax  # isort: skip  (after the settings that `peer` makes)
import jax.numpy as jnp  # isort: skip


def main():
    given, output, repeats, solver, rtol, atol = arguments(solver="Dopri5", rtol=1e-6, atol=1e-6)
    names = [name for name in ("W", "a", "bias") if name in given]
    start = {name: jnp.asarray(given[name]) for name in names}
    X, y, times = (jnp.asarray(given[name]) for name in ("X", "y", "times"))
    nu = jnp.asarray(given.get("nu", np.ones(len(y))))
    scale = float(given.get("scale", len(given["a"]) ** -0.5))

    def loss(theta):
        hidden = X @ theta["W"].T + theta.get("bias", 0.0)
        residual = scale * (jnp.tanh(hidden) @ theta["a"]) - y
        return 0.5 * (nu * residual**2).sum()

    def velocity(t, theta, _):
        return jax.tree_util.tree_map(jnp.negative, jax.grad(loss)(theta))

    def flow(theta):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(velocity),
            getattr(diffrax, solver)(),
            t0=0.0,
            t1=times[-1],
            dt0=None,
            y0=theta,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
            max_steps=10_000_000,
        )
        return solution.ys, jax.vmap(loss)(solution.ys), solution.stats["num_steps"]

    (states, losses, num_steps), facts = measured(flow, start, repeats=repeats)
    np.savez(output, loss=losses, **{name: states[name][-1] for name in names})
    size = sum(value.size for value in start.values())
    options = {"solver": solver, "rtol": rtol, "atol": atol}
    report(num_params=size, num_steps=int(num_steps), **options, **facts)


if __name__ == "__main__":
    main()
