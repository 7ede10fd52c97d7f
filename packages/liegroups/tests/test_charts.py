"""Charts: round trips, densities against the numerical Jacobian, closed forms, in three regimes."""

import numpy as np
import pytest
from scipy.special import gamma

import liegroups
from liegroups import (
    GL,
    SE,
    SL,
    SO,
    SU,
    Aff,
    DirectProduct,
    E,
    GLPlus,
    Lorentz,
    MatrixGroup,
    O,
    SemidirectProduct,
    Sim,
    Sp,
    U,
)

GENERAL_LINEAR = [GLPlus(1), GLPlus(2), GLPlus(3), GLPlus(4), SL(2), SL(3)]
REDUCTIVE = [SO(2), SO(3), SO(4), U(2), SU(2), SU(3), Sp(4), Lorentz(1, 3), Lorentz(2, 3), SL(2, "C")]
REDUCTIVE += [O(3), GL(2), SL(3, "C"), Lorentz(1, 1), DirectProduct(SO(3), SL(2)), SL(2).embed(3, (0, 2))]
REDUCTIVE += [MatrixGroup(SL(2).generators(), name="generic SL(2)")]
AFFINE = [SE(2), E(2), SE(3), Aff(2), SemidirectProduct(SL(2)), SemidirectProduct(GLPlus(3)), Sim(2)]
CHARTS = [(group, "polar") for group in GENERAL_LINEAR + REDUCTIVE + AFFINE]
CHARTS += [
    (group, name) for group in [*GENERAL_LINEAR, Aff(2), SemidirectProduct(SL(2))] for name in ("kak", "iwasawa")
]
CHARTS += [(group, "exp") for group in GENERAL_LINEAR + REDUCTIVE + AFFINE]
REGIMES = ("identity", "generic", "cut")


def _id(value):
    return value[1] + "-" + value[0].name if isinstance(value, tuple) else None


charts = pytest.mark.parametrize("case", CHARTS, ids=_id)


def _orthonormal(group):
    """The generators made orthonormal one by one (Gram-Schmidt)."""
    table = []
    for X in group.generators():
        for other in table:
            X = X - np.sum(X * other) * other
        table.append(X / np.linalg.norm(X))
    return np.array(table)


def _coordinates(group, name, regime, seed=0, count=4):
    """Coordinates in a regime; near the cut, the compact part turns by nearly pi."""
    chart = group.chart(name)
    rng = np.random.default_rng(seed)
    size = {"identity": 1e-5, "generic": 0.4, "cut": 0.3}[regime]
    c = size * rng.standard_normal((count, chart.dim))
    if name == "kak":  # in order, and away from where singular values meet
        linear = group.linear if group.affine else group
        rank = linear.dim - 2 * SO(linear.n).dim
        c[:, SO(linear.n).dim : SO(linear.n).dim + rank] = 0
        gaps = np.linspace(1, -1, linear.n) * max(size, 0.1)
        c[:, SO(linear.n).dim : SO(linear.n).dim + rank] = gaps @ _diagonals(linear).T
        return c
    if regime == "cut" and name == "polar":
        cartan = (group.linear if group.affine else group).cartan()
        k, split = cartan.compact.dim, len(cartan.symmetric)
        if k:
            turn = rng.standard_normal((count, k))
            K = np.tensordot(turn, _orthonormal(cartan.compact), axes=1)
            largest = np.abs(np.linalg.eigvals(K).imag).max(axis=-1)
            c[:, split : split + k] = turn * ((np.pi - 1e-3) / largest)[:, None]
    return c


def _diagonals(group):
    return group.chart("kak")._diagonal


@charts
@pytest.mark.parametrize("regime", REGIMES)
def test_round_trip(case, regime):
    group, name = case
    chart = group.chart(name)
    c = _coordinates(group, name, regime)
    g = chart.forward(c)
    assert np.asarray(group.contains(g, atol=1e-9)).all()
    again = chart.inverse(g)
    slack = 1e3 if regime == "cut" else 1.0  # at an angle pi - d the logarithm is known to eps / d
    np.testing.assert_allclose(chart.forward(again), g, atol=1e-12)
    if name != "kak":  # whose coordinates are unique up to signs only
        np.testing.assert_allclose(again, c, atol=3e-13 * slack)


