"""Training for a budget: what is chosen by what, resuming, and tests on shapes that are really turned."""

import math

import numpy as np
import pytest
import torch

import framesym._normals as normals_module
from framesym import GNN, FAPointNet, PointNet, average, train_nbody, train_normals
from framesym import _training as training
from framesym._normals import turned
from framesym._training import Plan, batch_of, train
from liegroups import SE, E

SMALL = {"widths": [8, 8, 8, 16], "head": [8]}
FEW = {"train_count": 20, "validation_count": 10, "test_count": 10, "batch": 10}


@pytest.fixture(autouse=True)
def data(monkeypatch, request):
    monkeypatch.setenv("SYMMETRON_DATA", str(request.path.parent / "data"))


def plan(**changed):
    return Plan(**({"budget": 1.0, "steps": 10, "rate": 0.1, "weight_decay": 0.0, "seed": 0} | changed))


def test_parameters_of_the_best_validation_are_kept():
    """Scripted validation losses: the third of ten is the lowest, so its parameters are the result."""
    network = torch.nn.Linear(1, 1, bias=False)
    scores, seen = iter([5.0, 3.0, 1.0, 2.0, 4.0, 3.0, 9.0, 9.0, 9.0, 9.0]), []

    def validate():
        seen.append(network.weight.item())
        return next(scores)

    run = train(network, lambda step: (network(torch.ones(1, 1)) - 3).square().sum(), validate, plan())
    assert [row[2] for row in run.curve] == [5, 3, 1, 2, 4, 3, 9, 9, 9, 9]
    assert network.weight.item() == seen[2] != seen[-1]
    assert not network.training


def test_every_item_once_an_epoch():
    for epoch in range(3):
        items = np.concatenate([batch_of(4 * epoch + part, 35, 10, seed=1) for part in range(4)])
        assert sorted(items) == list(range(35))
    assert not np.array_equal(batch_of(0, 35, 10, 1), batch_of(4, 35, 10, 1))


class Stop(Exception):
    pass


