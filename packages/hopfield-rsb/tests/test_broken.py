"""Broken states against published and independent numbers, brute-force quadrature, limits and bounds."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hopfield_rsb import RSB, SK, DenseHopfield, Functional, Hopfield, MixedPSpin, PSpin, rs, solve

DENSE = DenseHopfield(P=4)


def brute_pressure(P, alpha, T, m, q1, q2, theta):
    """A_1 of arXiv:2111.12997 by plain trapezoids in both noises, fine enough for the poles of tanh."""
    beta = 1 / T
    z1, step1 = np.linspace(-9, 9, 601, retstep=True)
    z2, step2 = np.linspace(-9.5, 9.5, 4001, retstep=True)
    w1, w2 = (np.exp(-z * z / 2) * step / np.sqrt(2 * np.pi) for z, step in ((z1, step1), (z2, step2)))
    slope = lambda q: alpha * P / 2 * q ** (P - 1)
    inner = np.sqrt(slope(q2) - slope(q1)) * z2
    logs = []
    for outer in P / 2 * m ** (P - 1) + np.sqrt(slope(q1)) * z1:
        h = beta * np.abs(outer + inner)
        logs.append(np.log(w2 @ np.exp(theta * (h + np.log1p(np.exp(-2 * h))))))
    return (
        beta * (1 - P) * m**P / 2
        + beta**2 * alpha / 4 * (1 - P * q2 ** (P - 1) + (P - 1) * q2**P)
        - theta * beta**2 * alpha / 4 * (P - 1) * (q2**P - q1**P)
        + w1 @ np.array(logs) / theta
    )


@pytest.fixture(scope="module")
def dense():
    """One-step retrieval states of P = 4."""
    cells = [
        (0.43, 0.1),
        (0.43, 0.2),
        (0.43, 0.0),
        (0.43, 1e-4),
        (0.3, 0.1),
        (0.1, 0.0),
        (0.0, 0.1),
        (0.5, 0.1),
        (0.6, 0.0),
        (0.3, 0.0),
        (0.3, 1e-4),
    ]
    alpha, T = np.array(cells).T
    return solve(DENSE, alpha, T, RSB(1))


def test_dense_network_state(dense):
    # Solved independently by a damped iteration with converged quadrature, and written down with ten digits.
    expected = {"m": 0.9198590348, "A": 5.159337801576}
    for name, value in expected.items():
        assert getattr(dense, name)[0] == pytest.approx(value, abs=1e-8), name
    assert dense.q[0] == pytest.approx([0.9500124304, 0.9920381254], abs=1e-8)
    assert dense.x[0] == pytest.approx([0.2719489457], abs=1e-8)
    assert dense.residual[:4].max() <= 1e-11 and dense.converged[:4].all()


@pytest.mark.parametrize("cell", [0, 1])
def test_pressure_and_stationarity_by_brute_force(dense, cell):
    point = [dense.m[cell], *dense.q[cell], *dense.x[cell]]
    pressure = lambda *p: brute_pressure(4, dense.alpha[cell], dense.T[cell], *p)
    assert dense.A[cell] == pytest.approx(pressure(*point), abs=1e-11)
    for i in range(4):
        near = [[*point[:i], point[i] + shift, *point[i + 1 :]] for shift in (-1e-4, 1e-4)]
        first, second = (
            pressure(*near[1]) - pressure(*near[0]),
            pressure(*near[1]) + pressure(*near[0]) - 2 * pressure(*point),
        )
        assert abs(first) < 0.05 * abs(second) + 1e-11  # next to a stationary point the quadratic term dominates


def test_entropy_is_the_slope_of_the_free_energy(dense):
    step = 1e-3
    f = solve(DENSE, 0.43, 0.2 + step * np.array([-2, -1, 1, 2]), RSB(1)).f
    assert dense.s[1] == pytest.approx(-np.dot(f, [1, -8, 8, -1]) / (12 * step), abs=1e-10)
    assert dense.u[1] == pytest.approx(dense.f[1] + 0.2 * dense.s[1], abs=1e-15)


def test_zero_temperature_is_the_limit(dense):
    assert dense.ansatz[2:4].tolist() == ["1RSB", "1RSB"]
    assert dense.m[10] == pytest.approx(dense.m[9], abs=1e-6)
    assert dense.x[3, 0] / 1e-4 == pytest.approx(dense.x[2, 0], rel=1e-2)
    assert dense.f[3] == pytest.approx(dense.f[2] - 1e-4 * dense.s[2], abs=1e-7)
    slope = dense.derivative("T")
    assert dense.m[3] == pytest.approx(dense.m[2] + 1e-4 * slope["m"][2], abs=1e-8)
    assert dense.A[2] == math.inf and dense.replicon[2] == -math.inf


def test_states_that_are_symmetric_say_so(dense):
    # alpha = 0.3, T = 0.1 is stable; at alpha = 0.1, T = 0 the overlaps differ by less than 1e-6; alpha = 0 has no noise
    for cell in (4, 5, 6):
        alone = rs(model=DENSE, alpha=dense.alpha[cell], T=dense.T[cell])
        assert (dense.ansatz[cell], dense.branch[cell], dense.converged[cell]) == ("RS", "retrieval", True)
        assert dense.m[cell] == alone["m"] and dense.f[cell] == alone["f"]
        assert dense.q[cell, 0] == dense.q[cell, 1]
    assert "stable" in dense.message[4] and "merges" in dense.message[5]


def test_beyond_the_capacity_is_none(dense):
    # one-step capacities at T = 0 and 0.1 lie below alpha* = 0.46024, the square of the dynamical temperature
    assert dense.branch[7:9].tolist() == ["none", "none"] and not dense.converged[7:9].any()
    assert all(dense.message[7:9] != "")
    for name in ("m", "q", "x", "A", "f", "u", "s", "replicon", "residual"):
        assert not np.isnan(getattr(dense, name)).any(), name


@pytest.mark.parametrize("parameter", ["T", "alpha"])
def test_derivatives_are_differences_of_independent_solutions(parameter):
    step, weights = 3e-4, np.array([1, -8, 8, -1]) / 12
    shift = step * np.array([-2, -1, 1, 2])
    moved = {"alpha": np.full(4, 0.43), "T": np.full(4, 0.15)}
    moved[parameter] = moved[parameter] + shift
    near = solve(DENSE, ansatz=RSB(1), **moved)
    slope = solve(DENSE, 0.43, 0.15, RSB(1)).derivative(parameter)
    for name in ("m", "q", "x", "chi", "f"):
        expected = np.tensordot(weights, getattr(near, name), 1) / step
        np.testing.assert_allclose(slope[name], expected, rtol=1e-7, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("branch, alpha, T", [("retrieval", 0.3, 0.1), ("glass", 0.3, 0.05)])
def test_symmetric_derivatives(branch, alpha, T):
    step, weights = 1e-4, np.array([1, -8, 8, -1]) / 12
    near = solve(DENSE, alpha + step * np.array([-2, -1, 1, 2]), T, branch=branch)
    slope = solve(DENSE, alpha, T, branch=branch).derivative("alpha")
    for name in ("m", "q", "chi", "f"):
        expected = np.tensordot(weights, getattr(near, name), 1) / step
        np.testing.assert_allclose(slope[name], expected, rtol=1e-8, atol=1e-8, err_msg=name)


def test_ground_state_of_the_p_spin_glass():
    # p = 3: -0.813534963984231 by an independent minimisation (Gardner 1985 gives 0.8135); random-energy limit below
    T = np.array([0.0, 1e-4, 0.3, 0.64, 0.6513, 0.66, 1.0])
    glass = solve(PSpin(p=3), 1.0, T, RSB(1), branch="glass")
    assert glass.f[0] == pytest.approx(-0.813534963984231, abs=1e-11)
    assert glass.x[0, 0] == pytest.approx(1.383563993, abs=1e-8)
    assert glass.f[1] == pytest.approx(glass.f[0] - 1e-4 * glass.s[0], abs=1e-8)
    # static transition at T_s = 0.65138522693592: the breaking point reaches 1, beyond it there is no glass
    assert glass.branch.tolist() == ["glass"] * 5 + ["none"] * 2
    assert (np.diff(glass.x[1:5, 0]) > 0).all() and 0.999 < glass.x[4, 0] < 1
    # Gardner's instability at T_G = 0.24026003638114
    edge = solve(PSpin(p=3), 1.0, 0.24026003638114 + np.array([-1e-8, 1e-8]), RSB(1), branch="glass")
    assert edge.replicon[0] < 0 < edge.replicon[1]


def test_load_scales_the_glass_of_a_dense_network():
    # Without a signal xi = alpha q^P/2: the p-spin glass at T/sqrt(alpha)
    alpha = 0.3
    glass = solve(PSpin(p=3), np.array([alpha, 1.0]), np.array([0.3 * math.sqrt(alpha), 0.3]), RSB(1), branch="glass")
    assert glass.A[0] == pytest.approx(glass.A[1], abs=1e-13) and glass.x[0, 0] == pytest.approx(
        glass.x[1, 0], abs=1e-12
    )


def test_sherrington_kirkpatrick():
    # T = 0: -sqrt(2/pi) symmetric, -0.765259434674 with one step; the full solution is -0.763167 (Crisanti, Rizzo 2002)
    T = np.array([0.0, 0.5, 0.9, 1.0, 1.3])
    flat, once = solve(SK(), 1.0, T, branch="glass"), solve(SK(), 1.0, T, RSB(1), branch="glass")
    assert flat.f[0] == pytest.approx(-math.sqrt(2 / math.pi), abs=1e-14)
    assert once.f[0] == pytest.approx(-0.765259434674, abs=1e-11)
    assert (flat.f[:3] < once.f[:3]).all() and once.f[0] < -0.763167
    assert once.branch.tolist() == ["glass"] * 3 + ["none"] * 2
    for ansatz in ("RS", RSB(1), RSB(2)):
        paramagnet = solve(SK(), 1.0, T[3:], ansatz, branch="para")
        np.testing.assert_allclose(paramagnet.A, math.log(2) + 1 / (4 * T[3:] ** 2), atol=1e-14)


def values(model, k, points, alpha, T):
    functional = Functional(model, RSB(k) if k else "RS")
    with jax.enable_x64(True):
        return np.asarray(jax.jit(jax.vmap(lambda p: functional.value(p, alpha, T)))(jnp.asarray(points)))


@pytest.mark.parametrize("T", [0.5, 1.2])
def test_no_trial_point_is_below_the_minimum(T):
    # Guerra's bound: the pressure of every trial point is above that of the exact solution, which more steps approach
    rng = np.random.default_rng(0)
    q = np.sort(rng.uniform(0, 1, (400, 2)), axis=1)
    theta = rng.uniform(0.02, 0.98, 400)
    trial = np.stack([0 * theta, q[:, 0], (1 - q[:, 1]) / T, theta / T], axis=1)
    least = values(SK(), 1, trial, 1.0, T).min() / T
    if T > 1:
        assert least > math.log(2) + 1 / (4 * T * T) - 1e-10
    else:
        assert least > solve(SK(), 1.0, T, RSB(1), branch="glass").A - 1e-12


@pytest.mark.parametrize("model", [DENSE, Hopfield(), SK(h=0.3), MixedPSpin((0.0, 0.1, 0.2, 0.0, 0.2))])
def test_limits_of_one_step_are_symmetric(model):
    # theta = 1: A_RS(m, q1); theta -> 0: A_RS(m, q2); q1 = q2: A_RS(m, q) whatever theta
    alpha, T, m, q1, q2 = 0.05, 0.7, 0.9, 0.6, 0.8
    flat = lambda q: values(model, 0, [[m, (1 - q) / T]], alpha, T)[0]
    once = lambda q1, q2, theta: values(model, 1, [[m, q1, (1 - q2) / T, theta / T]], alpha, T)[0]
    assert once(q1, q2, 1.0) == pytest.approx(flat(q1), abs=1e-13)
    assert once(q1, q2, 1e-7) == pytest.approx(flat(q2), abs=1e-6)
    assert once(q1, q1, 0.4) == pytest.approx(flat(q1), abs=1e-13)


@pytest.mark.parametrize("model", [DENSE, Hopfield(), SK(h=0.3)])
@pytest.mark.parametrize("k", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_equations_are_the_gradient_of_the_functional(model, k):
    # in the breaking slopes exactly; elsewhere both vanish together, which the slopes of a line through a solution show
    alpha, T = 0.05, 0.3
    point = np.array([0.9, 0.7, 0.6, 1.2] if k == 1 else [0.9, 0.7, 0.75, 0.6, 0.8, 1.6])
    functional = Functional(model, RSB(k))
    with jax.enable_x64(True):
        point = jnp.asarray(point)
        gradient = jax.jit(jax.grad(functional.value))(point, alpha, T)
        residual = jax.jit(functional.equations)(point, alpha, T)
    if not model.log_determinant:  # there the equations hold the variances fixed
        np.testing.assert_allclose(gradient[2 + k :], residual[2 + k :], atol=1e-13)
        stiffness = model.g(0.9, 2)
        # the slope of the rule for the pressure is less precise than the rule for the equations, which mpmath checks
        assert float(gradient[0]) == pytest.approx(stiffness * float(residual[0]), abs=1e-10)
        if k == 1 and model == DENSE:
            # nested trapezoid sums of E<tanh h> - m in mpmath, 25 digits, 161 x 161 nodes of step 0.12
            assert float(residual[0]) == pytest.approx(0.09965426329469159, abs=1e-13)
    step = 1e-5
    for i in range(2 + 2 * k):
        shifted = np.asarray(point) + step * np.outer([-2, -1, 1, 2], np.eye(2 + 2 * k)[i])
        slope = np.dot(values(model, k, shifted, alpha, T), [1, -8, 8, -1]) / (12 * step)
        assert float(gradient[i]) == pytest.approx(slope, abs=1e-9)


def test_nishimori_line_is_symmetric():
    T = np.array([0.2, 0.35, 0.45])
    state = solve(DENSE, T, T, RSB(1))
    assert (state.ansatz == "RS").all() and np.abs(state.m - state.q[:, 1]).max() < 1e-12
    assert np.abs(state.u + 0.5).max() < 1e-12 and (state.replicon >= 0).all()


def test_shapes():
    assert solve(DENSE, np.empty((0, 2)), 0.1, RSB(1)).q.shape == (0, 2, 2)
    grid = solve(DENSE, np.array([[0.3], [0.2]]), np.array([0.2, 0.3, 0.4]))
    assert grid.m.shape == (2, 3) and grid.q.shape == (2, 3, 1) and grid.x.shape == (2, 3, 0)
    with pytest.warns(UserWarning, match="alpha is float32"):
        assert solve(DENSE, np.float32([0.3]), 0.1).m.dtype == np.float64


@pytest.mark.parametrize(
    "wrong, error, word",
    [
        ({"alpha": -0.1}, ValueError, "alpha"),
        ({"T": -1e-3}, ValueError, "T"),
        ({"alpha": math.nan}, ValueError, "alpha"),
        ({"branch": "paramagnet"}, ValueError, "branch"),
        ({"ansatz": "1RSB"}, ValueError, "ansatz"),
        ({"ansatz": 1}, TypeError, "ansatz"),
        ({"model": "sk"}, TypeError, "model"),
        ({"alpha": [0.1, 0.2], "T": [0.1, 0.2, 0.3]}, ValueError, "broadcast"),
    ],
)
def test_wrong_input_is_named(wrong, error, word):
    with pytest.raises(error, match=word):
        solve(**({"model": DENSE, "alpha": 0.1, "T": 0.1} | wrong))


@pytest.mark.parametrize(
    "make, error, word",
    [
        (lambda: RSB(3), ValueError, "k"),
        (lambda: RSB(1.5), TypeError, "k"),
        (lambda: PSpin(p=1), ValueError, "p"),
        (lambda: PSpin(p=2.5), TypeError, "p"),
        (lambda: SK(h=-1), ValueError, "h"),
        (lambda: SK(h=math.nan), ValueError, "h"),
        (lambda: MixedPSpin((0.1, 0.5)), ValueError, "coefficients"),
        (lambda: MixedPSpin((0.0, -0.5)), ValueError, "coefficients"),
        (lambda: MixedPSpin("half"), TypeError, "coefficients"),
        (lambda: solve(DENSE, 0.1, 0.1).derivative("m"), ValueError, "parameter"),
    ],
)
def test_wrong_models_are_named(make, error, word):
    with pytest.raises(error, match=word):
        make()
