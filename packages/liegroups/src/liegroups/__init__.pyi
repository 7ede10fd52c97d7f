from ._base import MatrixGroup as MatrixGroup
from ._equivariance import equivariance_error as equivariance_error
from ._euclidean import SE as SE
from ._euclidean import E as E
from ._finite import Cyclic as Cyclic
from ._finite import Dihedral as Dihedral
from ._finite import Symmetric as Symmetric
from ._orthogonal import SO as SO
from ._orthogonal import O as O
from ._protocol import Group as Group
from ._rep import Rep as Rep
from ._report import EquivarianceReport as EquivarianceReport
from ._version import __version__ as __version__

__all__ = [
    "SE",
    "SO",
    "Cyclic",
    "Dihedral",
    "E",
    "EquivarianceReport",
    "Group",
    "MatrixGroup",
    "O",
    "Rep",
    "Symmetric",
    "__version__",
    "equivariance_error",
]
