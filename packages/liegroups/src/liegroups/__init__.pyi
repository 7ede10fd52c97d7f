from ._affnist import affnist as affnist
from ._base import Cartan as Cartan
from ._base import MatrixGroup as MatrixGroup
from ._chart import Chart as Chart
from ._convolution import GroupConvolution as GroupConvolution
from ._convolution import LiftingConvolution as LiftingConvolution
from ._equivariance import equivariance_error as equivariance_error
from ._euclidean import SE as SE
from ._euclidean import E as E
from ._expm import expm as expm
from ._field import GroupField as GroupField
from ._finite import Cyclic as Cyclic
from ._finite import Dihedral as Dihedral
from ._finite import Symmetric as Symmetric
from ._indefinite import Lorentz as Lorentz
from ._indefinite import Sp as Sp
from ._integral import Integral as Integral
from ._integral import haar_integral as haar_integral
from ._lie_resnet import LieConv as LieConv
from ._lie_resnet import LieResNet as LieResNet
from ._linear import GL as GL
from ._linear import SL as SL
from ._linear import GLPlus as GLPlus
from ._mnist import mnist as mnist
from ._orthogonal import SO as SO
from ._orthogonal import O as O
from ._perturbed_digits import affnist_like as affnist_like
from ._perturbed_digits import homnist_like as homnist_like
from ._plain_cnn import PlainCNN as PlainCNN
from ._plane_samples import plane_sample_set as plane_sample_set
from ._polar import polar as polar
from ._polar_log import polar_log as polar_log
from ._polyhedral import Icosahedral as Icosahedral
from ._polyhedral import Octahedral as Octahedral
from ._polyhedral import Tetrahedral as Tetrahedral
from ._pooling import GroupPool as GroupPool
from ._product import DirectProduct as DirectProduct
from ._protocol import Group as Group
from ._rep import Rep as Rep
from ._report import EquivarianceReport as EquivarianceReport
from ._rotation import rotation_log as rotation_log
from ._samples import SampleSet as SampleSet
from ._samples import sample_set as sample_set
from ._semidirect import Aff as Aff
from ._semidirect import SemidirectProduct as SemidirectProduct
from ._semidirect import Sim as Sim
from ._solvers import decompose as decompose
from ._solvers import integrate as integrate
from ._symmetric_function import symmetric_function as symmetric_function
from ._unitary import SU as SU
from ._unitary import U as U
from ._version import __version__ as __version__
from ._warp import warp as warp

__all__ = [
    "GL",
    "SE",
    "SL",
    "SO",
    "SU",
    "Aff",
    "Cartan",
    "Chart",
    "Cyclic",
    "Dihedral",
    "DirectProduct",
    "E",
    "EquivarianceReport",
    "GLPlus",
    "Group",
    "GroupConvolution",
    "GroupField",
    "GroupPool",
    "Icosahedral",
    "Integral",
    "LieConv",
    "LieResNet",
    "LiftingConvolution",
    "Lorentz",
    "MatrixGroup",
    "O",
    "Octahedral",
    "PlainCNN",
    "Rep",
    "SampleSet",
    "SemidirectProduct",
    "Sim",
    "Sp",
    "Symmetric",
    "Tetrahedral",
    "U",
    "__version__",
    "affnist",
    "affnist_like",
    "decompose",
    "equivariance_error",
    "expm",
    "haar_integral",
    "homnist_like",
    "integrate",
    "mnist",
    "plane_sample_set",
    "polar",
    "polar_log",
    "rotation_log",
    "sample_set",
    "symmetric_function",
    "warp",
]
