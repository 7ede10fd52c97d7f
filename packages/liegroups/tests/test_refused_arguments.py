"""Arguments of a wrong kind are refused in one sentence of our own that names the argument."""

import re
import traceback
import warnings

import numpy as np
import pytest

import liegroups as lg

GROUPS = [
    lg.SO(2),
    lg.SO(3),
    lg.O(4),
    lg.SE(2),
    lg.E(3),
    lg.SL(2),
    lg.SL(2, field="C"),
    lg.GLPlus(2),
    lg.GL(3),
    lg.Aff(2),
    lg.Sim(3),
    lg.Lorentz(1, 3),
    lg.Sp(4),
    lg.U(2),
    lg.SU(2),
    lg.Dihedral(3),
    lg.Tetrahedral(),
    lg.MatrixGroup(lg.SO(3).generators()),
    lg.DirectProduct(lg.SO(2), lg.SL(2)),
    lg.SO(2).embed(3, axes=(0, 1)),
]
WILD = [
    None, 3, -1, True, 1.5, float("nan"), "x", b"x", {}, object(), len, slice(1), (1,), [[1.0, 2.0], [3.0]],
    np.array(1.0), np.zeros((2, 3)), np.array(["a"]), np.zeros((7, 7), complex), np.zeros((7, 7), np.int64),
    np.eye(3, dtype=np.float16),
]  # fmt: skip


def complaints(call, argument, values=WILD):
    """What is raised for wild values, other than a sentence of the package that names the argument."""
    found = []
    for value in values:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                call(value)
        except (ValueError, TypeError) as error:
            origin = traceback.extract_tb(error.__traceback__)[-1].filename
            if "liegroups" in origin and re.search(rf"\b{argument}\b", str(error)):
                continue
            found.append(f"{value!r}: {error!r}")
    return found


def methods(group):
    """Every public method of a group, of its charts and representations, by the argument that is to be wild."""
    eye, d = np.eye(group.n), group.n - group.affine
    many = np.stack([eye, eye])
    yield "a", lambda w: group.compose(w, many)
    yield "b", lambda w: group.compose(many, w)
    for name in ("inverse", "contains", "log", "Ad", "modular"):
        yield "g", getattr(group, name)
    yield "g", lambda w: group.act(w, np.zeros(d))
    yield "x", lambda w: group.act(eye, w)
    yield "atol", lambda w: group.contains(many, atol=w)
    yield "A", group.project
    yield "X", group.vee
    for name in ("hat", "exp", "ad"):
        yield "v", getattr(group, name)
    yield "like", group.identity
    yield "count", lambda w: group.sample(w, 0, 1.0)
    yield "seed", lambda w: group.sample(1, w, 1.0)
    yield "scale", lambda w: group.sample(1, 0, w)
    yield "chart", group.chart
    yield "n", lambda w: group.embed(w, axes=range(d))
    yield "axes", lambda w: group.embed(d + 1, axes=w)
    for word in ("vector", "T(1,1)", "point"):
        rep = lg.Rep(word, group)
        yield "g", lambda w, rep=rep: rep.rho(w, np.zeros(rep.size))
        yield "x", lambda w, rep=rep: rep.rho(eye, w)
        yield "X", lambda w, rep=rep: rep.drho(w, np.zeros(rep.size))
    for name in ("polar", "kak", "iwasawa", "exp"):
        try:
            chart = group.chart(name)
        except ValueError:
            continue
        yield "coords", chart.forward
        yield "coords", chart.log_density
        yield "side", lambda w, chart=chart: chart.log_density(np.zeros(group.dim), side=w)
        for method in ("inverse", "factors", "cut_distance"):
            yield "g", getattr(chart, method)
    yield "count", lambda w: lg.sample_set(group, w, 0, scale=1.0)
    yield "scheme", lambda w: lg.sample_set(group, 2, 0, scale=1.0, scheme=w)
    yield "side", lambda w: lg.sample_set(group, 2, 0, scale=1.0, side=w)


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_methods_of_groups_refuse_wild_arguments_by_name(group):
    with np.errstate(all="ignore"):
        found = [line for argument, call in methods(group) for line in complaints(call, argument)]
    assert not found, "\n".join(found)


def mean(g):
    return g[:, 0, 0]


FUNCTIONS = {
    "n": [
        lg.SO,
        lg.O,
        lg.SE,
        lg.E,
        lg.SL,
        lg.GL,
        lg.GLPlus,
        lg.Aff,
        lg.Sim,
        lg.Sp,
        lg.U,
        lg.SU,
        lg.Cyclic,
        lg.Dihedral,
    ],
    "field": [lambda w: lg.SL(2, field=w)],
    "generators": [lg.MatrixGroup],
    "discrete_generators": [lambda w: lg.MatrixGroup(lg.SO(3).generators(), w)],
    "linear": [lg.SemidirectProduct],
    "A": [lg.polar, lg.polar_log],
    "X": [lg.expm],
    "R": [lg.rotation_log],
    "S": [lambda w: lg.symmetric_function(w, "log")],
    "kind": [lambda w: lg.symmetric_function(np.eye(3), w)],
    "group": [
        lambda w: lg.Rep("vector", w),
        lambda w: lg.haar_integral(mean, w),
        lambda w: lg.SampleSet(np.eye(2)[None], np.eye(2)[None], np.zeros(1), w),
    ],
    "word": [lambda w: lg.Rep(w, lg.SO(2))],
    "f": [lambda w: lg.haar_integral(w, lg.SO(2)) if w is not len else None],  # len is a function
    "replicates": [lambda w: lg.haar_integral(mean, lg.SO(2), 4, replicates=w)],
    "elements": [lambda w: lg.SampleSet(w, w, np.zeros(1), lg.SO(2))],
    "images": [lambda w: lg.warp(w, np.eye(2))],
    "matrices": [lambda w: lg.warp(np.zeros((4, 4)), w)],
    "matrix": [lambda w: lg.decompose(group=lg.SO(3), matrix=w)],
}


