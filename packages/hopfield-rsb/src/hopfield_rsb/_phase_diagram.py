"""All lines of a phase diagram at once, and the solver that returns them as a table."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _lines
from ._arguments import check_model
from ._capacity import capacity
from ._lines import Line
from ._model_base import MeanFieldModel

_LOADS = 61  # on lines that are known in closed form


@dataclass(frozen=True)
class PhaseDiagram:
    """The lines of a model in the plane of load and temperature.

    Attributes:
        model: The model.
        lines: Every line, those that do not exist with no points and the reason as their ends.
    """

    model: MeanFieldModel
    lines: tuple[Line, ...]

    def line(self, name: str, ansatz: str = "RS", branch: str = "") -> Line:
        """Return the line of a name and an ansatz.

        Raises:
            ValueError: There is none, or several, of different branches.
        """
        found = [x for x in self.lines if (x.name, x.ansatz) == (name, ansatz) and branch in ("", x.branch)]
        if len(found) != 1:
            known = ", ".join(f"{x.name} ({x.ansatz}, {x.branch})" for x in self.lines)
            raise ValueError(f"{len(found)} lines are called {name!r} with ansatz {ansatz!r}; there are: {known}")
        return found[0]


def phase_diagram(
    model: MeanFieldModel, *, largest: float | None = None, progress: Callable[[int, int, str], None] | None = None
) -> PhaseDiagram:
    r"""Trace every line of the phase diagram, each from the condition that defines it, none from a grid.

    For a network: the spinodal and the first-order line of the retrieval state, replica symmetric and with one step of
    breaking, the line where replica symmetry becomes unstable, the one of zero entropy, and the Nishimori line. For
    the phase
    with m = 0: the static, dynamic and Gardner line of the glass, or its continuous start.

    Args:
        model: The model; its load unit is that of the result.
        largest: Load up to which lines that do not end are drawn; 1.3 capacities, or 1, if None.
        progress: Called with lines done, their number, and what is traced.

    Raises:
        TypeError: The model is none of this package's.
        ValueError: largest is not a positive number.

    Source:
        arXiv:2111.12997 for the model; Gardner, Nucl. Phys. B 257, 747 (1985) for its glass; Amit, Gutfreund,
        Sompolinsky,
        Ann. Phys. 173, 30 (1987) for P = 2.

    Examples:
        >>> from hopfield_rsb import PSpin
        >>> diagram = phase_diagram(PSpin(3), largest=2.0)
        >>> float(diagram.line("static", "1RSB").T[-1].round(10))  # 0.65138522693592 sqrt(2)
        0.9211978223
    """
    check_model(model)
    if largest is not None and not 0 < largest < np.inf:
        raise ValueError(f"largest must be a positive number, got {largest!r}")
    if largest is None:
        network: Any = model
        largest = 1.3 * capacity(model=network)["alpha"] if model.retrieves else 1.0
    loads = largest * np.linspace(0, 1, _LOADS) ** 2  # the lines of the glass start like a square root
    tasks: list[tuple[str, Callable[[], Any]]] = []
    if model.retrieves:
        tasks = [
            ("spinodal", lambda: _lines.spinodal(model)),
            ("first order", lambda: _lines.first_order(model)),
            ("instability of replica symmetry", lambda: _lines.at(model)),
            ("zero entropy", lambda: _lines.zero_entropy(model)),
            ("spinodal with one step", lambda: _lines.spinodal(model, "1RSB")),
            ("first order with one step", lambda: _lines.first_order(model, "1RSB")),
            ("Nishimori", lambda: _lines.nishimori(model, largest)),
        ]
    tasks.append(("glass", lambda: _lines.glass_lines(model, loads)))
    lines = []
    for done, (text, task) in enumerate(tasks):
        if progress:
            progress(done, len(tasks), text)
        found = task()
        lines += found if isinstance(found, list) else [found]
    if progress:
        progress(len(tasks), len(tasks), "done")
    return PhaseDiagram(model, tuple(lines))


def phase_diagram_table(
    *, model: MeanFieldModel, largest: float = 0.0, progress: Callable[[int, int, str], None] | None = None
) -> dict[str, Any]:
    """Return the lines of :func:`phase_diagram` as one table with a row a point.

    Args:
        model: The model; its load unit is that of the result.
        largest: Load up to which lines that do not end are drawn; 0 stands for 1.3 capacities, or 1.
        progress: Called with lines done, their number, and what is traced.

    Returns:
        Columns of one length, in the order in which the points follow each other on their line: `line`, `ansatz` and
        `state` (the branch whose line it is), `alpha`, `T`, `m`, `q`, `residual`; `converged` and the model's
        parameters.
        Lines that do not exist have no rows.

    Raises:
        TypeError: The model is none of this package's.
        ValueError: largest is negative or no number.

    Source:
        See :func:`phase_diagram`.

    Examples:
        >>> from hopfield_rsb import SK
        >>> table = phase_diagram_table(model=SK(), largest=1.0)
        >>> sorted(set(table["line"].tolist())), float(table["T"][-1])
        (['glass'], 1.0)
    """
    if not 0 <= largest < np.inf:
        raise ValueError(f"largest must be a number from 0, got {largest!r}")
    diagram = phase_diagram(model, largest=largest or None, progress=progress)
    drawn = [line for line in diagram.lines if len(line)]
    columns = {name: [getattr(line, name) for line in drawn] for name in ("alpha", "T", "m", "q", "residual")}
    words = {"line": "name", "ansatz": "ansatz", "state": "branch"}
    table = {
        column: np.repeat([getattr(x, name) for x in drawn], [len(x) for x in drawn]) for column, name in words.items()
    }
    table |= {name: np.concatenate(parts) for name, parts in columns.items()}
    record: Any = model
    return table | {"converged": all(line.converged for line in drawn)} | dataclasses.asdict(record)
