"""Which network goes with which group: every cell is built and measured, none is asserted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from liegroups import EquivarianceReport, Group, Rep, equivariance_error
from symmetron._build import build, entry_of, read_table, with_dotted
from symmetron._entry import Entry
from symmetron._registry import entries
from symmetron._registry import entry as find_entry
from symmetron._symmetrize import require_group, symmetrize, words_of
from symmetron.errors import BuildError, ParameterError, SymmetronError

Status = Literal["exact", "by averaging", "no"]
EXACT = 1e-10  # in float64
_BATCH, _POINTS, _CHANNELS = 2, 7, 3
_SCALE = 1.0  # standard deviation of translations, in the unit of the random points


@dataclass(frozen=True)
class Cell:
    """One model with one group.

    Attributes:
        model: Full name of the model.
        group: Name of the group, as in ``SO(3)``.
        status: ``exact`` as it is, ``by averaging`` through a symmetrizer or a mean over the elements, or ``no``.
        error: Measured relative error in float64 (of the averaged model where that is the status), or None.
        reason: What was done, or why it cannot be.
    """

    model: str
    group: str
    status: Status
    error: float | None
    reason: str


@dataclass(frozen=True)
class Compatibility:
    """The table of all cells; ``print`` shows it."""

    cells: tuple[Cell, ...]

    def __getitem__(self, key: tuple[str, str]) -> Cell:
        for cell in self.cells:
            if (cell.model, cell.group) == key:
                return cell
        raise KeyError(key)

    def __str__(self) -> str:
        rows = [("model", "group", "", "error", "why")]
        for cell in self.cells:
            rows.append(
                (cell.model, cell.group, cell.status, "" if cell.error is None else f"{cell.error:.1e}", cell.reason)
            )
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join(
            "  ".join([*(text.ljust(width) for text, width in zip(row[:4], widths, strict=True)), row[4]]).rstrip()
            for row in rows
        )

    def as_json(self) -> str:
        """Return the cells as a JSON list."""
        return json.dumps([asdict(cell) for cell in self.cells])


def compat(
    models: Iterable[str] | None = None, groups: Mapping[str, Group] | Iterable[Group] | None = None, seed: int = 0
) -> Compatibility:
    """Measure every network against every group, as it is and averaged.

    Args:
        models: Full names of networks; by default all that are registered and are no symmetrizers.
        groups: Groups; by default every registered one, with ``n=3`` where it needs a size.
        seed: Seed of the random inputs, in float64.

    Raises:
        UnknownEntry: A model is not registered.
        TypeError: A group is not an object with the members of ``liegroups.Group``.

    Examples:
        >>> import liegroups, symmetron as sym
        >>> sym.compat(models=[], groups=[liegroups.SO(2)]).cells
        ()
    """
    chosen = [find_entry(name) for name in models] if models is not None else list(_networks())
    listed = groups.values() if isinstance(groups, Mapping) else groups
    pairs = [(require_group(group).name, group) for group in listed] if listed is not None else [*_registered_groups()]
    return Compatibility(tuple(_cell(model, name, group, seed) for model in chosen for name, group in pairs))


def _networks() -> Iterator[Entry]:
    for entry in entries(kind="model"):
        if entry.options["family"] == "network" and "symmetrizer" not in entry.tags:
            yield entry


def _registered_groups() -> Iterator[tuple[str, Group | str]]:
    for entry in entries(kind="group"):
        if "infinite-dimensional" in entry.tags:
            yield entry.name, "an infinite-dimensional group acts on no network"
            continue
        required = {parameter.name for parameter in entry.parameters if parameter.required}
        if required <= {"n"}:
            group: Any = entry.load()(**({"n": 3} if required else {}))
            yield group.name, group
        else:
            yield entry.name, f"it needs the parameters {', '.join(sorted(required))}"


def _cell(entry: Entry, name: str, group: Group | str, seed: int) -> Cell:
    if isinstance(group, str):
        return Cell(entry.name, name, "no", None, group)
    try:
        model = _build(entry, group)
        inputs, outputs = words_of(model, entry.options["inputs"] or None, _word(model, entry))
        x = random_inputs(inputs, group, _library(entry), seed)
    except (SymmetronError, ValueError, TypeError) as error:
        return Cell(entry.name, name, "no", None, f"not built: {_sentence(error)}")

    def measure(f: Callable[..., Any]) -> float:
        scale = None if group.compact else _SCALE
        found = equivariance_error(f, group, x, inputs, outputs, samples=32, scale=scale, local=False)
        return found.rms

    try:
        plain = measure(model)
    except Exception as error:  # whatever a model does with these inputs is a finding about the model
        return Cell(entry.name, name, "no", None, f"it cannot be measured: {_sentence(error)}")
    if plain <= EXACT:
        return Cell(entry.name, name, "exact", plain, "as it is")
    try:
        averaged = symmetrize(model, group, inputs=inputs, outputs=outputs)
        error = measure(averaged)
    except Exception as error:
        return Cell(entry.name, name, "no", plain, _sentence(error))
    how = f"{type(averaged).__module__.partition('.')[0]}: {type(averaged).__name__}"
    if error <= EXACT:
        return Cell(entry.name, name, "by averaging", error, how)
    return Cell(entry.name, name, "no", error, f"averaging by {how} leaves this error")


def _build(entry: Entry, group: Group) -> Any:
    """Build a network with its defaults, on the group's space where it has a parameter ``dim``."""
    names = {parameter.name for parameter in entry.parameters}
    space = group.n - 1 if group.affine else group.n
    model: Any = entry.load()(**({"dim": space} if "dim" in names else {}))
    return model.double() if hasattr(model, "double") else model


