"""What a model is when it is built: an immutable record, or a network that is as equivariant as it declares."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from liegroups import O, Rep, equivariance_error
from symmetron._build import build, plan
from symmetron._compat import EXACT, random_inputs
from symmetron._conformance._inputs import with_example
from symmetron._conformance._report import Report, reason
from symmetron._entry import Entry
from symmetron._registry import entry as find_entry
from symmetron._registry import registry
from symmetron._symmetrize import words_of
from symmetron.errors import suggest

_SPACE = 3  # dimension of the space where nothing says otherwise
_SCALE = 1.0  # standard deviation of translations; the random inputs are of order one


def check(report: Report, entry: Entry, example: Mapping[str, Any]) -> None:
    """Build the model with its example or its defaults, and use it."""
    name = entry.options["equivariance"].get("group", "$group")
    if not name.startswith("$") and name not in registry().entries:
        return  # a finding already
    with report.using(f"{entry.name}, building it"):
        group = _fixed_group(entry, example.get("dim", _SPACE))
        table = with_example(report, entry, _with_dim(entry, group) | dict(example))
        if table is None:
            return
        arguments = plan(table).arguments()
        model = entry.load()(**arguments)
        if entry.options["family"] == "physics":
            _immutable(report, entry, model)
        else:
            space = O(arguments.get("dim", _SPACE)) if group is None else group
            _network(report, entry, model, arguments.get("group", space))


def _fixed_group(entry: Entry, n: int) -> Any:
    """Return the group that the entry declares, or None where it declares none, or its parameter."""
    name = entry.options["equivariance"].get("group", "$group")
    if entry.options["family"] == "physics" or name.startswith("$"):
        return None
    needs = {parameter.name for parameter in find_entry(name).parameters if parameter.required}
    return build(name, **({"n": n} if "n" in needs else {}))


def _with_dim(entry: Entry, group: Any) -> dict[str, int]:
    dim = next((parameter for parameter in entry.parameters if parameter.name == "dim"), None)
    if dim is None or (group is None and not dim.required):
        return {}
    return {"dim": _SPACE if group is None else group.n - 1 if group.affine else group.n}


def _immutable(report: Report, entry: Entry, model: Any) -> None:
    names = [name for name in getattr(model, "__dict__", {}) if not name.startswith("_")]
    for name in names[:1]:
        try:
            setattr(model, name, getattr(model, name))
        except (AttributeError, TypeError):
            return
        report.finding(
            entry.name,
            f"a physics model is immutable, and {name!r} of {type(model).__name__} can be set; "
            "make it a dataclass with frozen=True",
        )


def _network(report: Report, entry: Entry, model: Any, group: Any) -> None:
    model = model.double() if hasattr(model, "double") else model
    inputs, outputs = words_of(model, entry.options["inputs"] or None, entry.options["outputs"] or None)
    if isinstance(inputs, Mapping):
        _names(report, entry, model, inputs)
    exact = entry.options["equivariance"].get("level") == "exact"
    where = f"{entry.name} under {group.name}"
    try:
        x = random_inputs(inputs, group, entry.options["backends"][0], seed=0)
        value = model(**x) if isinstance(x, dict) else model(x)
    except Exception as error:
        report.note(where, f"not measured, because it refuses random inputs of its feature words ({reason(error)})")
        return
    single = not isinstance(value, Mapping)
    if single and isinstance(outputs, Mapping) and len(outputs) == 1:
        outputs = next(iter(outputs.values()))
    if not _returned(report, entry, group, value, outputs):
        return
    if not exact:
        if level := entry.options["equivariance"].get("level"):
            report.note(where, f"its {level} equivariance is not measured")
        return
    scale = None if group.compact else _SCALE
    found = equivariance_error(model, group, x, inputs, outputs, samples=32, scale=scale, local=False)
    report.holds(
        found.rms <= EXACT,
        where,
        f"it is declared exactly equivariant and has a relative error of {found.rms:.1e} in float64, "
        f"where {EXACT:.0e} is allowed; mend it, or declare level 'statistical' or nothing",
    )


def _names(report: Report, entry: Entry, model: Any, inputs: Mapping[str, str]) -> None:
    parameters = inspect.signature(getattr(model, "forward", model)).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for name in inputs:
        report.holds(
            name in parameters,
            f"{entry.name}, inputs {name!r}",
            f"the network takes no such argument{suggest(name, parameters)}",
        )


def _returned(report: Report, entry: Entry, group: Any, value: Any, words: str | Mapping[str, str]) -> bool:
    """Check the names and the last axis of what the network returns."""
    if isinstance(words, str) or not isinstance(value, Mapping):
        named = {"": (value, words)} if isinstance(words, str) and not isinstance(value, Mapping) else {}
        if not named:
            report.finding(
                entry.name, f"it returns {type(value).__name__} where {words!r} is declared; make them agree"
            )
            return False
    else:
        if set(value) != set(words):
            report.finding(
                entry.name, f"it returns {sorted(value)} and declares the outputs {sorted(words)}; make them agree"
            )
            return False
        named = {name: (value[name], word) for name, word in words.items()}
    good = True
    for name, (array, word) in named.items():
        size, shape = Rep(word, group).size, tuple(getattr(array, "shape", ()))
        good &= report.holds(
            size is None or shape[-1:] == (size,),
            f"{entry.name}, output {name!r}" if name else entry.name,
            f"a {word} of {group.name} has {size} components on the last axis, got shape {shape}",
        )
    return good
