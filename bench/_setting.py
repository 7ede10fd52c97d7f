"""What a figure depends on beside the code: printed by every script of this folder."""

import os
import platform
from importlib.metadata import version


def print_setting(*packages: str) -> None:
    """Print the versions of Python and of the packages, the threads of the numerical libraries, and the cores."""
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    count = os.environ.get("OMP_NUM_THREADS")
    threads = "all threads" if count is None else "1 thread a process" if count == "1" else f"{count} threads a process"
    print(f"Python {platform.python_version()}, {versions}; {threads}, {os.cpu_count()} cores")
