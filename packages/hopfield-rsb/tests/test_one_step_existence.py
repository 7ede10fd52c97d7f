"""No state with broken symmetry is missed: grids up to the ends of branches, known independently of the search."""

import itertools

import mpmath
import numpy as np
import pytest

from hopfield_rsb import RSB, SK, DenseHopfield, Hopfield, capacity, solve
from hopfield_rsb._breaking import Order, equations


@pytest.mark.parametrize("P, T", [(3, 0.0), (4, 0.0), (4, 0.2), (8, 0.0)])
def test_retrieval_reaches_up_to_the_capacity(P, T):
    # the capacity solves the fold with nested trapezoid rules, another code
    model = DenseHopfield(P=P)
    end, low = (capacity(model=model, ansatz=ansatz, T=T)["alpha"] for ansatz in ("1RSB", "RS"))
    loads = np.append(np.linspace(low, end * (1 - 1e-7), 12), [end * (1 + 1e-7), 1.05 * end])
    states = solve(model, loads, T, RSB(1))
    assert states.ansatz[:12].tolist() == ["1RSB"] * 12 and (np.diff(states.m[:12]) < 0).all()
    assert states.branch[12:].tolist() == ["none"] * 2
    assert states.residual[:12].max() <= 1e-11


@pytest.mark.parametrize("P, alpha, T", [(4, 0.43, 0.0), (4, 0.43, 0.1), (2, 0.13, 0.02)])
def test_states_solve_the_nested_equations(P, alpha, T):
    model = DenseHopfield(P=P)
    state = solve(model, alpha, T, RSB(1))
    slope = float(state.x[0]) / (T or 1.0)
    other = equations(model, alpha, T, Order(float(state.m), (float(state.q[0]),), float(state.chi), (slope,)))
    assert np.abs(other.residual).max() < 1e-9
    assert pytest.approx(-float(state.f), abs=1e-12) == other.W
    assert other.entropy == pytest.approx(float(state.s), abs=1e-10)
    if T:
        assert other.replicon == pytest.approx(float(state.replicon), abs=1e-8)


@pytest.mark.parametrize("alpha", [0.01, 0.1, 1.0, 3.0])
def test_glass_of_the_hopfield_network_up_to_its_transition(alpha):
    # T_g = 1 + sqrt(alpha) (Amit, Gutfreund, Sompolinsky 1987); broken symmetry raises the free energy
    T = (1 + np.sqrt(alpha)) * np.array([0.0, 0.1, 0.3, 0.5, 0.7, 0.9])
    once, flat = solve(Hopfield(), alpha, T, RSB(1), branch="glass"), solve(Hopfield(), alpha, T, branch="glass")
    assert once.ansatz.tolist() == ["1RSB"] * len(T) and (once.f >= flat.f - 1e-14).all()


def test_sherrington_kirkpatrick_next_to_its_transition():
    # expansion in 1 - T: q_1 / q_2 -> 1/3; where round-off hides the state the symmetric one is returned, and said
    states = solve(SK(), 1.0, np.array([0.8, 0.9, 0.999]), RSB(1), branch="glass")
    assert states.ansatz[:2].tolist() == ["1RSB"] * 2
    ratio = states.q[:, 0] / states.q[:, 1]
    assert abs(ratio[1] - 1 / 3) < abs(ratio[0] - 1 / 3) < 0.05
    if states.ansatz[2] == "1RSB":
        assert ratio[2] == pytest.approx(1 / 3, abs=1e-3)
    else:
        assert "although it is unstable" in states.message[2]


def test_eight_spins_are_broken_where_they_look_symmetric():
    """P = 8, alpha = 0.36, T = 0: 1 - q_1 = 4.05e-5, checked on the equations in 25 digits."""
    model = DenseHopfield(P=8)
    state = solve(model, 0.36, 0.0, RSB(1))
    assert state.ansatz == "1RSB" and 1 - float(state.q[0]) == pytest.approx(4.0536e-5, rel=1e-4)
    with mpmath.workdps(25):
        m, q, mu = mpmath.mpf(float(state.m)), mpmath.mpf(float(state.q[0])), mpmath.mpf(float(state.x[0]))
        alpha = mpmath.mpf(0.36)
        slope, onsager = lambda x: 4 * alpha * x**7, lambda x: 7 * alpha * x**8 / 2
        b, width = mpmath.sqrt(slope(1) - slope(q)), mpmath.sqrt(slope(q))

        def averages(z):
            a = 4 * m**7 + width * z
            up, down = (mpmath.exp(s * mu * a) * mpmath.ncdf(s * a / b + mu * b) for s in (1, -1))
            mass = up + down
            sign = (up - down) / mass
            edge = mpmath.npdf(a / b) / b * mpmath.exp(-((mu * b) ** 2) / 2) / mass
            size = (up * (a + mu * b * b) + down * (mu * b * b - a)) / mass + 2 * b * b * edge
            gain = size / mu - ((mu * b) ** 2 / 2 + mpmath.log(mass)) / mu**2
            return mpmath.matrix([sign, sign**2, gain]) * mpmath.npdf(z)

        nodes, weights = np.polynomial.legendre.leggauss(20)
        zero = -float(4 * m**7 / width)  # the field vanishes there, and all changes within 1 / mu
        cuts = np.unique([*np.arange(-10, 10.5, 0.5), *np.arange(zero - 0.5, zero + 0.5, 0.04)])
        total = mpmath.matrix(3, 1)
        for low, high in itertools.pairwise(cuts):
            for x, w in zip(nodes, weights, strict=True):
                total += averages(mpmath.mpf((low + high) / 2 + (high - low) / 2 * x)) * (w * (high - low) / 2)
        residual = [total[0] - m, total[1] - q, total[2] - (onsager(1) - onsager(q)) / 2]
        assert max(map(abs, residual)) < 1e-13
