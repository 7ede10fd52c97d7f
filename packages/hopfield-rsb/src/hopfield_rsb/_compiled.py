"""The compiler of the extra `mc`, and what to say where it is missing."""

import importlib
from types import ModuleType


def compiled_module(name: str, purpose: str) -> ModuleType:
    """Import a module of this package that needs numba.

    Raises:
        ImportError: numba is not installed.
    """
    try:
        return importlib.import_module(f"hopfield_rsb.{name}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("numba", "llvmlite"):
            raise
        raise ImportError(f"{purpose} needs numba: pip install 'hopfield-rsb[mc]'") from None


def jit(function):
    """Compile with numba, keeping the machine code on disk where there is a place for it."""
    import numba

    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(function)
