from ._average import average as average
from ._frameset import FrameSet as FrameSet
from ._pca import PCA as PCA
from ._pca import DegenerateFrameWarning as DegenerateFrameWarning
from ._point_network import PointNetwork as PointNetwork
from ._symmetrize import Symmetrized as Symmetrized
from ._symmetrize import symmetrize as symmetrize
from ._version import __version__ as __version__

__all__ = [
    "PCA",
    "DegenerateFrameWarning",
    "FrameSet",
    "PointNetwork",
    "Symmetrized",
    "__version__",
    "average",
    "symmetrize",
]
