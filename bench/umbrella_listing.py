"""What listing costs, in multiples of starting Python: as it is, with 600 more distributions, with 2,000 entries.

Every listing must be complete, and load no numerical library.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _setting import print_setting

ROUNDS = 15
HEAVY = ("torch", "jax", "numpy", "scipy", "matplotlib", "xarray")
CHECK = f"""
import sys
sys.argv = ["symmetron", "list"]
from symmetron.__main__ import main
main()
print("heavy:", *({set(HEAVY)} & set(sys.modules)), file=sys.stderr)
"""


def distribution(folder, name, entries=0):
    """Write a fake distribution, with a plugin of so many entries."""
    module = name.replace("-", "_")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    if entries:
        (info / "entry_points.txt").write_text(f"[symmetron.plugins]\n{name} = {module}\n")
        (folder / f"{module}.py").write_text(
            "import pluggy\n@pluggy.HookimplMarker('symmetron')\ndef symmetron_register(registrar):\n"
            f"    for i in range({entries}):\n        registrar.loss(f'loss-{{i}}', 'x:y', summary='A loss.')\n"
        )


def main():
    """Print the best of several interleaved rounds."""
    print_setting("symmetron", "pluggy")
    with tempfile.TemporaryDirectory() as root:
        folders = {name: Path(root) / name for name in ("600 other distributions", "50 entries", "2,000 entries")}
        for folder in folders.values():
            folder.mkdir()
        for index in range(600):
            distribution(folders["600 other distributions"], f"filler-{index}")
        distribution(folders["50 entries"], "many", 50)
        distribution(folders["2,000 entries"], "many", 2000)
        listing = [sys.executable, "-c", CHECK]
        cases = {"python -c pass": ([sys.executable, "-c", "pass"], None), "list": (listing, None)}
        cases |= {f"list, {name}": (listing, folder) for name, folder in folders.items()}
        best = dict.fromkeys(cases, float("inf"))
        lines = {}
        for _ in range(ROUNDS):
            for name, (line, folder) in cases.items():
                environment = {**os.environ, **({"PYTHONPATH": str(folder)} if folder else {})}
                start = time.perf_counter()
                done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
                best[name] = min(best[name], time.perf_counter() - start)
                lines[name] = len(done.stdout.splitlines())
                if name != "python -c pass" and not re.search(r"heavy:\s*$", done.stderr):
                    raise SystemExit(f"{name}: {done.stderr}")
        expected = {"list": 0, "list, 600 other distributions": 0, "list, 50 entries": 50, "list, 2,000 entries": 2000}
        for name, more in expected.items():
            if lines[name] != lines["list"] + more:
                raise SystemExit(f"{name}: {lines[name]} entries instead of {lines['list'] + more}")
        bare = best["python -c pass"]
        for name, seconds in best.items():
            print(f"{name:32} {1e3 * seconds:6.0f} ms  {seconds / bare:5.1f} x bare")
        print(f"2,000 entries / 50 entries: {best['list, 2,000 entries'] / best['list, 50 entries']:.2f}")


if __name__ == "__main__":
    main()
