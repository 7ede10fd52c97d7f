"""What a measurement of equivariance found."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

EXACT = {"float64": 1e-10, "float32": 1e-4}


@dataclass(frozen=True, eq=False)
class EquivarianceReport:
    r"""The result of ``equivariance_error``.

    Attributes:
        rms: Relative error $\sqrt{E_g|f(\rho(g)x)-\rho(g)f(x)|^2 / E_g|f(\rho(g)x)|^2}$ in the dtype of x.
        max: The largest relative error of a single group element.
        interval: 95 % interval of ``rms`` when sampling; quadrature: rms -+ its error estimate; sum: rms twice.
        lie: $|L_X f|^2$ for each generator X, summed over batch and components, (dim,); None if not asked for.
        lie_total: Sum of ``lie``.
        lie_error: Estimated absolute error of ``lie_total`` by finite differences, 0 by automatic derivatives.
        lie_method: "jvp" (automatic) or "differences"; "none" if not asked for.
        method: "sum" over all elements, "quadrature" or "sampling".
        samples: Number of group elements used.
        scale: Standard deviation of what ``scale_of`` names, None for a compact group.
        worst_element: The group element of ``max``, (n, n).
        group: Name of the group.
        dtype: Dtype of x, in which ``rms`` and ``max`` are measured.
        rms_float64: The same error with f evaluated in float64, or None where that fails.
        roundoff: The part of ``rms`` that vanishes in float64, max(rms - rms_float64, 0); None if unknown.
        verdict: "equivariant" (at most 1e-10 in float64), "not equivariant", or "undecided": f cannot take
            float64 and its error, at most 1e-4, may be round-off.
        notes: What a reader has to know, a sentence each.
        scale_of: "translations", "stretches" (orthonormal coordinates of the symmetric part), "translations and
            stretches", or "non-compact coordinates" of a group whose parts are not known.
    """

    rms: float
    max: float
    interval: tuple[float, float]
    lie: np.ndarray | None
    lie_total: float | None
    lie_error: float | None
    lie_method: Literal["jvp", "differences", "none"]
    method: Literal["sum", "quadrature", "sampling"]
    samples: int
    scale: float | None
    worst_element: np.ndarray
    group: str
    dtype: str
    rms_float64: float | None
    roundoff: float | None
    verdict: Literal["equivariant", "not equivariant", "undecided"]
    notes: tuple[str, ...] = ()
    scale_of: str = "translations"

    def __str__(self) -> str:
        low, high = self.interval
        spread = {
            "sum": f"exact sum over {self.samples} elements",
            "quadrature": f"[{low:.3g}, {high:.3g}] by quadrature with {self.samples} elements",
            "sampling": f"[{low:.3g}, {high:.3g}] at 95 % from {self.samples} samples",
        }[self.method]
        if self.scale is not None:
            spread += f", {self.scale_of} of scale {self.scale:g}"
        lines = [
            f"{self.verdict} under {self.group}",
            f"  relative error  rms {self.rms:.3g} ({spread}), max {self.max:.3g}, in {self.dtype}",
        ]
        if self.dtype != "float64":
            found = "not available" if self.rms_float64 is None else f"rms {self.rms_float64:.3g}"
            part = "" if self.roundoff is None else f", so round-off accounts for {self.roundoff:.3g}"
            lines.append(f"  in float64      {found}{part}")
        if self.lie is not None:
            parts = ", ".join(f"{value:.3g}" for value in self.lie)
            error = f" +- {self.lie_error:.1g}" if self.lie_method == "differences" else ""
            lines.append(f"  Lie derivative  |L_X f|^2 = {parts or 'no generator'}; total {self.lie_total:.3g}{error}")
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)


def judge(rms: float, rms_float64: float | None) -> Literal["equivariant", "not equivariant", "undecided"]:
    """Return the verdict on a relative error."""
    if rms_float64 is not None:
        return "equivariant" if rms_float64 <= EXACT["float64"] else "not equivariant"
    return "undecided" if rms <= EXACT["float32"] else "not equivariant"
