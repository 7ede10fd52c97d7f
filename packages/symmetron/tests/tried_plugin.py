"""A plugin lent for a test, with one thing registered, and what the conformance check says of it."""

import contextlib
import sys

from symmetron.errors import SymmetronError
from symmetron.testing import check_plugin, lend_plugin

REQUIRES = ("pluggy>=1.5", 'symmetron>=1.0,<2 ; extra == "symmetron"')
HEAD = '''"""A plugin."""
import pluggy


@pluggy.HookimplMarker("symmetron")
def symmetron_register(registrar):
    registrar.{call}


'''


def solver(**options):
    """Return the call that registers the solver `solve`."""
    return "solver('s', 'tried_part:solve', summary='S.'" + "".join(f", {k}={v!r}" for k, v in options.items()) + ")"


def function(signature, body, *documented):
    """Return a function `solve` with a line of documentation for each parameter."""
    lines = "".join(f"        {name}: A number.\n" for name in documented or ("x",))
    return f'def solve({signature}):\n    """Do.\n\n    Args:\n{lines}    """\n    {body}\n'


GOOD = function("*, x: float = 1.0", "return {'y': 2 * x}")


@contextlib.contextmanager
def lent(call, body=GOOD, requires=REQUIRES, hook=""):
    """Lend a plugin that registers one thing; its targets are in a module of their own, as they should be."""
    with lend_plugin("tried-plugin", HEAD.replace("{call}", call) + hook, requires=requires) as folder:
        part = folder / "tried_part.py"
        part.write_text(body)
        try:
            yield part
        finally:
            sys.modules.pop("tried_part", None)


def outcome(examples=None):
    """Return the findings and the notes on the lent plugin."""
    try:
        return [], check_plugin("tried-plugin", examples)
    except ExceptionGroup as group:
        assert all(isinstance(error, SymmetronError) for error in group.exceptions)
        return [str(error) for error in group.exceptions], getattr(group, "__notes__", [])


def checked(call, body=GOOD, *, examples=None, **options):
    """Lend a plugin, and return the findings and the notes on it."""
    with lent(call, body, **options):
        return outcome(examples)
