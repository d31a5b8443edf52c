"""The command line: ``companion list``, ``run``, ``draw``, ``certify`` and ``claims``.

What a user can get wrong ends in one line on the standard error and exit code 2. Anything else
that goes wrong is a fault of the library and keeps its traceback.
"""

import dataclasses
import hashlib
import json
import shutil
import sys
import warnings
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
import xarray as xr
from typer.core import TyperGroup

from companion import __version__, catalogue, records
from companion.certificates.command import certify_report
from companion.claims.listing import claims_report
from companion.experiments.base import Experiment, check_device, execute
from companion.experiments.settings import with_settings

PICTURES = (".png", ".pdf", ".svg")


class Scale(StrEnum):
    """Sizes at which every experiment can be run."""

    smoke = "smoke"
    book = "book"
    document = "document"


class Device(StrEnum):
    """Where an experiment can be computed."""

    cpu = "cpu"
    cuda = "cuda"


class UserError(Exception):
    """Something that whoever typed the command can mend."""


_UsageError: Any = typer.BadParameter.__base__  # what typer raises for a command it cannot parse


class _OneLineErrors(TyperGroup):
    def main(self, *args: Any, **extra: Any) -> Any:
        given = [*args, extra.get("args")][0]
        words = sys.argv[1:] if given is None else list(given)
        settings = {**extra, "args": words or ["--help"], "standalone_mode": False}
        try:
            code = super().main(**settings)
        except (UserError, _UsageError) as error:
            message = error.format_message() if isinstance(error, _UsageError) else str(error)
            typer.echo(f"Error: {' '.join(message.split())}", err=True)
            sys.exit(2)
        sys.exit(code if isinstance(code, int) else 0)


app = typer.Typer(
    cls=_OneLineErrors,
    help="Why neural networks train: five documents, their claims computed.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def main() -> None:
    """Entry point of the command ``companion``."""
    app(prog_name="companion")


def _version(asked: bool | None) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool | None,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = None,
) -> None:
    pass


@app.command("list")
def list_experiments(as_json: AsJson = False) -> None:
    """List every experiment by name."""
    entries = [item.experiment for item in catalogue.CATALOGUE.values()]
    if as_json:
        typer.echo(json.dumps([_described(experiment) for experiment in entries], indent=2))
        return
    width = max(len(experiment.name) for experiment in entries)
    for experiment in entries:
        typer.echo(f"{experiment.name:{width}}  {experiment.summary}")


