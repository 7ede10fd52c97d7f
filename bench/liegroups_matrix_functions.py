# /// script
# dependencies = ["torch"]
# ///
"""Closed forms against the general routines of torch: value alone, and value with gradient, one thread, interleaved.

- the polar logarithm of 2 x 2 matrices of positive determinant, against a singular value decomposition;
- the polar decomposition of 3 x 3 matrices, against a singular value decomposition;
- the exponential of 2 x 2 matrices, against `torch.matrix_exp`.

Both sides get the same 50,000 matrices. A ratio is that of the best of the rounds; its time is the processor's, which
other programs disturb less than the clock's. Values are compared before they are timed. The gradient of the peer is
finite here because random matrices have different singular values; it is wrong where they are equal.
"""

import os
import sys

# Freed memory is kept, or both sides would mostly wait for fresh pages.
SETTINGS = {"OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
if any(os.environ.get(name) != value for name, value in SETTINGS.items()):
    os.environ.update(SETTINGS)
    os.execv(sys.executable, [sys.executable, *sys.argv])

import time

import torch
from _setting import print_setting

import liegroups

COUNT, ROUNDS = 50_000, 15


def svd_polar_log(A):
    U, s, Vt = torch.linalg.svd(A)
    R = U @ Vt
    return (U * s.log()[..., None, :]) @ U.mT, torch.atan2(R[..., 1, 0], R[..., 0, 0])


def svd_polar(A):
    U, s, Vt = torch.linalg.svd(A)
    return (U * s[..., None, :]) @ U.mT, U @ Vt


def polar_log(A):
    Y, Omega = liegroups.polar_log(A)
    return Y, Omega[..., 1, 0]


CLAIMS = (
    ("polar logarithm 2 x 2", 2, polar_log, svd_polar_log, "SVD"),
    ("polar decomposition 3 x 3", 3, liegroups.polar, svd_polar, "SVD"),
    ("exponential 2 x 2", 2, lambda X: (liegroups.expm(X),), lambda X: (torch.matrix_exp(X),), "torch.matrix_exp"),
)


def matrices(n, dtype, spread):
    generator = torch.Generator().manual_seed(0)
    X = spread * torch.randn(COUNT, n, n, generator=generator, dtype=torch.float64)
    return torch.matrix_exp(X).to(dtype)


def with_gradient(f):
    def run(A):
        A = A.detach().requires_grad_()
        sum(part.sum() for part in f(A)).backward()
        return (A.grad,)

    return run


def race(ours, theirs, A):
    """Return the best time an element of both, in nanoseconds, and the largest difference of their values."""
    difference = max(float((a - b).abs().max()) for a, b in zip(ours(A), theirs(A), strict=True))
    best = [float("inf")] * 2
    for _ in range(ROUNDS):
        for side, f in enumerate((ours, theirs)):
            start = time.process_time()
            f(A)
            best[side] = min(best[side], time.process_time() - start)
    return *(1e9 * t / COUNT for t in best), difference


def main():
    """Print times an element and ratios."""
    torch.set_num_threads(1)
    print_setting("liegroups", "torch")
    print(f"{COUNT} matrices, best of {ROUNDS}, ns an element")
    for name, n, ours, theirs, peer in CLAIMS:
        for dtype in (torch.float32, torch.float64):
            A = matrices(n, dtype, 0.5)
            A = A - torch.eye(n, dtype=dtype) if peer == "torch.matrix_exp" else A
            for suffix, wrap in (("value", lambda f: f), ("with gradient", with_gradient)):
                a, b, difference = race(wrap(ours), wrap(theirs), A)
                kind = str(dtype).removeprefix("torch.")
                print(
                    f"{name:26s} {kind} {suffix:14s} {a:7.1f} | {peer} {b:7.1f} | {b / a:5.1f} times as fast"
                    f" | largest difference {difference:.0e}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