@charts
def test_factors_multiply_to_the_element(case):
    group, name = case
    chart = group.chart(name)
    g = chart.forward(_coordinates(group, name, "generic"))
    product = np.eye(group.n)
    for factor in chart.factors(g):
        product = product @ factor
    np.testing.assert_allclose(product, g, atol=1e-13)


@charts
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("regime", REGIMES)
def test_density_is_the_numerical_jacobian(case, side, regime):
    """G4: |det| of the coordinates of g^-1 dg (left) or dg g^-1 (right) by five-point differences."""
    group, name = case
    chart = group.chart(name)
    c = _coordinates(group, name, regime, seed=3, count=1)[0]
    basis = _orthonormal(group).reshape(group.dim, -1)
    inverse, h, rows = np.linalg.inv(chart.forward(c)), 1e-3, []
    for step in h * np.eye(chart.dim):
        near = chart.forward(c + step) - chart.forward(c - step)
        far = chart.forward(c + 2 * step) - chart.forward(c - 2 * step)
        derivative = (8 * near - far) / (12 * h)
        rows.append(basis @ (inverse @ derivative if side == "left" else derivative @ inverse).ravel())
    ratio = np.exp(np.linalg.slogdet(np.array(rows))[1] - chart.log_density(c, side=side))
    np.testing.assert_allclose(ratio, 1, atol=1e-6)


@pytest.mark.parametrize("group", [Aff(2), SemidirectProduct(GLPlus(3)), Sim(2)], ids=repr)
def test_left_and_right_densities_differ_by_the_modular_function(group):
    """G10: mu_L = |det h|^-1 mu_R."""
    for name in ("polar", "exp"):
        chart = group.chart(name)
        c = _coordinates(group, name, "generic")
        h = chart.forward(c)[:, :-1, :-1]
        difference = chart.log_density(c, side="left") - chart.log_density(c, side="right")
        np.testing.assert_allclose(difference, -np.log(np.linalg.det(h)), atol=1e-12)
        np.testing.assert_allclose(np.log(group.modular(chart.forward(c))), -np.log(np.linalg.det(h)), atol=1e-12)


@pytest.mark.parametrize("group", [GLPlus(3), SL(2), SO(3), SE(3), Lorentz(1, 2)], ids=repr)
def test_unimodular_groups(group):
    g = group.sample(5, 0, scale=0.5)
    np.testing.assert_allclose(group.modular(g), 1, atol=1e-12)


def test_coordinates_exist_where_exp_does_not_reach(backend):
    """G2: values from the golden ratio and log 2."""
    tolerance = {"float64": 1e-12, "float32": 1e-5}[backend.dtype]
    chart = SL(2).chart("polar")
    A = backend.array([[[-2.0, 0.0], [0.0, -0.5]], [[-1.0, 1.0], [0.0, -1.0]]])
    coords = chart.inverse(A)
    np.testing.assert_allclose(np.abs(backend.numpy(coords)[0, 2]), np.pi * np.sqrt(2), rtol=tolerance)
    P = backend.numpy(chart.factors(A)[0])
    np.testing.assert_allclose(P[0], np.diag([2.0, 0.5]), atol=tolerance)
    golden = (1 + np.sqrt(5)) / 2
    np.testing.assert_allclose(np.linalg.eigvalsh(P[1]), [1 / golden, golden], atol=tolerance)
    np.testing.assert_allclose(backend.numpy(chart.forward(coords)), backend.numpy(A), atol=2 * tolerance)
    for matrix in backend.numpy(A):
        with pytest.raises(ValueError, match=r"SL\(2\)"):
            SL(2).log(matrix)


