"""equivariance_error against closed forms.

For f(x) = A x with x the unit vectors, |f| is the Frobenius norm of A, and with the defining representation on both
sides E_R |A R - R A|^2 = 2 |A - P(A)|^2, where P projects on the commutant (SO(2): aI + bJ; SO(n >= 3): multiples of
the identity). The Lie derivatives are commutators: 4 |S|^2 for SO(2), S the symmetric traceless part, and for SO(3)
sum_l l(l+1) |A_l|^2, which is 2 |antisymmetric|^2 + 6 |symmetric traceless|^2.
"""

import numpy as np
import pytest

from liegroups import (
    SE,
    SL,
    SO,
    Aff,
    Cyclic,
    Dihedral,
    DirectProduct,
    E,
    EquivarianceReport,
    GLPlus,
    Lorentz,
    MatrixGroup,
    O,
    Sim,
    Symmetric,
    equivariance_error,
)

A = np.array([[1.0, 2.0], [3.0, 4.0]])
RMS = 1.0645812948447542  # sqrt(2 |S|^2 / |A|^2) with |S|^2 = 17, |A|^2 = 30
B = np.array([[1.0, 2.0, -1.0], [0.5, -3.0, 4.0], [2.0, 0.0, 5.0]])


def _linear(matrix):
    return lambda x: x @ matrix.T


def _parts(matrix):
    """Squared norms of the trace, antisymmetric and symmetric traceless parts of a 3 x 3 matrix."""
    trace = np.trace(matrix) / 3 * np.eye(3)
    antisymmetric = (matrix - matrix.T) / 2
    return [np.sum(part**2) for part in (trace, antisymmetric, matrix - trace - antisymmetric)]


def test_the_closed_form_is_the_one_above():
    symmetric = (A + A.T) / 2 - np.trace(A) / 2 * np.eye(2)
    assert np.sum(symmetric**2) == 17 and pytest.approx(np.sqrt(2 * 17 / 30), rel=1e-15) == RMS


@pytest.mark.parametrize("group", [Cyclic(3), Cyclic(4), Cyclic(7)], ids=repr)
def test_exact_sum_over_equally_spaced_rotations(group):
    report = equivariance_error(_linear(A), group, np.eye(2))
    assert report.rms == pytest.approx(RMS, rel=1e-12)
    assert report.method == "sum" and report.samples == len(group.elements())
    assert report.interval == (report.rms, report.rms)
    assert report.lie.shape == (0,) and report.lie_total == 0


@pytest.mark.parametrize("samples", [2, 3, 7, 256])
def test_quadrature_on_so2(samples):
    report = equivariance_error(_linear(A), SO(2), np.eye(2), samples=samples)
    assert report.rms == pytest.approx(RMS, rel=1e-12)
    assert report.method == "quadrature" and report.samples >= max(4, samples)
    low, high = report.interval
    assert low <= report.rms <= high
    if samples > 4:  # the half rules, which make the error estimate, are then exact too
        assert (low, high) == pytest.approx((RMS, RMS), rel=1e-12)


def test_any_batch_of_vectors_weighs_in_by_its_second_moment():
    """E_R |(A R - R A) x|^2 does not depend on the direction of x in the plane, and |A R x|^2 averages to 15 |x|^2."""
    x = np.random.default_rng(0).standard_normal((7, 3, 2))
    assert equivariance_error(_linear(A), SO(2), x).rms == pytest.approx(RMS, rel=1e-12)


def test_quadrature_covers_both_components_of_o2():
    """Brute force over 64 rotations with and without a reflection."""
    t = 2 * np.pi * np.arange(64) / 64
    turns = np.array([[[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]] for a in t])
    elements = np.concatenate([turns, turns @ np.diag([1.0, -1.0])])
    wanted = np.sqrt(np.sum((A @ elements - elements @ A) ** 2) / np.sum((A @ elements) ** 2))
    report = equivariance_error(_linear(A), O(2), np.eye(2), samples=16)
    assert report.method == "quadrature" and report.samples == 16
    assert report.rms == pytest.approx(wanted, rel=1e-12)


def test_quadrature_error_estimate_bounds_the_true_error_of_a_kink():
    f, x = lambda x: np.maximum(x - 0.3, 0), np.eye(2) + 0.1
    fine = equivariance_error(f, SO(2), x, samples=8192, local=False).rms
    for samples in (8, 16, 32, 64):
        low, high = equivariance_error(f, SO(2), x, samples=samples, local=False).interval
        assert low <= fine <= high and high - low > 1e-6


