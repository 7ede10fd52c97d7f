"""What a target takes, read from its signature and docstring, and the coercion of what a user gives."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import sys
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from symmetron.errors import ParameterError, suggest

if TYPE_CHECKING:
    from symmetron._entry import Entry

REQUIRED = inspect.Parameter.empty
# Given to a solver by the umbrella, never by a table; they are not part of what identifies a result.
SERVICES = ("progress", "checkpoint")
# By the contract these hold what an entry builds, also where nothing is annotated.
OBJECTS = ("model", "group")
_UNIONS = (typing.Union, types.UnionType)
_COLLECTIONS = (list, tuple, set, frozenset)


@dataclass(frozen=True)
class Parameter:
    """One parameter of an entry.

    Attributes:
        name: Name in the signature.
        annotation: Evaluated annotation, ``Any`` where there is none or it cannot be evaluated.
        default: Default value, or ``REQUIRED``.
        doc: Text of the target's docstring.
        unit: Declared unit, or the empty string.
    """

    name: str
    annotation: Any
    default: Any
    doc: str
    unit: str

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is REQUIRED

    @property
    def type(self) -> str:
        """The annotation as a reader would write it."""
        return describe(self.annotation)


def read_parameters(entry: Entry) -> tuple[Parameter, ...]:
    """Return the parameters of the entry's target, without the services that the umbrella provides."""
    target = entry.load()
    docs = argument_docs(inspect.getdoc(target) or "")
    if inspect.isclass(target) and not any(docs.values()):
        docs = argument_docs(inspect.getdoc(target.__init__) or "")
    units = entry.units
    return tuple(
        Parameter(
            name=name,
            annotation=_evaluate(parameter.annotation, target),
            default=parameter.default,
            doc=docs.get(name, ""),
            unit=units.get(name, ""),
        )
        for name, parameter in inspect.signature(target).parameters.items()
        if name not in SERVICES and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    )


def services(target: Any) -> tuple[str, ...]:
    """Return which of ``progress`` and ``checkpoint`` the target asks for."""
    return tuple(name for name in SERVICES if name in inspect.signature(target).parameters)


def _evaluate(annotation: Any, target: Any) -> Any:
    if annotation is REQUIRED:
        return Any
    if isinstance(annotation, typing.ForwardRef):  # in the signature of a NamedTuple
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(getattr(inspect.unwrap(target), "__module__", ""))
    try:
        # What typing.get_type_hints does, one parameter at a time.
        return eval(annotation, vars(module) if module else {})
    except Exception:
        return Any  # a name imported for type checkers only


def argument_docs(doc: str) -> dict[str, str]:
    """Return the text of each parameter in a Google-style ``Args:`` or ``Attributes:`` section.

    >>> argument_docs('''Summary.
    ...
    ... Args:
    ...     alpha: Load,
    ...         in the model's unit.
    ...     T (float): Temperature.
    ... ''')
    {'alpha': "Load, in the model's unit.", 'T': 'Temperature.'}
    """
    section = re.search(r"^(?:Args|Arguments|Parameters|Attributes):\n((?:[ \t]+.*\n?|\n)+)", doc, re.MULTILINE)
    if not section:
        return {}
    body = inspect.cleandoc("\n" + section.group(1))
    found: dict[str, str] = {}
    name = ""
    for line in body.splitlines():
        head = re.match(r"\*{0,2}(\w+)(?: \([^)]*\))?:\s*(.*)", line)
        if head:
            name = head.group(1)
            found[name] = head.group(2)
        elif name and line.strip():
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def describe(annotation: Any) -> str:
    """Return a short readable form of an annotation.

    >>> describe(typing.Literal["RS", "1RSB"]), describe(float | None)
    ("'RS' or '1RSB'", 'float or None')
    """
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return " or ".join(map(repr, typing.get_args(annotation)))
    if is_array(annotation):
        return "number or array"
    if origin in _UNIONS:
        return " or ".join(describe(choice) for choice in typing.get_args(annotation))
    if annotation in (None, type(None)):
        return "None"
    if inspect.isclass(annotation) and origin is None:
        return annotation.__name__
    return re.sub(r"\b(?:\w+\.)+", "", str(annotation))


def is_array(annotation: Any) -> bool:
    """Whether the annotation admits a numerical array (``numpy.ndarray``, ``numpy.typing.ArrayLike``, ``NDArray``)."""
    text = str(annotation)
    return "ndarray" in text or "SupportsArray" in text or "ArrayLike" in text


def accepts_text(annotation: Any) -> bool:
    """Whether a string stands for a value of the annotation, rather than for the entry of that name."""
    if annotation in (bool, int, float, complex, str):
        return True
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return any(isinstance(choice, str) for choice in typing.get_args(annotation))
    return any(accepts_text(choice) for choice in typing.get_args(annotation)) if origin else False


def takes_object(parameter: Parameter) -> bool:
    """Whether the parameter holds what an entry builds, an instance of a class: no text, number or table."""
    annotation = parameter.annotation
    if annotation is Any:
        return parameter.name in OBJECTS
    choices = typing.get_args(annotation) if typing.get_origin(annotation) in _UNIONS else (annotation,)
    return any(map(_is_class, choices)) and not any(map(_accepts_table, choices))