def test_no_jump_at_the_identity(backend):
    """G3."""
    R = SO(2).exp(backend.array([[0.01], [-0.01]]))
    found = backend.numpy(GLPlus(2).chart("polar").inverse(R))
    np.testing.assert_allclose(found[:, 3], np.array([0.01, -0.01]) * np.sqrt(2), rtol=0, atol=8e-2 * backend.eps)


def test_trap_13_the_density_of_P_has_the_whole_difference_and_that_of_S_half():
    """With S = P^2 = e^X, X = 2 Y: sinh((x1 - x2)/2)/((x1 - x2)/2) is the factor in X."""
    chart = GLPlus(2).chart("polar")
    x = np.array([1.1, -0.4])
    Y = np.diag(x / 2)
    c = chart.inverse(np.diag(np.exp(np.diag(Y))))
    half = (x[0] - x[1]) / 2
    np.testing.assert_allclose(chart.log_density(c), np.log(np.sinh(half) / half), atol=1e-14)


@pytest.mark.parametrize("group", [GLPlus(2), GLPlus(3)], ids=repr)
def test_entrywise_measure(group):
    """dmu = |det A|^-n dA, by the determinant of the Jacobian dA/dc."""
    chart = group.chart("polar")
    c = _coordinates(group, "polar", "generic", count=1)[0]
    h = 1e-5
    J = np.array([(chart.forward(c + s) - chart.forward(c - s)).ravel() / (2 * h) for s in h * np.eye(chart.dim)])
    det = np.linalg.det(chart.forward(c))
    np.testing.assert_allclose(np.linalg.slogdet(J)[1] - group.n * np.log(det), chart.log_density(c), atol=1e-7)


def test_volume_of_so3():
    """The density over the ball of half turns gives 8 pi^2 2^(3/2)."""
    radii, weights = np.polynomial.legendre.leggauss(40)
    radii, weights = (radii + 1) * np.pi / np.sqrt(2), weights * np.pi / np.sqrt(2)  # to pi sqrt 2
    c = radii[:, None] * np.array([0.6, 0.0, 0.8])
    density = np.exp(SO(3).chart("polar").log_density(c))
    np.testing.assert_allclose(np.sum(weights * density * 4 * np.pi * radii**2), 8 * np.pi**2 * 2**1.5, rtol=1e-12)


def _grid(count, reach):
    nodes = np.linspace(-reach, reach, count)
    return nodes, nodes[1] - nodes[0]


def test_integral_over_gl2():
    """G6: the closed form of the notes, 1/2 (2 pi)^2 prod_i 2^((s-2)/2) Gamma((i+s-2)/2) / Gamma(i/2)."""
    s = 2.5
    expected = 0.5 * (2 * np.pi) ** 2
    for i in (1, 2):
        expected *= 2 ** ((s - 2) / 2) * gamma((i + s - 2) / 2) / gamma(i / 2)
    np.testing.assert_allclose(expected, 17.4934183276, rtol=1e-11)
    chart = GLPlus(2).chart("polar")
    found = _radial_integral(chart, lambda P: np.linalg.det(P) ** s * np.exp(-np.sum(P**2, axis=(-2, -1)) / 2))
    np.testing.assert_allclose(found * 2 * np.pi * np.sqrt(2), expected, rtol=1e-6)


def test_integral_over_spd2():
    """G7: Gamma_2(3/2) = sqrt(pi) Gamma(3/2) Gamma(1) = pi / 2, with S = P^2 = e^{2 Y}."""
    chart = GLPlus(2).chart("polar")

    def f(P):
        S = P @ P
        return np.linalg.det(S) ** 1.5 * np.exp(-np.trace(S, axis1=-2, axis2=-1))

    jacobian = 2**3 / np.sqrt(2)  # dX = 2^3 dY, and the entry S_12 is 1/sqrt 2 of its orthonormal coordinate
    np.testing.assert_allclose(_radial_integral(chart, f) * jacobian, np.pi / 2, rtol=1e-6)


