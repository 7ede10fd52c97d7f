"""What a sweep costs beside its solver: 1,000 tiny cells with a store, and 100 cells of 0.1 s CPU on two workers.

The peer of both is a bare loop over the same calls in one process, interleaved, with the same values.
"""

import os
import sys
import tempfile
import time
from concurrent.futures import wait
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1")

import numpy as np
from _setting import print_setting

import symmetron as sym
from symmetron.testing import lend_plugin

ROUNDS = 5
PLUGIN = """
import time
import pluggy

@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.solver("tiny", "bench_plugin:tiny", summary="Five microseconds.")
    registrar.solver("busy", "bench_plugin:busy", summary="A tenth of a second of CPU.")

def tiny(*, x: float):
    return {"y": sum(x * i for i in range(60))}

def busy(*, x: float):
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    return {"y": x}
"""


def timed(call):
    """Return seconds and result."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def main():
    """Print the best of several rounds."""
    print_setting("symmetron", "numpy", "xarray")
    with lend_plugin("bench-plugin", PLUGIN), tempfile.TemporaryDirectory() as folder:
        import bench_plugin

        stores = (Path(folder) / f"{index}.sqlite" for index in range(10_000))
        grid = {"x": [0.001 * index for index in range(1000)]}

        def tiny(store=True, **options):
            """Return the seconds that a sweep takes more than a bare loop over its cells."""
            path = next(stores) if store else None
            bare, values = timed(lambda: [bench_plugin.tiny(x=x)["y"] for x in grid["x"]])
            seconds, result = timed(lambda: sym.sweep("bench-plugin/tiny", grid, store=path, **options))
            np.testing.assert_array_equal(result["y"], values)
            return seconds - bare

        def new_pool():
            with sym.Pool(workers=2) as pool:
                wait([pool.submit(time.sleep, 0.3) for _ in "ab"])  # both are there, and know nothing of the solver
                return tiny(executor=pool)

        cold = min(tiny(workers=2) for _ in range(ROUNDS))
        first = min(new_pool() for _ in range(ROUNDS))
        with sym.Pool(workers=2) as pool:
            tiny(executor=pool)
            both = [(tiny(executor=pool), tiny(store=False, executor=pool)) for _ in range(ROUNDS)]
        warm, bare = map(min, zip(*both, strict=True))
        print("1,000 tiny cells with a store, above a bare loop over them:")
        print(f"  pool in use {warm:.2f} s, first sweep of a started pool {first:.2f} s, no pool {cold:.2f} s")
        print(f"  the store, a row: {1e3 * (warm - bare):.0f} microseconds")

        ratios = []
        busy = {"x": [float(index) for index in range(100)]}
        with sym.Pool(workers=2) as pool:
            sym.sweep("bench-plugin/busy", {"x": [0.0, 1.0]}, executor=pool)
            for _ in range(2):
                serial, values = timed(lambda: [bench_plugin.busy(x=x)["y"] for x in busy["x"]])
                both, result = timed(lambda: sym.sweep("bench-plugin/busy", busy, executor=pool))
                np.testing.assert_array_equal(result["y"], values)
                ratios.append(both / serial)
        print(f"100 cells of 0.1 s CPU on 2 workers / serial: {min(ratios):.3f}")


if __name__ == "__main__":
    sys.exit(main())
