"""Capacities and states that take long to compile."""

import numpy as np
import pytest

from hopfield_rsb import RSB, SK, DenseHopfield, Hopfield, rs, solve

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "model, end, m, q1, mu",
    [
        (DenseHopfield(P=4), 0.458343466800079, 0.818277179, 0.837751796, 2.028769470),
    ],
)
def test_one_step_capacity_at_zero_temperature(model, end, m, q1, mu):
    # The ends were found independently as the maximum of alpha over m. Next to a fold m - m_c ~ (alpha_c - alpha)^(1/2):
    # (dm/dalpha)^-2 goes to zero linearly there.
    loads = end - 1e-4 * end * np.array([1e-3, 2e-3])
    states = solve(model, loads, 0.0, RSB(1))
    assert (states.ansatz == "1RSB").all() and states.residual.max() <= 1e-11
    inverse = states.derivative("alpha")["m"] ** -2
    slope = (inverse[1] - inverse[0]) / (loads[1] - loads[0])
    assert loads[0] - inverse[0] / slope == pytest.approx(end, abs=1e-9)
    assert solve(model, end * (1 + 1e-6), 0.0, RSB(1)).branch == "none"
    assert states.m[0] == pytest.approx(m, abs=5e-3) and states.q[0, 0] == pytest.approx(q1, abs=5e-3)
    assert states.x[0, 0] == pytest.approx(mu, rel=5e-2)


def test_symmetric_looking_retrieval_of_eight_spins():
    # P = 8, alpha = 0.36 at T = 0: q1 differs from 1 by 4e-5. Checked on the definition with 4e5 trapezoids a noise.
    model = DenseHopfield(P=8)
    state = solve(model, 0.36, 0.0, RSB(1))
    z, step = np.linspace(-9, 9, 4001, retstep=True)
    w = np.exp(-z * z / 2) * step / np.sqrt(2 * np.pi)
    m, q1, mu = float(state.m), float(state.q[0]), float(state.x[0])
    outer = model.g(m, 1) + np.sqrt(model.xi(q1, 0.36, 1)) * z
    fields = outer[:, None] + np.sqrt(model.xi(1.0, 0.36, 1) - model.xi(q1, 0.36, 1)) * z
    weight = w * np.exp(mu * (np.abs(fields) - np.abs(outer)[:, None]))
    sign = (weight * np.sign(fields)).sum(1) / weight.sum(1)
    assert w @ sign == pytest.approx(m, abs=1e-6) and w @ sign**2 == pytest.approx(q1, abs=1e-6)
    assert state.ansatz == "1RSB" and state.f > rs(model=model, alpha=0.36, T=0.0)["f"]


def test_a_second_step_raises_the_free_energy():
    # SK at T = 0: two steps -0.7636 (Parisi 1980); the full solution -0.763167
    once, twice = (solve(SK(), 1.0, 0.0, RSB(k), branch="glass") for k in (1, 2))
    assert twice.ansatz == "2RSB" and once.f < twice.f < -0.763167
    assert twice.f == pytest.approx(-0.7636, abs=5e-5)
    assert solve(SK(), 1.0, 1.1, RSB(2), branch="glass").branch == "none"


def test_two_steps_in_the_dense_network():
    once, twice = (solve(DenseHopfield(P=4), 0.43, np.array([0.0, 0.1]), RSB(k)) for k in (1, 2))
    assert (twice.ansatz == "2RSB").all() and twice.residual.max() <= 1e-11
    assert (once.f < twice.f).all() and (np.diff(twice.q, axis=1) > 0).all() and (np.diff(twice.x, axis=1) > 0).all()


def test_glass_of_the_hopfield_network():
    T = np.array([0.0, 0.3, 0.9, 1.25, 1.4])
    flat, once = solve(Hopfield(), 0.1, T, branch="glass"), solve(Hopfield(), 0.1, T, RSB(1), branch="glass")
    assert once.ansatz[:4].tolist() == ["1RSB"] * 4 and (once.f[:4] > flat.f[:4]).all()
    assert once.branch[4] == "none"  # T_g = 1 + sqrt(alpha)
