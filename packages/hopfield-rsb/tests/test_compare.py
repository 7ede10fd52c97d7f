"""Three methods side by side."""

import math

import pytest

from hopfield_rsb import RSB, DenseHopfield, compare, enumerate_exact, rs, solve

pytest.importorskip("numba", reason="the simulation is compiled by the extra mc")

MODEL = DenseHopfield(P=4, kernel="distinct")


@pytest.fixture(scope="module")
def small():
    return compare(model=MODEL, N=12, alpha=0.2, T=0.5, draws=3, sweeps=4000, seed=2)


def test_simulation_agrees_with_all_states(small):
    assert small.converged and small.K == 29
    for name in ("u", "m", "q"):
        assert abs(small.row(name).against_enumeration) < 4


def test_rows_are_the_numbers_of_the_methods(small):
    theory = rs(model=MODEL, alpha=small.alpha, T=0.5)
    first = enumerate_exact(model=MODEL, N=12, K=29, T=0.5, seed=2)
    for row in small.rows:
        assert row.theory == (theory[row.quantity] if theory["converged"] else None)
        assert abs(row.enumeration - first[row.quantity]) < 4 * math.sqrt(3) * row.enumeration_error
    assert small.row("A").simulation is None
    with pytest.raises(KeyError):
        small.row("x")


def test_text_is_a_table(small):
    lines = str(small).splitlines()
    assert len(lines) == 7 and "N = 12, K = 29" in lines[0] and "NOT" not in lines[0]
    assert [line.split()[0] for line in lines[2:]] == ["A", "u", "s", "m", "q"]
    assert len({line.index("+-") for line in lines[2:]}) == 1


def test_large_networks_are_not_listed_and_missing_branches_not_replaced():
    found = compare(model=MODEL, N=40, alpha=0.6, T=0.8, draws=2, sweeps=50, ladder=[])
    assert found.branch == "none" and found.row("u").theory is None and found.row("u").against_theory is None
    assert found.row("u").enumeration is None and found.row("u").simulation is not None
    para = compare(model=MODEL, N=40, alpha=0.6, T=0.8, draws=2, sweeps=50, ladder=[], branch="para")
    assert para.branch == "para" and math.isfinite(para.row("u").against_theory)


@pytest.mark.slow  # the solver of broken states is compiled
def test_a_broken_theory_is_compared_by_its_mean_overlap():
    # Two replicas share a cluster with probability 1 - x (Parisi), where their overlap is the larger one.
    found = compare(model=MODEL, N=40, alpha=0.43, T=0.1, draws=2, sweeps=20, ladder=[], ansatz=RSB(1))
    state = solve(MODEL, found.alpha, 0.1, RSB(1))
    assert found.ansatz == "1RSB" and found.row("m").theory == state.m
    assert found.row("q").theory == pytest.approx(state.x[0] * state.q[0] + (1 - state.x[0]) * state.q[1], rel=1e-14)


@pytest.mark.parametrize(
    "wrong, error, word",
    [
        ({"T": 0.0}, ValueError, "T must be positive"),
        ({"draws": 1}, ValueError, "draws must be at least 2"),
        ({"model": DenseHopfield(P=4)}, ValueError, "gaussian"),
        ({"ansatz": "2RS"}, ValueError, "ansatz must be"),
        ({"branch": "ferro"}, ValueError, "branch must be one of"),
    ],
)
def test_wrong_input_is_refused(wrong, error, word):
    with pytest.raises(error, match=word):
        compare(**({"model": MODEL, "N": 8, "alpha": 0.1, "T": 1.0, "sweeps": 5} | wrong))
