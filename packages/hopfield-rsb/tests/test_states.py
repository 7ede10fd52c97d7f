"""Replica-symmetric states against high-precision quadrature, exact identities and limits."""

import math

import mpmath
import numpy as np
import pytest

from hopfield_rsb import DenseHopfield, rs

GRID = [(alpha, T) for alpha in (0.05, 0.2, 0.35) for T in (0.02, 0.1, 0.4, 0.7)]


def gaussian_mean(function, field, width):
    """E function(field + width z) by adaptive Gauss-Legendre in 30 digits, split where tanh turns."""
    turn = max(-11, min(11, -field / width))
    near = [max(-11, min(11, turn + shift / width)) for shift in (-20, -4, 4, 20)]
    points = sorted({-11, 11, turn, *near})
    density = lambda z: mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
    return mpmath.quad(lambda z: density(z) * function(field + width * z), points)


STATES = [(alpha, T) for alpha, T in ((0.05, 0.02), (0.05, 0.3), (0.12, 0.05), (0.3, 0.4))]


@pytest.mark.parametrize(
    "P, alpha, T", [(P, *state) for P in (3, 4, 6) for state in STATES] + [(2, *state) for state in STATES[:3]]
)
def test_order_parameters_solve_the_equations_in_thirty_digits(P, alpha, T):
    state = rs(model=DenseHopfield(P=P), alpha=alpha, T=T)
    assert state["converged"]
    with mpmath.workdps(30):
        beta, m, q = mpmath.mpf(1) / mpmath.mpf(T), mpmath.mpf(state["m"]), mpmath.mpf(state["q"])
        # The local field of arXiv:2111.12997 for P > 2, of Amit, Gutfreund, Sompolinsky for P = 2.
        noise = alpha * (q / (1 - beta * (1 - q)) ** 2 if P == 2 else mpmath.mpf(P) / 2 * q ** (P - 1))
        field, width = beta * mpmath.mpf(P) / 2 * m ** (P - 1), beta * mpmath.sqrt(noise)
        assert abs(gaussian_mean(mpmath.tanh, field, width) - m) < 1e-13
        assert abs(gaussian_mean(lambda h: mpmath.tanh(h) ** 2, field, width) - q) < 1e-13


@pytest.mark.parametrize("alpha, T", [(0.3, 0.4), (0.12, 0.4), (0.14, 0.0)])
def test_two_spin_couplings_retrieve_nothing_beyond_their_capacity(alpha, T):
    """Retrieval ends at alpha = 0.138 at T = 0, and at less for T > 0: Amit, Gutfreund, Sompolinsky 1987, figure 1."""
    state = rs(model=DenseHopfield(P=2), alpha=alpha, T=T)
    assert (state["converged"], state["branch"]) == (False, "none")


@pytest.mark.parametrize("P, alpha, T", [(4, 0.3, 0.1), (4, 0.4, 0.5), (6, 0.2, 0.05), (3, 0.1, 0.3)])
def test_pressure_is_the_functional_in_thirty_digits(P, alpha, T):
    state = rs(model=DenseHopfield(P=P), alpha=alpha, T=T)
    with mpmath.workdps(30):
        beta, m, q = 1 / mpmath.mpf(T), mpmath.mpf(state["m"]), mpmath.mpf(state["q"])
        field, width = beta * P / 2 * m ** (P - 1), beta * mpmath.sqrt(mpmath.mpf(alpha) * P / 2 * q ** (P - 1))
        log2cosh = lambda h: abs(h) + mpmath.log1p(mpmath.exp(-2 * abs(h)))
        pressure = (
            beta * (1 - P) * m**P / 2
            + beta**2 * alpha / 4 * (1 - P * q ** (P - 1) + (P - 1) * q**P)
            + gaussian_mean(log2cosh, field, width)
        )
        assert abs(pressure - state["A"]) < 1e-12


