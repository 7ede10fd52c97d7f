"""Frames around a network that framesym has never seen, built from tables by the umbrella."""

from pathlib import Path

import pytest
import torch

import symmetron as sym

# A stranger's plugin: attention over points, which knows nothing of groups or frames.
STRANGER = """
import pluggy


@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.model(
        "attention",
        "stranger_nets:attention",
        summary="One round of attention over points, with forces and an energy as its results.",
        inputs={"x": "point", "species": "invariant"},
        outputs={"force": "vector", "energy": "scalar"},
    )


def attention(width: int = 16):
    import torch

    class Attention(torch.nn.Module):
        def __init__(self):
            super().__init__()
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                self.enter, self.leave = torch.nn.Linear(4, 3 * width), torch.nn.Linear(width, 4)

        def forward(self, x, species):
            q, k, v = self.enter(torch.cat([x, species.unsqueeze(-1)], -1)).chunk(3, -1)
            h = torch.tanh(torch.softmax(q @ k.mT / width**0.5, -1) @ v + q)
            out = self.leave(h)
            return {"force": out[..., :3], "energy": out[..., 3].sum(-1, keepdim=True)}

    return Attention()
"""
INPUTS = {"x": "point", "species": "invariant"}
OUTPUTS = {"force": "vector", "energy": "scalar"}


@pytest.fixture
def stranger():
    with sym.testing.lend_plugin("stranger-nets", STRANGER):
        yield


@pytest.mark.parametrize("family", ["so", "o", "se", "e"])
def test_frames_around_the_network_of_another_package(stranger, family):
    group = {"entry": f"liegroups/{family}", "n": 3}
    words = {"inputs": INPUTS, "outputs": OUTPUTS}
    backbone = {"entry": "stranger-nets/attention", "width": 12}
    exact = sym.build({"entry": "framesym/average", "group": group, "model": backbone, **words}).double()
    plain = sym.build(backbone).double()
    random = torch.Generator().manual_seed(0)
    x = {
        "x": torch.randn(3, 9, 3, generator=random, dtype=torch.float64),
        "species": torch.randint(1, 4, (3, 9), generator=random).double(),
    }
    built = sym.build(group)
    scale = None if built.compact else 1.0
    errors = [
        sym.equivariance_error(net, built, x, INPUTS, OUTPUTS, samples=16, scale=scale, local=False).rms
        for net in (exact, plain)
    ]
    assert errors[0] < 1e-12 and errors[1] > 0.1
    order = torch.randperm(9, generator=random)
    moved = exact(**{name: value[:, order] for name, value in x.items()})
    torch.testing.assert_close(moved["force"], exact(**x)["force"][:, order], atol=1e-12, rtol=0)
    torch.testing.assert_close(moved["energy"], exact(**x)["energy"], atol=1e-12, rtol=0)


def test_report_on_the_network_of_another_package(stranger):
    group = {"entry": "liegroups/se", "n": 3}
    exact = {"entry": "framesym/average", "group": group, "model": {"entry": "stranger-nets/attention"}}
    exact |= {"inputs": INPUTS, "outputs": OUTPUTS}
    given = {"group": group, "points": 7, "samples": 8, "seed": 0}
    found = sym.run("framesym/equivariance-report", model=exact, **given)
    assert found["verdict"].item() == "equivariant" and found["finite"].item()
    assert found["frame_size"].values.tolist() == [4, 4] or found["frame_size"].values.tolist() == [1, 1]
    backbone = {"entry": "stranger-nets/attention"}
    plain = sym.run("framesym/equivariance-report", model=backbone, inputs=INPUTS, outputs=OUTPUTS, **given)
    assert plain["verdict"].item() == "not equivariant"


def test_a_motion_network_is_trained_from_tables(monkeypatch):
    """The n-body solver on a network that is averaged by table, at a size that shows only that it learns."""
    monkeypatch.setenv("SYMMETRON_DATA", str(Path(__file__).parents[1] / "packages" / "framesym" / "tests" / "data"))
    model = {
        "entry": "framesym/average",
        "group": {"entry": "liegroups/e", "n": 3},
        "model": {"entry": "framesym/gnn", "width": 16, "layers": 2},
        "mode": "sample",
    }
    sizes = {"train_count": 40, "validation_count": 20, "test_count": 40, "batch": 20}
    found = sym.run("framesym/nbody", model=model, budget=1.0, steps=60, rate=0.01, seed=0, **sizes)
    assert found["mse_test"] < found["mse_still"]
    assert found["equivariance_float64"] < 1e-12
    assert found["validation"].sizes == {"step": 10}
