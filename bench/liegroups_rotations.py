# /// script
# dependencies = ["pypose", "kornia", "jaxlie"]
# ///
"""exp, log and compose of SO(3) and SE(3) beside pypose, kornia (torch) and jaxlie (jitted jax), one thread.

The peers keep quaternions, four or seven numbers; ours are matrices, nine or sixteen, through the public methods with
their checks of the argument. 50,000 elements with normal coordinates. A ratio is our best time over that of the best
peer; times are the processor's, compilation apart, every round runs all in turn. exp and log are compared with the
peer's first, as matrices and rotation vectors. "exp as matrix" counts the equal work of a peer that forms the matrix.

The process is bound to one core. XLA would otherwise compute in a pool of threads, and Linux adds what a thread has
used to the clock of its process only at a tick or when the thread stops: read just after a call, it leaves out
anything from none to nearly all of the work, and a best time picks the largest omission.
"""

import os
import sys

# Freed memory is kept, or all would mostly wait for fresh pages.
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
if any(os.environ.get(name) != value for name, value in SETTINGS.items()):
    os.environ.update(SETTINGS)
    os.execv(sys.executable, [sys.executable, *sys.argv])
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import time
import warnings
from functools import partial

warnings.filterwarnings("ignore")  # the peers' own deprecations

import jax
import jax.numpy as jnp
import jaxlie
import numpy as np
import pypose
import torch
from _setting import print_setting
from kornia.geometry.liegroup import Se3, So3

from liegroups import SE, SO

COUNT, ROUNDS = 50_000, 25


def race(sides):
    """Return the best time an element of every side, in nanoseconds."""
    best = dict.fromkeys(sides, float("inf"))
    for name in list(sides) * (ROUNDS + 1):  # the first round compiles
        start = time.process_time()
        jax.block_until_ready(sides[name]())
        spent = time.process_time() - start
        best[name] = min(best[name], spent)
    return {name: 1e9 * spent / COUNT for name, spent in best.items()}


def report(what, sides):
    times = race(sides)
    peers = {name: spent for name, spent in times.items() if name != "liegroups"}
    listed = "  ".join(f"{name} {spent:6.1f}" for name, spent in times.items())
    print(f"{what:33s} {listed}  ratio to the best peer {times['liegroups'] / min(peers.values()):.2f}", flush=True)


def in_torch(w, u):
    kind = str(w.dtype).removeprefix("torch.")
    ours, theirs, kornias = SO(3), pypose.so3(w), So3
    R, Rp, Rk = ours.exp(w), theirs.Exp(), So3.exp(w)
    np.testing.assert_allclose(R.numpy(), Rp.matrix().numpy(), atol=1e-5)
    report(f"torch {kind} SO(3) exp", {
        "liegroups": lambda: ours.exp(w), "pypose": lambda: pypose.so3(w).Exp(), "kornia": lambda: kornias.exp(w),
    })  # fmt: skip
    report(f"torch {kind} SO(3) log", {
        "liegroups": lambda: ours.log(R), "pypose": lambda: Rp.Log(), "kornia": lambda: Rk.log(),
    })  # fmt: skip
    report(f"torch {kind} SO(3) compose", {
        "liegroups": lambda: ours.compose(R, R), "pypose": lambda: Rp @ Rp, "kornia": lambda: Rk * Rk,
    })  # fmt: skip
    motions, v, x = SE(3), torch.cat([w, u], -1), torch.cat([u, w], -1)
    g, gp, gk = motions.exp(v), pypose.se3(x).Exp(), Se3.exp(x)
    np.testing.assert_allclose(g.numpy(), gp.matrix().numpy(), atol=1e-4)
    report(f"torch {kind} SE(3) exp", {
        "liegroups": lambda: motions.exp(v), "pypose": lambda: pypose.se3(x).Exp(), "kornia": lambda: Se3.exp(x),
    })  # fmt: skip
    report(f"torch {kind} SE(3) log", {
        "liegroups": lambda: motions.log(g), "pypose": lambda: gp.Log(), "kornia": lambda: gk.log(),
    })  # fmt: skip
    report(f"torch {kind} SE(3) compose", {
        "liegroups": lambda: motions.compose(g, g), "pypose": lambda: gp @ gp, "kornia": lambda: gk * gk,
    })  # fmt: skip


def in_jax(w, u):
    jax_race(SO(3), jaxlie.SO3, w, w)
    jax_race(SE(3), jaxlie.SE3, jnp.concatenate([w, u], -1), jnp.concatenate([u, w], -1))


def jax_race(group, peer, v, x):
    ours = [jax.jit(f) for f in (group.exp, group.log, group.compose)]
    theirs = [
        jax.jit(lambda x: peer.exp(x).parameters()),
        jax.jit(lambda q: peer(q).log()),
        jax.jit(lambda q, p: (peer(q) @ peer(p)).parameters()),
    ]
    g, q = ours[0](v), theirs[0](x)
    np.testing.assert_allclose(g, jax.jit(lambda q: peer(q).as_matrix())(q), atol=1e-4)
    matrix = jax.jit(lambda x: peer.exp(x).as_matrix())
    equal = {"liegroups": partial(ours[0], v), "jaxlie": partial(matrix, x)}
    report(f"jax {v.dtype} {group} exp as matrix", equal)
    cases = zip(("exp", "log", "compose"), ours, theirs, ((v,), (g,), (g, g)), ((x,), (q,), (q, q)), strict=True)
    for name, f, f_, given, given_ in cases:
        sides = {"liegroups": partial(f, *given), "jaxlie": partial(f_, *given_)}
        report(f"jax {v.dtype} {group} {name}", sides)


def main():
    """Print times an element and ratios."""
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    print_setting("liegroups", "torch", "jax", "pypose", "kornia", "jaxlie")
    print(f"{COUNT} elements, best of {ROUNDS}, ns an element")
    w, u = np.random.default_rng(0).standard_normal((2, COUNT, 3))
    for dtype in ("float32", "float64"):
        in_torch(*(torch.from_numpy(x.astype(dtype)) for x in (w, u)))
        with jax.enable_x64(dtype == "float64"):
            in_jax(*(jnp.asarray(x.astype(dtype)) for x in (w, u)))


if __name__ == "__main__":
    main()
