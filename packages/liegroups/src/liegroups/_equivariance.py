"""The measurement of equivariance: globally over a group, and locally by Lie derivatives."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ._features import call, library, lowest_dtype, parse_inputs, parse_outputs, parse_reps, transform
from ._haar import Method, Nodes, nodes
from ._lie import LieDerivative, lie_derivative
from ._precision import evaluation_mode, float64_context, in_float64, precision_loss, widen
from ._protocol import Group
from ._rep import Rep
from ._report import EquivarianceReport, judge

_UNTOLD = "so round-off and a defect cannot be told apart"


def equivariance_error(
    f: Callable,
    group: Group,
    x: Any,
    rep_in: Any = "vector",
    rep_out: Any = "vector",
    *,
    samples: int = 256,
    seed: int = 0,
    scale: float | None = None,
    method: Method = "auto",
    local: bool = True,
) -> EquivarianceReport:
    r"""Measure how far $f(\rho_{in}(g)x)$ is from $\rho_{out}(g)f(x)$, over a group and at its identity.

    Globally, $\mathrm{rms}^2 = E_g|f(\rho_{in}(g)x)-\rho_{out}(g)f(x)|^2 / E_g|f(\rho_{in}(g)x)|^2$, summed over
    batch and components before dividing. The elements follow Haar measure on a compact group; otherwise
    they follow it on the compact part, times normal translations and stretches. Locally, the Lie derivative
    $L_Xf(x)=Df(x)\,d\rho_{in}(X)x-d\rho_{out}(X)f(x)$ along each generator, without sampling error
    (arXiv:2210.02984). f is measured in the dtype of x and again in float64, which tells round-off from a
    defect. A torch module is measured in evaluation mode, and each submodule gets its own mode back.

    Args:
        f: A function or ``torch.nn.Module``. It is called as ``f(x)``, or as ``f(**x)`` if x is a dict.
        group: A group of ``liegroups``, or any object with the members of ``liegroups.Group``.
        x: Array of numpy, torch or jax, batch axes first and the representation axis last; or a dict of them.
        rep_in: Feature word (or ``Rep``) of x, or a dict of them with the names of x.
        rep_out: Feature word of f(x), or a dict of them with the names of the dict that f returns.
        samples: Number of group elements drawn, or spent on the quadrature.
        seed: Seed of the draw.
        scale: Standard deviation of translations, in the units of x, and of stretches, in each orthonormal
            coordinate of the symmetric part of the algebra; required where the group is not compact, without
            effect where it is. The figures are those of this spread.
        method: "sum" over all elements of a finite group; "quadrature" with equally spaced elements of a
            compact one-dimensional group, exact for f band-limited in the angle below half the number of
            elements a component; "sampling" from Haar measure; "auto" takes the first that applies (a sum
            up to 4096 elements or ``samples``).
        local: Whether to compute the Lie derivatives too.

    Returns:
        The report: figures, error estimates, and a verdict. ``print(report)`` shows it.

    Raises:
        ValueError: If shapes and words disagree, x is empty or not finite, f(x) is not finite or is zero on
            the whole orbit, the group is not compact and ``scale`` is missing, or jax would compute float64
            in float32.
        TypeError: If ``group`` is no group, or f returns something that is no real array.

    Examples:
        >>> import numpy as np, liegroups
        >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> report = liegroups.equivariance_error(lambda x: x @ A.T, liegroups.SO(2), np.eye(2))
        >>> print(report)
        not equivariant under SO(2)
          relative error  rms 1.06 ([1.06, 1.06] by quadrature with 256 elements), max 1.51, in float64
          Lie derivative  |L_X f|^2 = 68; total 68 +- ...
    """
    if not isinstance(group, Group):
        raise TypeError(f"group must have the members of liegroups.Group, as liegroups.SO(3) has, not {group!r}")
    words_in, words_out = parse_reps(rep_in, group, "rep_in"), parse_reps(rep_out, group, "rep_out")
    inputs = parse_inputs(x, words_in)
    chosen = nodes(group, method, samples, seed, scale)
    dtype, kind = lowest_dtype(inputs), library(inputs)
    notes: list[str] = []
    with evaluation_mode(f):
        problem = _Problem(f, group, inputs, words_in, words_out)
        if dtype == "float64" and kind == "numpy":
            _refuse_silent_float32(call(f, inputs))
        found = problem.average(chosen)
        wobble = problem.wobble()
        exact, lie = found, None
        if dtype == "float64":
            lie = problem.local() if local else None
        else:
            exact = None
            try:
                with float64_context(kind):
                    wide = _Problem(in_float64(f), group, widen(inputs), words_in, words_out)
                    lost = precision_loss(call(wide.f, wide.inputs))
                    if lost is None:
                        exact = wide.average(chosen)
                        lie = wide.local() if local else None
                    else:
                        notes.append(
                            f"f returns {lost} for float64 inputs, so round-off and a defect cannot be told apart"
                        )
            except Exception as error:  # f worked in its own dtype, so what failed is the change of dtype
                exact = lie = None
                notes.append(
                    f"f cannot be measured in float64 ({type(error).__name__}: {_first_line(error)}), {_UNTOLD}"
                )
            if exact is None and local:
                lie = problem.local()
    if wobble:
        notes.append(f"f gives different values for the same x, {wobble:.1g} apart: some of the error is noise")
    if lie is not None and lie.reason:
        notes.append(lie.reason)
    rms64 = None if exact is None else exact.rms
    return EquivarianceReport(
        rms=found.rms,
        max=found.max,
        interval=found.interval,
        lie=None if lie is None else lie.squares,
        lie_total=None if lie is None else float(lie.squares.sum()),
        lie_error=None if lie is None else lie.error,
        lie_method="none" if lie is None else lie.method,  # type: ignore[arg-type]
        method=chosen.method,
        samples=len(chosen.elements),
        scale=None if group.compact else scale,
        worst_element=found.worst,
        group=group.name,
        dtype=dtype,
        rms_float64=rms64,
        roundoff=None if rms64 is None or dtype == "float64" else max(found.rms - rms64, 0.0),
        verdict=judge(found.rms, rms64),
        notes=tuple(notes),
        scale_of=_scale_of(group),
    )


def _scale_of(group: Group) -> str:
    """Name what the scale of a group spreads: translations, stretches, or both."""
    linear = getattr(group, "linear", None) if group.affine else group
    if group.affine:
        block = group.generators()[:, :-1, :-1]
        if np.array_equal(block, -block.swapaxes(1, 2)) or (linear is not None and linear.compact):
            return "translations"
    if not _is_reductive(linear):
        return "non-compact coordinates"
    return "translations and stretches" if group.affine else "stretches"


def _is_reductive(group: Any) -> bool:
    """Tell whether the algebra of a group is known to be skew and symmetric matrices."""
    try:
        group.cartan()
    except (AttributeError, ValueError):  # from elsewhere, or not closed under transposition
        return False
    return True


class _Average(NamedTuple):
    rms: float
    max: float
    interval: tuple[float, float]
    worst: np.ndarray


class _Problem(NamedTuple):
    """A function with its typed inputs and outputs, in one precision."""

    f: Callable
    group: Group
    inputs: dict[str, Any]
    rep_in: dict[str, Rep]
    rep_out: dict[str, Rep]

    def value(self) -> dict[str, np.ndarray]:
        return parse_outputs(call(self.f, self.inputs), self.rep_out)

    def wobble(self) -> float:
        """Return the largest difference between two calls of f with the same x; 0 unless f is random."""
        first, second = self.value(), self.value()
        return max((float(np.abs(first[name] - second[name]).max(initial=0)) for name in first), default=0.0)

    def local(self) -> LieDerivative:
        return lie_derivative(self.f, self.group, self.inputs, self.rep_in, self.rep_out, self.value())

    def average(self, chosen: Nodes) -> _Average:
        value = self.value()
        unit = max(float(np.abs(table).max(initial=0)) for table in value.values()) or 1.0  # squares must not overflow
        defects, sizes = np.empty(len(chosen.elements)), np.empty(len(chosen.elements))
        for i, g in enumerate(chosen.elements):
            moved = parse_outputs(call(self.f, transform(self.rep_in, g, self.inputs)), self.rep_out)
            wanted = transform(self.rep_out, g, value)
            for name, table in moved.items():
                if table.shape != wanted[name].shape:
                    raise ValueError(
                        f"f returned shape {table.shape} on transformed inputs and {wanted[name].shape} on x"
                    )
            defects[i] = sum(np.sum(((moved[name] - wanted[name]) / unit) ** 2) for name in moved)
            sizes[i] = sum(np.sum((table / unit) ** 2) for table in moved.values())
        if not sizes.any():
            raise ValueError("f is zero on the whole orbit of x, so a relative error has no meaning")
        single = np.sqrt(np.divide(defects, sizes, out=np.zeros_like(sizes), where=sizes > 0))
        single[(sizes == 0) & (defects > 0)] = np.inf
        rms = float(np.sqrt(defects.sum() / sizes.sum()))
        worst = int(single.argmax())
        return _Average(rms, float(single[worst]), _interval(chosen, defects, sizes), chosen.elements[worst])


def _interval(chosen: Nodes, defects: np.ndarray, sizes: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of a sampled rms, or the error estimate of a quadrature."""
    ratio = defects.sum() / sizes.sum()
    if chosen.method == "sum":
        margin = 0.0
    elif chosen.method == "quadrature":  # two interlaced half rules, each as good as half the nodes
        halves = [defects[k::2].sum() / sizes[k::2].sum() for k in (0, 1)]
        margin = abs(halves[0] - halves[1]) / 2
    else:  # delta method for a ratio of means
        from scipy.special import stdtrit

        count = len(sizes)
        spread = np.sqrt(np.sum((defects - ratio * sizes) ** 2) / (count - 1) / count) / sizes.mean()
        margin = float(stdtrit(count - 1, 0.975)) * spread
    return float(np.sqrt(max(ratio - margin, 0.0))), float(np.sqrt(ratio + margin))


def _refuse_silent_float32(out: Any) -> None:
    import array_api_compat as compat

    values = out.values() if isinstance(out, dict) else [out]
    if any(compat.is_jax_array(value) for value in values) and precision_loss(out):
        raise ValueError(
            "f computes with jax, which turned x from float64 into float32; "
            "wrap the call in `with jax.enable_x64(True):` or pass x as float32"
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]