def _radial_integral(chart, f):
    """Integrate f(P) over the symmetric coordinates of GL(2): the trace, and the plane of traceless parts."""
    trace, step = _grid(241, 12.0)
    radius, weights = np.polynomial.legendre.leggauss(240)
    radius, weights = (radius + 1) * 6, weights * 6
    symmetric = chart.group.cartan().symmetric
    identity = np.einsum("aij,ij->a", symmetric, np.eye(2)) / np.sqrt(2)
    squeeze = np.einsum("aij,ij->a", symmetric, np.diag([1.0, -1.0])) / np.sqrt(2)
    y = trace[:, None, None] * identity + radius[:, None] * squeeze
    values = f(chart.exp_symmetric(y)) * np.exp(chart.log_density_symmetric(y))
    return float(np.sum(values * weights * 2 * np.pi * radius) * step)


@pytest.mark.parametrize("group", [GLPlus(2), SL(3), Lorentz(1, 3), SE(3), Aff(2)], ids=repr)
@pytest.mark.parametrize("library", ["numpy", "torch", pytest.param("jax", marks=pytest.mark.slow)])
def test_libraries_agree(group, backend):
    """Every map in every library and precision against numpy in float64."""
    names = ["polar", "exp"] + (["kak", "iwasawa"] if group in (GLPlus(2), SL(3), Aff(2)) else [])
    for name in names:
        chart = group.chart(name)
        c = _coordinates(group, name, "generic")
        mine = backend.array(c)
        tolerance = 200 * backend.eps
        np.testing.assert_allclose(backend.numpy(chart.forward(mine)), chart.forward(c), atol=tolerance)
        np.testing.assert_allclose(backend.numpy(chart.log_density(mine)), chart.log_density(c), atol=tolerance)
        g = chart.forward(c)
        found = backend.numpy(chart.inverse(backend.array(g)))
        np.testing.assert_allclose(found, chart.inverse(g), atol=20 * tolerance)
        for found, factor in zip(chart.factors(backend.array(g)), chart.factors(g), strict=True):
            np.testing.assert_allclose(backend.numpy(found), factor, atol=tolerance)
        np.testing.assert_allclose(
            backend.numpy(chart.cut_distance(backend.array(g))), chart.cut_distance(g), atol=1e-2
        )


@pytest.mark.parametrize("batch", [(), (0,), (2, 0, 3)], ids=str)
@pytest.mark.parametrize(
    "case", [(SL(2), "polar"), (GLPlus(3), "kak"), (GLPlus(3), "iwasawa"), (Aff(2), "exp")], ids=_id
)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_every_batch_shape_is_kept(case, batch, backend64):
    group, name = case
    chart = group.chart(name)
    c = backend64.array(np.broadcast_to(0.1 * np.arange(chart.dim), (*batch, chart.dim)))
    g = chart.forward(c)
    assert g.shape == (*batch, group.n, group.n)
    assert chart.inverse(g).shape == c.shape
    assert chart.log_density(c).shape == chart.cut_distance(g).shape == batch
    assert all(factor.shape == g.shape for factor in chart.factors(g))


def test_cut_distance_vanishes_on_the_cut_and_counts_radians():
    turn = SO(3).exp(np.array([[0.0, 0.0, np.pi], [0.0, np.pi - 1e-9, 0.0], [1.0, 0.0, 0.0]]))
    expected = [0.0, 1e-9, np.pi - 1]
    np.testing.assert_allclose(SL(3).chart("polar").cut_distance(turn), expected, atol=1e-15 * 10)
    np.testing.assert_allclose(SO(3).chart("exp").cut_distance(turn), expected, atol=1e-7)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@pytest.mark.parametrize("case", [(SL(2), "polar"), (GLPlus(3), "polar"), (SE(3), "polar"), (Aff(2), "exp")], ids=_id)