def test_reference_states():
    # Solved by mpmath.findroot in 30 digits on the equations above (P = 4 in paper units; AGS with the diagonal), and
    # written down to the digits of a float64 or fewer.
    dense = {"m": 0.9869621023747024, "q": 0.995275009393576, "A": 5.028736937085519, "u": -0.5025793929728091}
    dense |= {"s": 0.00294300735742858, "replicon": 0.45043507810450834}
    ags = {"m": 0.996750843849322, "q": 0.9969158370550834, "r": 1.0613753402505113, "A": 5.502647515079699}
    ags |= {"s": 0.00280746608832, "replicon": 0.9221281614}
    for model, alpha, expected in ((DenseHopfield(P=4), 0.3, dense), (DenseHopfield(P=2), 0.1, ags)):
        state = rs(model=model, alpha=alpha, T=0.1)
        for name, value in expected.items():
            assert state[name] == pytest.approx(value, abs=1e-10), name


@pytest.mark.parametrize("P", [4, 6, 8])
def test_nishimori_identities(P):
    # On T = alpha the state is that of a planted model at its Bayes temperature: m = q, u = -1/2, stable.
    T = np.linspace(0.05, 0.4, 8)
    state = rs(model=DenseHopfield(P=P), alpha=T, T=T)
    assert state["converged"].all()
    assert np.abs(state["m"] - state["q"]).max() < 1e-12
    assert np.abs(state["u"] + 0.5).max() < 1e-12
    assert (state["replicon"] >= 0).all()


@pytest.mark.parametrize("P", [2, 3, 4, 6])
def test_zero_temperature_is_the_error_function(P):
    alpha = 0.1
    state = rs(model=DenseHopfield(P=P), alpha=alpha, T=0.0)
    # m = erf(y), y = g'(m)/sqrt(2 xi'), s = -(P-1)/(2 pi) e^(-2 y^2) for P > 2 (T -> 0 of the entropy by Stein's lemma)
    width = math.sqrt(2 * alpha * state["r"])
    y = P / 2 * state["m"] ** (P - 1) / width
    assert state["m"] == pytest.approx(math.erf(y), abs=1e-14)
    assert state["q"] == 1.0 and state["A"] == math.inf and state["replicon"] == -math.inf
    if P > 2:
        assert state["s"] == pytest.approx(-(P - 1) / (2 * math.pi) * math.exp(-2 * y * y), abs=1e-14)
        assert state["f"] == state["u"]


def test_ground_state_of_the_sk_like_glass():
    # P = 4 without signal at T = 0: e = -sqrt(2 xi'(1)/pi) + xi''-free part; u = -alpha beta (1 - q^P)/2 -> -P alpha chi/2
    alpha, P = 0.3, 4
    state = rs(model=DenseHopfield(P=P), alpha=alpha, T=0.0, branch="glass")
    chi = math.sqrt(2 / (math.pi * alpha * P / 2))
    assert state["u"] == pytest.approx(-alpha * P * chi / 2, abs=1e-14)
    assert state["s"] == pytest.approx(-(P - 1) / (2 * math.pi), abs=1e-14)


@pytest.mark.parametrize("branch", ["retrieval", "glass"])
@pytest.mark.parametrize("P", [2, 4])
def test_low_temperature_goes_over_into_zero(P, branch):
    model = DenseHopfield(P=P)
    cold, zero = (rs(model=model, alpha=0.1, T=T, branch=branch) for T in (1e-4, 0.0))
    assert cold["m"] == pytest.approx(zero["m"], abs=1e-6)
    assert cold["f"] == pytest.approx(zero["f"], abs=2e-4)
    assert cold["s"] == pytest.approx(zero["s"], abs=1e-3)


