"""Where retrieval exists, against a scan of the load at fixed m that knows nothing of the solver's iteration."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from hopfield_rsb import DenseHopfield, capacity, rs

Z, STEP = np.linspace(-9, 9, 4001, retstep=True)
WEIGHT = np.exp(-Z * Z / 2) * STEP / np.sqrt(2 * np.pi)


def load_at(model, m, T):
    """Return the one load at which (m, q(m)) solves the equations: first the width from m, then alpha from the width."""
    field = model.P / 2 * m ** (model.P - 1)
    low, high = 1e-6, 1e2
    for _ in range(100):
        width = np.sqrt(low * high)
        low, high = (width, high) if WEIGHT @ np.tanh((field + width * Z) / T) > m else (low, width)
    if width < 2e-6:
        return 0.0  # tanh(field/T) < m: no noise is little enough
    q = WEIGHT @ np.tanh((field + width * Z) / T) ** 2
    if model.P == 2:
        return width**2 * (1 - (1 - q) / T) ** 2 / q if q > 1 - T else 0.0
    return width**2 / sum(k * c * q ** (k - 1) for k, c in enumerate(model.noise) if k)


@pytest.mark.parametrize(
    "P, kernel", [(2, "gaussian"), (3, "gaussian"), (4, "gaussian"), (4, "power"), (6, "distinct")]
)
@pytest.mark.parametrize("T", [0.2, 0.5, 0.75])
def test_retrieval_ends_where_the_load_at_fixed_m_is_largest(P, kernel, T):
    model = DenseHopfield(P=P, kernel=kernel)
    scan = np.linspace(0.3, 0.999, 80)
    best = scan[np.argmax([load_at(model, m, T) for m in scan])]
    top = minimize_scalar(
        lambda m: -load_at(model, m, T), bounds=(best - 0.01, min(best + 0.01, 1)), options={"xatol": 1e-9}
    )
    end = -top.fun
    assert capacity(model=model, T=T)["alpha"] == pytest.approx(end, rel=1e-11)
    share = np.array([0.2, 0.9, 1 - 1e-3, 1 - 1e-6, 1 - 1e-9, 1 + 1e-9, 1 + 1e-6, 1 + 1e-3, 1.2, 2, 5, 100])
    state = rs(model=model, alpha=end * share, T=T)
    assert state["converged"].tolist() == (share < 1).tolist()
    # The load falls from the spinodal towards m = 1: the upper of the two solutions, to 1e-12.
    for m, alpha in zip(state["m"][:2], end * share, strict=False):
        assert m > top.x and load_at(model, m - 1e-12, T) > alpha > load_at(model, min(m + 1e-12, 1 - 1e-15), T)
    for m, alpha in zip(state["m"][2:4], end * share[2:], strict=False):
        assert m > top.x and load_at(model, m, T) == pytest.approx(alpha, rel=1e-11)


@pytest.mark.parametrize("P, T", [(2, 1.0), (2, 1.3), (3, 0.95), (4, 1.1), (10, 2.0)])
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 0.1, 2.0])
def test_nothing_is_retrieved_above_the_curie_weiss_temperature(P, T, alpha):
    # Without load m = tanh(P m^(P-1) / (2T)) has no solution: the right-hand side stays below m on a fine grid.
    m = np.linspace(1e-3, 1, 2000)
    assert (np.tanh(P / 2 * m ** (P - 1) / T) < m).all()
    assert rs(model=DenseHopfield(P=P), alpha=alpha, T=T)["branch"] == "none"


@pytest.mark.parametrize("branch", ["retrieval", "glass", "paramagnet"])
@pytest.mark.parametrize("P", [2, 3, 4, 50])
@pytest.mark.parametrize("load_unit", ["paper", "K"])
def test_no_corner_gives_a_number_that_is_none(P, branch, load_unit):
    extremes = [0, 1e-150, 1e-60, 1e-17, 1e-4, 0.3, 1 - 1e-6, 1, 1 + 1e-6, 5, 1e9, 1e50]
    alpha, T = (grid.ravel() for grid in np.meshgrid(extremes, extremes))
    state = rs(model=DenseHopfield(P=P, kernel="distinct", load_unit=load_unit), alpha=alpha, T=T, branch=branch)
    for name, values in state.items():
        assert np.asarray(values).dtype.kind != "f" or not np.isnan(values).any(), name
    assert (state["converged"] == (state["branch"] == branch)).all()
    assert ((state["branch"] == "none") | (state["branch"] == branch)).all()


def test_glass_of_the_four_spin_model_ends_at_its_spinodal():
    # q = E tanh^2(b z), b^2 = 2 beta^2 alpha q^3: the least alpha beta^2 over b is where the RS glass ends
    T = 0.3
    model = DenseHopfield(P=4)
    overlap = lambda b: WEIGHT @ np.tanh(b * Z) ** 2
    top = minimize_scalar(lambda b: b * b / (2 * overlap(b) ** 3), bounds=(0.5, 3), options={"xatol": 1e-10})
    end = top.fun * T**2
    glass = rs(model=model, alpha=end * np.array([1 - 1e-6, 1 + 1e-6, 2.0]), T=T, branch="glass")
    assert glass["branch"].tolist() == ["none", "glass", "glass"]
    b = np.sqrt(2 * end * 2.0 * glass["q"][2] ** 3) / T
    assert overlap(b) == pytest.approx(glass["q"][2], abs=1e-13)
