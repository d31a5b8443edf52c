"""What the JAX peers share: one thread, float64, arrays in files, CPU seconds."""

import argparse
import json
import os
import resource
import time

# Before JAX is loaded.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)


def arguments(**options):
    """The arrays of INPUT, the name of OUTPUT, the repeats, and further options by name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--repeats", type=int, default=3)
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    given = parser.parse_args()
    with np.load(given.input, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return arrays, given.output, given.repeats, *(getattr(given, name) for name in options)


def measured(function, *inputs, repeats):
    """The result, and the CPU seconds of compiling and of each call."""
    start = time.process_time()
    compiled = jax.jit(function).lower(*inputs).compile()
    facts = {"compilation_cpu_seconds": time.process_time() - start}
    base, times = peak_bytes(), []
    for _ in range(repeats):
        result = None  # the memory of one result is measured, not of two
        start = time.process_time()
        result = jax.block_until_ready(compiled(*inputs))
        times.append(time.process_time() - start)
    facts |= {"cpu_seconds": min(times), "cpu_seconds_each": times}
    return result, facts | {"extra_bytes": peak_bytes() - base}


def peak_bytes():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def report(**facts):
    print(json.dumps({**facts, "jax": jax.__version__}))
