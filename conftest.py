"""Rules for every test of the repository: markers, the CUDA gate, one thread for the numerical libraries."""

import importlib.util
import os

import pytest

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # jax would starve torch of device memory
os.environ.setdefault("MPLBACKEND", "Agg")


_left_out = pytest.StashKey[int]()


def pytest_addoption(parser):
    parser.addoption(
        "--require-cuda", action="store_true", help="fail, rather than skip, the cuda tests without a device"
    )
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too")


def _has_cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def pytest_collection_modifyitems(config, items):
    wants_cuda = [item for item in items if item.get_closest_marker("cuda")]
    if wants_cuda and not _has_cuda():
        if config.getoption("--require-cuda"):
            raise pytest.UsageError("--require-cuda was given and no CUDA device is here")
        for item in wants_cuda:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
    if not config.getoption("--slow"):  # left out rather than skipped: thousands of skips cost as much as the tests
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        config.stash[_left_out] = len(slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def pytest_terminal_summary(terminalreporter, config):
    if left_out := config.stash.get(_left_out, 0):
        terminalreporter.write_line(f"{left_out} slow tests were left out: run `nox -s slow`")
