"""The workflows, the scripts they call, and the rules of the tracked tree."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is installed by `nox -s tests`")

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in ROOT.glob(".github/workflows/*.yml")}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / ".github" / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---------------------------------------------------------------- changed packages
CHANGES = [
    (["packages/framesym/src/framesym/_pca.py"], ["framesym"]),
    (["packages/hopfield-rsb/README.md", "packages/framesym/pyproject.toml"], ["framesym", "hopfield-rsb"]),
    (["packages/liegroups/src/liegroups/_rep.py"], "all"),
    (["packages/symmetron/tests/test_sweep.py"], "all"),
    (["constraints.txt"], "all"),
    (["pyproject.toml"], "all"),
    (["conftest.py"], "all"),
    ([".github/workflows/ci.yml"], "all"),
    (["packages/framesym/README.md", "noxfile.py"], "all"),
    (["docs/start.md", "README.md", "bench/rs_grid.py", "examples/tour.py", "tests/test_site.py"], []),
    (["packages/removed/pyproject.toml"], []),
    ([], []),
]


@pytest.mark.parametrize("paths, expected", CHANGES)
def test_changed_packages(paths, expected):
    packages = ["framesym", "hopfield-rsb", "liegroups", "symmetron"]
    assert script("changed").changed_packages(paths, packages) == (packages if expected == "all" else expected)


def test_changed_packages_from_the_command_line():
    run = [sys.executable, ".github/scripts/changed.py", "--all"]
    answer = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert yaml.safe_load(answer) == PACKAGES


# ---------------------------------------------------------------- release tags
@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "packages" / "hopfield-rsb"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "hopfield-rsb"\nversion = "1.2.3"\n')
    (folder / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.3\n- new\n\n## 1.2.2\n- old\n")
    return tmp_path


def test_release_tag(tree):
    assert script("release").released("hopfield-rsb-v1.2.3", tree) == ("hopfield-rsb", "1.2.3")


@pytest.mark.parametrize(
    "tag, said",
    [
        ("hopfield-rsb-1.2.3", "is not <dist>-vX.Y.Z"),
        ("hopfield-rsb-v1.2", "is not <dist>-vX.Y.Z"),
        ("hopfield-rsb-v1.2.3\n", "is not <dist>-vX.Y.Z"),
        ("../hopfield-rsb-v1.2.3", "is not <dist>-vX.Y.Z"),
        ("kondo-v1.2.3", "has no such package"),
        ("hopfield-rsb-v1.2.4", "pyproject.toml says 1.2.3"),
    ],
)
def test_wrong_release_tag(tree, tag, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        script("release").released(tag, tree)


@pytest.mark.parametrize(
    "changelog, said", [("# Changelog\n\n## 1.2.2\n", "begins with 1.2.2"), ("# Changelog\n", "begins with no version")]
)
def test_changelog_that_lags_behind(tree, changelog, said):
    (tree / "packages" / "hopfield-rsb" / "CHANGELOG.md").write_text(changelog)
    with pytest.raises(ValueError, match=said):
        script("release").released("hopfield-rsb-v1.2.3", tree)


@pytest.mark.parametrize("dist", PACKAGES)
def test_the_packages_as_they_are_could_be_released(dist):
    version = re.search(r'^version = "(.+)"', (ROOT / "packages" / dist / "pyproject.toml").read_text(), re.M)[1]
    assert script("release").released(f"{dist}-v{version}", ROOT) == (dist, version)


# ---------------------------------------------------------------- workflows
def commands(job):
    return "\n".join(step.get("run", "") for step in job["steps"])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_has_least_permissions_and_pipefail(name):
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
    assert WORKFLOWS[name]["defaults"]["run"]["shell"] == "bash"


@pytest.mark.parametrize("name, job", JOBS)
def test_job_calls_sessions_that_exist(name, job):
    functions = [
        node for node in ast.parse((ROOT / "noxfile.py").read_text()).body if isinstance(node, ast.FunctionDef)
    ]
    sessions = {node.name for node in functions if any("session" in ast.unparse(d) for d in node.decorator_list)}
    job = WORKFLOWS[name]["jobs"][job]
    called = set(re.findall(r'nox -s "?(\w+)', commands(job)))
    if "nox -s ${{ matrix.session }}" in commands(job):
        called |= set(job["strategy"]["matrix"]["session"])
    assert called <= sessions


@pytest.mark.parametrize("name, job", JOBS)
def test_privileged_jobs_never_run_on_a_fork(name, job):
    jobs, job = WORKFLOWS[name]["jobs"], WORKFLOWS[name]["jobs"][job]
    privileged = "self-hosted" in job["runs-on"] or job.get("permissions") or name in ("nightly.yml", "release.yml")
    if privileged:
        needed = [jobs[need] for need in [job.get("needs", [])] for need in ([need] if isinstance(need, str) else need)]
        conditions = [one.get("if", "") for one in (job, *needed)]
        assert any("github.repository == 'symmetron/symmetron'" in condition for condition in conditions)


@pytest.mark.parametrize("name, job", JOBS)
def test_no_command_interpolates_what_a_stranger_can_write(name, job):
    text = commands(WORKFLOWS[name]["jobs"][job])
    assert set(re.findall(r"\${{\s*(\w+)\.", text)) <= {"matrix", "needs"}


def test_published_wheel_is_the_tested_one():
    jobs = WORKFLOWS["release.yml"]["jobs"]
    artifacts = {
        name: [s["with"]["name"] for s in job["steps"] if "artifact" in s.get("uses", "")] for name, job in jobs.items()
    }
    assert artifacts == {"build": ["wheelhouse"], "test": ["wheelhouse"], "publish": ["wheelhouse"]}
    assert set(jobs["publish"]["needs"]) == {"build", "test"}
    assert any(step.get("env", {}).get("WHEELHOUSE") == "dist" for step in jobs["test"]["steps"])
    assert jobs["publish"]["environment"].startswith("release-${{ needs.build.outputs.dist }}")


def test_every_supported_python_is_tested():
    assert WORKFLOWS["ci.yml"]["jobs"]["package"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


# ---------------------------------------------------------------- the tracked tree
def tracked_files():
    """Return the files that are, or would be, committed."""
    run = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a git checkout")
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def test_tracked_files_are_small():
    katex = ROOT / "docs" / "assets" / "katex"
    files = [path for path in tracked_files() if not path.is_relative_to(katex)]
    assert [path for path in files if path.stat().st_size > 100_000] == []


@pytest.mark.parametrize("dist", PACKAGES)
def test_every_package_has_its_pages(dist):
    navigation = (ROOT / "mkdocs.yml").read_text()
    missing = [f"packages/{dist}/{page}.md" for page in ("index", "theory", "api")]
    assert [page for page in missing if page not in navigation or not (ROOT / "docs" / page).is_file()] == []


def test_every_measurement_is_on_the_page_of_benchmarks():
    named = set(re.findall(r"bench/(\w+\.py)", (ROOT / "docs" / "benchmarks.md").read_text()))
    assert named == {path.name for path in ROOT.glob("bench/*.py")}
