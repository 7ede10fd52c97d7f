"""Lines of the phase diagram against closed forms, exact relations between them, and the states themselves."""

import functools

import numpy as np
import pytest
from scipy.optimize import minimize_scalar, root
from scipy.special import log_ndtr, ndtr

from hopfield_rsb import (
    SK,
    DenseHopfield,
    Hopfield,
    MixedPSpin,
    PSpin,
    capacity,
    phase_diagram,
    plot_lines,
    rs,
    transition_temperatures,
)  # fmt: skip
from hopfield_rsb import _lines as lines
from hopfield_rsb._breaking import Order
from hopfield_rsb._conditions import equal_pressure
from hopfield_rsb._continuation import polish
from hopfield_rsb._disordered import Disordered
from hopfield_rsb._systems import System

MODEL = DenseHopfield(P=4)
SPINODALS = {0.1: 0.4173759486, 0.2: 0.4353368406, 0.3: 0.4493109383, 0.4: 0.4583342938}  # see test_capacity.py


@functools.cache
def line(name, P=4, **options):
    """Trace a line once for all tests."""
    return getattr(lines, name)(DenseHopfield(P=P), **options)


@pytest.mark.parametrize("name", ["spinodal", "at", "first_order", "zero_entropy"])
def test_points_are_polished(name):
    found = line(name)
    assert found.converged and len(found) > 20
    assert found.residual.max() <= 1e-10
    assert np.all(np.isfinite([found.alpha, found.T, found.m, found.q]))


def test_spinodal_starts_at_the_closed_form_and_ends_without_load():
    found = line("spinodal")
    # max over y of P erf^(2P-2)/(4 y^2)
    assert (found.alpha[0], found.T[0]) == (pytest.approx(0.395720238390763, abs=1e-13), 0)
    # no load: the spinodal of m = tanh(2 m^3/T), where 6 m^2 (1 - m^2) = T too; solved here on a grid of m
    m = np.linspace(0.5, 0.99999, 200001)
    assert found.T[-1] == pytest.approx((2 * m**3 / np.arctanh(m)).max(), abs=1e-3)
    assert found.ends == ("T = 0", "alpha -> 0")


def test_spinodal_is_re_entrant():
    found = line("spinodal")
    order = np.argsort(found.T)
    for T, alpha in SPINODALS.items():
        nearest = np.abs(found.T - T).argmin()
        exact = capacity(model=MODEL, T=float(found.T[nearest]))["alpha"]
        assert found.alpha[nearest] == pytest.approx(exact, abs=1e-10)
        assert np.interp(T, found.T[order], found.alpha[order]) == pytest.approx(alpha, abs=2e-4)
    assert 0 < found.alpha.argmax() < len(found) - 1


def test_replicon_vanishes_on_the_line_of_instability():
    found = line("at")
    inside = slice(0, -1)  # the last point is on the spinodal, where the branch cannot be found
    state = rs(model=MODEL, alpha=found.alpha[inside], T=found.T[inside])
    assert np.abs(state["replicon"]).max() < 1e-9
    np.testing.assert_allclose(state["m"], found.m[inside], atol=1e-9)


def test_the_line_of_instability_meets_the_spinodal_on_the_nishimori_line():
    """At alpha = T = T_d^2, the dynamic temperature of the p-spin glass, solved from one integral."""
    found, exact = line("at"), transition_temperatures(PSpin(4)).dynamic ** 2
    assert found.ends[1] == "meets the spinodal"
    assert found.alpha[-1] == pytest.approx(exact, abs=1e-10)
    assert found.T[-1] == pytest.approx(exact, abs=1e-9)
    assert capacity(model=MODEL, T=exact)["alpha"] == pytest.approx(exact, abs=1e-10)


def test_first_order_crosses_the_nishimori_line_at_the_static_temperature():
    """At alpha = T = T_s^2: the condition of the line, solved for the load and the order parameters at that temperature."""
    exact = transition_temperatures(PSpin(4)).static ** 2
    found = line("first_order")
    near = np.abs(found.T - exact).argmin()
    system = System(MODEL, 0)
    chi = (1 - found.q[near]) / found.T[near]
    start = system.point(found.alpha[near], exact, Order(float(found.m[near]), (), float(chi), ()))
    z, error = polish(equal_pressure(system, Disordered(MODEL)), start, free=[0, 2, 3])
    assert error <= 1e-10
    assert z[0] == pytest.approx(exact, abs=1e-10)


def test_entropy_vanishes_on_its_line():
    found = line("zero_entropy")
    state = rs(model=MODEL, alpha=found.alpha[:-1], T=found.T[:-1])
    assert np.abs(state["s"]).max() < 1e-10


