"""Hard and soft parts of the pressure: their sum, and what is left of the soft one at finite N."""

import mpmath
import numpy as np
import pytest

from hopfield_rsb import SK, DenseHopfield, Hopfield, glassiness, rs


@pytest.mark.parametrize("model, alpha, T", [
    (Hopfield(), 0.05, 0.3),
    (DenseHopfield(P=2, kernel="distinct"), 0.05, 0.3),
    (DenseHopfield(P=4), 0.3, 0.2),
    (DenseHopfield(P=4, kernel="power"), 0.1, 0.2),
    (DenseHopfield(P=6), 0.3, 0.05),
])  # fmt: skip
@pytest.mark.parametrize("branch", ["retrieval", "glass"])
def test_parts_sum_up_to_the_pressure(model, alpha, T, branch):
    part = glassiness(model=model, alpha=alpha, T=T, branch=branch)
    if not part["converged"]:
        pytest.skip("no such state")
    assert part["hard"] + part["soft"] == pytest.approx(part["A"], abs=1e-13 / T)


def test_two_spins_are_hard_spins_and_a_spherical_glass():
    """The parts by their own integrals: spins in noise alpha r, and Gaussian units with their determinant."""
    alpha, T = 0.1, 0.1
    part, state = (f(model=Hopfield(), alpha=alpha, T=T) for f in (glassiness, rs))
    m, q, r, beta = (mpmath.mpf(x) for x in (state["m"], state["q"], state["r"], 1 / T))
    with mpmath.workdps(20):
        points = [-12, *(float(-m / mpmath.sqrt(alpha * r)) + x for x in (-1, -0.3, 0, 0.3, 1)), 2, 12]
        cosh = lambda z: mpmath.log(2 * mpmath.cosh(beta * (m + mpmath.sqrt(alpha * r) * z)))
        mean = mpmath.quad(lambda z: mpmath.npdf(z) * cosh(z), points)
        hard = -beta * m**2 / 2 - alpha * beta**2 / 2 * r * (1 - q) + mean
        # E ln of the Gaussian integral over K = alpha N units of unit weight 1 - beta(1 - q) in a field of variance beta q
        room = 1 - beta * (1 - q)
        soft = alpha * (-mpmath.log(room) / 2 + beta * q / (2 * room))
    assert part["hard"] == pytest.approx(float(hard), abs=1e-12)
    assert part["soft"] == pytest.approx(float(soft), abs=1e-12)


@pytest.mark.parametrize("P", [4, 6, 8])
def test_the_soft_glass_of_more_spins_dies_out(P):
    """The determinant of finite N, less its diagonal, tends to the Gaussian p-spin like N^(1 - P/2)."""
    alpha, T = 0.3, 0.3
    model = DenseHopfield(P=P)
    sizes = np.array([100, 200, 400, 10000])
    found = [glassiness(model=model, alpha=alpha, T=T, size=float(n)) for n in sizes]
    excess = np.array([part["excess"] for part in found])
    with mpmath.workdps(50):  # the terms that cancel are N^(P - 2) times larger
        q, beta = mpmath.mpf(found[0]["q"]), mpmath.mpf(1 / T)
        for n, value in zip(sizes, excess, strict=True):
            epsilon, s = beta * mpmath.mpf(int(n)) ** (1 - mpmath.mpf(P) / 2), q ** (P // 2)
            room = 1 - epsilon * (1 - s)
            whole = -alpha * mpmath.mpf(int(n)) ** (P - 2) / 2 * (mpmath.log(room) - epsilon * s / room)
            diagonal = alpha * beta / 2 * mpmath.mpf(int(n)) ** (P // 2 - 1)
            assert value == pytest.approx(float(whole - diagonal) - found[0]["soft"], rel=1e-9, abs=1e-14)
    np.testing.assert_allclose(excess[:-2] / excess[1:-1], 2.0 ** (P / 2 - 1), rtol=1e-2)


def test_for_two_spins_the_determinant_does_not_depend_on_the_size():
    part = glassiness(model=Hopfield(), alpha=0.1, T=0.5, size=100)
    assert part["excess"] == 0


def test_arrays_and_states_that_do_not_exist():
    part = glassiness(model=DenseHopfield(P=4), alpha=[0.1, 0.6], T=0.1)
    assert part["converged"].tolist() == [True, False]
    assert part["hard"][1] == part["soft"][1] == 0
    assert glassiness(model=SK(), alpha=[], T=0.1, branch="glass")["hard"].shape == (0,)


@pytest.mark.parametrize("wrong, message", [
    ({"T": 0.0}, "T must be above 0"),
    ({"branch": "paramagnet"}, "branch must be one of"),
    ({"size": -1.0}, "size must be 0, or a positive number"),
    ({"model": DenseHopfield(P=3), "size": 10.0}, "single even power"),
])  # fmt: skip
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        glassiness(**{"model": DenseHopfield(P=4), "alpha": 0.1, "T": 0.1} | wrong)
