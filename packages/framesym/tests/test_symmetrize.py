"""Frame averages: exactly equivariant, a projection, and blind to nothing else that the network respects."""

import itertools
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

import liegroups
from framesym import PCA, average, symmetrize

F32, F64 = torch.float32, torch.float64
MODES = ["average", "loop"]
SIZES = {"scalar": 3, "pseudoscalar": 3, "vector": 3, "pseudovector": 3, "point": 3, "tensor:2": 9}


def measured(f, group, x, rep_in, rep_out):
    report = liegroups.equivariance_error(f, group, x, rep_in, rep_out, samples=6, scale=2.0)
    return max(report.max, report.lie_total**0.5 if report.lie_method == "jvp" else 0.0)


@pytest.mark.parametrize(("dtype", "limit"), [(F64, 1e-12), (F32, 5e-6)])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("word", SIZES)
def test_equivariant_for_every_feature_word(family, cloud, perceptron, word, mode, dtype, limit):
    """Judged by liegroups.equivariance_error: over random motions, and by Lie derivatives."""
    group = family(3)
    net = perceptron(6, 3, SIZES[word], dtype)
    x = cloud(2, 6, 3, dtype=dtype)
    averaged = symmetrize(net, PCA(group), "point", word, mode)
    report = liegroups.equivariance_error(averaged, group, x, "point", word, samples=6, scale=2.0)
    assert report.max < limit
    assert report.lie_method == "jvp"
    assert report.lie_total**0.5 < 10 * limit
    plain = liegroups.equivariance_error(net, group, x, "point", word, samples=24, scale=2.0, local=False)
    assert plain.rms > 0.05


@pytest.mark.parametrize("mode", MODES)
def test_the_average_of_the_paper(family, cloud, perceptron, mode):
    """Equation (3) of arXiv:2110.03336, element by element with numpy: sum of g Phi(g^-1 X) over 2^d signs."""
    group, x = family(3), cloud(4, 7, 3)
    phi = perceptron(7, 3, 3)
    found = symmetrize(phi, PCA(group), {"x": "point"}, "vector", mode)(x)
    for item, points in enumerate(x.numpy()):
        t = points.mean(0) if group.affine else np.zeros(3)
        axes = np.linalg.eigh((points - t).T @ (points - t))[1]
        terms = []
        for signs in itertools.product([1, -1], repeat=3):
            R = axes * np.array(signs)
            if np.linalg.det(R) > 0 or family.__name__ in ("O", "E"):
                terms.append(R @ phi(torch.tensor((points - t) @ R)).numpy())
        np.testing.assert_allclose(found[item].numpy(), np.mean(terms, axis=0), atol=1e-14)


class Everything(nn.Module):
    """Mixes arguments of every word with dense random weights; results of every word by name."""

    def __init__(self, points):
        super().__init__()
        random = torch.Generator().manual_seed(1)
        sizes = {"x": 3 * points, "v": 3 * points, "b": 3, "q": 2, "s": 4, "stress": 9}
        self.first = nn.Parameter(torch.randn(sum(sizes.values()), 24, generator=random, dtype=F64) / 5)
        self.second = nn.Parameter(torch.randn(24, 3 + 3 + 3 + 1 + 4 + 9, generator=random, dtype=F64) / 5)

    def forward(self, x, v, *, b, q, s, stress, index):
        parts = [x.flatten(-2), v.flatten(-2), b, q, s, stress]
        hidden = torch.tanh(torch.cat(parts, -1) @ self.first) * (1 + index.unsqueeze(-1))
        place, force, spin, chirality, energy, tensor = (hidden @ self.second).split([3, 3, 3, 1, 4, 9], -1)
        return {"place": place, "force": force, "spin": spin, "chi": chirality, "energy": energy, "T": tensor}


WORDS = {
    "x": "point",
    "v": "vector",
    "b": "pseudovector",
    "q": "pseudoscalar",
    "s": "scalar",
    "stress": "tensor:2",
    "index": "invariant",
}
RESULTS = {
    "place": "point",
    "force": "vector",
    "spin": "pseudovector",
    "chi": "pseudoscalar",
    "energy": "scalar",
    "T": "tensor:2",
}


