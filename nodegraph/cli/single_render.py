"""One render of a patch to a sound file, offline."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodegraph.files.depths import AUTO

from .inputs import input_files, read_inputs
from .kernels import compile_kernels, kernels_of_engine, kernels_of_graph
from .midi_file_input import MAX_TAIL, check_sends, collecting_sent, load_midi_file, render_until_silent, write_sent
from .output import format_duration, print_json, print_line, print_note, print_warning
from .output_files import check_not_read
from .patches import build_graph_for, open_patch, warn_about_placeholders
from .programs import ask_about_programs
from .sound_writer import describe_file, exit_status, write_sound_file

if TYPE_CHECKING:
    import numpy as np
    from mido import Message

    from nodegraph.engine.offline import Offline

CHUNK = 16384  # samples between two checks for Ctrl-C; a multiple of the quantum
DEFAULT_SECONDS = 10.0
FUSE_AFTER_SECONDS = 0.5  # of rendering; a shorter one ends before fused kernels are compiled


def render_patch(patch: Path, output: Path, json: bool = False, **options: Any) -> int:
    """Render a patch to a sound file by :func:`render_file`, and print the result. Return the exit status."""
    result = render_file(patch, output, json=json, **options)
    problems, remarks, asked = result["problems"], result.pop("remarks"), format_duration(result.pop("asked_seconds"))
    if json:
        print_json(result)
    else:
        _print_result(result)
        if result.get("one_core"):
            print_note(f"one core: {result['one_core']}.")
    for line in remarks:
        print_warning(line)
    for line in problems:
        print_note(f"error: {line}")
    return exit_status(result, asked) or int(bool(problems))


def render_file(
    patch: Path,
    output: Path,
    seconds: float | None = None,
    rate: float | None = None,
    input: list[str] | None = None,
    midi: Path | None = None,
    midi_out: Path | None = None,
    set: list[str] | None = None,
    seed: int | None = None,
    allow_outside: bool = False,
    depth: str = AUTO,
    no_fuse: bool = False,
    cores: int = 1,
    json: bool = False,
) -> dict[str, Any]:
    """Render a patch to a sound file; the parameters are those of the command. Return the description of the file.

    With ``json`` it asks nothing.
    """
    from nodegraph.files.sound_format import format_of

    format_of(output, depth)
    opened = open_patch(patch, set, seed, allow_outside)
    ask_about_programs(opened, allow_outside, json)
    chosen = float(rate or opened.document.settings.rate or 44100.0)
    graph = build_graph_for(opened, chosen, allow_outside)
    silent = warn_about_placeholders(graph)
    files = input_files(graph, input)
    outputs = [output, *([midi_out] if midi_out else [])]
    check_not_read(outputs, [patch, *files.values(), *([midi] if midi else [])])
    if midi_out:
        check_sends(midi_out, graph)
    tracks = read_inputs(graph, files, chosen)
    score = load_midi_file(midi, graph) if midi else None
    # a patch that is not edited may need no rare kernel; it is compiled with the plan if it does
    compile_kernels([*kernels_of_engine(rare=False), *kernels_of_graph(graph)])

    from nodegraph.engine.offline import Offline
    from nodegraph.plan.files import files_of

    lengths = [len(track) / chosen for track in tracks.values()] + ([score.seconds] if score else [])
    until_silence = seconds is None and score is not None
    if seconds is None:
        seconds = max(lengths, default=DEFAULT_SECONDS)
    engine = Offline(graph, inputs=tracks, allow_outside=allow_outside, cores=cores)
    if not no_fuse:
        engine.fuse(FUSE_AFTER_SECONDS)
    helpers = dict(engine.plan.helpers) if engine.plan else {}
    try:
        check_not_read(outputs, files_of(engine.plan) if engine.plan else [])
        if score and midi:
            score.play(engine, port=midi.name)
        sent: list[Message] | None = [] if midi_out else None
        result = write(engine, output, seconds, until_silence, sent, depth)
        if midi_out and sent is not None:
            write_sent(midi_out, sent, engine.rate)
        result["tier"] = engine.tier
        if engine.second_core is not None:
            result |= {"cores": 1 + engine.second_core.is_used, "one_core": engine.second_core.remark}
        result["faults"] = sorted({engine.node_address(fault.node) for fault in engine.faults()})
    finally:
        engine.close()
    written_files = [*recordings(helpers), *([str(midi_out)] if midi_out else [])]
    result |= {"patch": str(patch), "silent": silent, "recordings": written_files}
    problems = helper_problems(helpers)
    problems += [f"{node}: {text}" for node, text in (engine.plan.lost_events() if engine.plan else [])]
    if silent and not result["peak"]:
        outside = any("outside the folder" in text for text in silent)
        hint = " Add --allow-outside if you trust the files outside the folder." if outside else ""
        problems.append(f"{output} is silent, because parts of the patch are: see the warnings.{hint}")
    return result | {"problems": problems, "remarks": helper_problems(helpers, "remark"), "asked_seconds": seconds}


def write(
    engine: Offline,
    output: Path,
    seconds: float,
    until_silence: bool = False,
    sent: list[Message] | None = None,
    depth: str = AUTO,
) -> dict[str, Any]:
    """Render to a file in chunks; an interruption leaves a complete, shorter file.

    The MIDI messages that the patch sends are appended to ``sent``.
    """
    total = max(1, round(seconds * engine.rate))
    blocks: Iterable[np.ndarray]
    if until_silence:
        blocks = render_until_silent(engine, total, CHUNK)
        total += round(MAX_TAIL * engine.rate)
    else:
        blocks = (engine.run_samples(min(CHUNK, total - first)) for first in range(0, total, CHUNK))
    if sent is not None:
        blocks = collecting_sent(blocks, engine, sent)
    return write_sound_file(blocks, output, engine.rate, engine.outputs, total, depth=depth)


def recordings(helpers: dict[Any, Any]) -> list[str]:
    """Return the files that recorder nodes wrote."""
    paths = [getattr(helper, "path", None) for helper in helpers.values()]
    return [str(path) for path in paths if path is not None]


def helper_problems(helpers: dict[Any, Any], kind: str = "problem") -> list[str]:
    """Return the problems with the files of players and recorders, or remarks: what was left out of them."""
    found = [(node, getattr(helper, kind, "")) for (node, *_), helper in helpers.items()]
    return [f"{node}: {problem}." for node, problem in found if problem]


def _print_result(result: dict[str, Any]) -> None:
    describe_file(result)
    for path in result["recordings"]:
        print_line(f"{path}: recorded")
    for node in result["faults"]:
        print_warning(f"{node} output NaN or Inf and was muted")
