"""The jobs of the repository: `nox -l` lists them, `nox -s tests` is the one to run before a change lands.

Packages are found on disk (`packages/<dist>/pyproject.toml`); a new one needs no edit here.
"""

import os
import re
import shutil
import tomllib
from functools import cache
from pathlib import Path

import nox

nox.needs_version = ">=2026.2.9"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
CONSTRAINTS = ("-c", "constraints.txt")
TEST_TOOLS = ("pytest", "hypothesis", "mpmath")
# `symmetron` and `all` name packages of this repository; distributed has the session `dask`
LEFT_OUT_EXTRAS = {"symmetron", "all", "dask"}


# ---------------------------------------------------------------- what is in the repository
@cache
def project(dist):
    """Return the [project] table of a distribution."""
    return tomllib.loads((ROOT / "packages" / dist / "pyproject.toml").read_text())["project"]


def module(dist):
    """Return the import name of a distribution."""
    return dist.replace("-", "_")


def with_requirements(dist):
    """Return `dist` and the packages of this repository it requires, directly or not."""
    names = (re.match(r"[\w.-]+", requirement).group() for requirement in project(dist)["dependencies"])
    found = {dist}.union(*(with_requirements(name) for name in names if name in PACKAGES))
    return sorted(found)


# ---------------------------------------------------------------- what a session installs
def install(session, *what):
    """Install within the pins of constraints.txt."""
    session.install(*CONSTRAINTS, *what)


def everything():
    """Return pip's arguments for all packages, editable and with their extras."""
    arguments = []
    for dist in sorted(PACKAGES, key=lambda dist: len(with_requirements(dist))):  # pip must see the required one first
        extras = sorted(set(project(dist).get("optional-dependencies", {})) - LEFT_OUT_EXTRAS)
        arguments += ["-e", f"packages/{dist}" + (f"[{','.join(extras)}]" if extras else "")]
    return arguments


def install_wheels(session, dists):
    """Install wheels made of the tree as it is now, or those in the folder WHEELHOUSE; never ours from an index.

    pip keeps an installed wheel of the same version, so ours are forced in: a reused environment must test
    edited code.
    """
    house = Path(os.environ.get("WHEELHOUSE") or Path(session.create_tmp()) / "wheels")
    if "WHEELHOUSE" not in os.environ:
        shutil.rmtree(house, ignore_errors=True)
        session.run("pip", "wheel", "-q", "--no-deps", "-w", str(house), *(f"packages/{dist}" for dist in dists))
    wheels = [str(next(house.glob(f"{module(dist)}-{project(dist)['version']}-*.whl"))) for dist in dists]
    install(session, *wheels, *TEST_TOOLS)
    session.install("--force-reinstall", "--no-deps", *wheels)
    session.run("pip", "check")


def source_and_tests(dists=PACKAGES):
    """Return the folders pytest collects: the doctests of the sources, and the tests."""
    return [f"packages/{dist}/{folder}" for dist in dists for folder in ("src", "tests")]


# ---------------------------------------------------------------- tests
@nox.session
def tests(session):
    """All packages in one environment: tests, doctests, tests across packages."""
    install(session, *everything(), *TEST_TOOLS, "scikit-learn", "PyYAML", "hatchling")
    session.run("pytest", "--doctest-modules", *source_and_tests(), "tests", *session.posargs)


@nox.session
def slow(session):
    """The tests marked slow: training runs and large sizes."""
    install(session, *everything(), *TEST_TOOLS, "scikit-learn")
    session.run("pytest", "--slow", "-m", "slow", "packages", "tests", *session.posargs)


@nox.session
def cuda(session):
    """The tests marked cuda; an error, not a skip, without a device."""
    install(session, *everything(), *TEST_TOOLS)
    session.run("pytest", "--require-cuda", "-m", "cuda", "packages", "tests", *session.posargs)


@nox.session
@nox.parametrize("dist", PACKAGES, ids=PACKAGES)
def test(session, dist):
    """One package from its wheel, beside nothing of ours that it does not require."""
    present = with_requirements(dist)
    install_wheels(session, present)
    absent = [module(other) for other in PACKAGES if other not in present]
    session.run("python", "tests/alone.py", "--present", *map(module, present), "--absent", *absent)
    session.run(
        "pytest", "-c", "pyproject.toml", "--rootdir", ".", "--doctest-modules", "--doctest-ignore-import-errors",
        f"packages/{dist}/tests", "--pyargs", module(dist), *session.posargs,
    )  # fmt: skip


@nox.session
def dask(session):
    """The sweep on a Dask cluster of two local workers."""
    install(session, "-e", "packages/liegroups", "-e", "packages/symmetron[dask,io]", *TEST_TOOLS)
    session.run("pytest", "packages/symmetron/tests", "-k", "dask", *session.posargs)


@nox.session
def eager(session):
    """Import every public name: a misspelt lazy name fails here and nowhere else."""
    install(session, *everything())
    for dist in PACKAGES:
        session.run("python", "-c", f"from {module(dist)} import *", env={"EAGER_IMPORT": "1"})


# ---------------------------------------------------------------- style, types, site
@nox.session
def lint(session):
    """Style of the code, schemas of the workflows and of CITATION.cff."""
    install(session, "ruff", "check-jsonschema")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    workflows = map(str, sorted(ROOT.glob(".github/workflows/*.yml")))
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    session.run("check-jsonschema", "--builtin-schema", "vendor.citation-file-format", "CITATION.cff")


@nox.session
def types(session):
    """Types of the sources."""
    install(session, *everything(), "pyright[nodejs]")
    session.run("pyright", *session.posargs)


@nox.session
def docs(session):
    """Build the site, strictly, then open it in Chromium where there is one."""
    install(session, "mkdocs-material", "mkdocs", "mkdocstrings[python]", "pymdown-extensions", "ruff")
    install(session, "pytest", "playwright")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
    session.run("pytest", "tests/test_site.py", *session.posargs)


# ---------------------------------------------------------------- artefacts and runs
@nox.session
def build(session):
    """Source archive and wheel of every package (or of those named) in dist/, checked."""
    install(session, "build", "hatchling", "twine", "check-wheel-contents")
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    for dist in session.posargs or PACKAGES:
        session.run("python", "-m", "build", "--no-isolation", "--outdir", "dist", f"packages/{dist}", silent=True)
    session.run("twine", "check", "--strict", *map(str, ROOT.glob("dist/*")))
    session.run("check-wheel-contents", "dist")


@nox.session
def demo(session):
    """The tour: real scans, an equivariant network, a phase diagram; results in demo-output/."""
    install(session, *everything(), "scikit-learn")
    session.run("python", "examples/tour.py", *session.posargs)


@nox.session
def bench(session):
    """The measurements of bench/ (or those named); a script lists its peers in its `# /// script` block."""
    scripts = [ROOT / "bench" / f"{name.removesuffix('.py')}.py" for name in session.posargs]
    scripts = scripts or sorted(ROOT.glob("bench/[!_]*.py"))
    blocks = [nox.project.load_toml(script, missing_ok=True) for script in scripts]
    install(session, *everything(), *(peer for block in blocks for peer in block.get("dependencies", [])))
    for script in scripts:
        session.run("python", str(script))


@nox.session
def dev(session):
    """An environment to work in: .venv/ with everything, editable."""
    session.run("python", "-m", "venv", ".venv")
    python = str(ROOT / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python")
    tools = (*TEST_TOOLS, "scikit-learn", "PyYAML", "ruff", "pyright[nodejs]", "nox")
    session.run(python, "-m", "pip", "install", *CONSTRAINTS, *everything(), *tools, external=True)