@pytest.mark.parametrize("mode", MODES)
def test_typed_arguments_and_results_together(family, cloud, mode):
    group = family(3)
    x = {
        "x": cloud(3, 5, 3),
        "v": cloud(3, 5, 3, seed=1),
        "b": cloud(3, 3, seed=2),
        "q": cloud(3, 2, seed=3),
        "s": cloud(3, 4, seed=4),
        "stress": cloud(3, 9, seed=5),
        "index": torch.tensor([0, 2, 5]),
    }
    averaged = symmetrize(Everything(5), PCA(group), WORDS, RESULTS, mode)
    assert measured(averaged, group, x, WORDS, RESULTS) < 1e-12
    by_position = averaged(x["x"], x["v"], **{name: x[name] for name in ("index", "b", "q", "s", "stress")})
    for name, value in averaged(**x).items():
        assert torch.equal(value, by_position[name])
        assert value.abs().min() > 0 or name in ("spin", "chi")


def test_invariant_function_is_returned_unchanged(family, cloud):
    """Averaging is a projection (Theorem 3): a function of the Gram matrix comes back, and twice is once."""
    random = torch.Generator().manual_seed(0)
    weight = torch.randn(36, 5, generator=random, dtype=F64)

    def invariant(x):
        centred = x - x.mean(-2, keepdim=True)
        return torch.tanh((centred @ centred.mT).flatten(-2) @ weight / 10)

    x, frame = cloud(4, 6, 3), PCA(family(3))
    once = symmetrize(invariant, frame, {"x": "point"}, "scalar")
    torch.testing.assert_close(once(x), invariant(x), atol=1e-13, rtol=0)
    torch.testing.assert_close(symmetrize(once, frame)(x), once(x), atol=1e-13, rtol=0)


def test_twice_is_once_for_any_network(family, cloud, perceptron):
    x, frame = cloud(4, 6, 3), PCA(family(3))
    once = symmetrize(perceptron(6, 3, 3), frame, {"x": "point"}, "vector")
    torch.testing.assert_close(symmetrize(once, frame)(x), once(x), atol=1e-13, rtol=0)


class DeepSets(nn.Module):
    """A permutation-equivariant network (Zaheer et al., arXiv:1703.06114): own features and their mean."""

    def __init__(self):
        super().__init__()
        random = torch.Generator().manual_seed(2)
        draw = lambda *shape: nn.Parameter(torch.randn(shape, generator=random, dtype=F64) / shape[0] ** 0.5)
        self.own, self.shared, self.last = draw(3, 32), draw(3, 32), draw(32, 3)

    def forward(self, x):
        return torch.tanh(x @ self.own + torch.tanh(x @ self.shared).mean(-2, keepdim=True)) @ self.last


@pytest.mark.parametrize("mode", MODES)
def test_permutations_and_motions_together(cloud, mode):
    """S_n x E(3) (Theorem 2): the backbone brings the permutations, the frame the motions."""
    group, x = liegroups.E(3), cloud(1, 12, 3)
    f = symmetrize(DeepSets(), PCA(group), {"x": "point"}, "point", mode)
    base, act = f(x), liegroups.Rep("point", group).rho
    random = torch.Generator().manual_seed(0)
    for g in torch.tensor(group.sample(20, seed=1, scale=5.0)):
        order = torch.randperm(12, generator=random)
        torch.testing.assert_close(f(act(g, x[:, order])), act(g, base[:, order]), atol=1e-12, rtol=0)


class MaskedMean(nn.Module):
    inputs: ClassVar = {"x": "point", "weights": "invariant", "mask": "invariant"}
    outputs = "vector"

    def __init__(self):
        super().__init__()
        self.net = DeepSets().last

    def forward(self, x, weights, mask):
        share = (weights * mask / (weights * mask).sum(-1, keepdim=True)).unsqueeze(-1)
        return (torch.tanh(x @ self.net.T) * share).sum(-2) @ self.net


@pytest.mark.parametrize("mode", MODES)
def test_padded_batch_is_the_unpadded_clouds(family, cloud, mode):
    """Padding with NaN neither reaches the results nor the derivatives."""
    f = symmetrize(MaskedMean(), PCA(family(3)), mode=mode)
    sizes = [5, 8, 6]
    x = torch.full((3, 8, 3), torch.nan, dtype=F64)
    weights = torch.rand(3, 8, dtype=F64, generator=torch.Generator().manual_seed(0)) + 0.1
    mask = torch.arange(8) < torch.tensor(sizes)[:, None]
    for item, n in enumerate(sizes):
        x[item, :n] = cloud(n, 3, seed=item)
    x.requires_grad_()
    together = f(x=x, weights=weights, mask=mask)
    for item, n in enumerate(sizes):
        alone = f(x[item, :n][None], weights[item, :n][None], mask[item, :n][None])[0]
        torch.testing.assert_close(together[item], alone, atol=1e-14, rtol=0)
    (grad,) = torch.autograd.grad(together.square().sum(), x)
    assert grad.isfinite().all()
    assert (grad[~mask] == 0).all()