@pytest.mark.parametrize("argument", FUNCTIONS)
def test_functions_refuse_wild_arguments_by_name(argument):
    names = f"(?:{argument}|feature word)" if argument == "word" else argument
    found = [line for call in FUNCTIONS[argument] for line in complaints(call, names)]
    assert not found, "\n".join(found)


LAYERS = {
    "GroupConvolution": {"inputs": 1, "outputs": 1, "group": lg.SO(2)},
    "GroupPool": {},
    "LieConv": {"group": lg.SO(2), "samples": 2, "width": 2},
    "LieResNet": {"group": lg.SO(2), "samples": 2, "width": 2, "depth": 2},
    "LiftingConvolution": {"inputs": 1, "outputs": 1, "group": lg.SO(2)},
    "PlainCNN": {},
}
NO_NUMBERS = [float("nan"), "x", {}, np.zeros((2, 3))]  # and none of them makes a layer
TRAINING = ["augment", "batch", "budget", "model", "rate", "seed", "smoothing", "steps", "test", "train", "validation",
            "weight_decay"]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_refuse_wild_arguments_by_name(layer):
    pytest.importorskip("torch", reason="torch is an optional extra")
    import inspect

    make = getattr(lg, layer)
    found = [
        line
        for argument in inspect.signature(make).parameters
        for line in complaints(
            lambda w, argument=argument: make(**{**LAYERS[layer], argument: w}), argument, NO_NUMBERS
        )
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("argument", TRAINING)
def test_training_refuses_wild_arguments_by_name_before_it_reads_a_digit(argument, monkeypatch):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")

    def read(split):
        raise InterruptedError

    monkeypatch.setattr("liegroups._affnist.mnist", read)

    def start(w):
        try:
            lg.affnist(**{"model": torch.nn.Linear(1, 1), "budget": 1.0, argument: w})
        except InterruptedError:
            assert w in (3, 1.5, True, None), f"{argument} = {w!r} is accepted"

    found = complaints(start, argument)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("dtype", ["float32"])
@pytest.mark.parametrize("group", [lg.SO(2), lg.SE(3)], ids=repr)
def test_batches_that_do_not_broadcast_are_refused(group, backend):
    name, d = re.escape(group.name), group.n - group.affine
    two, three = (backend.array(np.stack([np.eye(group.n)] * count)) for count in (2, 3))
    with pytest.raises(ValueError, match=rf"a and b of {name} have batch shapes \(2,\) and \(3,\), which do not"):
        group.compose(two, three)
    with pytest.raises(ValueError, match=r"g and x of .* have batch shapes \(2,\) and \(3,\), which do not broadcast"):
        group.act(two, backend.array(np.zeros((3, d))))
    assert group.compose(two[:, None], three).shape == (2, 3, group.n, group.n)
    assert group.act(two[:, None], backend.array(np.zeros((3, d)))).shape == (2, 3, d)


def halves():
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    jnp = pytest.importorskip("jax.numpy", reason="jax is an optional extra")
    yield lambda x: x.astype(np.float16)
    yield from (lambda x, dtype=dtype: torch.from_numpy(x).to(dtype) for dtype in (torch.float16, torch.bfloat16))
    yield from (lambda x, dtype=dtype: jnp.asarray(x, dtype=dtype) for dtype in (jnp.bfloat16,))


def test_half_precision_is_for_features_and_not_for_elements():
    group = lg.SO(3)
    turn = group.exp(np.array([0.1, 0.2, 0.3]))
    for half in halves():
        for name in ("inverse", "contains", "log", "Ad", "project", "vee", "modular"):
            with pytest.raises(ValueError, match=r"has dtype .*float16; elements and coordinates .* need float32"):
                getattr(group, name)(half(turn))
        with pytest.raises(ValueError, match=r"v has dtype .*float16; elements and coordinates"):
            group.exp(half(np.ones(3)))
        with pytest.raises(ValueError, match=r"coords has dtype .*float16; elements and coordinates"):
            group.chart("polar").log_density(half(np.ones(3)))
        x = half(np.array([1.0, 2.0, 4.0]))
        moved = group.act(turn, x)
        assert moved.dtype == x.dtype
        # Computed in float32 and rounded once: the nearest numbers of half precision to the exact ones.
        assert moved.tolist() == half(turn @ [1, 2, 4]).tolist()
        for word in ("T(1,1)", "pseudovector"):
            rep = lg.Rep(word, group)
            assert rep.rho(turn, half(np.ones(rep.size))).dtype == x.dtype
