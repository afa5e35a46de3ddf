"""Pitch beside pYIN on recordings, and onsets beside those of librosa in sequences of recorded strokes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nodegraph.measures.librosa_import import import_librosa
from tests.rendering import patch_of

from .measure import Array, render
from .recordings import recording

RATE, SIZE, HOP = 22050, 4096, 256
LOWEST, HIGHEST = 50.0, 1500.0  # Hz
VOICES = (
    "bass_trance_c", "bass_woodsy_c", "bass_thick_c", "elec_ping", "elec_chime", "guit_e_slide", "tabla_tun1",
    "drum_tom_mid_soft",
)  # fmt: skip
STROKES = {
    "drums": ("drum_snare_hard", "drum_heavy_kick", "drum_tom_mid_soft", "drum_cymbal_closed", "drum_cowbell"),
    "tabla": ("tabla_na", "tabla_ghe1", "tabla_tun1", "tabla_re", "tabla_ke2"),
    "electronic": ("elec_ping", "elec_blip", "elec_bong", "elec_twang", "elec_plip"),
    "bass and bells": ("bass_hit_c", "perc_bell", "elec_triangle", "bass_woodsy_c", "elec_chime"),
}
TITLE = "Hearing: pitch within 50 cents of pYIN in the frames that it calls voiced; onsets within 50 ms of strokes"
HEADINGS = ["recording", "voiced frames", "pitch, %", "F1 of onset", "F1 of librosa"]


def heard(block: str, output: str, sound: Array, frames: str) -> Array:
    """Return an output of a block that listens to frames."""
    settings = {"lowest": LOWEST, "highest": HIGHEST} if block == "pitch" else {}
    size = SIZE if block == "pitch" else SIZE // 4
    chain: dict[str, Any] = {"stft": ("stft", {"size": size, "hop": HOP}), "block": (block, settings)}
    wires = ["x.out stft.audio", f"block.{output} out.audio"]
    if frames == "magnitude":
        chain["magnitude"] = "magnitude"
        wires += ["stft.spectrum magnitude.spectrum", "magnitude.magnitude block.magnitude"]
    else:
        wires.append("stft.spectrum block.spectrum")
    patch = patch_of(*wires, x="audio_in", **chain, out="audio_out")
    return render(patch, len(sound) / RATE, sound[:, None].astype(np.float32), RATE, aligned=False)[:, 0]


def pitch_agreement(sound: Array) -> tuple[int, float]:
    """Return the voiced frames of pYIN, and the share in which the block is within 50 cents of it."""
    librosa = import_librosa()
    sound = np.pad(sound, (0, SIZE))
    expected, is_voiced, _ = librosa.pyin(sound, fmin=LOWEST, fmax=HIGHEST, sr=RATE, frame_length=SIZE, hop_length=HOP)
    found = heard("pitch", "frequency", sound, "spectrum")
    at = np.arange(len(expected)) * HOP + SIZE // 2 + HOP // 2  # the frame ends half a window after its centre
    is_voiced &= at < len(found)
    cents = 1200 * np.log2(np.maximum(found[at[is_voiced]], 1e-3) / expected[is_voiced])
    return int(is_voiced.sum()), float((np.abs(cents) < 50).mean())


def sequence(names: tuple[str, ...], count: int = 60) -> tuple[Array, Array] | None:
    """Return a sequence of strokes at random moments and levels, and these moments in seconds."""
    rng = np.random.default_rng(1)
    times = 0.3 + np.cumsum(rng.uniform(0.12, 0.5, count))
    sound = np.zeros(round((times[-1] + 2.0) * RATE))
    for time in times:
        stroke = recording(str(rng.choice(names)), RATE)
        if stroke is None:
            return None
        loud = np.flatnonzero(np.abs(stroke) > 0.1 * np.abs(stroke).max())[0]
        stroke = stroke[max(loud - 20, 0) :] / np.abs(stroke).max() * 10 ** rng.uniform(-0.8, -0.2)
        start = round(time * RATE)
        sound[start : start + len(stroke)] += stroke[: len(sound) - start]
    return sound, times


def f1(found: Array, times: Array) -> float:
    """Return the F1 score of detected times; each stroke is found at most once, within 50 ms."""
    left = list(times)
    hits = 0
    for time in found:
        near = [other for other in left if abs(other - time) <= 0.05]
        if near:
            left.remove(min(near, key=lambda other: abs(other - time)))
            hits += 1
    return 2 * hits / (len(found) + len(times))


def onset_scores(sound: Array, times: Array) -> tuple[float, float]:
    """Return the F1 scores of the block and of librosa."""
    librosa = import_librosa()
    trigger = heard("onset", "trigger", sound, "magnitude")
    ours = np.flatnonzero(np.diff(trigger) > 0.5) / RATE
    ours = ours - np.median([min(ours - time, key=abs) for time in times]) + 0.01  # its latency is declared elsewhere
    theirs = librosa.onset.onset_detect(y=sound, sr=RATE, hop_length=HOP, units="time")
    return f1(ours, times), f1(theirs, times)


def rows() -> list[list[str]]:
    found = []
    for name in VOICES:
        sound = recording(name, RATE)
        if sound is not None:
            frames, share = pitch_agreement(sound)
            found.append([name, f"{frames}", f"{100 * share:.1f}", "", ""])
    for name, strokes in STROKES.items():
        made = sequence(strokes)
        if made is not None:
            ours, theirs = onset_scores(*made)
            found.append([f"sequence of {name}", "", "", f"{ours:.3f}", f"{theirs:.3f}"])
    return found
