"""The command line: every verb imports what it needs when it is used."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from symmetron import _listing
from symmetron._exit import FINDING, USAGE, leave, one_sentence
from symmetron.errors import ParameterError, ResultError, suggest

app = typer.Typer(
    name="symmetron",
    help="List, build, compose, run, sweep, check and plot what the installed research packages offer.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
_state = {"debug": False}


def main() -> None:
    """Run the command line; wrong usage is one sentence, like every other error."""
    try:
        status = app(standalone_mode=False)
    except Exception as error:
        if not hasattr(error, "format_message"):  # what typer raises for wrong usage
            raise
        leave(_usage(error), USAGE)
    raise SystemExit(status)


def _usage(error: Any) -> str:
    option = getattr(error, "option_name", None)
    if option is None or error.ctx is None:
        text = " ".join(error.format_message().split()).removesuffix(".").replace(". Did you", "; did you")
        return f"{text[:1].lower()}{text[1:]}"
    command = error.ctx.command
    known = [text for one in command.params for text in one.opts if text.startswith("--")]
    return f"{command.name} has no option {option!r}{suggest(option, known)}"


Parameters = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="Set a parameter; may be repeated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="Full name of an entry, <distribution>/<name>, or a TOML file.")]


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    _state["debug"] = debug
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("symmetron"))
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(USAGE)


def _one_sentence():
    return one_sentence(_state["debug"])


@app.command("list", context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False)
def list_entries(context: typer.Context) -> None:
    """List what is installed; nothing heavy is imported."""
    _listing.main(context.args)


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one entry: its parameters with types, defaults and units, and its outputs."""
    with _one_sentence():
        from symmetron._canonical import readable
        from symmetron._registry import entry as find

        entry = find(name)
        parameters = entry.parameters
        if as_json:
            listed = [
                {
                    "name": one.name,
                    "type": one.type,
                    "required": one.required,
                    "default": None if one.required else readable(one.default),
                    "unit": one.unit,
                    "doc": one.doc,
                }
                for one in parameters
            ]
            _print_json({**entry.as_dict(), "parameters": listed, "doc": entry.doc})
            return
        typer.echo(f"{entry.name}  ({entry.kind} of {entry.package} {entry.version})\n{entry.summary}")
        if entry.paper:
            typer.echo(f"paper: {entry.paper}")
        for one in parameters:
            default = "required" if one.required else f"default {one.default!r}"
            unit = f" [{one.unit}]" if one.unit else ""
            typer.echo(f"\n  {one.name}: {one.type}{unit}, {default}")
            if one.doc:
                typer.echo(f"      {one.doc}")
        for key in ("inputs", "outputs", "equivariance", "batch", "backends", "licence", "size"):
            if value := entry.options.get(key):
                typer.echo(f"\n{key}: {_plain(value)}")


