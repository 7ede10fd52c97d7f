"""What the import of a plugin does to a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

from symmetron._conformance._report import Report
from symmetron._entry import Entry

HEAVY = ("torch", "jax", "numpy", "scipy", "matplotlib", "xarray")
X64_AT_START = os.environ.get("JAX_ENABLE_X64", "").lower() in ("1", "true", "yes", "on", "y", "t")
_LIMIT = 300  # seconds

# Run in the other process. Targets are imported after the hook module, and what they change is read at the end.
_PROBE = """
import importlib, json, sys
hook, targets, heavy, x64, out = json.loads(sys.argv[1])
before = set(sys.modules)
importlib.import_module(hook)
found = {"heavy": [name for name in heavy if name in sys.modules and name not in before], "settings": []}
for target in targets:
    try:
        importlib.import_module(target)
    except BaseException:
        pass
settings = found["settings"]
if "jax" in sys.modules and sys.modules["jax"].config.jax_enable_x64 != x64:
    settings.append("the jax option jax_enable_x64")
if "torch" in sys.modules and str(sys.modules["torch"].get_default_dtype()) != "torch.float32":
    settings.append("the default dtype of torch")
if "numpy" in sys.modules:
    errors = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    if sys.modules["numpy"].geterr() != errors:
        settings.append("the floating-point error handling of numpy (seterr)")
with open(out, "w") as file:
    json.dump(found, file)
"""


def check(report: Report, point: EntryPoint, entries: Sequence[Entry]) -> None:
    """Import the hook module, then the modules of all targets, in a fresh process."""
    name = point.dist.name if point.dist is not None else point.name
    modules = sorted({entry.target.partition(":")[0] for entry in entries})
    path = os.pathsep.join(filter(None, sys.path))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        argument = json.dumps([point.module, modules, HEAVY, X64_AT_START, str(out)])
        # -P: a module in the current folder must not hide the installed one
        line = [sys.executable, "-P", "-c", _PROBE, argument]
        try:
            done = subprocess.run(
                line, capture_output=True, text=True, timeout=_LIMIT, env={**os.environ, "PYTHONPATH": path}
            )
        except subprocess.TimeoutExpired:
            report.finding(name, f"importing its targets took more than {_LIMIT} s; import no more than you need")
            return
        if not out.exists():
            last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            report.finding(name, f"importing its modules ended a fresh process: {last}")
            return
        found = json.loads(out.read_text())
    if found["heavy"]:
        report.finding(
            f"{name}, module {point.module}",
            f"importing it loads {', '.join(found['heavy'])}, which makes every listing slow; "
            f"import pluggy alone there, and load the rest lazily in {point.module.partition('.')[0]}/__init__.py",
        )
    for setting in found["settings"]:
        report.finding(
            name, f"importing its targets changes {setting} for everyone; set it inside your functions and restore it"
        )
    if done.stdout.strip():
        first = done.stdout.strip().partition("\n")[0]
        report.finding(name, f"importing its targets prints to standard output ({first!r}); use logging")
