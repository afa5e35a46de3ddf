"""``render --midi FILE`` and ``run --midi-file FILE``: a standard MIDI file played into the patch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CommandError
from .text import warn

if TYPE_CHECKING:
    import numpy as np

    from nodegraph.engine.offline import Offline
    from nodegraph.graph import Graph
    from nodegraph.midi.files import Score

LONGEST_TAIL = 30.0  # s of sound after the last message
SILENCE, SILENT_FOR = 1e-4, 1.0  # peak, and s of it that end a tail


def open_score(path: Path, graph: Graph) -> Score:
    """The piece in a file, for a patch that listens to MIDI; what is wrong with the file is said."""
    from nodegraph.midi.files import MidiFileError, read_midi_file

    if not any(node.cls and node.cls.device == "events" for node in graph.typed_nodes):
        raise CommandError(f"{path}: the patch has no midi_in that could hear it. Add one and wire it to notes.")
    try:
        score = read_midi_file(path)
    except MidiFileError as error:
        raise CommandError(str(error)) from None
    for problem in score.problems:
        warn(problem)
    if not score.messages:
        warn(f"{path}: there is nothing in it to play")
    return score


def until_silent(engine: Offline, samples: int, chunk: int) -> Iterator[np.ndarray]:
    """So many samples, then more of them until nothing is heard for a second, 30 s at most; in pieces of ``chunk``."""
    import numpy as np

    done = silent = 0
    longest = samples + round(LONGEST_TAIL * engine.rate)
    while done < longest and (done < samples or silent < SILENT_FOR * engine.rate):
        block = engine.run_samples(min(chunk, samples - done if done < samples else longest - done))
        done += len(block)
        heard = np.flatnonzero(np.abs(block).max(axis=1) > SILENCE)
        silent = len(block) - 1 - int(heard[-1]) if len(heard) else silent + len(block)
        yield block