def test_lie_derivative_of_so2_is_68():
    report = equivariance_error(_linear(A), SO(2), np.eye(2))
    assert report.lie == pytest.approx([68], rel=1e-13)
    assert report.lie_total == pytest.approx(68, rel=1e-13)
    assert report.lie_method == "differences" and report.lie_error < 1e-10


def test_lie_derivatives_of_so3_are_casimirs():
    report = equivariance_error(_linear(B), SO(3), np.eye(3))
    _, antisymmetric, traceless = _parts(B)
    assert report.lie_total == pytest.approx(2 * antisymmetric + 6 * traceless, rel=1e-13)
    wanted = [np.sum((B @ L - L @ B) ** 2) for L in SO(3).generators()]
    np.testing.assert_allclose(report.lie, wanted, rtol=1e-13)


def test_ridders_is_accurate_and_honest_on_a_curved_function():
    """f(x) = (sin x0, x0 x1^2): D f(x) J x - J f(x) by hand."""
    f = lambda x: np.stack([np.sin(x[..., 0]), x[..., 0] * x[..., 1] ** 2], axis=-1)
    a, b = 0.7, -1.3
    wanted = np.array([np.cos(a) * -b + a * b**2, -b * b**2 + 2 * a * b * a - np.sin(a)])
    report = equivariance_error(f, SO(2), np.array([a, b]))
    assert abs(report.lie_total - wanted @ wanted) <= 1e-10
    assert abs(report.lie_total - wanted @ wanted) <= 10 * report.lie_error + 1e-14


def test_ridders_stays_inside_the_domain():
    f = lambda x: np.where(np.abs(x).max() < 1.2, x * np.log(1.2 - np.abs(x).max() + 0 * x), np.nan)
    report = equivariance_error(f, Cyclic(4), np.array([[1.0, 0.1]]))
    assert report.rms < 1e-12
    g = lambda x: np.where(np.abs(x) < 1.2, x, np.nan)
    assert equivariance_error(g, SO(2), np.array([[1.0, 0.6]])).lie_total < 1e-20


def test_steps_too_coarse_for_f_show_in_the_error():
    """f turns by 10^6 radians a unit: no step resolves it, and coarse ones agree on a derivative next to nothing."""
    report = equivariance_error(lambda x: np.sin(1e6 * x), SE(1), np.array([[1e-6]]), "point", "scalar", scale=1.0)
    assert report.lie_error > report.lie_total


@pytest.mark.parametrize("size", [1e-200, 1e150])
def test_a_relative_error_does_not_depend_on_the_unit(size):
    report = equivariance_error(_linear(A), SO(2), size * np.eye(2), local=False)
    assert report.rms == pytest.approx(RMS, rel=1e-12)
    assert report.interval == pytest.approx((RMS, RMS), rel=1e-12)


# ---- sampling -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("group", "matrix"), [(SO(2), A), (SO(3), B)], ids=["SO(2)", "SO(3)"])
def test_sampled_intervals_cover_the_closed_form_for_90_of_100_seeds(group, matrix):
    norm, parts = np.sum(matrix**2), _parts(matrix) if group.n == 3 else None
    exact = RMS if parts is None else np.sqrt(2 * (parts[1] + parts[2]) / norm)
    covered, widths = 0, []
    for seed in range(100):
        report = equivariance_error(
            _linear(matrix), group, np.eye(group.n), samples=128, seed=seed, method="sampling", local=False
        )
        low, high = report.interval
        covered += low <= exact <= high
        widths.append(high - low)
    assert covered >= 90
    assert 0 < np.mean(widths) < 0.3


def test_interval_of_a_ratio_with_varying_denominator():
    """f(x) = D x with x = e1 only, so |f(R x)| varies: quadrature is the reference."""
    f, x = _linear(np.diag([1.0, 5.0])), np.array([[1.0, 0.0]])
    exact = equivariance_error(f, SO(2), x, local=False).rms
    covered = 0
    for seed in range(100):
        low, high = equivariance_error(f, SO(2), x, samples=128, seed=seed, method="sampling", local=False).interval
        covered += low <= exact <= high
    assert covered >= 90


