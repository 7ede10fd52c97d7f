"""Separation of graphs by untrained networks, the check of invariance beside it, and EXP-classify; on slices."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

import framesym as fs
from framesym._separation import Graphs

SLICE = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def slices(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))


@pytest.fixture
def nauty():
    """Graphs of more than a few dozen nodes and many symmetries are slow to search without it."""
    pytest.importorskip("pynauty", reason="pynauty is in the extra `graphs`")


SETS = {"graph8c": (8, 0, 222 * 221 // 2), "sr25": (25, 0, 105), "exp": (28, 2, 12), "cexp": (28, 2, 12)}


@pytest.mark.parametrize("data", SETS)
@pytest.mark.parametrize("network", [fs.FAMLP, fs.FAGINID])
def test_canonical_frames_separate_all_pairs_and_stay_invariant(nauty, data, network):
    nodes, features, pairs = SETS[data]
    found = fs.separate_graphs(model=network(nodes, features), data=data)
    assert found["pairs"] == pairs and found["undistinguished"] == 0 and found["complete"]
    assert found["invariance_error"] <= 1e-5


def test_pairs_of_brec_are_separated(nauty):
    found = fs.separate_graphs(model=fs.FAGINID(200), data="brec")
    assert (found["pairs"], found["undistinguished"]) == (21, 0) and found["invariance_error"] <= 1e-5


def test_kinds_of_skip_links_are_separated(nauty):
    found = fs.separate_graphs(model=fs.FAGINID(41), data={k: v for k, v in fs.csl(1).items() if k != "label"})
    assert (found["pairs"], found["undistinguished"]) == (45, 0)
    found = fs.separate_graphs(model=fs.FAGINID(41), data="csl", initialisations=2)
    assert (found["pairs"], found["undistinguished"]) == (45 * 15**2, 0)


def test_a_network_without_identifiers_is_as_strong_as_the_weisfeiler_lehman_test():
    net = lambda features: fs.FAGINID(28, features, identifiers=False, frame="none").double()
    assert fs.separate_graphs(model=net(2), data="exp", initialisations=5)["undistinguished"] == 12
    half = fs.separate_graphs(model=net(2), data="cexp", initialisations=5)
    assert half["undistinguished"] == 6 and half["invariance_error"] < 1e-12 and half["initialisations_done"] == 5


@pytest.mark.parametrize("options", [{"frame": "none"}, {"frame": "laplacian", "mode": "sample"}], ids=str)
def test_networks_that_are_not_invariant_are_found_out(options):
    found = fs.separate_graphs(model=fs.FAMLP(28, 2, **options), data="exp")
    assert found["undistinguished"] == 0 and found["invariance_error"] > 1e-2


def test_an_interrupted_run_goes_on_from_its_checkpoint(tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total, text):
        assert total == 6 and "pairs left" in text
        if done == 3:
            raise Stop

    run = {"model": fs.FAGINID(28, 2, identifiers=False, frame="none"), "data": "exp", "initialisations": 6}
    with pytest.raises(Stop):
        fs.separate_graphs(**run, progress=stop, checkpoint=tmp_path)
    calls = []
    again = fs.separate_graphs(**run, progress=lambda *given: calls.append(given[0]), checkpoint=tmp_path)
    assert calls == [4, 5, 6]
    assert again == fs.separate_graphs(**run)
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


def test_the_budget_cuts_a_run_short_and_says_so():
    model = fs.FAGINID(28, 2, identifiers=False, frame="none")
    found = fs.separate_graphs(model=model, data="exp", budget=1e-9)
    assert found["initialisations_done"] == 1 and not found["complete"]


def test_no_state_of_the_caller_changes():
    model, state = fs.FAMLP(28, 2), torch.get_rng_state()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fs.separate_graphs(model=model, data="exp")
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_relabelling_keeps_graphs_and_features_together():
    graphs = Graphs.load("exp")
    moved = graphs.relabelled(0)
    assert not torch.equal(graphs.adjacency, moved.adjacency)
    degrees = [torch.cat([g.adjacency.sum(-1, keepdim=True), g.node], -1) for g in (graphs, moved)]
    for one, other in zip(*degrees, strict=True):
        assert sorted(one.tolist()) == sorted(other.tolist())
    assert torch.equal(moved.adjacency.sum(-1) > 0, moved.mask & (moved.adjacency.sum(-1) > 0))


def test_training_tells_pairs_that_the_weisfeiler_lehman_test_cannot(nauty):
    # A network that gives both graphs of a pair the same logit has a mean loss of at least log 2 on labels 1 and 0.
    run = {"budget": 5.0, "epochs": 60, "batch": 8}
    calls = []
    model = fs.FAMLP(28, 2, 1)
    found = fs.classify_graphs(model=model, progress=lambda *given: calls.append(given), **run)
    assert found["loss"][-1] < math.log(2) / 2 and found["complete"] and len(found["epoch"]) == len(calls) == 60
    assert found["invariance_error"] <= 1e-5 and found["accuracy"] == found["accuracy_relabelled"]
    plain = fs.FAGINID(28, 2, 1, identifiers=False, frame="none").double()
    assert fs.classify_graphs(model=plain, **{**run, "epochs": 10})["loss_validation"].min() > math.log(2) - 1e-9


def test_training_goes_on_where_it_stopped(tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total, text):
        if done == 2:
            raise Stop

    run = {"model": fs.FAGINID(28, 2, 1), "budget": 5.0, "epochs": 4}
    whole = fs.classify_graphs(**run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("framesym._separation_training._SAVE_EVERY", -1.0)
        with pytest.raises(Stop):
            fs.classify_graphs(**run, progress=stop, checkpoint=tmp_path)
    calls = []
    resumed = fs.classify_graphs(**run, checkpoint=tmp_path, progress=lambda *given: calls.append(given[0]))
    assert calls == [3, 4] and whole["epochs_done"] == 4
    assert np.array_equal(resumed["loss"], whole["loss"])


@pytest.mark.parametrize("call, message", [
    (lambda m: fs.separate_graphs(model=m, data="zinc"), "data must be one of graph8c, sr25, exp, cexp, brec, csl or"),
    (lambda m: fs.separate_graphs(model=m, data={}), "data must hold the array 'adjacency'"),
    (lambda m: fs.separate_graphs(model=m, budget=0.0), "budget must be a positive number of minutes, got 0.0"),
    (lambda m: fs.separate_graphs(model=m, initialisations=0), "initialisations must be at least 1, got 0"),
    (lambda m: fs.separate_graphs(model=m, threshold=-1.0), "threshold must be a positive number, got -1.0"),
    (lambda m: fs.separate_graphs(model=m, batch=0), "batch must be at least 1, got 0"),
    (lambda m: fs.separate_graphs(model=m, data="sr25"), "adjacency has 25 nodes, and the network was made for nodes = 8"),
    (lambda m: fs.separate_graphs(model=fs.FAMLP(28), data="exp"), "node must have features = 0 channels, got 2"),
    (lambda m: fs.separate_graphs(model=torch.nn.Identity()), "model must have parts with reset_parameters"),
    (lambda m: fs.classify_graphs(model=m, budget=-1.0), "budget must be a positive number"),
    (lambda m: fs.classify_graphs(model=m, budget=1.0, epochs=0), "epochs must be at least 1, got 0"),
    (lambda m: fs.classify_graphs(model=m, budget=1.0, data=fs.sr25() | {"label": np.zeros(15)}), "nodes = 8 at most"),
    (lambda m: fs.FAMLP(0), "nodes must be at least 1, got 0"),
    (lambda m: fs.FAMLP(hidden=(3, 0)), r"hidden\[1\] must be at least 1, got 0"),
    (lambda m: fs.FAMLP(activation="elu"), "activation must be one of tanh, relu, silu, got 'elu'"),
    (lambda m: fs.FAGINID(frame="pca"), "frame must be 'canonical', 'laplacian' or 'none', got 'pca'"),
    (lambda m: fs.FAGINID(mode="loop"), "mode must be 'average' or 'sample', got 'loop'"),
])  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(fs.FAMLP())


def test_defaults_are_those_of_the_paper():
    linear = [part for part in fs.FAMLP().modules() if isinstance(part, torch.nn.Linear)]
    assert [(part.in_features, part.out_features) for part in linear] == [(64, 128), (128, 64), (64, 10)]
    linear = [part for part in fs.FAGINID().modules() if isinstance(part, torch.nn.Linear)]
    assert [part.out_features for part in linear] == [64, 64, 64, 10] and linear[0].in_features == 8 + 1


def test_parameters_depend_on_the_seed_alone():
    torch.manual_seed(5)
    one = fs.FAGINID(seed=3)
    state = torch.get_rng_state()
    other = fs.FAGINID(seed=3)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("network", [fs.FAMLP, fs.FAGINID])
def test_smaller_graphs_are_padded(network):
    net = network(nodes=9).double()
    graphs = torch.from_numpy(fs.graph8c()["adjacency"][:5])
    padded = torch.nn.functional.pad(graphs, (0, 1, 0, 1))
    mask = (torch.arange(9) < 8).expand(5, 9)
    assert torch.allclose(net(graphs), net(padded, mask=mask), rtol=0, atol=1e-14)
    assert torch.allclose(net(graphs)[2], net(graphs[2]), rtol=0, atol=1e-14)


def test_the_solver_runs_from_tables():
    symmetron = pytest.importorskip("symmetron", reason="symmetron is in the extra `symmetron`")
    model = {"entry": "framesym/fa-gin-id", "nodes": 28, "features": 2}
    found = symmetron.run("framesym/separate-graphs", model=model, data="exp", seed=0)
    assert int(found["undistinguished"]) == 0 and int(found["pairs"]) == 12


def test_results_that_are_no_numbers_are_not_taken_for_invariance():
    net = fs.FAMLP(25)

    class Broken(torch.nn.Linear):
        def forward(self, x):
            return super().forward(x) * torch.nan

    net.net.net.head = Broken(64, 10)
    with pytest.raises(ValueError, match="model gives NaN or infinity in initialisation 0"):
        fs.separate_graphs(model=net, data="sr25")


def test_the_mode_of_a_network_is_that_of_its_frame():
    net = fs.FAMLP(28, 2, frame="laplacian")
    assert net.mode == net.net.mode == "average"
    net.mode = "sample"
    assert net.net.mode == "sample"
    found = fs.separate_graphs(model=net, data="exp", initialisations=1)
    assert found["invariance_error"] > 1e-2
    with pytest.raises(ValueError, match="mode must be 'average' or 'sample', got 'loop'"):
        net.mode = "loop"


@pytest.mark.parametrize("call, message", [
    (lambda: fs.classify_graphs(model=fs.FAGINID(28, 2, 1), budget=1.0, data="csl"), "data must be one of exp, cexp or"),
    (lambda: fs.classify_graphs(model=fs.FAGINID(28, 2, 1), budget=1.0, rate=-1), "rate must be a positive number, got -1"),
    (lambda: fs.separate_graphs(model=fs.FAMLP(), data={"adjacency": np.zeros((3, 2))}), r"\(graphs, n, n\), got \(3, 2\)"),
    (lambda: fs.FAMLP(8, frame="none")(torch.ones(8)), r"adjacency must have shape \(\*batch, n, n\), got \(8,\)"),
    (lambda: fs.FAGINID(8, 2, frame="none")(torch.eye(8), torch.ones(7, 2)), r"node must have shape \(8, 2\), got \(7, 2\)"),
])  # fmt: skip
def test_wrong_data_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
