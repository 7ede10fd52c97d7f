"""List, build, compose, run, sweep, check and plot what the installed research packages offer."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def _with_version(lazy):
    def __getattr__(name: str):
        if name == "__version__":
            from importlib.metadata import version

            return version("symmetron")
        return lazy(name)

    return __getattr__


__getattr__ = _with_version(__getattr__)