@app.command()
def run(
    name: Name,
    parameter: Parameters = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="netCDF file to write.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of the numerical libraries.")] = 1,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Folder where a solver that can keeps what it needs to go on.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a solver once and print its outputs."""
    with _one_sentence():
        from symmetron import _arguments, _progress, _result, _run
        from symmetron._build import read_table, with_dotted

        table = with_dotted(read_table(name), _arguments.parse_fixed(parameter or ()))
        if output is not None:
            _result.require_netcdf()
        with _progress.bar("auto", name, 1) as show_progress:
            dataset = _run.run(table, progress=show_progress, checkpoint=checkpoint, threads=threads)
        if output is not None:
            _result.save(dataset, output)
        if as_json:
            _print_json(dataset.to_dict())
            return
        for key, value in dataset.data_vars.items():
            unit = value.attrs.get("units", "")
            shown = value.item() if value.ndim == 0 else f"array of shape {value.shape}"
            typer.echo(f"{key} = {shown}{f' {unit}' if unit and unit != '1' else ''}")
        if output is not None:
            typer.echo(f"wrote {output}")


@app.command()
def sweep(
    name: Name,
    parameter: Parameters = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="netCDF file to write.")] = None,
    store: Annotated[
        Path | None, typer.Option(help="SQLite file of finished blocks; default: beside the output.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of a stochastic sweep.")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute again what the store has.")] = False,
) -> None:
    """Run a solver on a grid: -p T=0.1:1.0:50 is a range, -p P=4,6 a list, anything else is fixed.

    The same command goes on where it was interrupted.
    """
    with _one_sentence():
        from symmetron import _arguments, _result
        from symmetron._build import read_table, with_dotted
        from symmetron._sweep import sweep as run_sweep

        axes, fixed = _arguments.parse_swept(parameter or ())
        table = with_dotted(read_table(name), fixed)
        if output is not None:
            store = store or output.with_suffix(".sqlite")
            if store.absolute() == output.absolute():
                raise ParameterError(f"{output} would be both the result and its store; name it {output.stem}.nc")
            _result.require_netcdf()
        dataset = run_sweep(table, axes, store=store, workers=workers, threads=threads, seed=seed, fresh=fresh)
        typer.echo(f"{dict(dataset.sizes)}: {', '.join(map(str, dataset.data_vars))}")
        if output is not None:
            typer.echo(f"wrote {_result.save(dataset, output)}")
        failed = int(dataset["failed"].sum())
        if failed:
            first = next(message for message in dataset["message"].values.ravel() if message)
            typer.echo(f"{failed} of {dataset['failed'].size} cells failed, the first with: {first}", err=True)
            raise SystemExit(FINDING)


@app.command()
def check(
    model: Annotated[str | None, typer.Argument(help="Full name of a model, or a TOML file.")] = None,
    group: Annotated[str | None, typer.Argument(help="Full name of a group, or a TOML file.")] = None,
    parameter: Parameters = None,
    samples: Annotated[int, typer.Option(min=1, help="Number of group elements.")] = 256,
    scale: Annotated[float, typer.Option(help="Size of translations, in the unit of the inputs.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of inputs and elements.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure the equivariance of a network (exit status 1 if it has none); without arguments, of all with all groups.

    Parameters are named model.NAME and group.NAME.
    """
    with _one_sentence():
        from symmetron import _arguments, _compat

        if model is not None and group is None:
            raise ParameterError(f"check needs a group beside the model {model!r}, as in: check {model} liegroups/so")
        if model is None or group is None:
            table = _compat.compat()
            typer.echo(table.as_json() if as_json else str(table))
            return
        report = _compat.check(model, group, _arguments.parse_fixed(parameter or ()), samples, scale, seed)
        if as_json:
            from symmetron._canonical import readable

            _print_json({key: readable(value) for key, value in vars(report).items()})
        else:
            typer.echo(str(report))
        if report.verdict != "equivariant":
            raise SystemExit(FINDING)


@app.command()
def plot(
    file: Annotated[Path, typer.Argument(help="netCDF file of a result.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Picture; default: beside the file.")] = None,
    variable: Annotated[list[str] | None, typer.Option(help="Output to draw; may be repeated.")] = None,
) -> None:
    """Draw a result."""
    with _one_sentence():
        from symmetron import _plot, _result

        figure = _plot.plot(_result.load(file), variable)
        picture = output or file.with_suffix(".png")
        try:
            picture.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(picture, dpi=150)
        except OSError as error:
            raise ResultError(f"cannot write {picture}: {error.strerror or error}") from None
        typer.echo(f"wrote {picture}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check the installation: versions, devices, broken plugins, every target."""
    with _one_sentence():
        from symmetron._doctor import diagnose

        found = diagnose()
        if as_json:
            _print_json(found.as_dict())
        else:
            for title, values in (("versions", found.versions), ("plugins", found.packages)):
                typer.echo(f"{title}: {_plain(values)}")
            typer.echo(f"devices: {', '.join(found.devices)}\nliegroups: {found.liegroups}\nentries: {found.entries}")
            for text in found.unusable:
                typer.echo(f"unusable: {text}")
            for finding in found.findings:
                typer.echo(f"finding: {finding}")
            typer.echo("all well" if not found.findings else f"{len(found.findings)} to mend")
        if found.findings:
            raise SystemExit(FINDING)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the distribution: lower-case words joined by '-'.")],
    folder: Annotated[Path, typer.Option(help="Where its folder is made.")] = Path("."),
) -> None:
    """Write a plugin package of your own, with its test."""
    with _one_sentence():
        from symmetron._scaffold import new_plugin

        for path in new_plugin(name, folder):
            typer.echo(path)
        typer.echo(f"next: pip install -e {folder / name} && pytest {folder / name}")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(_finite(value), default=str, allow_nan=False))


def _finite(value: Any) -> Any:
    """Return the value with infinities and NaN, for which JSON has no numbers, as the text that float() reads."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}".strip() for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
