from ._average import average as average
from ._canonical import Canonical as Canonical
from ._dgcnn import DGCNN as DGCNN
from ._dgcnn import FADGCNN as FADGCNN
from ._egnn import EGNN as EGNN
from ._fa_gin import FAGINID as FAGINID
from ._fa_gnn import FAGNN as FAGNN
from ._fa_mlp import FAMLP as FAMLP
from ._frame_layer import FrameLayer as FrameLayer
from ._frameset import FrameSet as FrameSet
from ._gnn import GNN as GNN
from ._graph6 import from_graph6 as from_graph6
from ._graph_sets import brec as brec
from ._graph_sets import cexp_graphs as cexp_graphs
from ._graph_sets import csl as csl
from ._graph_sets import exp_graphs as exp_graphs
from ._graph_sets import graph8c as graph8c
from ._graph_sets import sr25 as sr25
from ._jax import frame_arrays as frame_arrays
from ._laplacian import Laplacian as Laplacian
from ._local import Local as Local
from ._local_pointnet import FALocalPointNet as FALocalPointNet
from ._lorentz import RestFrame as RestFrame
from ._nbody import train_nbody as train_nbody
from ._nbody_data import nbody as nbody
from ._nbody_simulation import simulate_nbody as simulate_nbody
from ._normals import train_normals as train_normals
from ._pca import PCA as PCA
from ._pca import DegenerateFrameWarning as DegenerateFrameWarning
from ._permutation_frame import PermutationFrameSet as PermutationFrameSet
from ._point_network import PointNetwork as PointNetwork
from ._pointnet import FAPointNet as FAPointNet
from ._pointnet import PointNet as PointNet
from ._qr import QR as QR
from ._qr_arrays import FrameArrays as FrameArrays
from ._report import equivariance_report as equivariance_report
from ._separation import separate_graphs as separate_graphs
from ._separation_training import classify_graphs as classify_graphs
from ._sort import Sort as Sort
from ._surface_normals import surface_normals as surface_normals
from ._symmetrize import Symmetrized as Symmetrized
from ._symmetrize import symmetrize as symmetrize
from ._symmetrize_graph import SymmetrizedGraph as SymmetrizedGraph
from ._tuple import Tuple as Tuple
from ._version import __version__ as __version__
from ._weighted import Weighted as Weighted

__all__ = [
    "DGCNN",
    "EGNN",
    "FADGCNN",
    "FAGINID",
    "FAGNN",
    "FAMLP",
    "GNN",
    "PCA",
    "QR",
    "Canonical",
    "DegenerateFrameWarning",
    "FALocalPointNet",
    "FAPointNet",
    "FrameArrays",
    "FrameLayer",
    "FrameSet",
    "Laplacian",
    "Local",
    "PermutationFrameSet",
    "PointNet",
    "PointNetwork",
    "RestFrame",
    "Sort",
    "Symmetrized",
    "SymmetrizedGraph",
    "Tuple",
    "Weighted",
    "__version__",
    "average",
    "brec",
    "cexp_graphs",
    "classify_graphs",
    "csl",
    "equivariance_report",
    "exp_graphs",
    "frame_arrays",
    "from_graph6",
    "graph8c",
    "nbody",
    "separate_graphs",
    "simulate_nbody",
    "sr25",
    "surface_normals",
    "symmetrize",
    "train_nbody",
    "train_normals",
]