def test_nishimori_line_has_its_identities():
    found = lines.nishimori(MODEL, 0.6)
    np.testing.assert_array_equal(found.alpha, found.T)
    np.testing.assert_allclose(found.m, found.q, atol=1e-12)
    assert found.ends[1] == "the retrieval state ends"
    np.testing.assert_allclose(rs(model=MODEL, alpha=found.alpha, T=found.T)["u"], -0.5, atol=1e-12)


def test_nishimori_line_in_the_number_of_patterns():
    # alpha = 12 alpha_K at P = 4
    found = lines.nishimori(DenseHopfield(P=4, kernel="distinct", load_unit="K"), 0.03)
    np.testing.assert_allclose(found.T, 12 * found.alpha, rtol=1e-14)
    np.testing.assert_allclose(found.m, found.q, atol=1e-12)


@pytest.mark.parametrize("model", [Hopfield(), DenseHopfield(P=4, kernel="power")])
def test_no_nishimori_line_where_it_does_not_hold(model):
    found = lines.nishimori(model, 0.1)
    assert len(found) == 0 and not found.converged and "planted" in found.ends[0]


def test_spinodal_of_two_spins_ends_at_the_critical_temperature():
    # AGS 1987: alpha_c(T = 0) = 0.138, and T = 1 without load
    found = line("spinodal", P=2)
    assert found.alpha[0] == pytest.approx(0.137905566494932, abs=1e-13)
    assert found.T[-1] == pytest.approx(1, abs=0.1) and found.alpha[-1] < 1e-3


def test_first_order_of_two_spins():
    # 0.051: Amit, Gutfreund, Sompolinsky 1987; 0.0518543 by equating the two energies at T = 0
    found = line("first_order", P=2)
    assert found.converged
    assert found.alpha[0] == pytest.approx(0.0518543, abs=5e-5) and found.T[0] < 3e-3


@pytest.mark.slow
def test_broken_spinodal_joins_the_one_of_replica_symmetry():
    found = line("spinodal", ansatz="1RSB")
    exact = transition_temperatures(PSpin(4)).dynamic ** 2
    assert found.converged and "restored" in found.ends[1]
    assert found.alpha[0] == pytest.approx(0.458343466800079, abs=1e-9)
    assert found.T[-1] == pytest.approx(exact, abs=2e-3) and found.alpha[-1] == pytest.approx(exact, abs=1e-6)
    assert np.all(np.diff(found.alpha) > 0)  # no re-entrance left


def energy_of_four_spins(alpha, m, q, mu):
    """-W at T = 0 with one step, written down anew: the trapezoid rule outside, error functions inside."""
    z = np.linspace(-10, 10, 2001)
    xi, slope = (lambda x: alpha * x**4 / 2), (lambda x: 2 * alpha * x**3)
    b, a = np.sqrt(slope(1) - slope(q)), 2 * m**3 + np.sqrt(slope(q)) * z
    inner = mu * b * b / 2 + np.logaddexp(mu * a + log_ndtr(a / b + mu * b), log_ndtr(mu * b - a / b) - mu * a) / mu
    mean = np.exp(-z * z / 2) @ inner * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    return m**4 / 2 - 2 * m**4 - mu / 2 * (slope(1) - xi(1) - q * slope(q) + xi(q)) + mean