@pytest.mark.parametrize("solver", ["nbody", "normals"])
def test_an_interrupted_run_goes_on_bit_by_bit(solver, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(training, "_REPORT_EVERY", 0.0)
    if solver == "nbody":
        net = average(GNN(width=8, layers=2), E(3), mode="sample")
        solve = lambda **more: train_nbody(model=net, budget=1.0, steps=8, seed=3, **FEW, **more)
    else:
        net = FAPointNet(SE(3), mode="sample", **SMALL)
        solve = lambda **more: train_normals(model=net, budget=1.0, steps=8, points=32, draws=1, seed=3, **more)

    def interrupt(done, total, text):
        if done == 5:
            raise Stop

    whole = solve()
    with pytest.raises(Stop):
        solve(progress=interrupt, checkpoint=tmp_path)
    told = []
    again = solve(progress=lambda done, total, text: told.append(done), checkpoint=tmp_path)
    assert told[0] == 5  # the step after the last saved one, not the first
    for name, value in whole.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_a_budget_of_time_ends_the_run_and_the_model_is_left_alone():
    net = GNN(width=8, layers=1)
    before = [p.clone() for p in net.parameters()]
    found = train_nbody(model=net, budget=0.2 / 60, **FEW)
    assert found["steps_done"] > 1 and found["epochs"] == found["steps_done"] / 2
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert np.isfinite(found["loss"]).all() and len(found["step"]) == len(found["validation"])


def test_augmentation_turns_the_training_items_and_only_those():
    plain, turned_ = (train_nbody(model=GNN(width=8), budget=1.0, steps=3, augment=a, **FEW) for a in (False, True))
    assert plain["loss"][0] != turned_["loss"][0]
    assert plain["mse_still"] == turned_["mse_still"]


def test_baselines_in_the_result_are_those_of_the_data():
    from framesym import nbody

    found, items = train_nbody(model=GNN(width=4), budget=1.0, steps=1, **FEW), nbody("test", count=10)
    assert found["mse_still"] == pytest.approx(np.square(items["x"].astype(float) - items["target"]).mean(), rel=1e-6)


def test_turned_shapes_are_turned():
    """Regression: a test that names a rotation and applies none (notes A6.7). Haar: mean angle pi/2 + 2/pi."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(2000, 4, 3, generator=random)
    moved, normals, turns = turned(x, x, (0,))
    assert (moved - x).norm(dim=-1).mean() > 1
    torch.testing.assert_close(moved, normals)
    torch.testing.assert_close(moved @ moved.mT, x @ x.mT, atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.linalg.det(turns), torch.ones(2000, dtype=torch.float64))
    assert normals_module._angle(turns) == pytest.approx(math.degrees(math.pi / 2 + 2 / math.pi), abs=2.5)


class Upward(torch.nn.Module):
    """Says that every normal is along z, which is so on an upright flat mesh in the plane z = 0."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        return torch.nn.functional.normalize(torch.tensor([0.0, 0.0, 1.0]) * self.scale + 0 * x, dim=-1)


def test_the_turned_test_really_turns():
    """A constant answer is perfect on the flat test mesh and, turned by Haar, has the loss 2/3 of a guess."""
    found = train_normals(model=Upward(), budget=1.0, steps=1, points=16, draws=400)
    flat = found["mesh"].tolist().index("woody")
    assert found["mesh_upright"][flat] == pytest.approx(0, abs=1e-6)
    # The squared cosine of a random angle has variance 4/45.
    assert found["mesh_turned"][flat] == pytest.approx(2 / 3, abs=5 * math.sqrt(4 / 45 / 400))
    assert found["lost"] == pytest.approx(found["loss_turned"] - found["loss_upright"])
    assert found["turned_by"] == pytest.approx(126.5, abs=5) and found["moved"] > 0.5


def test_an_exact_network_loses_nothing_and_a_plain_one_is_not_exact():
    exact = train_normals(model=FAPointNet(SE(3), **SMALL), budget=1.0, steps=2, points=64, draws=2)
    plain = train_normals(model=PointNet(transform=[4] * 5, **SMALL), budget=1.0, steps=2, points=64, draws=2)
    assert abs(exact["lost"]) < 1e-5 and exact["equivariance_float32"] < 1e-4
    assert plain["equivariance_float32"] > 0.05


def test_shapes_for_testing_are_not_touched_before_training_is_over(monkeypatch):
    """Parameters are chosen on validation shapes (the released code chose them on the test set, notes A6.7)."""
    order = []
    real = normals_module.surface_normals
    monkeypatch.setattr(normals_module, "surface_normals", lambda split: order.append(split) or real(split))
    real_train = normals_module.train

    def watched(*args):
        run = real_train(*args)
        order.append("trained")
        return run

    monkeypatch.setattr(normals_module, "train", watched)
    train_normals(model=Upward(), budget=1.0, steps=1, points=16, draws=1)
    assert order == ["train", "validation", "trained", "test"]


def test_stretched_shapes_keep_their_normals():
    """On an ellipsoid the gradient of its equation is the normal: a sphere stretched by a is sum (x/a)^2 = 1."""
    shapes = normals_module._Shapes("train", 16)
    random = np.random.default_rng(0).normal(size=(7, 128, 3))
    shapes.x = shapes.normals = random / np.linalg.norm(random, axis=-1, keepdims=True)
    x, normals = (array.double() for array in shapes.stretched(7, (0,)))
    squares = torch.linalg.lstsq(x.square(), torch.ones(7, 16, 1, dtype=torch.float64)).solution  # 1 / a^2
    gradient = torch.nn.functional.normalize(x * squares.mT, dim=-1)
    torch.testing.assert_close(gradient, normals, atol=1e-5, rtol=0)
    assert (squares - 1).abs().max() > 0.1


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("budget must be a positive number of minutes, got 0", {"budget": 0}),
        ("steps must be at least 1 or None, got 0", {"steps": 0}),
        ("rate must be positive, got -1", {"rate": -1}),
        ("batch must be at least 1, got 0", {"batch": 0}),
    ],
)
def test_bad_arguments_are_named(words, changed):
    for solve, more in ((train_nbody, {}), (train_normals, {"points": 16})):
        with pytest.raises(ValueError, match=words):
            solve(**({"model": Upward(), "budget": 1.0} | more | changed))
    with pytest.raises(ValueError, match="points must be at most 128, got 129"):
        train_normals(model=Upward(), budget=1.0, points=129)


@pytest.mark.slow
def test_one_frame_learns_motion_in_25_seconds():
    """Required: test MSE at most 0.020 (of 0.0842 for the best x + a v) and exact; on the whole set, from its recipe."""
    import os

    os.environ.pop("SYMMETRON_DATA")
    torch.set_num_threads(1)
    found = train_nbody(model=average(GNN(), E(3), mode="sample"), budget=25 / 60)
    assert found["mse_test"] <= 0.020
    assert found["equivariance_float32"] <= 5e-6
    assert found["equivariance_float64"] <= 1e-12