@pytest.mark.parametrize("at", ["identity", "rotation", "two equal"])
def test_derivatives_at_equal_singular_values(case, at):
    """Reverse and forward mode against central differences, where the singular value decomposition has none."""
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    group, name = case
    chart = group.chart(name)
    c0 = np.zeros(chart.dim)
    if at == "rotation":
        c0[-1 - (group.n - 1 if group.affine else 0)] = 0.7
    elif at == "two equal" and group.n == 3 and not group.affine:
        c0 = chart.inverse(np.diag([2.0, 2.0, 0.5]))
    g = torch.from_numpy(chart.forward(c0))
    c = torch.from_numpy(c0)
    for f, x in ((chart.inverse, g), (chart.forward, c), (chart.log_density, c)):
        tangent = torch.from_numpy(np.random.default_rng(0).standard_normal(x.shape))
        if f == chart.inverse:  # along the group
            X = group.hat(torch.from_numpy(np.random.default_rng(0).standard_normal(group.dim)))
            tangent = g @ X
        exact = (f(x + 1e-5 * tangent) - f(x - 1e-5 * tangent)) / 2e-5
        forward = torch.func.jvp(f, (x,), (tangent,))[1]
        leaf = x.clone().requires_grad_()
        out = f(leaf)
        rows = [torch.autograd.grad(one, leaf, retain_graph=True)[0] for one in out.reshape(-1)]
        reverse = torch.stack([(row * tangent).sum() for row in rows]).reshape(out.shape)
        np.testing.assert_allclose(forward, exact, atol=2e-8)
        np.testing.assert_allclose(reverse, exact, atol=2e-8)


def test_bad_input_is_named():
    chart = SL(2).chart("polar")
    for action, message in (
        (lambda: SL(2).chart("poler"), "did you mean 'polar'"),
        (lambda: liegroups.Cyclic(4).chart("polar"), "C_4 is finite"),
        (lambda: Lorentz(1, 3).chart("kak"), "not for SO\\+\\(1,3\\)"),
        (lambda: chart.forward(np.zeros(4)), "coords"),
        (lambda: chart.inverse(np.zeros((3, 3))), "g of SL\\(2\\).chart"),
        (lambda: chart.log_density(np.zeros(3), side="both"), "side must be"),
        (lambda: chart.inverse(np.diag([1.0, -1.0])), "g has 1 element.* with det <= 0"),
        (lambda: chart.inverse(np.full((2, 2), np.nan)), "g has entries that are NaN"),
        (lambda: chart.log_density(np.full(3, np.nan)), "coords has entries that are NaN"),
        (lambda: SL(2).chart("kak").inverse(np.zeros((2, 2))), "g has 1 element.* with det <= 0"),
        (lambda: chart.inverse(np.eye(2, dtype=int)), "dtype"),
    ):
        with pytest.raises(ValueError, match=message):
            action()


def test_cut_of_su3_is_where_an_angle_is_shifted():
    """Angles (2 pi/3 + e, 2 pi/3, -4 pi/3 - e) sum to zero; for e > 0 another one is shifted than for e < 0."""
    group = SU(3)

    def element(e):
        phases = np.exp(1j * np.array([2 * np.pi / 3 + e, 2 * np.pi / 3, -4 * np.pi / 3 - e]))
        Z = np.diag(phases)
        return np.block([[Z.real, -Z.imag], [Z.imag, Z.real]])

    for chart in (group.chart("polar"), SL(3, "C").chart("polar")):
        left, right = chart.inverse(element(-1e-4)), chart.inverse(element(1e-4))
        assert np.linalg.norm(left - right) > 5
        np.testing.assert_allclose(chart.cut_distance(element(-1e-4)), 0.5e-4, rtol=1e-6)
        np.testing.assert_allclose(chart.cut_distance(element(1e-4)), 0.5e-4, rtol=1e-6)
    minus = np.diag([-1.0, 1, 1, -1, 1, 1]) @ group.exp(np.zeros(8))  # the determinant of diag(-1, 1, 1) is no 1
    assert not group.contains(minus)
    half_turn = np.diag([-1.0, -1, 1, -1, -1, 1])  # angles pi, -pi, 0: 2 pi apart
    np.testing.assert_allclose(group.chart("polar").cut_distance(half_turn), 0, atol=1e-14)