@pytest.mark.slow
def test_broken_first_order_at_zero_temperature():
    """Four equations solved by another method: three derivatives vanish, and the glass has the energy of the state.

    That of the glass is the least of mu/4 + ln(2 Phi(mu sqrt 2))/mu, the one-step pressure of the 4-spin model at T = 0.
    """
    glass = minimize_scalar(
        lambda mu: mu / 4 + np.log(2 * ndtr(mu * np.sqrt(2))) / mu, bounds=(0.2, 5), options={"xatol": 1e-12}
    ).fun

    def equations(x):
        alpha, *order = x
        rows = [energy_of_four_spins(*x) - np.sqrt(alpha) * glass]
        for i, value in enumerate(order):
            step = 2e-4 * value * np.eye(3)[i]
            near = [energy_of_four_spins(alpha, *(order + k * step)) for k in (-2, -1, 1, 2)]
            rows.append(np.dot(near, [1, -8, 8, -1]) / (12 * 2e-4 * value))
        return rows

    exact = root(equations, [0.38, 0.96, 0.985, 6.0], tol=1e-13)
    assert np.abs(exact.fun).max() < 1e-11
    found = line("first_order", ansatz="1RSB")
    assert (found.alpha[0], found.T[0]) == (pytest.approx(exact.x[0], abs=1e-10), 0)
    assert found.m[0] == pytest.approx(exact.x[1], abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("P", [4, 6])
def test_broken_retrieval_is_unstable_down_to_the_coldest_point(P):
    """The replicon inside a cluster, solved anew, is negative wherever the one-step spinodal is drawn above T = 0."""
    for T in (0.002, 0.02, 0.1, 0.2, 0.3):
        found = capacity(model=DenseHopfield(P=P), ansatz="1RSB", T=T)
        assert found["converged"] and found["ansatz"] == "1RSB" and found["replicon"] < 0


@pytest.mark.parametrize("model", [Hopfield(), DenseHopfield(P=4, kernel="power")])
def test_a_broken_transition_without_a_rival_is_refused(model):
    found = lines.first_order(model, "1RSB")
    assert len(found) == 0 and not found.converged and "replica symmetry only" in found.ends[0]


def test_a_line_that_costs_too_much_is_given_up(monkeypatch):
    monkeypatch.setattr(lines, "_MOST_CALLS", 300)
    found = lines.spinodal(MODEL)
    assert 1 < len(found) < 20 and found.ends[1].startswith("given up")


@pytest.mark.slow
def test_whole_diagram_and_its_picture():
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    seen = []
    diagram = phase_diagram(MODEL, progress=lambda done, total, text: seen.append((done, total)))
    assert all(found.converged for found in diagram.lines)
    assert seen[-1][0] == seen[-1][1]
    one, symmetric = diagram.line("first-order", "1RSB"), diagram.line("first-order")
    assert one.T[0] == 0 and one.alpha[0] < symmetric.alpha[0]
    figure = plot_lines(diagram)
    assert len(figure.axes[0].lines) == len(diagram.lines) == 11
    figure.draw_without_rendering()


def test_glass_lines_scale_with_the_load():
    diagram = phase_diagram(PSpin(3), largest=4.0)
    static = diagram.line("static", "1RSB")
    np.testing.assert_allclose(static.T, 0.65138522693592 * np.sqrt(static.alpha), rtol=1e-13)
    assert diagram.line("zero-entropy", "RS", "paramagnet").T[-1] == pytest.approx(2 / (2 * np.sqrt(np.log(2))))


def test_glass_of_sherrington_and_kirkpatrick():
    found = phase_diagram(SK(), largest=1.0).line("glass")
    np.testing.assert_allclose(found.T, np.sqrt(found.alpha))


@pytest.mark.parametrize("model, why", [
    (SK(h=0.3), "no paramagnet"),
    (MixedPSpin((0.0, 0.2, 0.5)), "no paramagnet"),
    (MixedPSpin((0.0, 0.0, 0.0, 0.5, 0.3)), "without a quadratic term"),
    # q = F(w) = w - w^2 + ..., so that xi'(q)/w rises with w if its third derivative at 0 exceeds 2 xi''(0) = 3
    (MixedPSpin((0.0, 0.0, 0.75, 3.1 / 6)), ""),
    (MixedPSpin((0.0, 0.0, 0.75, 2.9 / 6)), "-"),
    (DenseHopfield(P=4, kernel="power"), "-"),
])  # fmt: skip
def test_no_continuous_glass_where_there_is_none(model, why):
    [found] = lines.glass_lines(model, np.array([0.0, 0.5, 1.0]))
    if why == "-":
        np.testing.assert_allclose(found.T, np.sqrt(model.xi(0.0, found.alpha, order=2)))
    else:
        assert len(found) == 0 and not found.converged and (why or "discontinuously before") in found.ends[0]


def test_an_unknown_line_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"0 lines are called 'at'.*static"):
        phase_diagram(PSpin(3)).line("at")


@pytest.mark.parametrize("largest", [-1.0, 0.0, float("nan"), float("inf")])
def test_wrong_range_is_named(largest):
    with pytest.raises(ValueError, match="largest must be a positive number"):
        phase_diagram(PSpin(3), largest=largest)


@pytest.mark.slow
def test_the_broken_spinodal_of_two_spins_ends_where_the_symmetric_one_is_marginal():
    """Both lines and the one of instability meet in one point; below, breaking raises the capacity a little."""
    model = DenseHopfield(P=2)
    broken, marginal = line("spinodal", P=2, ansatz="1RSB"), line("at", P=2)
    assert broken.converged and (broken.residual <= 1e-11).all()
    assert marginal.ends[1] == "meets the spinodal" and "merge" in broken.ends[1]
    # the last point is where the gap of the overlaps is half a percent of 1 - q1
    assert (broken.alpha[-1], broken.T[-1]) == pytest.approx((marginal.alpha[-1], marginal.T[-1]), abs=1e-4)
    symmetric = [capacity(model=model, T=float(T))["alpha"] for T in broken.T]
    gain = broken.alpha - symmetric
    assert (gain > 0).all() and (np.diff(gain) < 0).all() and gain[-1] < 1e-6