def test_without_load_it_is_the_curie_weiss_model():
    # m = tanh(beta (P/2) m^(P-1)), solved by mpmath
    for P, T in ((2, 0.5), (4, 0.6), (6, 0.9)):
        expected = mpmath.findroot(lambda m, P=P, T=T: mpmath.tanh(P / 2 * m ** (P - 1) / T) - m, 0.97)
        state = rs(model=DenseHopfield(P=P), alpha=0.0, T=T)
        assert state["m"] == pytest.approx(float(expected), abs=1e-14)


def test_thermodynamics_is_consistent():
    # s = -df/dT and u = f + T s, the derivative by central differences of order four
    model, alpha, T, step = DenseHopfield(P=4), 0.25, 0.3, 1e-3
    f = rs(model=model, alpha=alpha, T=T + step * np.array([-2, -1, 1, 2]))["f"]
    slope = np.dot(f, [1, -8, 8, -1]) / (12 * step)
    state = rs(model=model, alpha=alpha, T=T)
    assert state["s"] == pytest.approx(-slope, abs=1e-10)
    assert state["f"] == pytest.approx(state["u"] - T * state["s"], abs=1e-15)


@pytest.mark.parametrize("branch, alpha", [("retrieval", 0.03), ("glass", 0.1), ("glass", 0.3)])
def test_thermodynamics_of_the_log_determinant_is_consistent(branch, alpha):
    model, T, step = DenseHopfield(P=2), 0.4, 1e-3
    near = rs(model=model, alpha=alpha, T=T + step * np.array([-2, -1, 1, 2]), branch=branch)
    assert near["converged"].all()
    slope = np.dot(near["f"], [1, -8, 8, -1]) / (12 * step)
    state = rs(model=model, alpha=alpha, T=T, branch=branch)
    assert (state["m"] > 0.9) if branch == "retrieval" else (state["m"] == 0)
    assert state["s"] == pytest.approx(-slope, abs=1e-9)
    assert state["f"] == pytest.approx(state["u"] - T * state["s"], abs=1e-15)


def test_paramagnet_is_annealed():
    # A = ln 2 + beta^2 alpha/4 for P > 2; ln 2 - (alpha/2) ln(1 - beta) for P = 2 above T = 1
    state = rs(model=DenseHopfield(P=4), alpha=0.3, T=0.9, branch="paramagnet")
    assert state["A"] == pytest.approx(math.log(2) + 0.3 / (4 * 0.81), abs=1e-14)
    state = rs(model=DenseHopfield(P=2), alpha=0.3, T=1.6, branch="paramagnet")
    assert state["A"] == pytest.approx(math.log(2) - 0.15 * math.log(1 - 1 / 1.6), abs=1e-14)
    assert not rs(model=DenseHopfield(P=2), alpha=0.3, T=0.9, branch="paramagnet")["converged"]


def test_glass_of_the_hopfield_network_starts_at_its_temperature():
    # T_g = 1 + sqrt(alpha): Amit, Gutfreund, Sompolinsky 1987
    alpha = 0.16
    glass = rs(model=DenseHopfield(P=2), alpha=alpha, T=np.array([1.39, 1.41]), branch="glass")
    assert glass["branch"].tolist() == ["glass", "none"]
    paramagnet = rs(model=DenseHopfield(P=2), alpha=alpha, T=np.array([1.39, 1.41]), branch="paramagnet")
    assert (paramagnet["replicon"] > 0).tolist() == [False, True]


def test_beyond_the_spinodal_is_none_and_never_another_branch():
    state = rs(model=DenseHopfield(P=4), alpha=np.array([0.395, 0.396, 0.5]), T=0.0)
    assert state["branch"].tolist() == ["retrieval", "none", "none"]
    assert state["converged"].tolist() == [True, False, False]
    assert not any(
        np.isnan(values).any() for values in state.values() if getattr(values, "dtype", np.dtype("U")).kind == "f"
    )


