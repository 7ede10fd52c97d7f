"""Composition: nested tables ``{"entry": name, ...}`` become objects, innermost first."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from symmetron import _parameters
from symmetron._entry import Entry
from symmetron._parameters import Parameter, coerce, match
from symmetron._registry import entry as find_entry
from symmetron._registry import registry
from symmetron.errors import BuildError, ParameterError, nearest, suggest


@dataclass(frozen=True)
class Plan:
    """A checked table: every parameter coerced and every default filled in, nothing built yet."""

    entry: Entry
    parameters: Mapping[str, Parameter]
    values: Mapping[str, Any]

    def table(self) -> dict[str, Any]:
        """Return the complete table, defaults included, as :func:`plan` would read it."""
        return {"entry": self.entry.name, **{name: _to_table(value) for name, value in self.values.items()}}

    def arguments(self) -> dict[str, Any]:
        """Return the values with every nested table built.

        Raises:
            ParameterError: A nested table builds something of the wrong type.
        """
        return {name: self._built(name, value) for name, value in self.values.items()}

    def construct(self) -> Any:
        """Build the object.

        Raises:
            BuildError: The entry is a solver.
        """
        if self.entry.kind == "solver":
            raise BuildError(f"{self.entry.name} is a solver; call symmetron.run({self.entry.name!r}, ...)")
        return self.entry.load()(**self.arguments())

    def plans(self) -> Iterator[Plan]:
        """Yield this plan and every nested one."""
        yield self
        for value in self.values.values():
            yield from _nested_plans(value)

    def _built(self, name: str, value: Any) -> Any:
        if isinstance(value, Plan):
            return coerce(self.entry.name, self.parameters[name], value.construct())
        if isinstance(value, list):
            built = [item.construct() if isinstance(item, Plan) else item for item in value]
            return coerce(self.entry.name, self.parameters[name], built) if any(_nested_plans(value)) else built
        return value


def build(spec: str | PathLike[str] | Mapping[str, Any], **parameters: Any) -> Any:
    """Build a model, group, loss or dataset from its full name, a nested table, or a TOML file.

    Args:
        spec: Full name of an entry; or a table ``{"entry": name, **parameters}`` whose values may be such tables; or
            the path of a TOML file that holds one, ``"file.toml#a.b"`` for the table ``[a.b]`` inside it.
        **parameters: Parameters that are added to the table, dotted names (as ``**{"model.P": 6}``) for nested ones.

    Raises:
        UnknownEntry: No entry has that name.
        ParameterError: A parameter is unknown, missing or of the wrong type.
        BuildError: The table or file cannot be read, or the entry is a solver.

    Examples:
        >>> import symmetron as sym
        >>> sym.build({"entry": "liegroups/so", "n": 3})
        SO(3)
    """
    return plan(with_dotted(read_table(spec), parameters)).construct()


def read_table(spec: str | PathLike[str] | Mapping[str, Any]) -> dict[str, Any]:
    """Return the table that a name, a TOML file or a mapping stands for.

    Raises:
        BuildError: The file cannot be read or has no such table.
    """
    if isinstance(spec, Mapping):
        return dict(spec)
    text = str(spec)
    path, _, inside = text.partition("#")
    if not path.endswith(".toml"):
        return {"entry": text}
    try:
        table: Any = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BuildError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise BuildError(f"{path} is not valid TOML: {error}") from None
    for key in filter(None, inside.split(".")):
        known = table if isinstance(table, Mapping) else {}
        if key not in known:
            raise BuildError(f"{path} has no table {inside!r}{suggest(key, known)}")
        table = known[key]
    if not isinstance(table, Mapping):
        raise BuildError(f"{text} is {table!r}, not a table")
    if "entry" not in table:
        tables = [key for key, value in table.items() if isinstance(value, Mapping)]
        named = f"; name one of its tables as {path}#{tables[0]}" if tables else ""
        raise BuildError(f"{text} has no key 'entry'{named}")
    return table


def with_dotted(table: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of ``table`` with ``parameters`` set, those with dotted names inside the nested tables.

    >>> with_dotted({"entry": "a/b", "model": {"entry": "a/c"}}, {"model.P": 6, "T": 0.1})
    {'entry': 'a/b', 'model': {'entry': 'a/c', 'P': 6}, 'T': 0.1}
    """
    out = dict(table)
    for name, value in sorted(parameters.items(), key=_depth):  # a table before what is set in it
        head, _, rest = name.partition(".")
        if not rest:
            out[name] = value
            continue
        inner = out.get(head)
        if isinstance(inner, str):
            inner = {"entry": inner}
        if inner is None and rest == "entry":
            inner = {}
        if not isinstance(inner, Mapping):
            raise ParameterError(
                f"{out.get('entry', 'the table')}: {name!r} needs a table at {head!r}; give {head}.entry first"
            )
        out[head] = with_dotted(inner, {rest: value})
    return out


