"""One-step broken states a second, breaking point optimised: `solve` against scipy's fsolve, interleaved on one core.

Both peers solve the same equations with vectorised tensor rules. `fsolved` solves all four for (m, q1, q2, theta) at
once and is given starts within 2 % of the solution. `nested` is the usual procedure and starts cold, as `solve` does:
for each theta it solves the other three, and `brentq` finds the theta where the pressure is stationary. Two rules:
Gauss-Hermite with 101 x 101 nodes, as is common, whose error is printed, and trapezoids right to 1e-8 here.
Compilation is timed apart. Times are processor times, because the machine may be shared.
"""

import os

os.environ.update(
    OMP_NUM_THREADS="1",
    OPENBLAS_NUM_THREADS="1",
    XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
)
import time
import warnings

import numpy as np
from _setting import print_setting
from scipy.optimize import brentq, fsolve

from hopfield_rsb import RSB, DenseHopfield, solve

P, ROUNDS = 4, 3
ALPHA, T = (grid.ravel() for grid in np.meshgrid(np.linspace(0.41, 0.445, 16), np.linspace(0.05, 0.2, 16)))
FEW = np.arange(0, len(T), 61)


def hermite(count):
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return nodes, weights / weights.sum()


def trapezoid(count):
    nodes = np.linspace(-9, 9, count)
    weights = np.exp(-nodes * nodes / 2)
    return nodes, weights / weights.sum()


def equations(unknown, alpha, T, outer, inner):
    (z1, w1), (z2, w2) = outer, inner
    m, q1, q2, theta = unknown
    q1 = min(max(q1, 1e-9), 1.0)
    q2 = min(max(q2, q1), 1.0)
    slope1, slope2 = alpha * P / 2 * q1 ** (P - 1), alpha * P / 2 * q2 ** (P - 1)
    h = np.abs(P / 2 * m ** (P - 1) + np.sqrt(slope1) * z1[:, None] + np.sqrt(slope2 - slope1) * z2) / T
    signs = np.sign(P / 2 * m ** (P - 1) + np.sqrt(slope1) * z1[:, None] + np.sqrt(slope2 - slope1) * z2)
    log2cosh = h + np.log1p(np.exp(-2 * h))
    tanh = signs * np.tanh(h)
    top = log2cosh.max(1, keepdims=True)
    weight = w2 * np.exp(theta * (log2cosh - top))
    mass = weight.sum(1)
    mean = (weight * tanh).sum(1) / mass
    log = np.log(mass) + theta * top[:, 0]
    slope = w1 @ ((weight * log2cosh).sum(1) / mass) / theta - w1 @ log / theta**2
    return [
        w1 @ mean - m,
        w1 @ mean**2 - q1,
        w1 @ ((weight * tanh**2).sum(1) / mass) - q2,
        slope - alpha * (P - 1) * (q2**P - q1**P) / (4 * T * T),
    ]


def fsolved(cell, start, rules):
    unknown, _, flag, _ = fsolve(equations, start, (ALPHA[cell], T[cell], *rules), xtol=1e-11, full_output=True)
    return unknown, flag == 1


def nested(cell, _, rules):
    answer = [0.95, 0.95, 0.98]

    def slope(theta):
        nonlocal answer
        three = lambda unknown: equations([*unknown, theta], ALPHA[cell], T[cell], *rules)[:3]
        answer = fsolve(three, answer, xtol=1e-11)
        return equations([*answer, theta], ALPHA[cell], T[cell], *rules)[3]

    try:
        theta = brentq(slope, 2.0 * T[cell], 5.0 * T[cell], xtol=1e-10)
    except ValueError:
        return np.zeros(4), False
    return np.array([*answer, theta]), True


def main():
    """Print states a second of all three, their ratios and the peers' errors."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print_setting("hopfield-rsb", "jax", "numpy", "scipy")
    warnings.simplefilter("ignore", RuntimeWarning)  # fsolve complains about its last digits
    start = time.process_time()
    model, ansatz = DenseHopfield(P=P), RSB(1)
    state = solve(model, ALPHA, T, ansatz)
    first = time.process_time() - start
    exact = np.stack([state.m, state.q[:, 0], state.q[:, 1], state.x[:, 0]], axis=1)
    rng = np.random.default_rng(0)
    starts = exact[FEW] * (1 + rng.uniform(-0.02, 0.0, (len(FEW), 4)))
    rules = {
        "Gauss-Hermite 101 x 101": (hermite(101), hermite(101)),
        "trapezoid 201 x 401": (trapezoid(201), trapezoid(401)),
    }
    peers = {(method.__name__, name): (method, rule) for method in (fsolved, nested) for name, rule in rules.items()}
    times, errors, solved = {name: [] for name in ("ours", *peers)}, {}, {}
    for _ in range(ROUNDS):
        start = time.process_time()
        solve(model, ALPHA, T, ansatz)
        times["ours"].append((time.process_time() - start) / len(T))
        for name, (method, rule) in peers.items():
            start = time.process_time()
            answers = [method(cell, guess, rule) for cell, guess in zip(FEW, starts, strict=True)]
            times[name].append((time.process_time() - start) / len(FEW))
            solved[name] = np.array([flag for _, flag in answers])
            error = np.abs(np.array([unknown for unknown, _ in answers]) - exact[FEW])[:, 1]
            errors[name] = error[solved[name]].max(initial=0.0)
    broken = (state.ansatz == "1RSB").mean()
    best = {name: min(values) for name, values in times.items()}
    print(f"P = {P}, {len(T)} states, {broken:.0%} with one step, residual {state.residual.max():.0e}")
    print(f"hopfield_rsb.solve {1 / best['ours']:.0f} states/s, the first call with compilation {first:.1f} s")
    for name in peers:
        line = f"{' '.join(name)}: {1 / best[name]:.1f} states/s, ratio {best[name] / best['ours']:.0f}, "
        print(line + f"solved {solved[name].mean():.0%}, largest error of q1 {errors[name]:.0e}")


if __name__ == "__main__":
    main()
