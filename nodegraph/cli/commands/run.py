"""``nodegraph run``: a patch live, and at the end the accounts."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..accounts import tell_accounts
from ..errors import CommandError
from ..hands import LOOPBACK, ControllerFile, Hands, Learn, Midi, Osc, OscHost, OscSend, Virtual, keep_learnt
from ..keepers import MINUTES, Flight, Keep, Keepers, Moves, Record
from ..kernels import kernels_of_engine, kernels_of_graph, make_ready
from ..options import Json, Outside, PatchFile, Rate, Seconds, Seed, Sets
from ..patches import open_patch, problems_of, warn_of_placeholders
from ..playing import play
from ..quiet import quiet_libraries
from ..scores import open_score
from ..text import duration, note, print_json
from .render import helper_problems, recordings

if TYPE_CHECKING:
    from nodegraph.graph import Graph
    from nodegraph.midi.files import Score

LEAD = 0.2  # s before a MIDI file begins


def run(
    patch: PatchFile,
    device: Annotated[
        str | None,
        typer.Option("--device", "-d", metavar="D", help="Number or part of the name, see `nodegraph devices`."),
    ] = None,
    seconds: Seconds = None,
    blocksize: Annotated[
        int,
        typer.Option(
            "--blocksize", "-b", metavar="N", min=16, max=8192, help="Samples a callback, asked of the device."
        ),
    ] = 256,
    null: Annotated[bool, typer.Option("--null", help="Play to no device, at the same pace.")] = False,
    rate: Rate = None,
    no_limiter: Annotated[bool, typer.Option("--no-limiter", help="Switch the safety limiter off.")] = False,
    midi_file: Annotated[
        Path | None,
        typer.Option("--midi-file", metavar="FILE.mid", help="MIDI file for the midi_in blocks; it begins at once."),
    ] = None,
    midi: Midi = None,
    midi_virtual: Virtual = "",
    controller: ControllerFile = "",
    learn: Learn = None,
    osc: Osc = None,
    osc_host: OscHost = LOOPBACK,
    osc_send: OscSend = "",
    flight: Flight = None,
    record: Record = None,
    keep: Keep = MINUTES,
    moves: Moves = None,
    set: Sets = None,
    seed: Seed = None,
    allow_outside: Outside = False,
    json: Json = False,
) -> int:
    """Play a patch live, until Ctrl-C.

    At the end it reports how the audio thread fared: callbacks, xruns, load, time of each node.
    """
    asked = Hands(midi, midi_virtual, controller, learn, osc, osc_host, osc_send)
    keepers = Keepers(flight, record, keep, moves)
    opened = open_patch(patch, set, seed, allow_outside)
    keepers.check(opened)
    silent: list[str] = []
    score: Score | None = None

    from nodegraph.engine.live import Live

    with quiet_libraries() as aloud, problems_of(opened):

        def prepare(graph: Graph) -> None:
            nonlocal score
            with aloud():
                silent.extend(warn_of_placeholders(graph))
                score = open_score(midi_file, graph) if midi_file else None
                make_ready([*kernels_of_engine(live=True), *kernels_of_graph(graph)])

        live = Live(
            opened.document,
            opened.path,
            _device(device),
            rate=rate or opened.document.settings.rate,
            blocksize=blocksize,
            null=null,
            limiter=not no_limiter,
            allow_outside=allow_outside,
            observer=keepers.log,
            prepare=prepare,
        )
    helpers = dict(live.plan.hosts) if live.plan else {}
    hands = asked.open(opened, live)
    keepers.open(opened, live)
    if score and midi_file:
        score.play(live, LEAD, midi_file.name)
    end = f"for {duration(seconds)}" if seconds else "until Ctrl-C"
    where = "no device" if null else f"'{live.device_name}'"
    said = f"playing {patch} on {where}, {live.rate:g} Hz, {end}"
    report = play(live, seconds, "" if json else said, hands)
    files = [*recordings(helpers), *keepers.close(opened, live)]
    lines = [*helper_problems(helpers), *keepers.problems, *([live.problem] if live.problem else [])]
    lines += [f"{node}: {text}" for node, text in (live.plan.lost_events() if live.plan else [])]
    if json:
        print_json(
            {
                "patch": str(patch),
                **dataclasses.asdict(report),
                "silent": silent,
                "recordings": files,
                "problems": lines,
            }
        )
    else:
        tell_accounts(report, files)
    for line in keep_learnt(opened, hands) if hands else ():
        note(line)
    for line in lines:
        note(f"error: {line}")
    return 1 if lines else 0


def _device(text: str | None) -> int | str | None:
    """A number means the device of that number, anything else a part of a name."""
    if text is not None and not text.strip():
        raise CommandError("--device is empty. Give a number or a name, see `nodegraph devices`.")
    return int(text) if text is not None and text.isdecimal() else text