def _depth(item: tuple[str, Any]) -> tuple[int, bool]:
    name, _ = item
    return name.count("."), not name.endswith(".entry")


def entry_of(table: Mapping[str, Any]) -> Entry:
    """Return the entry that a table names.

    Raises:
        UnknownEntry: No entry has the name.
        BuildError: There is no key ``entry``.
    """
    if "entry" not in table:
        raise BuildError(f"a table needs the key 'entry' with the full name of an entry, got {list(table)}")
    return find_entry(table["entry"])


def plan(table: Mapping[str, Any]) -> Plan:
    """Check a nested table against the signatures of its entries.

    Raises:
        UnknownEntry: No entry has the name.
        ParameterError: A parameter is unknown, missing or of the wrong type.
        BuildError: There is no key ``entry``.
    """
    found = entry_of(table)
    given = {name: value for name, value in table.items() if name != "entry"}
    parameters = match(found, given)
    values = {
        name: check_value(found, parameter, given[name])
        if name in given
        else coerce(found.name, parameter, parameter.default)
        for name, parameter in parameters.items()
    }
    return Plan(found, parameters, values)


def check_value(owner: Entry, parameter: Parameter, value: Any) -> Any:
    """Return the coerced value of one parameter, a :class:`Plan` where a table or the name of an entry is given."""
    if isinstance(value, Mapping) and "entry" in value:
        return plan(value)
    if isinstance(value, Mapping) and _parameters.takes_object(parameter):
        raise ParameterError(_without_entry(owner, parameter, value))
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) and "entry" in item for item in value):
        return [plan(item) if isinstance(item, Mapping) and "entry" in item else item for item in value]
    if parameter.name in owner.options.get("batch", ()) and getattr(value, "ndim", 0) == 1:
        return value  # one value a cell, each of them checked before
    if isinstance(value, str) and _names_entry(owner, parameter, value):
        return plan({"entry": value})
    return coerce(owner.name, parameter, value)


def _names_entry(owner: Entry, parameter: Parameter, text: str) -> bool:
    """Whether a text stands for the entry of that name, also for one that is not there."""
    if _parameters.accepts_text(parameter.annotation):
        return False
    if text in registry().entries:
        return True
    if parameter.annotation is Any:
        return "/" in text or _parameters.takes_object(parameter)
    try:
        coerce(owner.name, parameter, text)  # such as a path
    except ParameterError:
        return _parameters.takes_object(parameter) or ("/" in text and not _parameters.is_array(parameter.annotation))
    return False


def _without_entry(owner: Entry, parameter: Parameter, table: Mapping[str, Any]) -> str:
    close = nearest("entry", map(str, table), cutoff=0.7)
    makers = [entry.name for entry in registry().entries.values() if entry.target.endswith(f":{parameter.type}")]
    hint = f"; did you mean it by {close[0]!r}?" if close else f"; add it, as entry = {makers[0]!r}" if makers else ""
    return f"{owner.name}: parameter {parameter.name!r} is a table without the key 'entry'{hint}"


def _to_table(value: Any) -> Any:
    if isinstance(value, Plan):
        return value.table()
    if isinstance(value, list | tuple):
        return [_to_table(item) for item in value]
    return value


def _nested_plans(value: Any) -> Iterator[Plan]:
    if isinstance(value, Plan):
        yield from value.plans()
    elif isinstance(value, list):
        for item in value:
            yield from _nested_plans(item)
