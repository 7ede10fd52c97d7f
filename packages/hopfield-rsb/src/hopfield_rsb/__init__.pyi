from ._capacity import capacity as capacity
from ._model import DenseHopfield as DenseHopfield
from ._plot import plot_phase_diagram as plot_phase_diagram
from ._rs import rs as rs
from ._version import __version__ as __version__

__all__ = ["DenseHopfield", "__version__", "capacity", "plot_phase_diagram", "rs"]
