"""Making a model equivariant: by a registered symmetrizer, else by averaging over the group."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from liegroups import EquivarianceReport as EquivarianceReport
from liegroups import Group, Rep
from liegroups import equivariance_error as equivariance_error
from symmetron._entry import Entry
from symmetron._numbers import at_least_one
from symmetron._registry import entries
from symmetron._registry import entry as find_entry
from symmetron.errors import BuildError, suggest

Words = str | Mapping[str, str]
METHODS = ("auto", "elements", "sampling")


def symmetrize(
    model: Callable[..., Any],
    group: Group,
    method: str = "auto",
    *,
    inputs: Words | None = None,
    outputs: Words | None = None,
    samples: int = 64,
    seed: int = 0,
    **options: Any,
) -> Any:
    r"""Return an equivariant model made of ``model``.

    Args:
        model: A ``torch.nn.Module``, or a function of numpy, torch or jax arrays.
        group: Any group with the members of ``liegroups.Group``.
        method: ``"auto"`` takes, for a torch module, the first registered model with the tag ``symmetrizer`` that
            supports the group; else the exact mean over ``elements()`` of a finite group; else the mean over
            ``samples`` random elements. ``"elements"``, ``"sampling"`` or the full name of a symmetrizer choose one.
        inputs: Feature word of the argument, or of each named argument; by default the model's attribute ``inputs``,
            else ``"vector"``.
        outputs: Feature word of the result, or of each named result; by default the attribute ``outputs``, else
            ``"vector"``.
        samples: Number of elements for ``"sampling"``; its error falls as the square root of it.
        seed: Seed of the sample.
        **options: Passed to the symmetrizer, such as ``mode`` of ``framesym/average``.

    Returns:
        What the symmetrizer returns, or a :class:`GroupAverage` (a ``torch.nn.Module`` for a module), whose ``error``
        attribute says what the method leaves: 0 for an exact mean, else a bound in standard errors.

    Raises:
        TypeError: The group has not the members of ``liegroups.Group``.
        ValueError: ``samples`` is less than 1.
        BuildError: No method fits, for example because the group is not compact.

    Examples:
        >>> import numpy as np, liegroups, symmetron as sym
        >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> average = sym.symmetrize(lambda x: x @ A.T, liegroups.Cyclic(4))
        >>> average(np.eye(2)).round(12)                        # the part of A that commutes with rotations
        array([[ 2.5,  0.5],
               [-0.5,  2.5]])
    """
    require_group(group)
    at_least_one(samples=samples)
    words = {"inputs": inputs, "outputs": outputs}
    if "/" in method:
        return _by_entry(find_entry(method), model, group, words, options)
    if method not in METHODS:
        known = [*METHODS, *(entry.name for entry in entries(tag="symmetrizer"))]
        raise BuildError(f"symmetrize has no method {method!r}{suggest(method, known)}")
    if method == "auto" and _is_module(model):
        for entry in entries(tag="symmetrizer"):
            if "torch" in entry.options["backends"] and entry.load().supports(group):  # pyright: ignore
                return _by_entry(entry, model, group, words, options)
    if options:
        raise BuildError(f"averaging over {group.name} has no option {sorted(options)[0]!r}")
    elements = group.elements() if method != "sampling" else None
    if elements is None and method == "elements":
        raise BuildError(f"{group.name} has no finite list of elements; use method='sampling' or a symmetrizer")
    if elements is None and not group.compact:
        raise BuildError(
            f"no installed symmetrizer makes this model equivariant under {group.name}, "
            "and a group that is not compact has no mean over its elements"
        )
    average = GroupAverage(model, group, elements, inputs, outputs, samples, seed)
    if _is_module(model):
        from symmetron._average_module import AverageModule

        return AverageModule(average)
    return average


def require_group(group: Any) -> Group:
    """Return the group.

    Raises:
        TypeError: It has not the members of ``liegroups.Group``; the name of a group is no group.
    """
    if all(hasattr(group, member) for member in ("name", "n", "compact", "sample", "elements")):
        return group
    hint = f"; build it: symmetron.build({group!r}, ...)" if isinstance(group, str) else ""
    raise TypeError(f"a group has the members of liegroups.Group, got {group!r}{hint}")


class GroupAverage:
    r"""The mean $\frac1N \sum_g \rho_{out}(g)\, f(\rho_{in}(g)^{-1} x)$ over elements of a group.

    Attributes:
        model: The averaged function.
        group: The group.
        method: ``"elements"`` (exact) or ``"sampling"``.
        error: Relative size of what the mean leaves of the defect: 0, or $1/\sqrt N$ for a sample.
    """

    def __init__(
        self,
        model: Callable[..., Any],
        group: Group,
        elements: np.ndarray | None,
        inputs: Words | None = None,
        outputs: Words | None = None,
        samples: int = 64,
        seed: int = 0,
    ):
        self.model = model
        self.group = group
        self.inputs, self.outputs = words_of(model, inputs, outputs)
        self.method = "sampling" if elements is None else "elements"
        self.error = samples**-0.5 if elements is None else 0.0
        self._elements = group.sample(samples, seed) if elements is None else elements
        self._inverses = np.linalg.inv(self._elements)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the mean for arrays of numpy, torch or jax, given as the model takes them."""
        total = None
        for g, inverse in zip(self._elements, self._inverses, strict=True):
            moved = self._move(inverse, args, kwargs)
            back = _transform(self.outputs, self.group, g, self.model(*moved[0], **moved[1]))
            total = back if total is None else _combine(lambda a, b: a + b, total, back)
        return _combine(lambda a: a / len(self._elements), total)

    def _move(self, g: np.ndarray, args: tuple, kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        if isinstance(self.inputs, str):
            return [Rep(self.inputs, self.group).rho(g, x) for x in args], dict(kwargs)
        names = list(self.inputs)
        named = dict(zip(names, args, strict=False)) | dict(kwargs)
        moved = {
            name: Rep(self.inputs[name], self.group).rho(g, x) if name in self.inputs else x
            for name, x in named.items()
        }
        return [moved.pop(name) for name in names[: len(args)]], moved

    def __repr__(self) -> str:
        return f"GroupAverage({self.model!r}, {self.group!r}, {self.method} of {len(self._elements)})"


def words_of(model: Any, inputs: Words | None = None, outputs: Words | None = None) -> tuple[Words, Words]:
    """Return the feature words of a model: those given, else those it declares, else vectors."""
    declared = (getattr(model, "inputs", None), getattr(model, "outputs", None))
    return inputs or declared[0] or "vector", outputs or declared[1] or "vector"


def _transform(words: Words, group: Group, g: np.ndarray, value: Any) -> Any:
    if isinstance(value, Mapping):
        assert isinstance(words, Mapping), "a model that returns a dict needs a feature word for each of its names"
        return {name: Rep(words[name], group).rho(g, item) for name, item in value.items()}
    word = words if isinstance(words, str) else next(iter(words.values()))
    return Rep(word, group).rho(g, value)


def _combine(operation: Callable[..., Any], *values: Any) -> Any:
    if isinstance(values[0], Mapping):
        return {name: operation(*(value[name] for value in values)) for name in values[0]}
    return operation(*values)


def _by_entry(entry: Entry, model: Any, group: Group, words: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    if "symmetrizer" not in entry.tags:
        raise BuildError(f"{entry.name} is not a symmetrizer (it lacks that tag)")
    target: Any = entry.load()
    if not target.supports(group):
        raise BuildError(f"{entry.name} does not support {group.name}")
    given = {name: value for name, value in words.items() if value is not None}
    return target(model=model, group=group, **given, **options)


def _is_module(model: Any) -> bool:
    """Whether the model is a torch module; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)