def test_cut_of_a_product_is_the_nearer_one():
    group = DirectProduct(SU(2), SO(2))
    g = group.exp(np.array([0.0, 0.0, 0.0, 3.0]))
    np.testing.assert_allclose(group.chart("polar").cut_distance(g), np.pi - 3, atol=1e-14)
    inner = SU(2).embed(5, (0, 1, 2, 4))
    v = np.array([0.0, 0.0, 2.5])
    np.testing.assert_allclose(inner.chart("polar").cut_distance(inner.exp(v)), np.pi - 2.5, atol=1e-14)


def test_kak_coordinates_jump_where_the_cut_distance_says():
    """The left rotation is fixed up to a sign of each column: it is taken between -pi/2 and pi/2 in the plane."""
    chart = SL(2).chart("kak")
    turn = SO(2).exp(np.array([[np.pi / 2 - 1e-6], [np.pi / 2 + 1e-6]]))
    g = turn @ np.diag([2.0, 0.5]) @ SO(2).exp(np.array([0.3]))
    c = chart.inverse(g)
    np.testing.assert_allclose(chart.forward(c), g, atol=1e-14)
    assert np.linalg.norm(c[0] - c[1]) > 4
    np.testing.assert_allclose(chart.cut_distance(g), 1e-6, rtol=1e-6)
    walls = np.diag([1.001, 1 / 1.001])
    np.testing.assert_allclose(chart.cut_distance(walls), 2 * np.log(1.001), rtol=1e-10)


@pytest.mark.parametrize(
    ("group", "stranger"),
    [
        (SL(2), 2 * np.eye(2)),
        (SL(3), np.diag([2.0, 1.0, 1.0])),
        (Sp(4), np.diag([2.0, 1.0, 1.0, 1.0])),
        (Lorentz(1, 1), -np.eye(2)),
        (Lorentz(1, 3), np.diag([2.0, 1.0, 1.0, 1.0])),
        (SO(2).embed(3, (0, 1)), np.array([[1.0, 0, 0.5], [0, 1, 0], [0, 0, 1]])),
        (DirectProduct(SO(2), SL(2)), np.eye(4) + 0.5 * np.eye(4)[[2, 3, 0, 1]]),
    ],
    ids=lambda x: x.name if hasattr(x, "name") else "",
)
def test_matrices_outside_the_group_have_neither_logarithm_nor_coordinates(group, stranger):
    assert not group.contains(stranger)
    with pytest.raises(ValueError):
        group.log(stranger)
    with pytest.raises(ValueError):
        group.chart("polar").inverse(stranger)


def test_diagonal_charts_keep_condition_numbers_beyond_float32():
    g = np.diag([1e5, 1e-5]).astype(np.float32)
    for name, place in (("kak", slice(1, 3)), ("iwasawa", slice(1, 3))):
        found = GLPlus(2).chart(name).inverse(g)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found[place], np.log([1e5, 1e-5]), rtol=1e-5)
        with pytest.raises(ValueError, match="lost in rounding"):
            GLPlus(2).chart(name).inverse(np.diag([1e15, 1e-15]))


@pytest.mark.parametrize(
    "group", [SO(3), SO(4), SE(2), SU(2), GLPlus(1), GLPlus(2), GLPlus(3), SL(2, "C"), Aff(2), Lorentz(1, 3)], ids=repr
)
def test_every_map_stays_on_its_device(group):
    """On torch's meta device, which has no values: a table left on the CPU would raise or change the device."""
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    chart = group.chart("polar")
    c = torch.empty((2, chart.dim), device="meta", dtype=torch.float64)
    v = torch.empty((2, group.dim), device="meta", dtype=torch.float64)
    g = torch.empty((2, group.n, group.n), device="meta", dtype=torch.float64)
    for found in (
        *(group.hat(v), group.exp(v), group.ad(v), group.Ad(g), group.vee(g), group.inverse(g), group.compose(g, g)),
        *(chart.forward(c), chart.log_density(c), *chart.factors(g)),
    ):
        assert found.device.type == "meta" and found.dtype == torch.float64
