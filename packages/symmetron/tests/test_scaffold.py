"""The plugin that `symmetron new` writes."""

import os
import subprocess
import sys
import tomllib

import pytest

from symmetron._scaffold import new_plugin
from symmetron.errors import BuildError


def install(home, name):
    """Make the written package discoverable, as an editable install does, without an index."""
    info = home / "src" / f"{name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir()
    project = tomllib.loads((home / "pyproject.toml").read_text())["project"]
    requires = [*project["dependencies"]]
    requires += [
        f'{need} ; extra == "{extra}"' for extra, needs in project["optional-dependencies"].items() for need in needs
    ]
    lines = [
        f"Name: {name}",
        "Version: 0.1.0",
        "Metadata-Version: 2.1",
        *(f"Requires-Dist: {line}" for line in requires),
    ]
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    ((group, points),) = project["entry-points"].items()
    (info / "entry_points.txt").write_text(f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in points.items()) + "\n")


def its_own_tests(home, path):
    """Run the tests of the written package as they are, with `path` in front of what is installed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(home)],
        capture_output=True,
        text=True,
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_its_own_test_passes_unedited(tmp_path):
    files = new_plugin("spin-lab", tmp_path)
    assert all(path.is_file() for path in files)
    home = tmp_path / "spin-lab"
    install(home, "spin-lab")
    its_own_tests(home, home / "src")


def test_its_wheel_passes_its_own_test_unedited(tmp_path):
    pytest.importorskip("hatchling", reason="building the plugin offline needs hatchling")
    new_plugin("spin-lab", tmp_path)
    line = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*line, "--target", str(tmp_path / "site"), str(tmp_path / "spin-lab")], check=True)
    its_own_tests(tmp_path / "spin-lab", tmp_path / "site")


@pytest.mark.parametrize("name", ["Bad", "two words", "-x", "x_y", "", "9lives", "a--b", "../up"])
def test_wrong_names_are_refused(tmp_path, name):
    with pytest.raises(BuildError, match="lower-case words"):
        new_plugin(name, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name, why",
    [
        ("json", "a word or a module of Python itself"),
        ("lambda", "a word or a module of Python itself"),
        ("liegroups", "is a module of that name"),
    ],
)
def test_names_of_other_modules_are_refused(tmp_path, name, why):
    with pytest.raises(BuildError, match=why):
        new_plugin(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_when_writing_fails(tmp_path, monkeypatch):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(BuildError, match="No space left on device"):
        new_plugin("mine", tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(BuildError, match="exists"):
        new_plugin("mine", tmp_path)
    assert not list((tmp_path / "mine").iterdir())


def test_a_folder_that_cannot_be_made_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BuildError, match="cannot write"):
        new_plugin("mine", tmp_path / "file" / "below")