def test_the_same_seed_gives_the_same_report():
    first, second = (equivariance_error(_linear(B), SO(3), np.eye(3), seed=5) for _ in range(2))
    assert first.rms == second.rms and first.interval == second.interval and first.method == "sampling"
    assert first.rms != equivariance_error(_linear(B), SO(3), np.eye(3), seed=6).rms


def test_worst_element_attains_the_maximum():
    report = equivariance_error(_linear(B), SO(3), np.eye(3))
    R = report.worst_element
    assert np.linalg.norm(B @ R - R @ B) / np.linalg.norm(B @ R) == pytest.approx(report.max, rel=1e-12)
    assert report.max >= report.rms


# ---- exactly equivariant functions ----------------------------------------------------------------------

EQUIVARIANT = {
    "identity": (lambda x: x, SO(2)),
    "rotation of the plane": (lambda x: np.stack([-x[..., 1], x[..., 0]], axis=-1), SO(2)),
    "x |x|": (lambda x: x * np.linalg.norm(x, axis=-1, keepdims=True), SO(3)),
    "permutations": (lambda x: x - x.mean(axis=-1, keepdims=True), Symmetric(4)),
    "dihedral": (lambda x: x**3, Dihedral(4)),
}


@pytest.mark.parametrize("name", EQUIVARIANT)
@pytest.mark.parametrize(("dtype", "bound"), [("float64", 1e-12), ("float32", 1e-6)])
def test_equivariant_functions_are_found_so(name, dtype, bound):
    f, group = EQUIVARIANT[name]
    x = np.random.default_rng(0).standard_normal((6, group.n)).astype(dtype)
    report = equivariance_error(f, group, x)
    assert report.rms < bound and report.max < bound
    assert report.verdict == "equivariant" and report.dtype == dtype
    assert report.rms_float64 < 1e-12
    assert report.lie_total < 1e-18
    assert (report.roundoff is None) == (dtype == "float64")


def test_a_mean_is_a_point_but_not_a_vector():
    """Trap (ii): under translations the mean of points moves along, as a point."""
    x = np.random.default_rng(0).standard_normal((4, 10, 2))
    mean = lambda x: x.mean(axis=-2)
    assert equivariance_error(mean, SE(2), x, "point", "point", scale=2.0).rms < 1e-12
    wrong = equivariance_error(mean, SE(2), x, "point", "vector", scale=2.0)
    assert wrong.rms > 0.5
    # L_X f along a translation is the unit vector itself, once for each of the 4 sets.
    np.testing.assert_allclose(wrong.lie, [0, 4, 4], atol=1e-10)
    assert wrong.scale == 2.0 and "translations of scale 2" in str(wrong)


SPREAD = [
    (SL(2), "stretches"),
    (GLPlus(3), "stretches"),
    (Lorentz(1, 3), "stretches"),
    (MatrixGroup(SL(2).generators()), "stretches"),
    (E(3), "translations"),
    (MatrixGroup(SE(2).generators(), affine=True), "translations"),
    (Sim(2), "translations and stretches"),
    (Aff(2), "translations and stretches"),
    (DirectProduct(SE(2), SO(2)), "translations"),
    (MatrixGroup(Sim(2).generators(), affine=True), "non-compact coordinates"),
]


@pytest.mark.parametrize(("group", "words"), SPREAD, ids=repr)
def test_a_report_says_what_its_scale_spreads(group, words):
    identity = lambda x: x
    report = equivariance_error(identity, group, np.ones(2), "scalar", "scalar", samples=4, scale=0.5, local=False)
    assert report.scale_of == words and f", {words} of scale 0.5)" in str(report)


def test_cross_product_is_a_pseudovector():
    x = {"a": np.random.default_rng(0).standard_normal((5, 3)), "b": np.random.default_rng(1).standard_normal((5, 3))}
    cross = lambda a, b: np.cross(a, b)
    words = {"a": "vector", "b": "vector"}
    assert equivariance_error(cross, O(3), x, words, "pseudovector").rms < 1e-12
    assert equivariance_error(cross, SO(3), x, words, "vector").rms < 1e-12
    assert equivariance_error(cross, O(3), x, words, "vector").rms > 1
    triple = lambda a, b: np.sum(np.cross(a, b) * (a + 2 * b + 1), axis=-1, keepdims=True)
    assert equivariance_error(triple, O(3), x, words, "pseudoscalar").rms > 0.1
    outer = lambda a, b: (a[..., :, None] * b[..., None, :]).reshape(5, 9)
    assert equivariance_error(outer, O(3), x, words, "tensor:2").rms < 1e-12


