"""The command line: what it prints, where, and how it ends."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from symmetron.__main__ import main


@dataclass(frozen=True)
class Done:
    """How a command ended, with the names of subprocess.CompletedProcess."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def command(magnet, tmp_path, monkeypatch, capsys):
    """Run `symmetron` in this process, in an empty folder, with the lent plugin."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["symmetron", *arguments])
        capsys.readouterr()
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        return Done(status, *capsys.readouterr())

    return run


@pytest.fixture
def program(magnet, tmp_path, monkeypatch):
    """Run `symmetron` as a program, in an empty folder with the lent plugin on its path."""
    path = [str(magnet), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        line = [sys.executable, "-m", "symmetron", *arguments]
        return subprocess.run(line, capture_output=True, text=True, timeout=120)

    return run


def is_one_sentence(text):
    return text.startswith("error: ") and text.count("\n") == 1 and "Traceback" not in text


def test_list_is_sorted_and_names_are_full(command):
    lines = command("list").stdout.splitlines()
    names = [line.split()[0] for line in lines]
    assert names == sorted(names)
    assert {"magnet-plugin/mean-field", "liegroups/so"} <= set(names)


def test_list_as_json_has_every_field(command):
    report = json.loads(command("list", "--json", "--package", "magnet-plugin").stdout)
    assert [entry["name"].partition("/")[2] for entry in report["entries"]] == [
        "extremes",
        "hold",
        "mean-field",
        "profile",
        "tiny",
    ]
    assert report["entries"][2]["units"] == {"T": "J", "m": "1"}


def test_list_through_the_full_parser(command):
    assert command("--debug", "list", "--kind", "dataset", "--package", "magnet-plugin").stdout.split() == [
        "magnet-plugin/tiny",
        "dataset",
        "Three",
        "numbers.",
    ]


def test_show_reads_signature_and_docstring(command):
    shown = command("show", "magnet-plugin/mean-field").stdout
    assert "T: float [J], required" in shown
    assert "start: 'up' or 'down', default 'up'" in shown
    assert "Sign of the first magnetisation." in shown
    parameters = json.loads(command("show", "magnet-plugin/mean-field", "--json").stdout)["parameters"]
    assert [one["name"] for one in parameters] == ["T", "start", "device"]


def test_run_prints_the_magnetisation(command):
    # Fixed point of m = tanh(2 m), by mpmath.findroot(lambda m: mp.tanh(2*m) - m, 0.95)
    out = command("run", "magnet-plugin/mean-field", "-p", "T=0.5").stdout
    assert float(out.splitlines()[0].partition("= ")[2]) == pytest.approx(0.957504024077268741, abs=1e-12)
    assert "converged = True" in out


def test_run_writes_a_file_that_plot_draws(command, tmp_path):
    pytest.importorskip("netCDF4", reason="netCDF files need the extra io")
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    assert command("run", "magnet-plugin/profile", "-o", "profile.nc").returncode == 0
    done = command("plot", "profile.nc")
    assert (done.returncode, done.stdout) == (0, "wrote profile.png\n")
    assert (tmp_path / "profile.png").read_bytes().startswith(b"\x89PNG")


def test_sweep_writes_a_file_and_goes_on_from_its_store(command, tmp_path):
    pytest.importorskip("netCDF4", reason="netCDF files need the extra io")
    line = ("sweep", "magnet-plugin/mean-field", "-p", "T=0.25:0.5:2", "-p", "start=up,down", "-o", "m.nc")
    first = command(*line)
    assert first.returncode == 0, first.stderr
    from symmetron import Store, load

    values = load(tmp_path / "m.nc")["m"].values
    # m(T) = 0.999325673015108244 and 0.957504024077268741 by mpmath, and the mirror image
    expected = np.outer([0.999325673015108244, 0.957504024077268741], [1, -1])
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)
    with Store(tmp_path / "m.sqlite") as store:
        assert len(store) == 4
    assert command(*line).returncode == 0
    assert (load(tmp_path / "m.nc")["m"].values == values).all()


def test_failed_cells_are_a_finding(command):
    done = command("sweep", "magnet-plugin/mean-field", "-p", "T=-1,1")
    assert done.returncode == 1
    assert "1 of 2 cells failed" in done.stderr and "T must not be negative" in done.stderr


def test_new_writes_a_plugin(command, tmp_path):
    assert command("new", "my-plugin").returncode == 0
    assert (tmp_path / "my-plugin" / "pyproject.toml").exists()


WRONG = {
    "option of doctor": (("doctor", "--package", "x"), "doctor has no option '--package'"),
    "unknown entry": (("run", "mean-field"), "nearest: magnet-plugin/mean-field"),
    "misspelt entry": (("show", "liegroups/sow"), "liegroups/so"),
    "unknown parameter": (("run", "magnet-plugin/mean-field", "-p", "temp=1"), "no parameter 'temp'"),
    "missing parameter": (("run", "magnet-plugin/mean-field"), "needs the parameter 'T'"),
    "wrong type": (("run", "magnet-plugin/mean-field", "-p", "T=warm"), "'T' must be float, got 'warm'"),
    "wrong choice": (("run", "magnet-plugin/mean-field", "-p", "T=1", "-p", "start=upp"), "did you mean 'up'?"),
    "not a number": (("run", "magnet-plugin/mean-field", "-p", "T=NaN"), "not a number"),
    "refused by the solver": (("run", "magnet-plugin/mean-field", "-p", "T=-1"), "T must not be negative, got -1.0"),
    "not a solver": (("run", "liegroups/so", "-p", "n=3"), "is a group, not a solver"),
    "no value": (("run", "magnet-plugin/mean-field", "-p", "T"), "-p needs name=value"),
    "bad range": (("sweep", "magnet-plugin/mean-field", "-p", "T=0:x:3"), "a range is start:stop:count"),
    "no nested table": (("sweep", "magnet-plugin/profile", "-p", "slope.x=1,2"), "slope"),
    "no such file": (("plot", "nowhere.nc"), "nowhere.nc"),
    "bad plugin name": (("new", "Bad Name"), "Bad Name"),
    "bad table": (("run", "nowhere.toml"), "cannot read nowhere.toml"),
    "short name of a model": (("run", "hopfield", "-p", "model=x"), "no entry is named 'hopfield'"),
    "keyword of run": (("run", "magnet-plugin/mean-field", "-p", "T=1", "-p", "threads=2"), "no parameter 'threads'"),
    "service": (("run", "magnet-plugin/mean-field", "-p", "T=1", "-p", "checkpoint=x"), "no parameter 'checkpoint'"),
    "keyword of sweep": (("sweep", "magnet-plugin/mean-field", "-p", "T=1,2", "-p", "seed=3"), "no parameter 'seed'"),
    "store as a parameter": (
        ("sweep", "magnet-plugin/mean-field", "-p", "T=1,2", "-p", "store=x"),
        "no parameter 'store'",
    ),
    "no threads": (("run", "magnet-plugin/mean-field", "-p", "T=1", "--threads", "0"), "'--threads'"),
    "given twice": (("run", "magnet-plugin/mean-field", "-p", "T=1", "-p", "T=2"), "-p gives 'T' twice"),
    "fixed and swept": (("sweep", "magnet-plugin/mean-field", "-p", "T=1", "-p", "T=2,3"), "-p gives 'T' twice"),
    "empty list": (("sweep", "magnet-plugin/mean-field", "-p", "T=,"), "a list is T=value,value"),
    "hole in a list": (("sweep", "magnet-plugin/mean-field", "-p", "T=1,,2"), "a list is T=value,value"),
    "empty range": (("sweep", "magnet-plugin/mean-field", "-p", "T=0:1:0"), "a range is start:stop:count"),
    "one file for two": (
        ("sweep", "magnet-plugin/mean-field", "-p", "T=1,2", "-o", "x.sqlite"),
        "both the result and its store; name it x.nc",
    ),
    "folder to draw": (("plot", "."), "cannot read .: it is a folder"),
    "misspelt package": (("list", "--package", "magnet-plugn"), "did you mean 'magnet-plugin'?"),
    "misspelt tag": (("list", "--tag", "affin"), "no entry has the tag 'affin'; did you mean 'affine'?"),
    "misspelt kind": (("list", "--kind", "solvers"), "did you mean 'solver'?"),
    "misspelt option of list": (("list", "--jsn"), "list has no option '--jsn'; did you mean '--json'?"),
    "misspelt option": (("show", "liegroups/so", "--jsn"), "show has no option '--jsn'; did you mean '--json'?"),
    "option without its value": (("list", "--kind"), "--kind: expected one argument"),
    "missing argument": (("run",), "missing argument 'name'"),
    "no number": (("run", "liegroups/so", "--threads", "two"), "'--threads'"),
    "misspelt verb": (("lst",), "no such command 'lst'; did you mean 'list'?"),
    "model without a group": (("check", "liegroups/so"), "check needs a group beside the model"),
    "group as a model": (("check", "liegroups/so", "liegroups/so"), "liegroups/so is a group"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_usage_is_one_sentence_and_status_2(command, tmp_path, what):
    arguments, expected = WRONG[what]
    done = command(*arguments)
    assert done.returncode == 2
    assert is_one_sentence(done.stderr), done.stderr
    assert expected in done.stderr
    assert not list(tmp_path.iterdir()), "something was written"


def test_a_reader_that_has_seen_enough_is_no_error(program):
    """As in `symmetron list | head -1`: the output is closed before it is written."""
    for unbuffered in ("", "1"):
        line = [sys.executable, "-m", "symmetron", "list"]
        environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == ("", 0)
        process.stderr.close()


def test_a_parameter_may_come_before_its_table(command):
    lines = [("-p", "inner.n=2", "-p", "inner=liegroups/so"), ("-p", "inner=liegroups/so", "-p", "inner.n=2")]
    assert [command("run", "magnet-plugin/hold", *line).stdout for line in lines] == ["name = SO(2)\n"] * 2


def test_json_has_no_numbers_that_json_has_not(command):
    def refuse(text):
        raise AssertionError(text)

    done = command("run", "magnet-plugin/extremes", "--json")
    data = json.loads(done.stdout, parse_constant=refuse)["data_vars"]
    assert (data["least"]["data"], data["both"]["data"]) == ("-inf", ["nan", 1.0])
    assert float(data["least"]["data"]) == -np.inf


def test_a_picture_makes_its_folder(command, tmp_path):
    pytest.importorskip("netCDF4", reason="netCDF files need the extra io")
    pytest.importorskip("matplotlib", reason="plots need the extra plot")
    command("run", "magnet-plugin/profile", "-o", "profile.nc")
    assert command("plot", "profile.nc", "-o", "deep/er/x.png").returncode == 0
    assert (tmp_path / "deep" / "er" / "x.png").exists()
    done = command("plot", "profile.nc", "-o", "profile.nc/x.png")
    assert done.returncode == 2 and is_one_sentence(done.stderr) and "cannot write profile.nc/x.png" in done.stderr


def test_missing_device_is_status_3(command):
    from symmetron._threads import devices

    if "cuda" in devices():
        pytest.skip("a CUDA device is here")
    done = command("run", "magnet-plugin/mean-field", "-p", "T=1", "-p", "device=cuda")
    assert done.returncode == 3
    assert is_one_sentence(done.stderr)


def test_debug_shows_the_traceback(program):
    assert "Traceback" in program("--debug", "run", "mean-field").stderr


def test_doctor_is_well_with_good_plugins(program):
    found = json.loads(program("doctor", "--json").stdout)
    assert not [finding for finding in found["findings"] if "magnet-plugin" in finding or "liegroups" in finding]
    assert found["liegroups"].endswith("__init__.py")


def test_doctor_finds_targets_that_do_not_resolve_or_exit_at_import(program, magnet):
    module = magnet / "magnet_plugin.py"
    text = module.read_text().replace("magnet_plugin:tiny", "magnet_plugin:tinny")
    module.write_text(text.replace("magnet_plugin:profile", "magnet_exit:profile"))
    (magnet / "magnet_exit.py").write_text("import sys; sys.exit()")
    listed = program("list")
    assert listed.returncode == 0 and "magnet-plugin/tiny" in listed.stdout
    done = program("doctor")
    assert done.returncode == 1
    assert "magnet-plugin/tiny: target 'magnet_plugin:tinny' does not resolve" in done.stdout
    assert "magnet-plugin/profile: importing 'magnet_exit:profile' raised SystemExit" in done.stdout
    done = program("show", "magnet-plugin/profile")
    assert done.returncode == 2 and is_one_sentence(done.stderr)


def test_broken_plugin_is_reported_beside_clean_json(program, magnet):
    (magnet / "magnet_plugin.py").write_text("print('hello')\nimport no_such_module\n")
    listed = program("list", "--json")
    report = json.loads(listed.stdout)
    assert listed.returncode == 0
    assert "magnet-plugin" in [one["package"] for one in report["broken"]]
    assert "liegroups/so" in [entry["name"] for entry in report["entries"]]
    assert program("doctor").returncode == 1


@pytest.mark.parametrize(("arguments", "status"), [(("list",), 0), (("lst",), 2), (("run", "mean-field"), 2)])
def test_the_program_ends_as_the_function_does(program, command, arguments, status):
    alone, here = program(*arguments), command(*arguments)
    assert (alone.returncode, alone.stdout, alone.stderr) == (status, here.stdout, here.stderr)