def _is_class(annotation: Any) -> bool:
    plain = (bool, int, float, complex, str, type(None), *_COLLECTIONS)
    return inspect.isclass(annotation) and typing.get_origin(annotation) is None and annotation not in plain


def _accepts_table(annotation: Any) -> bool:
    if annotation in (Any, object) or typing.is_typeddict(annotation):
        return True
    origin = typing.get_origin(annotation) or annotation
    return inspect.isclass(origin) and issubclass(origin, Mapping)


def match(entry: Entry, values: Mapping[str, Any]) -> dict[str, Parameter]:
    """Return the entry's parameters by name after checking that ``values`` names no other and misses none.

    Raises:
        ParameterError: An unknown or a missing parameter.
    """
    known = {parameter.name: parameter for parameter in entry.parameters}
    for name in values:
        if name not in known:
            raise ParameterError(f"{entry.name} has no parameter {name!r}{suggest(name, known)}")
    for parameter in known.values():
        if parameter.required and parameter.name not in values:
            raise ParameterError(
                f"{entry.name} needs the parameter {parameter.name!r} ({parameter.type})"
                + (f": {parameter.doc}" if parameter.doc else "")
            )
    return known


def coerce(owner: str, parameter: Parameter, value: Any) -> Any:
    """Return ``value`` as the parameter's annotated type; its default is allowed whatever the annotation says.

    Raises:
        ParameterError: It is not of that type, or not a number (NaN).
    """
    try:
        return _coerced(owner, parameter, value)
    except ParameterError:
        if repr(value) == repr(parameter.default):
            return value
        raise


def _coerced(owner: str, parameter: Parameter, value: Any) -> Any:
    if is_array(parameter.annotation):
        converted = _as_numbers(owner, parameter, value)
    elif parameter.annotation is Any:
        converted = value
    elif isinstance(value, bool) and parameter.annotation in (int, float, complex):
        raise ParameterError(_wrong(owner, parameter, value))  # Python has True == 1
    else:
        converted = _validate(owner, parameter, value)
    if _has_nan(converted):
        raise ParameterError(f"{owner}: parameter {parameter.name!r} is not a number (NaN)")
    return converted


def _as_numbers(owner: str, parameter: Parameter, value: Any) -> Any:
    import numpy as np

    if value is None and parameter.default is None:
        return None
    if isinstance(value, str | list | tuple | int | float | complex | np.generic):
        try:
            array: Any = np.asarray(value if not isinstance(value, str) else complex(value.replace(" ", "")))
        except (ValueError, TypeError):
            array = np.asarray(None)
        if array.dtype.kind not in "biufc":
            raise ParameterError(_wrong(owner, parameter, value))
        if isinstance(value, str) and not array.imag:
            array = array.real
        if array.ndim == 0:  # 1 and 1.0 are the same cell
            return array.item() if array.dtype.kind in "bc" else float(array)
        return array
    return value  # an array of any library


def _validate(owner: str, parameter: Parameter, value: Any) -> Any:
    import numpy as np
    import pydantic

    adapter = _adapter(parameter.annotation)
    if adapter is None:
        return value
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    try:
        return adapter.validate_python(value)
    except pydantic.ValidationError as error:
        raise ParameterError(_wrong(owner, parameter, value, error.errors()[0]["msg"])) from None


@functools.cache
def _adapter(annotation: Any) -> Any:
    import pydantic

    annotation = _by_instance(annotation)
    try:
        return pydantic.TypeAdapter(annotation, config=pydantic.ConfigDict(arbitrary_types_allowed=True))
    except pydantic.errors.PydanticSchemaGenerationError:
        return None  # an annotation that means something to type checkers only
    except pydantic.PydanticUserError:
        return pydantic.TypeAdapter(annotation)  # a pydantic type brings its own configuration


def _by_instance(annotation: Any) -> Any:
    """Return the annotation with records checked by ``isinstance``: pydantic would make one of a table, and drop
    the keys that it does not know.
    """
    import pydantic

    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return typing.Union[tuple(map(_by_instance, arguments))]  # noqa: UP007 - made at run time
    if inspect.isclass(origin) and issubclass(origin, Collection):
        return origin[tuple(map(_by_instance, arguments))]
    is_record = dataclasses.is_dataclass(annotation) or hasattr(annotation, "_fields") or _is_pydantic(annotation)
    return pydantic.InstanceOf[annotation] if origin is None and is_record else annotation


def _is_pydantic(annotation: Any) -> bool:
    import pydantic

    return inspect.isclass(annotation) and issubclass(annotation, pydantic.BaseModel)


def _wrong(owner: str, parameter: Parameter, value: Any, reason: str = "") -> str:
    choices = typing.get_args(parameter.annotation) if typing.get_origin(parameter.annotation) is typing.Literal else ()
    hint = suggest(value, [c for c in choices if isinstance(c, str)]) if isinstance(value, str) and choices else ""
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    because = f" ({reason[0].lower()}{reason[1:]})" if reason and not choices else ""
    return f"{owner}: parameter {parameter.name!r} must be {parameter.type}, got {shown}{because}{hint}"


def _has_nan(value: Any) -> bool:
    if isinstance(value, float | complex):
        return value != value
    if isinstance(value, list | tuple):
        return any(map(_has_nan, value))
    if type(value).__module__ == "numpy" and getattr(value, "dtype", None) is not None:
        return bool(value.dtype.kind in "fc" and (value != value).any())
    return False