def test_dicts_of_typed_inputs_and_outputs():
    rng = np.random.default_rng(0)
    x = {
        "x": rng.standard_normal((4, 6, 3)),
        "weights": rng.uniform(size=(4, 6)),
        "mask": rng.uniform(size=(4, 6)) > 0.3,
    }

    def f(x, weights, mask):
        w = (weights * mask)[..., None]
        centre = np.sum(w * x, axis=1) / np.sum(w, axis=1)
        spread = np.sum(w * (x - centre[:, None]) ** 2, axis=(1, 2))
        return {"centre": centre, "spread": spread[:, None]}

    words = {"x": "point", "weights": "scalar", "mask": "invariant"}
    report = equivariance_error(f, E(3), x, words, {"centre": "point", "spread": "scalar"}, scale=1.0)
    assert report.rms < 1e-12 and report.lie_total < 1e-20


def test_invariants_reach_f_as_they_are():
    given = {"x": np.ones((4, 3)), "mask": None, "labels": ["a", "b"], "index": np.arange(4)}

    def f(x, mask, labels, index):
        assert mask is None and labels is given["labels"] and index.dtype == given["index"].dtype
        return x

    words = {"x": "vector", "mask": "invariant", "labels": "invariant", "index": "invariant"}
    assert equivariance_error(f, SO(3), given, words).verdict == "equivariant"


def test_a_random_function_is_called_so():
    rng = np.random.default_rng(0)
    noisy = equivariance_error(lambda x: x + 1e-3 * rng.standard_normal(x.shape), SO(2), np.eye(2), local=False)
    assert "f gives different values for the same x" in str(noisy)
    assert "different values" not in str(equivariance_error(_linear(A), SO(2), np.eye(2), local=False))


def test_a_function_that_works_in_place_neither_spoils_the_input_nor_the_result():
    def f(x):
        x *= 2
        return x

    x = np.eye(2)
    assert equivariance_error(f, SO(2), x).rms < 1e-12
    np.testing.assert_array_equal(x, np.eye(2))


# ---- the report -----------------------------------------------------------------------------------------


def test_float32_roundoff_and_a_real_defect_are_told_apart():
    x = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
    cancelling = lambda x: (x + 1e3) - 1e3 * np.ones_like(x)
    roundoff = equivariance_error(cancelling, SO(3), x)
    assert roundoff.rms > 1e-6 and roundoff.rms_float64 < 1e-11
    assert roundoff.roundoff == pytest.approx(roundoff.rms, rel=1e-3)
    assert roundoff.verdict == "equivariant" and "round-off accounts for" in str(roundoff)
    small = lambda x: x + 1e-5 * x * x
    defect = equivariance_error(small, SO(3), x)
    assert 1e-6 < defect.rms_float64 < 1e-4
    assert defect.verdict == "not equivariant"


def test_a_function_that_refuses_float64_is_reported():
    def strict(x):
        if x.dtype != np.float32:
            raise TypeError("only float32 here")
        return x

    report = equivariance_error(strict, SO(3), np.eye(3, dtype=np.float32))
    assert report.verdict == "undecided" and report.rms_float64 is None and report.roundoff is None
    assert "f cannot be measured in float64 (TypeError: only float32 here)" in str(report)
    silent = equivariance_error(lambda x: x.astype(np.float32), SO(3), np.eye(3, dtype=np.float32))
    assert silent.verdict == "undecided" and "f returns float32 for float64 inputs" in str(silent)


def test_the_report_is_frozen_and_readable():
    report = equivariance_error(_linear(A), SO(2), np.eye(2))
    assert isinstance(report, EquivarianceReport)
    with pytest.raises(AttributeError):
        report.rms = 0.0
    text = str(report)
    assert text.startswith("not equivariant under SO(2)") and "68" in text and "1.06" in text
    plain = equivariance_error(_linear(A), SO(2), np.eye(2), local=False)
    assert plain.lie is None and plain.lie_total is None and plain.lie_method == "none"


# ---- groups from elsewhere, methods ---------------------------------------------------------------------


