"""The networks: shapes, seeds, sampling policies, and a training run that is interrupted and goes on."""

from pathlib import Path

import numpy as np
import pytest

from liegroups import SL, SO, GLPlus, SemidirectProduct, plane_sample_set

torch = pytest.importorskip("torch", reason="torch is an optional extra")

from liegroups import LieConv, LieResNet, PlainCNN, affnist  # noqa: E402

SMALL = {"samples": 4, "width": 4, "depth": 8}


@pytest.fixture
def data(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(Path(__file__).parent / "data"))


@pytest.mark.parametrize("kernel", ["dense", "separable"])
@pytest.mark.parametrize("group", [SO(2), SL(2), GLPlus(2), SemidirectProduct(SL(2))], ids=repr)
def test_logits_have_a_row_an_image_and_gradients_reach_every_parameter(group, kernel):
    net = LieResNet(group, channels=2, classes=3, kernel=kernel, **SMALL)
    logits = net(torch.rand(4, 2, 20, 20))
    assert logits.shape == (4, 3) and logits.dtype == torch.float32
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    assert net.eval()(torch.rand(0, 2, 20, 20)).shape == (0, 3)


def test_the_seed_decides_and_the_global_state_stays():
    before = torch.get_rng_state()
    one, same, other = (LieResNet(SL(2), seed=seed, **SMALL) for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    image = torch.rand(1, 1, 20, 20)
    for _ in range(2):  # the samples of each training pass follow from the seed too
        assert torch.equal(one(image), same(image))
    assert not torch.equal(one(image), other(image))


@pytest.mark.parametrize("resample", ["forward", "shift", "fixed"])
def test_training_draws_by_its_policy_and_evaluation_keeps_one_set(resample):
    net = LieResNet(GLPlus(2), resample=resample, **SMALL)
    drawn = [net._current() for _ in range(3)]
    assert (drawn[0] is drawn[1] is net.samples) == (resample == "fixed")
    if resample != "fixed":
        assert np.abs(drawn[0].elements - drawn[1].elements).max() > 1e-3
    if resample == "shift":  # relative poses stay: the same rule, moved
        relative = [s.inverses[:, None] @ s.elements[None] for s in (*drawn, net.samples)]
        for u in relative[:-1]:
            np.testing.assert_allclose(u, relative[-1], atol=1e-12)
    net.eval()
    assert net._current() is net.samples is net._current()
    net.use_samples(8)
    assert len(net.samples) == 8
    net.use_samples(given := plane_sample_set(GLPlus(2), 2, 0, 0.1))
    assert net._current() is given
    with pytest.raises(ValueError, match=r"samples must be of GL\+\(2\), not of SL\(2\)"):
        net.use_samples(plane_sample_set(SL(2), 2, 0, 0.1))


def test_the_state_of_a_network_holds_how_often_it_drew():
    one, other = LieResNet(SL(2), **SMALL), LieResNet(SL(2), **SMALL)
    image = torch.rand(2, 1, 20, 20)
    one(image)
    other.load_state_dict(one.state_dict())
    torch.testing.assert_close(one(image), other(image), rtol=0, atol=0)


def test_a_saved_network_is_the_one_that_was_calibrated(tmp_path):
    """The state holds the fixed samples: a fresh network of another seed and count computes the same bits."""
    net = LieResNet(SL(2), **SMALL)
    images = torch.rand(12, 1, 20, 20)
    net.use_samples(16)
    net.calibrate(images)
    torch.save(net.state_dict(), tmp_path / "net.pt")
    fresh = LieResNet(SL(2), seed=5, **SMALL | {"samples": 8})
    fresh.load_state_dict(torch.load(tmp_path / "net.pt", weights_only=True))
    assert torch.equal(fresh.eval()(images), net.eval()(images))
    for found, expected in zip(fresh.samples.tables(), net.samples.tables(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert fresh.samples.group == SL(2) and len(fresh.train()._current()) == 16
    assert all(isinstance(value, torch.Tensor) for value in net.state_dict().values())
    layer, other = LieConv(SL(2), seed=1), LieConv(SL(2), seed=2, samples=4)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other.eval()(images), layer.eval()(images))


def test_samples_of_a_state_that_do_not_fit_are_refused():
    net = LieResNet(SL(2), **SMALL)
    with pytest.raises(ValueError, match=r"samples of the state must have shape \(N, 9\), not \(4, 8\)"):
        net.set_extra_state(torch.zeros(4, 8))
    with pytest.raises(ValueError, match="not those of elements"):
        net.set_extra_state(torch.zeros(4, 9))


def test_calibration_makes_evaluation_agree_with_training_on_the_fixed_samples():
    net = LieResNet(SL(2), resample="forward", dtype="float64", **SMALL)
    images = torch.rand(12, 1, 20, 20, dtype=torch.float64)
    for _ in range(3):
        net(images)
    net.use_samples(6)
    net.calibrate(images, batch=12)
    assert net.training and net.resample == "forward" and net.lift_norm.momentum == 0.05
    fixed = LieResNet(SL(2), resample="fixed", dtype="float64", **SMALL)
    fixed.load_state_dict(net.state_dict())
    fixed.use_samples(net.samples)
    expected = fixed.train()(images)  # by the statistics of the batch itself
    # Evaluation divides by the unbiased variance, as torch's batch norm does.
    torch.testing.assert_close(net.eval()(images), expected, rtol=1e-2, atol=1e-3)


def test_copies_and_other_precisions_compute_the_same():
    import copy

    net = LieConv(SL(2)).eval()
    image = torch.rand(1, 1, 12, 12)
    expected = net(image)
    twin = copy.deepcopy(net).double()
    assert torch.equal(copy.deepcopy(net)(image), expected)
    torch.testing.assert_close(twin(image.double()).float(), expected, rtol=1e-4, atol=1e-6)
    assert LieConv(SL(2), dtype="float64")(image.double()).dtype == torch.float64


def test_a_training_run_is_the_same_with_a_checkpoint_and_a_finished_one_is_not_run_again(data, tmp_path):
    options = {"budget": 1.0, "steps": 6, "train": 60, "validation": 20, "test": 20, "batch": 16, "seed": 3}
    model = LieResNet(SL(2), **SMALL)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    calls = []
    first = affnist(model=model, progress=lambda *values: calls.append(values), **options)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert calls[-1][:2] == (6, 6) and isinstance(calls[-1][2], str)
    saved = affnist(model=model, checkpoint=tmp_path, **options)
    state = torch.load(tmp_path / "run.pt", weights_only=True)
    assert state["step"] == 6 and not list(tmp_path.glob("*.part"))
    for name in ("accuracy_affine", "accuracy_upright", "parameters", "steps_done", "loss"):
        np.testing.assert_array_equal(first[name], saved[name])
    again = affnist(model=model, checkpoint=tmp_path, **options)  # nothing is left to do
    np.testing.assert_array_equal(again["loss"], first["loss"])


def test_an_interrupted_run_goes_on_where_it_was(data, tmp_path, monkeypatch):
    from liegroups import _affnist

    options = {"budget": 1.0, "steps": 6, "train": 60, "validation": 20, "test": 20, "batch": 16}
    model = LieResNet(SL(2), **SMALL)
    whole = affnist(model=model, **options)
    monkeypatch.setattr(_affnist, "_SAVE_EVERY", 0.0)

    class Stop(Exception):
        pass

    monkeypatch.setattr(_affnist, "_REPORT_EVERY", 0.0)

    def stop(done, total, text):
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        affnist(model=model, checkpoint=tmp_path, progress=stop, **options)
    assert torch.load(tmp_path / "run.pt", weights_only=True)["step"] == 2
    resumed = affnist(model=model, checkpoint=tmp_path, **options)
    for name in ("loss", "accuracy_validation", "accuracy_affine"):
        np.testing.assert_array_equal(resumed[name], whole[name])


def test_a_budget_of_time_ends_a_run_and_augmentation_moves_the_digits(data):
    found = affnist(model=PlainCNN(width=2), budget=0.01, augment=True, train=60, validation=20, test=20, batch=20)
    assert found["steps_done"] > 0 and found["epochs"] > 0
    assert 0 < len(found["step"]) <= 10 and (np.diff(found["step"]) > 0).all()
    assert np.isfinite(found["loss"]).all() and 0 <= found["accuracy_affine"] <= 1


def test_augmentation_follows_the_law_of_the_test_set(data):
    """grid_sample against the package's own warp, whose test is scipy."""
    from liegroups import mnist, warp
    from liegroups._affnist import _images, _moved
    from liegroups._perturbed_digits import affine_maps, padded

    digits = mnist("train")["image"][:6]
    found = _moved(_images(padded(digits)), digits, np.random.default_rng(0))
    expected = warp(padded(digits), affine_maps(digits, np.random.default_rng(0))) / 127.5 - 1
    np.testing.assert_allclose(found[:, 0].numpy(), expected, atol=1e-4)


BAD = [
    (LieResNet, {"resample": "never"}, "resample must be 'forward', 'shift' or 'fixed'"),
    (LieResNet, {"blocks": -1}, "blocks must be an integer >= 0"),
    (LieResNet, {"blocks": "a"}, "blocks must be an integer >= 0"),
    (LieResNet, {"classes": 0}, "classes must be an integer >= 1, not 0"),
    (LieResNet, {"channels": 0}, "channels must be an integer >= 1, not 0"),
    (LieResNet, {"width": 2.5}, "width must be an integer >= 1, not 2.5"),
    (LieResNet, {"depth": 0}, "depth must be an integer >= 1, not 0"),
    (LieResNet, {"hidden": 0}, "hidden must be an integer >= 1, not 0"),
    (LieResNet, {"lift_size": 0}, "lift_size must be an integer >= 1, not 0"),
    (LieResNet, {"samples": 0}, "samples must be an integer >= 1, not 0"),
    (LieResNet, {"radius": "a"}, "radius must be a positive number, not 'a'"),
    (LieResNet, {"reach": -1.0}, "reach must be a positive number, not -1.0"),
    (LieResNet, {"omega": float("nan")}, "omega must be a positive number, not nan"),
    (LieResNet, {"scale": "a"}, "scale must be a positive number"),
    (LieConv, {"inputs": 0}, "inputs must be an integer >= 1, not 0"),
    (LieConv, {"outputs": True}, "outputs must be an integer >= 1, not True"),
    (LieConv, {"reach": None}, "reach must be a positive number, not None"),
    (LieResNet, {"kernel_size": 4}, "kernel_size must be an odd integer"),
    (LieResNet, {"seed": -1}, "seed must be an integer >= 0"),
    (LieResNet, {"dtype": "float16"}, "dtype must be 'float32' or 'float64'"),
    (LieResNet, {"arc": 4.0}, "arc must be a number of radians"),
    (LieConv, {"arc": 1.0, "closed_under": 4}, "needs the whole circle"),
    (LieConv, {"reduce": "sum"}, "reduce must be 'max' or 'mean'"),
]


@pytest.mark.parametrize(("network", "change", "message"), BAD, ids=str)
def test_bad_options_are_named(network, change, message):
    with pytest.raises(ValueError, match=message):
        network(SL(2), **change)


def test_bad_images_are_named():
    for network in (LieResNet(SL(2), **SMALL), LieConv(SL(2)), PlainCNN()):
        with pytest.raises(ValueError, match=r"image must have shape \(B, 1, H, W\), not \(2, 7, 3\)"):
            network(torch.rand(2, 7, 3))
        with pytest.raises(TypeError, match="image must be a floating torch tensor"):
            network(np.zeros((1, 1, 28, 28)))


def test_bad_runs_are_named():
    net = PlainCNN()
    for change, message in (
        ({"budget": 0.0}, "budget must be a positive number of minutes"),
        ({"train": 0}, "train must be an integer between 1 and 50000"),
        ({"test": 10001}, "test must be an integer between 0 and 10000"),
        ({"batch": 0}, "batch must be an integer >= 1"),
        ({"steps": -1}, "steps must be an integer >= 0"),
    ):
        with pytest.raises(ValueError, match=message):
            affnist(**{"model": net, "budget": 1.0} | change)


def test_a_number_of_test_samples_that_the_model_cannot_take_is_refused_before_training():
    def never(*values):
        pytest.fail("the training began")

    turned = LieResNet(SL(2), closed_under=4, **SMALL)
    for model, count, message in (
        (PlainCNN(), 8, "test_samples needs a model with the method use_samples, which PlainCNN lacks"),
        (turned, 0, "test_samples must be an integer >= 1, not 0"),
        (turned, 6, "test_samples = 6 does not suit the model: count must be a multiple of closed_under = 4"),
    ):
        with pytest.raises(ValueError, match=message):
            affnist(model=model, budget=1.0, test_samples=count, progress=never)
    assert len(turned.samples) == 4
