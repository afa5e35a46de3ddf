"""``nodegraph measure``: numbers of one recording, in units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..options import Json
from ..output import columns, print_json

if TYPE_CHECKING:
    from nodegraph.measures.registry import Audition


def measure(
    sound: Annotated[
        Path | None, typer.Argument(metavar="SOUND", show_default=False, help="Sound file to measure. None: list all.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="MEASURE…", show_default=False, help="Only these. Default: all.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="Option of the measures, such as number=3; repeatable."),
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--input", metavar="SOUND", help="What was played into it, for responses and echoes.")
    ] = None,
    target: Annotated[Path | None, typer.Option("--target", metavar="SOUND", help="Sound to be reached.")] = None,
    json: Json = False,
) -> int:
    """List the measures of lessons, or apply them to a recording.

    Pitch, partials, envelope, level, filter, modulation, aliases, onsets, stereo, latency and distances. Without a
    sound it lists each with its options, unit and tolerance. Measures that do not apply say why; the exit status is 1
    if they were named. The sounds must have one sample rate.

    `nodegraph measure take.wav pitch level` applies two of them, and
    `nodegraph measure take.wav partial --option number=3` one with an option.
    """
    from nodegraph.measures.registry import measures

    chosen = _chosen(names or [], option or [])
    if sound is None:
        rows = [
            {
                "name": one.name,
                "unit": one.unit,
                "meaning": one.meaning,
                "tolerance": one.tolerance,
                "options": one.options,
            }
            for one in measures().values()
        ]
        print_json(rows) if json else columns(_listed(row) for row in rows)
        return 0
    found = _values(_audition(sound, source, target), chosen)
    if json:
        print_json(found)
    else:
        columns((name, one.get("problem") or f"{one['value']:.6g} {one['unit']}") for name, one in found.items())
    return int(bool(names) and any("problem" in one for one in found.values()))


def _listed(row: dict[str, Any]) -> tuple[str, ...]:
    options = ", ".join(f"{name} = {value!r}" for name, value in row["options"].items())
    return row["name"], row["unit"], row["meaning"], f"within {row['tolerance']}", options


def _audition(sound: Path, source: Path | None, target: Path | None) -> Audition:
    from nodegraph.files.sound_file import read_samples
    from nodegraph.measures.registry import audition_of

    from ..errors import CommandError

    values, rate = read_samples(sound)
    others = {}
    for name, path in (("source", source), ("target", target)):
        if path is None:
            continue
        other, other_rate = read_samples(path)
        if other_rate != rate:
            raise CommandError(f"{path}: sample rate must be {rate:g} Hz, got {other_rate:g}. Resample it.")
        padded = _of_length(other, len(values))
        others[name] = padded.mean(axis=1) if name == "source" else padded
    return audition_of(values, rate, **others)


def _of_length(values: Any, samples: int) -> Any:
    import numpy as np

    channels = np.asarray(values, np.float64).reshape(len(values), -1)[:samples]
    return np.pad(channels, ((0, samples - len(channels)), (0, 0)))


def _chosen(names: list[str], texts: list[str]) -> dict[str, dict[str, Any]]:
    """Return the options of each measure to be applied, by its name: all measures if none is named."""
    from nodegraph.files.wording import suggest
    from nodegraph.measures.registry import measures

    from ..errors import CommandError

    if texts and not names:
        raise CommandError(f"--option {texts[0]}: no measure is named. Write MEASURE after the sound.")
    options: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise CommandError(f"--option {text}: must be NAME=VALUE, such as number=3.")
        try:
            options[key] = float(value)
        except ValueError:
            options[key] = value
    for name in names:
        if name not in measures():
            hint = suggest(name, measures()) or " List them: nodegraph measure"
            raise CommandError(f"unknown measure '{name}'.{hint}")
        if problem := measures()[name].option_problem(options):
            raise CommandError(problem)
    return dict.fromkeys(names or measures(), options)


def _values(audition: Audition, chosen: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return value and unit of each chosen measure, or the problem that it has with the sound."""
    from nodegraph.measures.registry import MeasureError, measures

    found: dict[str, dict[str, Any]] = {}
    for name, options in chosen.items():
        one = measures()[name]
        try:
            found[name] = {"value": one.of(audition, options), "unit": one.unit}
        except MeasureError as error:
            found[name] = {"problem": str(error)}
    return found
