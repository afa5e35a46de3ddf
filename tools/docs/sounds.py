"""Sounds of pages: rendered patches as small OGG files, and their players."""

from __future__ import annotations

import io

import mido
import numpy as np
import soundfile

import nodegraph
from nodegraph.patch import Document, Patch

from .pages import ROOT

RATE = 44100
SECONDS = 10.0
LATEST = 30.0  # seconds, until which a patch must have begun to sound
QUALITY = 0.7  # 0 the best, 1 the smallest
HIGHEST = 0.9  # peak; louder sounds are attenuated, quieter ones stay as they are
INPUT = ROOT / "patches" / "audio" / "guit_em9.flac"
CHORD = (48, 55, 60, 64, 67)  # what a player plays on the keyboards of a patch


def ogg(sound: np.ndarray, rate: float = RATE) -> bytes:
    """Return a sound (samples, channels) as OGG Vorbis, with its ends faded; b"" if it is silent."""
    values = np.array(sound[:, :2], np.float32)
    peak = float(np.abs(values).max()) if values.size else 0.0
    if peak < 1e-4:
        return b""
    fade = np.minimum(1.0, np.arange(len(values)) / (0.005 * rate))[:, None]
    values *= min(1.0, HIGHEST / peak) * fade * fade[::-1]
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", round(rate), values.shape[1], format="OGG", subtype="VORBIS", compression_level=QUALITY
    ) as out:
        for start in range(0, len(values), round(rate)):
            out.write(values[start : start + round(rate)])
    return file.getvalue()


def patch_sound(patch: Patch) -> bytes:
    """Return ten seconds of a patch from where it begins to sound; a guitar and a keyboard play its inputs."""
    inputs, midi = played(patch.document)
    sound = np.asarray(nodegraph.render(patch, SECONDS, RATE, inputs=inputs, midi=midi))
    if np.abs(sound[: len(sound) // 2]).max() < 0.01:
        sound = np.asarray(nodegraph.render(patch, LATEST, RATE, inputs=inputs, midi=midi))
        heard = np.flatnonzero(np.abs(sound).max(axis=1) > 0.01)
        start = max(int(heard[0]) - RATE // 10, 0) if len(heard) else 0
        sound = sound[start : start + int(SECONDS * RATE)]
    return ogg(sound)


def played(document: Document) -> tuple[dict[str, np.ndarray], mido.MidiFile | None]:
    """Return what is played into a patch: a guitar into each ``audio_in``, and a chord if it has a ``midi_in``."""
    types = {id: node.type for id, node in document.nodes.items()}
    guitar = soundfile.read(INPUT, dtype="float32")[0][: int(LATEST * RATE)]
    inputs = {id: guitar for id, type in types.items() if type == "audio_in"}
    return inputs, _keyboard() if "midi_in" in types.values() else None


def _keyboard() -> mido.MidiFile:
    """Return a chord that is played note by note, held, and released."""
    file, track = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack()
    file.tracks.append(track)
    for k, note in enumerate(CHORD):
        track.append(mido.Message("note_on", note=note, velocity=90, time=0 if k == 0 else 480))
    for k, note in enumerate(CHORD):
        track.append(mido.Message("note_off", note=note, time=2400 if k == 0 else 0))
    return file


def place(sound: str) -> str:
    """Return the path of a sound in the site."""
    return f"_static/sounds/{sound}"


def player(page: str, sound: str) -> str:
    """Return the HTML of a player of a sound, for a page in the site."""
    up = "../" * page.count("/")
    return f'<p><audio controls preload="none" src="{up}{place(sound)}"></audio></p>'