def test_weights_enter_the_frame(cloud):
    """Doubling a weight is the same as doubling the point, for a backbone that reads it so."""
    f = symmetrize(MaskedMean(), PCA(liegroups.E(3)))
    x, times = cloud(1, 5, 3), torch.tensor([2, 1, 1, 3, 1])
    repeated = x.repeat_interleave(times, 1)
    ones = torch.ones(1, 8, dtype=F64)
    weighted = f(x=x, weights=times[None].double(), mask=torch.ones(1, 5, dtype=torch.bool))
    torch.testing.assert_close(weighted, f(x=repeated, weights=ones, mask=ones > 0), atol=1e-14, rtol=0)


def test_unbatched_and_empty_batches(family, cloud, perceptron):
    x = cloud(4, 6, 3)
    for mode in MODES:
        f = symmetrize(perceptron(6, 3, 3), PCA(family(3)), {"x": "point"}, "vector", mode)
        torch.testing.assert_close(f(x[0]), f(x)[0], atol=1e-14, rtol=0)
        torch.testing.assert_close(f(x.reshape(2, 2, 6, 3)).reshape(4, 3), f(x), atol=1e-14, rtol=0)
        assert f(x[:0]).shape == (0, 3)


def test_sample_is_one_element_while_training_and_the_average_in_evaluation(cloud, perceptron):
    x, frame = cloud(1, 6, 3), PCA(liegroups.SO(3))
    sampled = symmetrize(perceptron(6, 3, 3), frame, {"x": "point"}, "vector", mode="sample")
    whole = symmetrize(perceptron(6, 3, 3), frame, {"x": "point"}, "vector")(x)
    torch.testing.assert_close(sampled.eval()(x), whole, atol=1e-14, rtol=0)
    sampled.train()
    torch.manual_seed(0)
    many = sampled(x.expand(4000, 6, 3))
    values = many.round(decimals=9).unique(dim=0)
    assert len(values) == 4  # the four elements of the frame of SO(3)
    torch.testing.assert_close(values.mean(0), whole[0], atol=1e-8, rtol=0)
    counts = torch.stack([(many.round(decimals=9) == value).all(-1).sum() for value in values])
    assert (counts - 1000).abs().max() < 150  # 5 standard deviations of a binomial (4000, 1/4) are 137


def test_dropout_keeps_a_training_step_equivariant_in_loop_mode(cloud):
    """One mask for all elements: with the same seed the moved input gives the moved result."""
    group = liegroups.E(3)
    backbone = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Dropout(0.5), nn.Linear(64, 3)).double()
    torch.manual_seed(0)
    for parameter in backbone.parameters():
        nn.init.normal_(parameter)
    f = symmetrize(backbone, PCA(group), "point", "vector", mode="loop").train()
    x, g = cloud(2, 6, 3), torch.tensor(group.sample(1, seed=0, scale=1.0)[0])

    def seeded(points, seed=7):
        torch.manual_seed(seed)
        return f(points)

    expected = liegroups.Rep("vector", group).rho(g, seeded(x))
    torch.testing.assert_close(seeded(liegroups.Rep("point", group).rho(g, x)), expected, atol=1e-12, rtol=0)
    assert not torch.allclose(seeded(x, seed=8), seeded(x))
    torch.manual_seed(7)
    assert not torch.allclose(f(x), f(x))  # the next call draws new masks


def test_batch_norm_in_the_backbone(cloud):
    """Statistics over all copies are invariant, so training mode is too."""
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(18, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 2)).double()
    torch.manual_seed(0)
    for parameter in backbone.parameters():
        nn.init.normal_(parameter)
    group = liegroups.SE(3)
    f = symmetrize(backbone, PCA(group), "point", "scalar").train()
    x = cloud(8, 6, 3)
    g = torch.tensor(group.sample(8, seed=0, scale=1.0))[:, None]
    torch.testing.assert_close(f(liegroups.Rep("point", group).rho(g, x)), f(x), atol=1e-12, rtol=0)


def test_type_of_the_result_is_that_of_the_network(cloud, perceptron):
    for dtype in (F32, torch.bfloat16):
        f = symmetrize(perceptron(6, 3, 3, dtype), PCA(liegroups.E(3)), {"x": "point"}, "point")
        assert f(cloud(2, 6, 3, dtype=dtype)).dtype == dtype


