"""Arrays of three libraries and two precisions."""

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True)
class Backend:
    library: str
    dtype: str

    @property
    def eps(self):
        return float(np.finfo(self.dtype).eps)

    def array(self, x):
        x = np.array(x, dtype=self.dtype)
        if self.library == "torch":
            import torch

            return torch.from_numpy(x)
        if self.library == "jax":
            import jax.numpy as jnp

            return jnp.asarray(x)
        return x

    def numpy(self, x):
        """The values in float64, after a check that library and dtype were kept."""
        assert type(x).__module__.partition(".")[0].startswith(self.library.removesuffix("py")), type(x)
        assert str(x.dtype).removeprefix("torch.") == self.dtype, x.dtype
        return np.asarray(x, dtype=np.float64)


# jax compiles every operation anew for every shape and dtype, so by default it runs in one precision a file: the axioms
# in float32, which is jax's own default, accuracies and derivatives in float64. The slow tests run both in both.
_OTHER_PRECISION_IN_JAX = {
    "test_axioms.py": "float64",
    "test_charts.py": "float32",
    "test_exp_log.py": "float32",
    "test_irreps.py": "float32",
    "test_rep_finite.py": "float32",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        given = item.callspec.params if hasattr(item, "callspec") else {}
        in_jax = "jax" in (given.get("library"), *given.get("case", ()))
        if in_jax and given.get("dtype") == _OTHER_PRECISION_IN_JAX.get(item.path.name, ""):
            item.add_marker(pytest.mark.slow)


def _backend(library, dtype):
    if library != "numpy":
        pytest.importorskip(library, reason=f"{library} is an optional extra")
    if library == "jax" and dtype == "float64":
        import jax

        return jax.enable_x64(True), Backend(library, dtype)
    return nullcontext(), Backend(library, dtype)


@pytest.fixture(params=["numpy", "torch", "jax"])
def library(request):
    return request.param


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def backend(library, dtype):
    """An array library with a precision."""
    context, backend = _backend(library, dtype)
    with context:
        yield backend


@pytest.fixture
def backend64(library):
    """An array library in float64."""
    context, backend = _backend(library, "float64")
    with context:
        yield backend
