"""``nodegraph breed``: variants of a patch, as sounds and patches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CommandError
from ..options import Json, PatchFile, Trust, positive, sample_rate
from ..output import columns, plural, print_json, print_line, print_warning
from ..output_files import make_folder
from ..patches import open_patch, problems_of
from ..progress import Progress
from ..shutdown import catch_stop_signals

if TYPE_CHECKING:
    import numpy as np

    from nodegraph.estimator.breeding import Breeder, Brood
    from nodegraph.graph import Graph


def breed(
    patch: PatchFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", show_default=False, help="Folder of the variants.")
    ],
    others: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="OTHER.json", help="Cross with this variant of the patch; repeatable."),
    ] = None,
    strength: Annotated[
        float, typer.Option("--strength", metavar="0…1", min=0.0, max=1.0, help="Size of the changes.")
    ] = 0.15,
    near: Annotated[
        Path | None, typer.Option("--near", metavar="SOUND", help="Write the variants nearest to this sound instead.")
    ] = None,
    nodes: Annotated[
        list[str] | None,
        typer.Option("--node", metavar="ID", help="Vary only this block, such as osc or voice/osc; repeatable."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", callback=positive, help="Duration of the sounds.")
    ] = 2.0,
    rate: Annotated[
        float, typer.Option("--rate", metavar="HZ", callback=sample_rate, help="Sample rate of the sounds.")
    ] = 44100.0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of all random numbers.")] = 0,
    trust: Trust = None,
    json: Json = False,
) -> None:
    """Write variants of a patch: mutated, crossed, or near a sound.

    FOLDER, new or empty, gets 01.wav … 16.wav, all at one level, and the patches 01.json … 16.json. The knobs vary that
    `nodegraph vary` sets. To breed again, name favourites: `nodegraph breed 03.json --with 11.json -o next`.
    """
    from nodegraph.control.random_values import knobs_of_patch
    from nodegraph.estimator.breeding import Breeder
    from nodegraph.estimator.parameters import ParameterError, parameters_of_knobs
    from nodegraph.estimator.target_sound import read_target
    from nodegraph.graph import build_graph
    from nodegraph.patch import PatchError

    if output.is_dir() and any(output.iterdir()):
        raise CommandError(f"{output}: not empty; it may hold favourites. Choose another name.")
    opened = open_patch(patch)
    make_folder(output)
    target = None if near is None else read_target(near, seconds, rate)
    try:
        knobs = knobs_of_patch(opened.document, nodes, patch)
        with problems_of(opened):
            graph = build_graph(opened.document, rate, opened.path)
            breeder = Breeder(opened.document, parameters_of_knobs(knobs), opened.path, seconds, rate, threads=2)
    except (ParameterError, PatchError) as error:
        raise CommandError(f"{patch}: {error}") from None
    with breeder, catch_stop_signals() as stop, Progress("variants", 1.0) as bar:

        def show(part: float) -> None:
            if stop.requested:
                raise KeyboardInterrupt
            bar.to(part)

        if target is None:
            parents = _parents(breeder, graph, patch, others or [])
            brood = breeder.offspring(parents, strength, seed, show)
        else:
            brood = breeder.nearest(target, seed, progress=show)
    for note in brood.notes:
        print_warning(note)
    files = _write(output, graph, brood, rate)
    if json:
        rows = zip(files, brood.settings.tolist(), brood.distances.tolist(), strict=True)
        names = [parameter.name for parameter in brood.parameters]
        print_json({"files": [{"file": str(f), "values": dict(zip(names, v)), "distance": d} for f, v, d in rows]})
        return
    print_line(f"{output}: {plural(len(files), 'variant')} of {plural(len(brood.parameters), 'knob')}, nearest first")
    columns([(file.name, f"{d:.1f} dB") for file, d in zip(files, brood.distances, strict=True)], "  ")


def _parents(breeder: Breeder, graph: Graph, patch: Path, others: list[Path]) -> np.ndarray:
    """Return the settings (K, P) in the patch and in other variants of it."""
    import numpy as np

    from nodegraph.estimator.parameters import ParameterError
    from nodegraph.estimator.rendering import current_setting
    from nodegraph.graph import build_graph

    try:
        settings = [breeder.present()]
    except ParameterError as error:
        raise CommandError(f"{patch}: {error}") from None
    for path in others:
        opened = open_patch(path)
        with problems_of(opened):
            other = build_graph(opened.document, graph.rate, opened.path)
        setting = current_setting(other, breeder.parameters) if set(other) == set(graph) else None
        if setting is None:
            raise CommandError(f"{path}: not a variant of {patch}. Name a patch with the same blocks.")
        settings.append(setting)
    return np.stack(settings)


def _write(folder: Path, graph: Graph, brood: Brood, rate: float) -> list[Path]:
    """Write a sound and a patch for each setting; return the files of the patches."""
    from nodegraph.estimator.rendering import with_setting
    from nodegraph.files.sound_output import write_sound
    from nodegraph.patch import write_patch

    files = []
    for number, (setting, sound) in enumerate(zip(brood.settings, brood.sounds, strict=True), 1):
        files.append(folder / f"{number:02d}.json")
        write_patch(with_setting(graph, brood.parameters, setting), files[-1])
        write_sound(files[-1].with_suffix(".wav"), sound, rate)
    return files