@app.command()
def run(
    experiment: Annotated[str, typer.Argument(help="SLUG.EXPERIMENT, see `companion list`.")],
    scale: Annotated[Scale, typer.Option(help="Size of the computation.")] = Scale.book,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="FIELD=VALUE; may be given several times.", metavar="F=V"),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness.", min=0)] = None,
    device: Annotated[
        Device | None, typer.Option(help="Where to compute; by default as configured.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the datasets.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Run an experiment and save its dataset."""
    chosen = _or_exit(catalogue.entry, experiment).experiment
    config = _or_exit(_configured, chosen.scales[scale], settings or [], seed, device)
    path = out / f"{chosen.name}-{scale}-{_fingerprint(config)}.nc"
    _or_exit(records.check_writable, path)
    data, ranges = _executed(chosen, config, settings or [])
    _or_exit(records.save, data, path)
    if as_json:
        answer = {"file": str(path), **_described(chosen), "configuration": _plain(config)}
        typer.echo(json.dumps({**answer, "ranges": ranges}, indent=2))
        return
    typer.echo(f"{path}")
    typer.echo("; ".join(f"{name} {_interval(*ends)}" for name, ends in ranges.items()))


@app.command()
def draw(
    file: Annotated[Path, typer.Argument(help="A dataset saved by `companion run`.")],
    out: Annotated[
        Path | None, typer.Option(help="The picture; by default beside the dataset.")
    ] = None,
) -> None:
    """Draw a saved dataset as a picture."""
    data = _or_exit(_loaded, file)
    picture = _or_exit(_picture, file, out)
    drawing = _or_exit(catalogue.drawing, data)
    _or_exit(records.check_writable, picture)
    _or_exit(_drawn, drawing, data, file).savefig(picture)
    typer.echo(f"{picture}")


@app.command()
def certify(
    module: Annotated[str, typer.Argument(help="FILE.py:FACTORY; the factory is called.")],
    data: Annotated[Path, typer.Option(help="An .npz file of arrays; pickles are refused.")],
    inputs: Annotated[str, typer.Option("--x", help="Name of the inputs.")] = "X",
    targets: Annotated[str, typer.Option("--y", help="Name of the targets.")] = "y",
    weights: Annotated[
        str | None,
        typer.Option("--nu", help="Name of the weights; by default nu, if the file holds it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which theorem applies to a module on its data, why or why not, and what it promises."""
    names: dict[str, Any] = {"inputs": inputs, "targets": targets, "weights": weights}
    typer.echo(_or_exit(partial(certify_report, module, data, **names, as_json=as_json)))


@app.command()
def claims(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Rows to show in full; without any, a table.", metavar="ID"),
    ] = None,
    document: Annotated[
        str | None, typer.Option(help="Only this document: its slug or its prefix.")
    ] = None,
    verdict: Annotated[str | None, typer.Option(help="Only rows with this verdict.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the ledger: every claim of every document with its verdict."""
    width = shutil.get_terminal_size().columns
    report = partial(claims_report, ids or [], as_json=as_json, width=width)
    typer.echo(_or_exit(partial(report, document=document, verdict=verdict)))


def _or_exit(function: Any, *arguments: Any) -> Any:
    # ValueError is what the library raises for what a caller got wrong.
    try:
        return function(*arguments)
    except ValueError as error:
        raise UserError(str(error)) from error


def _configured(config: Any, settings: list[str], seed: int | None, device: Device | None) -> Any:
    config = with_settings(config, settings)
    if seed is not None:
        config = dataclasses.replace(config, seed=seed)
    if device is not None:
        if not hasattr(config, "device"):
            raise ValueError(f"`device` cannot be chosen for this experiment; got {device}.")
        config = dataclasses.replace(config, device=str(device))
    check_device(config)
    return config


def _executed(
    experiment: Experiment, config: Any, settings: list[str]
) -> tuple[xr.Dataset, dict[str, tuple[float, float]]]:
    try:
        data = execute(experiment, config)
        return data, _ranges(data)
    except (ValueError, ArithmeticError, LookupError, MemoryError) as error:
        # After a change of the configuration a refusal is about the change; without one it is a
        # fault of ours.
        if not settings:
            raise
        given = ", ".join(settings)
        reason = str(error) if str(error).startswith("`") else f"{type(error).__name__}: {error}"
        raise UserError(f"the settings {given} were refused: {reason}") from error


def _picture(file: Path, out: Path | None) -> Path:
    picture = file.with_suffix(".png") if out is None else out
    if picture.is_dir():
        raise ValueError(f"`out` must name a picture; got the folder {picture}.")
    if picture.suffix.lower() not in PICTURES:
        raise ValueError(f"`out` must end in {', '.join(PICTURES)}; got {picture.name}.")
    return picture


def _loaded(file: Path) -> xr.Dataset:
    if file.is_dir():
        raise ValueError(f"`file` must be a dataset; got the folder {file}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a file that is not ours, before it is refused
        try:
            return records.load(file)
        except (OSError, RuntimeError, KeyError, TypeError) as error:
            raise ValueError(
                f"`file` must be a dataset that `companion run` saved; {file} cannot be read "
                f"({type(error).__name__}). Run the experiment again."
            ) from error


def _drawn(drawing: catalogue.Drawing, data: xr.Dataset, file: Path) -> Any:
    try:
        return drawing(data)
    except KeyError as error:
        raise ValueError(
            f"`file` must have the variables of its experiment; {file} lacks {error}. "
            "Run the experiment again."
        ) from error


def _fingerprint(config: Any) -> str:
    # One file per configuration: a second run replaces its own file and no other.
    return hashlib.sha256(json.dumps(_plain(config), sort_keys=True).encode()).hexdigest()[:8]


def _plain(config: Any) -> dict[str, Any]:
    return dataclasses.asdict(config)


def _described(experiment: Experiment) -> dict[str, str]:
    return {"experiment": experiment.name, "summary": experiment.summary}


def _ranges(data: xr.Dataset) -> dict[str, tuple[float, float]]:
    names = str(data.attrs.get("key_variables", "")).split() or [
        str(name) for name, values in data.data_vars.items() if values.dtype.kind in "fiu"
    ]
    return {name: (float(data[name].min()), float(data[name].max())) for name in names}


def _interval(low: float, high: float) -> str:
    return f"{low:.4g}" if low == high else f"{low:.4g} .. {high:.4g}"
