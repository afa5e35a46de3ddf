"""MIDI files of the command line: input (``render --midi``, ``run --midi-file``) and output (``render --midi-out``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CommandError
from .output import print_warning

if TYPE_CHECKING:
    import numpy as np
    from mido import Message

    from nodegraph.engine.offline import Offline
    from nodegraph.graph import Graph
    from nodegraph.midi.files import MidiScore

MAX_TAIL = 30.0  # seconds of sound after the last message
SILENCE, SILENT_FOR = 1e-4, 1.0  # peak and seconds of silence that end a tail


def load_midi_file(path: Path, graph: Graph) -> MidiScore:
    """Read a MIDI file for a patch that receives MIDI; print the problems of the file as warnings."""
    from nodegraph.midi.files import MidiFileError, read_midi_file

    if not any(node.cls and node.cls.device == "events" for node in graph.typed_nodes):
        raise CommandError(f"{path}: the patch has no midi_in to play it. Add one and wire it to notes.")
    try:
        score = read_midi_file(path)
    except MidiFileError as error:
        raise CommandError(str(error)) from None
    for problem in score.problems:
        print_warning(problem)
    if not score.messages:
        print_warning(f"{path}: contains no messages to play")
    return score


def check_sends(path: Path, graph: Graph) -> None:
    """Raise CommandError for a patch that sends no MIDI that could be written to ``path``."""
    if not any(node.type == "midi_out" for node in graph.typed_nodes):
        raise CommandError(f"{path}: the patch has no midi_out, so it sends no MIDI. Add one.")


def collecting_sent(blocks: Iterable[np.ndarray], engine: Offline, messages: list[Message]) -> Iterator[np.ndarray]:
    """Yield the blocks of sound; append the MIDI messages that the patch sends to ``messages``."""
    for block in blocks:
        messages += engine.sent()
        yield block


def write_sent(path: Path, messages: list[Message], rate: float) -> None:
    """Write the messages that a patch sent as a MIDI file."""
    from nodegraph.files.atomic import write_atomic
    from nodegraph.midi.files import encode_midi_file

    try:
        write_atomic(path, encode_midi_file(messages, rate))
    except OSError as error:
        raise CommandError(f"{path}: not writable ({error.strerror}). Choose another folder.") from None
    clocks = sum(message.is_realtime for message in messages)
    if clocks:
        print_warning(f"{path}: {clocks} real-time messages are omitted, because MIDI files cannot contain them")


def render_until_silent(engine: Offline, samples: int, chunk: int) -> Iterator[np.ndarray]:
    """Render ``samples``, then up to 30 s more until a second of silence, in chunks of up to ``chunk`` samples."""
    import numpy as np

    done = silent = 0
    longest = samples + round(MAX_TAIL * engine.rate)
    while done < longest and (done < samples or silent < SILENT_FOR * engine.rate):
        block = engine.run_samples(min(chunk, samples - done if done < samples else longest - done))
        done += len(block)
        loud_samples = np.flatnonzero(np.abs(block).max(axis=1) > SILENCE)
        silent = len(block) - 1 - int(loud_samples[-1]) if len(loud_samples) else silent + len(block)
        yield block
