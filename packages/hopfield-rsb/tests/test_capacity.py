"""Capacities against closed forms solved in high precision, and against the states themselves."""

import math

import mpmath
import numpy as np
import pytest

from hopfield_rsb import DenseHopfield, capacity, rs


def closed_form(P):
    """Return max over y of the load at T = 0 in 30 digits: AGS 1987 for P = 2, P erf^(2P-2)/(4 y^2) for P > 2."""
    with mpmath.workdps(30):
        if P == 2:
            load = lambda y: (mpmath.erf(y) / y - 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-y * y)) ** 2 / 2
        else:
            load = lambda y: P * mpmath.erf(y) ** (2 * P - 2) / (4 * y * y)
        y = mpmath.findroot(lambda y: mpmath.diff(lambda z: mpmath.log(load(z)), y), 1.3)
        return load(y)


@pytest.mark.parametrize("P", [2, 3, 4, 6, 8, 10])
def test_zero_temperature_is_the_closed_form(P):
    found = capacity(model=DenseHopfield(P=P))
    assert found["converged"]
    assert abs(found["alpha"] - closed_form(P)) < 1e-14


def test_literature_value_of_the_hopfield_network():
    # 0.138: Amit, Gutfreund, Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985)
    assert capacity(model=DenseHopfield(P=2))["alpha"] == pytest.approx(0.138, abs=5e-4)


# RS spinodals of P = 4 (paper units) from a scan of alpha at fixed m, with a quadrature of its own.
SPINODALS = {
    0.1: 0.4173759486,
    0.2: 0.4353368406,
    0.3: 0.4493109383,
    0.4: 0.4583342938,
    0.5: 0.4590877331,
    0.6: 0.4382658291,
}


@pytest.mark.parametrize("T", SPINODALS)
def test_spinodals_at_finite_temperature(T):
    found = capacity(model=DenseHopfield(P=4), T=T)
    assert found["converged"]
    assert found["alpha"] == pytest.approx(SPINODALS[T], abs=6e-11)


def test_a_cold_spinodal_in_high_precision():
    # At T = 0.02 every fixed Gauss-Hermite rule fails; here the fold is solved by mpmath in 25 digits.
    T, P = mpmath.mpf("0.02"), 4
    start = capacity(model=DenseHopfield(P=P), T=0.02)

    def mean(power, field, width):
        points = sorted({-10, 10, *(max(-10, min(10, (-field + shift) / width)) for shift in (-25, -5, 0, 5, 25))})
        density = lambda z: mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
        return mpmath.quad(lambda z: density(z) * mpmath.tanh(field + width * z) ** power, points)

    def equations(m, q, alpha):
        field, width = P / 2 * m ** (P - 1) / T, mpmath.sqrt(alpha * P / 2 * q ** (P - 1)) / T
        t1, t2, t3, t4 = (mean(power, field, width) for power in (1, 2, 3, 4))
        # E tanh' = 1 - t2, E (tanh^2)' = 2 (t1 - t3), second derivatives by d tanh = 1 - tanh^2
        dm = P / 2 * (P - 1) * m ** (P - 2) / T
        dv = alpha * P / 2 * (P - 1) * q ** (P - 2) / T**2  # derivative of width^2; d/d(width^2) E f = E f''/2
        mm, mq = (1 - t2) * dm, (-2 * (t1 - t3)) / 2 * dv
        qm, qq = 2 * (t1 - t3) * dm, (2 - 8 * t2 + 6 * t4) / 2 * dv
        return t1 - m, t2 - q, (mm - 1) * (qq - 1) - mq * qm

    with mpmath.workdps(25):
        solution = mpmath.findroot(equations, (start["m"], start["q"], start["alpha"]), tol=1e-12, maxsteps=6)
    assert abs(solution[2] - start["alpha"]) < 1e-11
    assert abs(solution[0] - start["m"]) < 1e-8


@pytest.mark.parametrize("P", [2, 4, 6])
@pytest.mark.parametrize("T", [0.0, 0.1, 0.3])
def test_states_exist_just_below_and_not_just_above(P, T):
    model = DenseHopfield(P=P)
    end = capacity(model=model, T=T)["alpha"]
    state = rs(model=model, alpha=end * np.array([1 - 1e-6, 1 + 1e-6]), T=T)
    assert state["branch"].tolist() == ["retrieval", "none"]


def test_capacity_meets_the_dynamical_temperature_on_the_nishimori_line():
    # alpha* = T_d^2 = max_l P F(l)^(P-1)/(2 l), F(l) = E tanh(l + sqrt(l) z), of the P-spin model; 0.46024155934602 at P = 4
    found = capacity(model=DenseHopfield(P=4), T=0.46024155934602)
    assert found["alpha"] == pytest.approx(0.46024155934602, abs=1e-10)


@pytest.mark.parametrize("P", [4, 6, 8, 10])
def test_load_units_and_kernels(P):
    paper = capacity(model=DenseHopfield(P=P))["alpha"]
    distinct = capacity(model=DenseHopfield(P=P, kernel="distinct", load_unit="K"))["alpha"]
    assert distinct == pytest.approx(2 * paper / math.factorial(P), rel=1e-13)
    # Power kernel: xi'(1) = (P^2/4)(2P-3)!! per pattern (Krotov, Hopfield 2016), in place of P!/4 * P
    double_factorial = math.prod(range(2 * P - 3, 0, -2))
    power = capacity(model=DenseHopfield(P=P, kernel="power", load_unit="K"))["alpha"]
    assert power == pytest.approx(paper * (P / 2) / (P**2 / 4 * double_factorial), rel=1e-13)


def test_no_memory_above_the_critical_temperature():
    # Curie-Weiss: m = tanh(m/T) has no solution at T >= 1
    found = capacity(model=DenseHopfield(P=2), T=1.0)
    assert (found["alpha"], found["m"], found["converged"]) == (0.0, 0.0, False)


@pytest.mark.parametrize("T", [-0.1, math.nan, math.inf])
def test_wrong_temperature_is_named(T):
    with pytest.raises(ValueError, match="T must lie between 0"):
        capacity(model=DenseHopfield(), T=T)