@pytest.mark.parametrize("P", [2, 4])
@pytest.mark.parametrize("branch", ["retrieval", "glass", "paramagnet"])
def test_a_state_does_not_depend_on_its_neighbours(P, branch):
    alpha, T = (grid.ravel() for grid in np.meshgrid(np.linspace(0.0, 0.6, 37), np.linspace(0.0, 1.2, 23)))
    model = DenseHopfield(P=P)
    together = rs(model=model, alpha=alpha, T=T, branch=branch)
    backwards = rs(model=model, alpha=alpha[::-1], T=T[::-1], branch=branch)
    for name, values in together.items():
        if np.ndim(values):
            assert values.tobytes() == np.ascontiguousarray(backwards[name][::-1]).tobytes(), name
    for index in range(0, len(alpha), 29):
        alone = rs(model=model, alpha=float(alpha[index]), T=float(T[index]), branch=branch)
        for name, values in together.items():
            if np.ndim(values):
                assert np.asarray(alone[name]).tobytes() == np.asarray(values[index]).tobytes(), name


def test_shapes_broadcast_and_empty_stays_empty():
    model = DenseHopfield()
    assert rs(model=model, alpha=np.ones((3, 1)) / 9, T=np.ones(4) / 9)["m"].shape == (3, 4)
    assert rs(model=model, alpha=np.empty(0), T=0.1)["m"].shape == (0,)
    assert isinstance(rs(model=model, alpha=0.1, T=0.1)["m"], float)
    assert isinstance(rs(model=model, alpha=0.1, T=0.1)["converged"], bool)


def test_single_precision_is_upcast_and_said():
    # float32(0.3) is not 0.3: the state is that of the number that came
    with pytest.warns(UserWarning, match="alpha is float32"):
        state = rs(model=DenseHopfield(), alpha=np.float32([0.3]), T=0.1)
    assert state["m"].dtype == np.float64
    assert state["m"][0] == rs(model=DenseHopfield(), alpha=float(np.float32(0.3)), T=0.1)["m"]


def test_distinct_sites_lack_the_diagonal_at_two():
    # sum_i over the diagonal of -(1/2N) sum_mu (sum_i xi_i s_i)^2 is -K/2: alpha/2 a spin
    full, bare = (rs(model=DenseHopfield(P=2, kernel=kernel), alpha=0.1, T=0.2) for kernel in ("power", "distinct"))
    assert bare["u"] - full["u"] == pytest.approx(0.05, abs=1e-15)
    assert bare["s"] == full["s"] and bare["m"] == full["m"]


@pytest.mark.parametrize(
    "wrong, error, word",
    [
        ({"alpha": -0.1}, ValueError, "alpha"),
        ({"T": -1e-3}, ValueError, "T"),
        ({"alpha": math.nan}, ValueError, "alpha"),
        ({"T": math.inf}, ValueError, "T"),
        ({"alpha": "much"}, (TypeError, ValueError), "alpha"),
        ({"branch": "para"}, ValueError, "branch"),
        ({"model": "dense"}, TypeError, "model"),
        ({"alpha": [0.1, 0.2], "T": [0.1, 0.2, 0.3]}, ValueError, "T"),
    ],
)
def test_wrong_input_is_named(wrong, error, word):
    with pytest.raises(error, match=word):
        rs(**({"model": DenseHopfield(), "alpha": 0.1, "T": 0.1} | wrong))


def test_what_does_not_exist_is_never_nan():
    alpha, T = (grid.ravel() for grid in np.meshgrid([0.0, 0.1, 0.7], [0.0, 0.3, 1.0, 1.5]))
    for P in (2, 3, 4):
        for branch in ("retrieval", "glass", "paramagnet"):
            state = rs(model=DenseHopfield(P=P), alpha=alpha, T=T, branch=branch)
            for name, values in state.items():
                if np.ndim(values) and values.dtype.kind == "f":
                    assert not np.isnan(values).any(), (P, branch, name)
            assert ((state["branch"] == "none") == ~state["converged"]).all()
