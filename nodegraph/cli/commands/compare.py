"""``nodegraph compare``: how much a recording has of a reference and of a style."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import Json
from ..output import columns, print_json, print_warning
from ..progress import Progress

if TYPE_CHECKING:
    from nodegraph.measures.comparison import Comparison


def compare(
    sound: Annotated[
        Path, typer.Argument(metavar="SOUND", show_default=False, help="Sound file to measure: .wav, .flac, .ogg …")
    ],
    reference: Annotated[
        Path, typer.Argument(metavar="REFERENCE", show_default=False, help="Sound file with the original or content.")
    ],
    style: Annotated[
        Path | None, typer.Option("--style", metavar="STYLE", help="Sound file with the style of a mixture.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure how much a recording resembles a reference and a style.

    Content: shared pitches and onsets. Spectrum: level and spectral distances. Style: texture statistics, features of
    a random network, copied samples. The column "equal" has the values of two equal sounds. Channels are averaged,
    and each pair is compared at the lower of its sample rates. Content and spectrum are compared from the first sample
    on, the shorter sound continued with silence; style needs no alignment. Content needs librosa: pip install
    'nodegraph[learn]'.
    """
    from nodegraph.measures.comparison import compare as compare_sounds
    from nodegraph.measures.mono import read_mono

    with Progress("content", 1.0) as bar:
        first, second = read_mono(sound), read_mono(reference)
        found = compare_sounds(first, second, None if style is None else read_mono(style), bar.to)
    for note in found.notes:
        print_warning(note)
    if json:
        files = {"sound": str(sound), "reference": str(reference), "style": None if style is None else str(style)}
        groups = {"content": found.content, "spectrum": found.spectrum, "style": found.style}
        print_json({"files": files, **groups, "notes": found.notes})
    else:
        _print_table(found)


def _print_table(found: Comparison) -> None:
    from nodegraph.measures.comparison import GROUPS

    rows = [("", "value", "equal", "meaning")]
    for group, measures in GROUPS.items():
        values: dict[str, float | None] = getattr(found, group)
        if not values:
            continue
        rows.append((group, "", "", ""))
        for measure in measures:
            value = values[measure.name]
            number = "–" if value is None else f"{value:.3f} {measure.unit}"
            rows.append((f"  {measure.name.replace('_', ' ')}", number, measure.equal, measure.meaning))
    columns(rows)
