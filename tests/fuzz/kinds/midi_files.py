"""Standard MIDI files: those of the repository and made ones, changed, then read and played."""

from __future__ import annotations

import io
import random
from pathlib import Path

import mido

from nodegraph.blocks.midi_file_reader import midi_file_problem
from nodegraph.midi.files import MidiFileError, parse_midi_file

from .. import mutate
from ..attempt import REPOSITORY

WEIGHT = 10
ERRORS = (MidiFileError,)
LINES = False
FILES = sorted((REPOSITORY / "patches/midi").glob("*.mid"))


def attempt(rng: random.Random, folder: Path) -> None:
    source = rng.choice(FILES).read_bytes() if FILES and rng.random() < 0.3 else _made(rng)
    data = mutate.bytes_of(
        source, rng, [b"MTrk", b"MThd", b"\xff\x2f\0", b"\xff\x51\x03", b"\xf0", b"\xff\xff\xff\x7f"]
    )
    path = folder / "a.mid"
    path.write_bytes(data)
    midi_file_problem(str(path))
    parse_midi_file(data, "a.mid")


def _made(rng: random.Random) -> bytes:
    kinds = (
        "note_on",
        "note_off",
        "control_change",
        "program_change",
        "pitchwheel",
        "aftertouch",
        "polytouch",
        "sysex",
    )
    file = mido.MidiFile(type=1, ticks_per_beat=rng.choice((1, 24, 480, 32767)))
    for _ in range(rng.randint(1, 3)):
        track = file.add_track()
        for _ in range(rng.randint(0, 30)):
            message = mido.Message(rng.choice(kinds), time=rng.choice((0, 1, 100, 100_000)))
            track.append(message)
        if rng.random() < 0.5:
            track.append(mido.MetaMessage("set_tempo", tempo=rng.choice((1, 500_000, 16_777_215))))
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()
