"""The package as others see it: a light import, and what it offers to symmetron."""

import importlib
import importlib.metadata
import inspect
import subprocess
import sys

import framesym
from framesym import _symmetron


def test_version_is_that_of_the_distribution():
    assert framesym.__version__ == importlib.metadata.version("framesym")


def test_import_loads_no_numerical_library():
    code = (
        "import sys, framesym, framesym._symmetron;"
        "print([name for name in ('torch', 'jax', 'numpy', 'scipy', 'liegroups') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_public_names_resolve_and_have_docstrings():
    for name in framesym.__all__:
        if name != "__version__":
            assert inspect.getdoc(getattr(framesym, name)), name


def test_plugin_registers_what_exists():
    class Registrar:
        def __init__(self):
            self.models, self.others = {}, {}

        def model(self, name, target, **options):
            self.models[name] = (target, options)

        def solver(self, name, target, **options):
            self.others[name] = (target, options)

        dataset = solver

    registrar = Registrar()
    _symmetron.symmetron_register(registrar)
    applications = {"gnn", "egnn", "fa-gnn", "pointnet", "fa-pointnet", "fa-local-pointnet", "dgcnn", "fa-dgcnn"}
    assert set(registrar.models) >= {"average", "point-network", "fa-mlp", "fa-gin-id"} | applications
    runs = {"nbody", "normals", "equivariance-report", "charged-particles", "surface-normals"}
    assert set(registrar.others) >= runs
    graphs = {"graph8c", "sr25", "exp", "cexp", "brec", "csl", "separate-graphs", "classify-graphs"}
    assert set(registrar.others) >= graphs
    for target, options in registrar.others.values():
        module, _, attribute = target.partition(":")
        assert callable(getattr(importlib.import_module(module), attribute)) and options["summary"]
    for target, options in registrar.models.values():
        module, _, attribute = target.partition(":")
        loaded = getattr(importlib.import_module(module), attribute)
        assert options["summary"] and options["paper"].startswith("arXiv:")
        assert callable(loaded)
    assert registrar.models["average"][1]["tags"] == ("symmetrizer",)
    assert registrar.models["average"][1]["equivariance"] == {"group": "$group", "level": "exact"}
    assert registrar.models["point-network"][1]["inputs"] == framesym.PointNetwork.inputs


def test_entry_point_is_installed():
    points = importlib.metadata.entry_points(group="symmetron.plugins", name="framesym")
    assert {point.value for point in points} == {"framesym._symmetron"}
