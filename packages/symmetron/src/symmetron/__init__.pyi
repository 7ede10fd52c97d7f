__all__ = [
    "Broken",
    "Cancelled",
    "Entry",
    "EquivarianceReport",
    "Parameter",
    "Pool",
    "Registrar",
    "Store",
    "broken",
    "build",
    "compat",
    "entries",
    "entry",
    "equivariance_error",
    "errors",
    "hookspecs",
    "load",
    "plot",
    "run",
    "save",
    "sweep",
    "symmetrize",
    "testing",
]

from . import errors as errors
from . import hookspecs as hookspecs
from . import testing as testing
from ._build import build as build
from ._compat import compat as compat
from ._entry import Entry as Entry
from ._parameters import Parameter as Parameter
from ._plot import plot as plot
from ._pool import Pool as Pool
from ._registry import Broken as Broken
from ._registry import broken as broken
from ._registry import entries as entries
from ._registry import entry as entry
from ._result import load as load
from ._result import save as save
from ._run import run as run
from ._store import Store as Store
from ._sweep import sweep as sweep
from ._symmetrize import EquivarianceReport as EquivarianceReport
from ._symmetrize import equivariance_error as equivariance_error
from ._symmetrize import symmetrize as symmetrize
from .errors import Cancelled as Cancelled
from .hookspecs import Registrar as Registrar
