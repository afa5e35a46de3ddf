"""``nodegraph run``: play a patch live, and print a report at the end."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.files.depths import AUTO

from ..control_options import (
    LOOPBACK,
    ControllerFile,
    ControlOptions,
    Learn,
    Midi,
    Osc,
    OscHost,
    OscSend,
    Virtual,
    save_learned_bindings,
)
from ..errors import CommandError
from ..kernels import compile_kernels, kernels_of_engine, kernels_of_graph
from ..midi_file_input import load_midi_file
from ..options import Depth, Json, NoFuse, Outside, PatchFile, Rate, Seconds, Seed, Sets, Trust
from ..output import format_duration, print_json, print_note, print_warning
from ..patches import open_patch, problems_of, warn_about_placeholders
from ..play_loop import play
from ..programs import ask_about_programs
from ..recording_options import MINUTES, Automation, Flight, Keep, Record, RecordingOptions
from ..silence_stderr import silence_native_stderr
from ..single_render import helper_problems, recordings
from ..stream_report import print_report

if TYPE_CHECKING:
    from nodegraph.graph import Graph
    from nodegraph.midi.files import MidiScore

MIDI_LEAD_SECONDS = 0.2  # delay before a MIDI file starts


def run(
    patch: PatchFile,
    device: Annotated[
        str | None,
        typer.Option(
            "--device", "-d", metavar="D", help="Sound device: number or part of its name; see `nodegraph devices`."
        ),
    ] = None,
    seconds: Seconds = None,
    blocksize: Annotated[
        int,
        typer.Option(
            "--blocksize", "-b", metavar="N", min=16, max=8192, help="Samples per callback, requested from the device."
        ),
    ] = 256,
    null: Annotated[bool, typer.Option("--null", help="Play in real time without a device.")] = False,
    rate: Rate = None,
    no_fuse: NoFuse = False,
    no_limiter: Annotated[bool, typer.Option("--no-limiter", help="Disable the safety limiter.")] = False,
    midi_file: Annotated[
        Path | None,
        typer.Option("--midi-file", metavar="FILE.mid", help="MIDI file for the midi_in blocks, started immediately."),
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
    depth: Depth = AUTO,
    keep: Keep = MINUTES,
    moves: Automation = None,
    set: Sets = None,
    seed: Seed = None,
    allow_outside: Outside = False,
    trust: Trust = None,
    json: Json = False,
) -> int:
    """Play a patch live, until Ctrl-C.

    Prints a report of the audio thread at the end: callbacks, xruns, load, time of each node.
    """
    control_options = ControlOptions(midi, midi_virtual, controller, learn, osc, osc_host, osc_send)
    recording_options = RecordingOptions(flight, record, keep, moves, depth)
    opened = open_patch(patch, set, seed, allow_outside)
    ask_about_programs(opened, allow_outside, json)
    recording_options.check(opened)
    silent: list[str] = []
    score: MidiScore | None = None

    from nodegraph.engine.live import Live

    with silence_native_stderr() as stderr_restored, problems_of(opened):

        def prepare(graph: Graph) -> None:
            nonlocal score
            with stderr_restored():
                silent.extend(warn_about_placeholders(graph))
                score = load_midi_file(midi_file, graph) if midi_file else None
                compile_kernels([*kernels_of_engine(live=True), *kernels_of_graph(graph)])

        live = Live(
            opened.document,
            opened.path,
            _device(device),
            rate=rate or opened.document.settings.rate,
            blocksize=blocksize,
            null=null,
            limiter=not no_limiter,
            allow_outside=allow_outside,
            observer=recording_options.log,
            prepare=prepare,
            tolerant=True,
        )
    if not no_fuse:
        live.fuse()
    helpers = dict(live.plan.helpers) if live.plan else {}
    connections = control_options.open(opened, live)
    recording_options.open(opened, live)
    if score and midi_file:
        score.play(live, MIDI_LEAD_SECONDS, midi_file.name)
    end = f"for {format_duration(seconds)}" if seconds else "until Ctrl-C"
    where = "no device" if null else f"'{live.device_name}'"
    announcement = f"playing {patch} on {where}, {live.rate:g} Hz, {end}"
    report = play(live, seconds, "" if json else announcement, connections)
    files = [*recordings(helpers), *recording_options.close(opened, live)]
    lines = [*helper_problems(helpers), *recording_options.problems, *([live.problem] if live.problem else [])]
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
        print_report(report, files)
    for line in save_learned_bindings(opened, connections) if connections else ():
        print_note(line)
    for line in helper_problems(helpers, "remark"):
        print_warning(line)
    for line in lines:
        print_note(f"error: {line}")
    return 1 if lines else 0


def _device(text: str | None) -> int | str | None:
    """Convert ``--device`` to a device number, else keep it as part of a name."""
    if text is not None and not text.strip():
        raise CommandError("--device is empty. Use a number or a name, see `nodegraph devices`.")
    return int(text) if text is not None and text.isdecimal() else text