def _word(model: Any, entry: Entry) -> Any:
    """Return the output words: what the model declares, else the entry's (its only word where there is one)."""
    declared = getattr(model, "outputs", None) or entry.options["outputs"]
    return next(iter(declared.values())) if isinstance(declared, Mapping) and len(declared) == 1 else declared or None


def _library(entry: Entry) -> str:
    return entry.options["backends"][0]


def random_inputs(words: str | Mapping[str, str], group: Group, library: str, seed: int) -> Any:
    """Return float64 arrays of shape (2, 7, size) for feature words; weights of shape (2, 7) for ``invariant``."""
    random = np.random.default_rng(seed)

    def one(word: str) -> Any:
        if word == "invariant":
            return _convert(random.uniform(0.5, 1.5, (_BATCH, _POINTS)), library)
        size = Rep(word, group).size or _CHANNELS
        return _convert(random.standard_normal((_BATCH, _POINTS, size)), library)

    return one(words) if isinstance(words, str) else {name: one(word) for name, word in words.items()}


def _convert(array: np.ndarray, library: str) -> Any:
    if library == "torch":
        import torch

        return torch.from_numpy(array)
    if library == "jax":
        import jax

        with jax.enable_x64(True):
            return jax.numpy.asarray(array)
    return array


def _sentence(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def check(
    model: str, group: str, parameters: Mapping[str, Any], samples: int = 256, scale: float = 1.0, seed: int = 0
) -> EquivarianceReport:
    """Build a model and a group from names or files and measure the equivariance on random inputs.

    Args:
        model: Full name of a network, or a TOML file.
        group: Full name of a group, or a TOML file.
        parameters: Parameters named ``model.NAME`` and ``group.NAME``.
        samples: Number of group elements.
        scale: Standard deviation of translations.
        seed: Seed of inputs and elements.

    Raises:
        ParameterError: A parameter belongs to neither, or is wrong.
        BuildError: The model is no network, or the group is none.
    """
    tables = {"model": read_table(model), "group": read_table(group)}
    for name, value in parameters.items():
        owner, _, rest = name.partition(".")
        if owner not in tables or not rest:
            raise ParameterError(f"parameters of check are named model.NAME and group.NAME, got {name!r}")
        tables[owner] = with_dotted(tables[owner], {rest: value})
    entry, group_entry = entry_of(tables["model"]), entry_of(tables["group"])
    if entry.kind != "model" or entry.options["family"] != "network":
        kind = f"{entry.options['family']} model" if entry.kind == "model" else entry.kind
        raise BuildError(f"only a network can be checked, and {entry.name} is a {kind}")
    if group_entry.kind != "group":
        raise BuildError(f"{group_entry.name} is a {group_entry.kind}, not a group; `symmetron list --kind group`")
    built = build(tables["group"])
    if "group" in {parameter.name for parameter in entry.parameters}:
        tables["model"].setdefault("group", tables["group"])
    network = build(tables["model"])
    inputs, outputs = words_of(network, entry.options["inputs"] or None, _word(network, entry))
    x = _in_precision_of(network, random_inputs(inputs, built, _library(entry), seed))
    given = None if built.compact else scale
    return equivariance_error(network, built, x, inputs, outputs, samples=samples, seed=seed, scale=given)


def _in_precision_of(network: Any, x: Any) -> Any:
    """Return torch inputs in the dtype of the network's parameters."""
    parameter = next(network.parameters(), None) if hasattr(network, "parameters") else None
    if parameter is None:
        return x
    if isinstance(x, dict):
        return {name: value.to(parameter.dtype) for name, value in x.items()}
    return x.to(parameter.dtype)
