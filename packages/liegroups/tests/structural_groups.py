"""Groups that are not orthogonal, made of the members of the protocol alone."""

import numpy as np
from scipy.linalg import expm


class Linear:
    """GL+(n): real matrices of positive determinant, or its affine extension."""

    compact = False

    def __init__(self, n, affine=False):
        self.affine = affine
        self.n = n + affine
        self.name = f"{'Aff' if affine else 'GL'}+({n})"
        basis = np.eye(n * n).reshape(-1, n, n)
        if affine:
            basis = np.pad(basis, ((0, 0), (0, 1), (0, 1)))
            shifts = np.zeros((n, n + 1, n + 1))
            shifts[np.arange(n), np.arange(n), n] = 1.0
            basis = np.concatenate([basis, shifts])
        self.basis = basis
        self.dim = len(basis)

    def generators(self):
        return self.basis.copy()

    def discrete_generators(self):
        return np.zeros((0, self.n, self.n))

    def sample(self, count, seed, scale=None):
        v = np.random.default_rng(seed).standard_normal((count, self.dim)) * (0.5 if scale is None else 0.5 * scale)
        return expm(np.einsum("ca,aij->cij", v, self.basis))

    def elements(self):
        return None

    def __eq__(self, other):
        return isinstance(other, Linear) and self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return self.name
