"""The entries name what exists, and every number of a result has a unit."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import hopfield_rsb
from hopfield_rsb import DenseHopfield, PSpin, capacity, enumeration, glassiness, monte_carlo, rs, rsb
from hopfield_rsb._symmetron import symmetron_register


@pytest.fixture
def entries():
    found = {}

    class Registrar:
        def model(self, name, target, *, summary, **options):
            found[name] = (target, options)

        solver = model

    symmetron_register(Registrar())
    return found


def test_entries_name_what_exists(entries):
    assert set(entries) >= {"dense-hopfield", "hopfield", "pspin", "mixed-pspin", "sk", "rs", "rsb", "capacity"}
    assert set(entries) >= {"monte-carlo", "enumerate", "phase-diagram", "glassiness"}
    targets = [target for target, _ in entries.values()] + [
        options["plot"] for _, options in entries.values() if "plot" in options
    ]
    for module, _, name in (target.partition(":") for target in targets):
        assert module == "hopfield_rsb" and callable(getattr(hopfield_rsb, name))


def test_every_number_has_a_unit(entries):
    results = {"rs": rs(model=DenseHopfield(), alpha=0.1, T=0.1), "capacity": capacity(model=DenseHopfield(), T=0.1)}
    results["glassiness"] = glassiness(model=DenseHopfield(), alpha=0.1, T=0.1, size=100)
    results["rsb"] = rsb(model=PSpin(p=3), T=0.1, branch="glass")
    for name, result in results.items():
        numbers = {key for key, value in result.items() if isinstance(value, float)}
        assert numbers <= set(entries[name][1]["units"]), name
        assert not {"failed", "message"} & set(result), name  # the names a sweep keeps for cells that failed


def test_every_number_of_a_finite_network_has_a_unit_and_every_array_its_dimensions(entries):
    network = {"model": DenseHopfield(kernel="power"), "N": 8, "K": 3, "T": 0.5}
    results = {"enumerate": enumeration(**network)}
    if importlib.util.find_spec("numba"):
        results["monte-carlo"] = monte_carlo(**network, sweeps=10, draws=2, ladder=[0.7])
    for name, result in results.items():
        units, outputs = entries[name][1]["units"], entries[name][1]["outputs"]
        assert {key for key, value in result.items() if np.asarray(value).dtype.kind == "f"} <= set(units), name
        dimensions = {dim for dims in outputs.values() for dim in dims}
        arrays = {key for key, value in result.items() if np.ndim(value) and key not in dimensions}
        assert arrays == set(outputs), name
        assert (result["P"], result["kernel"], result["load_unit"]) == (4, "power", "paper")


@pytest.mark.parametrize("kernel, load_unit", [("gaussian", "paper"), ("distinct", "K"), ("power", "paper")])
def test_conventions_are_in_every_result(kernel, load_unit):
    model = DenseHopfield(P=4, kernel=kernel, load_unit=load_unit)
    for result in (rs(model=model, alpha=1e-3, T=[0.0, 0.1]), capacity(model=model)):
        assert (result["P"], result["kernel"], result["load_unit"]) == (4, kernel, load_unit)


def test_the_plugin_imports_nothing_heavy_and_the_solvers_no_plotting():
    code = (
        "import sys, hopfield_rsb._symmetron\n"
        "print(sorted({'numpy', 'scipy', 'jax', 'torch', 'matplotlib', 'symmetron'} & set(sys.modules)))\n"
        "sys.modules.update(matplotlib=None, xarray=None, jax=None, torch=None)\n"
        "from hopfield_rsb import DenseHopfield, capacity, rs\n"
        "print(rs(model=DenseHopfield(), alpha=0.1, T=0.1)['branch'], capacity(model=DenseHopfield())['converged'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\nretrieval True\n"