class Spin:
    """A circle that acts on two planes, at one and at two and a half turns: only the members of the protocol."""

    name, n, dim, compact, affine = "spin", 4, 1, True, False

    def generators(self):
        J = np.array([[0.0, -1.0], [1.0, 0.0]])
        return np.block([[2 * J, np.zeros((2, 2))], [np.zeros((2, 2)), 5 * J]])[None]

    def discrete_generators(self):
        return np.zeros((0, 4, 4))

    def sample(self, count, seed, scale=None):
        raise AssertionError("quadrature needs no sample")

    def elements(self):
        return None


def test_a_group_from_elsewhere_with_several_frequencies():
    """By hand: M mixes the planes, and frequencies 2 and 5 are unequal, so all of M fails: |M R - R M|^2 = 2 |M|^2."""
    M = np.zeros((4, 4))
    M[0, 2] = M[1, 3] = 1.0
    report = equivariance_error(_linear(M), Spin(), np.eye(4), samples=64)
    assert report.method == "quadrature" and report.rms == pytest.approx(np.sqrt(2), rel=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "sum"}, r"method 'sum' needs a finite group of known elements; SO\(3\) has none"),
        ({"method": "quadrature"}, r"method 'quadrature' needs a compact group of dimension 1; SO\(3\) is none"),
        ({"method": "exact"}, "method must be 'auto', 'sum', 'quadrature' or 'sampling', not 'exact'"),
        ({"samples": 1}, "samples must be an integer >= 2, not 1"),
        ({"rep_in": "vectro"}, "rep_in: unknown feature word 'vectro', did you mean 'vector'"),
        (
            {"rep_out": "tensor:2"},
            r"f\(x\) has shape \(4, 3\), but rep_out 'tensor:2' of SO\(3\) needs .* 9",
        ),
        ({"rep_in": {"a": "vector"}}, "x has one array, but rep_in describes the names 'a'"),
        ({"rep_out": {"a": "vector"}}, "f returned one array, but rep_out describes the names 'a'"),
        ({"rep_out": {}}, "rep_out is an empty dict"),
        ({"x": np.ones((4, 2))}, r"x has shape \(4, 2\), but rep_in 'vector' of SO\(3\) needs a last axis of 3"),
        ({"x": np.ones((0, 3))}, r"x is empty, shape \(0, 3\)"),
        ({"x": np.full((2, 3), np.nan)}, "x has values that are not finite"),
        ({"x": np.ones((2, 3), dtype=int)}, "x has dtype int64; a vector is real and floating"),
        ({"f": lambda x: 0 * x}, "f is zero on the whole orbit of x"),
        ({"f": lambda x: x / 0.0}, r"f\(x\) has values that are not finite"),
        ({"f": lambda x: x[:, :2]}, r"f\(x\) has shape \(4, 2\), but rep_out"),
        ({"f": lambda x: {"y": x}}, "f returned the names 'y', but rep_out describes one array"),
        ({"group": SE(3)}, r"scale must be a positive number for SE\(3\), not None"),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_bad_input_names_the_argument(options, message):
    given = {"f": lambda x: x, "group": SO(3), "x": np.ones((4, 3)), **options}
    with pytest.raises(ValueError, match=message):
        equivariance_error(**given)


def test_what_is_no_array_is_refused():
    with pytest.raises(TypeError, match=r"f\(x\) must be an array, not str"):
        equivariance_error(lambda x: "no", SO(3), np.ones((4, 3)))
    with pytest.raises(TypeError, match=r"f\(x\) has dtype complex128; f must return real arrays"):
        equivariance_error(lambda x: np.exp(1j * x), SO(3), np.ones((4, 3)))
    with pytest.raises(TypeError, match=r"group must have the members of liegroups.Group, .* not 'SO\(3\)'"):
        equivariance_error(lambda x: x, "SO(3)", np.ones((4, 3)))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="x must be a numpy, torch or jax array, not object"):
        equivariance_error(lambda x: x, SO(3), object())


def test_large_finite_groups_are_sampled_unless_a_sum_is_asked_for():
    report = equivariance_error(lambda x: x, Symmetric(8), np.ones((1, 8)), samples=16)
    assert report.method == "sampling" and report.samples == 16
    report = equivariance_error(lambda x: x, Symmetric(4), np.ones((1, 4)), method="sum")
    assert report.samples == 24
