from ._ansatz import RSB as RSB
from ._capacity import capacity as capacity
from ._compare import Comparison as Comparison
from ._compare import compare as compare
from ._crosstalk import crosstalk_covariance as crosstalk_covariance
from ._enumerate import enumerate_exact as enumerate_exact
from ._enumerate import enumeration as enumeration
from ._functional import Functional as Functional
from ._glassiness import glassiness as glassiness
from ._guerra import interpolated_pressure as interpolated_pressure
from ._kernels import elementary_symmetric as elementary_symmetric
from ._kernels import kernel_table as kernel_table
from ._lines import Line as Line
from ._model import DenseHopfield as DenseHopfield
from ._model_base import MeanFieldModel as MeanFieldModel
from ._model_hopfield import Hopfield as Hopfield
from ._monte_carlo import monte_carlo as monte_carlo
from ._patterns import energy as energy
from ._patterns import pattern_count as pattern_count
from ._patterns import random_patterns as random_patterns
from ._phase_diagram import PhaseDiagram as PhaseDiagram
from ._phase_diagram import phase_diagram as phase_diagram
from ._phase_diagram import phase_diagram_table as phase_diagram_table
from ._plot import plot_phase_diagram as plot_phase_diagram
from ._plot_finite import plot_finite as plot_finite
from ._plot_lines import plot_lines as plot_lines
from ._plot_parts import plot_parts as plot_parts
from ._pspin import MixedPSpin as MixedPSpin
from ._pspin import PSpin as PSpin
from ._rs import rs as rs
from ._rsb import rsb as rsb
from ._rsb_state import State as State
from ._sk import SK as SK
from ._solve import solve as solve
from ._tempering import geometric_ladder as geometric_ladder
from ._transitions import TransitionTemperatures as TransitionTemperatures
from ._transitions import transition_temperatures as transition_temperatures
from ._version import __version__ as __version__

__all__ = [
    "RSB",
    "SK",
    "Comparison",
    "DenseHopfield",
    "Functional",
    "Hopfield",
    "Line",
    "MeanFieldModel",
    "MixedPSpin",
    "PSpin",
    "PhaseDiagram",
    "State",
    "TransitionTemperatures",
    "__version__",
    "capacity",
    "compare",
    "crosstalk_covariance",
    "elementary_symmetric",
    "energy",
    "enumerate_exact",
    "enumeration",
    "geometric_ladder",
    "glassiness",
    "interpolated_pressure",
    "kernel_table",
    "monte_carlo",
    "pattern_count",
    "phase_diagram",
    "phase_diagram_table",
    "plot_finite",
    "plot_lines",
    "plot_parts",
    "plot_phase_diagram",
    "random_patterns",
    "rs",
    "rsb",
    "solve",
    "transition_temperatures",
]