def test_average_is_symmetrize_with_principal_axes(cloud):
    group, x = liegroups.E(3), cloud(2, 6, 3)
    weights, mask = torch.ones(2, 6, dtype=F64), torch.ones(2, 6, dtype=torch.bool)
    given = {"x": x, "weights": weights, "mask": mask}
    assert torch.equal(average(MaskedMean(), group)(**given), symmetrize(MaskedMean(), PCA(group))(**given))
    assert average(MaskedMean(), group, degenerate="warn").frame.degenerate == "warn"


@pytest.mark.parametrize(
    ("group", "answer"),
    [
        (liegroups.SO(2), True),
        (liegroups.O(5), True),
        (liegroups.SE(3), True),
        (liegroups.E(4), True),
        (liegroups.Cyclic(4), False),
        (liegroups.Symmetric(4), False),
        ("SO(3)", False),
    ],
    ids=str,
)
def test_average_says_which_groups_it_supports(group, answer):
    assert average.supports(group) is answer


def test_state_dict_is_that_of_the_network():
    """Weights of a plain network load into the wrapped one under `net.`, and nothing else is stored."""
    f = symmetrize(MaskedMean(), PCA(liegroups.E(3)))
    assert set(f.state_dict()) == {"net.net"}
    assert "E(3)" in repr(f)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")  # dynamo does so itself
@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`:UserWarning")  # array-api-compat
def test_compiles(cloud):
    f = symmetrize(DeepSets(), PCA(liegroups.E(3)), {"x": "point"}, "point")
    x = cloud(2, 6, 3)
    torch.testing.assert_close(torch.compile(f, backend="eager")(x), f(x), atol=1e-13, rtol=0)


X = torch.randn(2, 4, 3, dtype=F64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("error", "words", "make"),
    [
        (ValueError, "mode must be 'average', 'sample' or 'loop', got 'mean'", lambda s: s("point", "vector", "mean")),
        (ValueError, "did you mean 'vector'", lambda s: s("point", "vectro")),
        (
            ValueError,
            "inputs must hold a point, which carries the frame; got {'v': 'vector'}",
            lambda s: s({"v": "vector"}, "vector"),
        ),
        (ValueError, "inputs must be feature words.*function declares none", lambda s: s(None, "vector")),
        (ValueError, "outputs must be feature words", lambda s: s("point", None)),
        (TypeError, "argument 'y' has no feature word", lambda s: s("point", "vector")(X, y=X)),
        (TypeError, "argument 'x' was given twice", lambda s: s("point", "vector")(X, x=X)),
        (TypeError, r"at most 1 arguments \(x\), got 2", lambda s: s("point", "vector")(X, X)),
        (TypeError, "'x', which carries the frame, is missing", lambda s: s("point", "vector")()),
        (
            ValueError,
            r"v \(vector\) must have batch axes \(2,\) first, got shape \(3, 3\)",
            lambda s: s({"x": "point", "v": "vector"}, "vector")(X, X[0, :3]),
        ),
        (
            ValueError,
            r"i \(invariant\) must have batch axes \(2,\) first, got shape \(3,\)",
            lambda s: s({"x": "point", "i": "invariant"}, "vector")(X, torch.ones(3)),
        ),
        (
            TypeError,
            r"v \(vector\) must be a floating-point tensor, got torch.int64",
            lambda s: s({"x": "point", "v": "vector"}, "vector")(X, torch.ones(2, 3, dtype=int)),
        ),
        (
            TypeError,
            r"must return a mapping with the keys \['f'\], got Tensor",
            lambda s: s("point", {"f": "vector"})(X),
        ),
    ],
)
def test_misuse_is_named(error, words, make):
    with pytest.raises(error, match=words):
        make(lambda *given: symmetrize(lambda x, *rest: x, PCA(liegroups.E(3)), *given))


def test_network_that_loses_the_batch_is_named():
    for mode in MODES:
        f = symmetrize(lambda x: x.sum((0, 1)), PCA(liegroups.E(3)), {"x": "point"}, "vector", mode)
        with pytest.raises(ValueError, match=r"result \(vector\) must have batch axes .* first, got shape \(3,\)"):
            f(X)


@pytest.mark.parametrize(
    ("error", "words", "mask"),
    [
        (TypeError, "mask must be boolean, got torch.float32", torch.ones(2, 4)),
        (TypeError, "mask must be a tensor, got ndarray", np.ones((2, 4), dtype=bool)),
        (ValueError, r"mask must have shape \(2, 4\), got \(4,\)", torch.ones(4, dtype=torch.bool)),
    ],
)
def test_a_mask_that_does_not_fit_is_named(error, words, mask):
    with pytest.raises(error, match=words):
        symmetrize(MaskedMean(), PCA(liegroups.E(3)))(x=X, weights=torch.ones(2, 4), mask=mask)
