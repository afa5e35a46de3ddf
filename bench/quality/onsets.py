"""Onsets beside those of librosa, in sequences of recorded strokes at known moments."""

from __future__ import annotations

import numpy as np

from nodegraph.measures.librosa_import import import_librosa

from .heard import HOP, RATE, heard
from .measure import Array
from .recordings import recording

SIZE = 1024
STROKES = {
    "drums": ("drum_snare_hard", "drum_heavy_kick", "drum_tom_mid_soft", "drum_cymbal_closed", "drum_cowbell"),
    "tabla": ("tabla_na", "tabla_ghe1", "tabla_tun1", "tabla_re", "tabla_ke2"),
    "electronic": ("elec_ping", "elec_blip", "elec_bong", "elec_twang", "elec_plip"),
    "bass and bells": ("bass_hit_c", "perc_bell", "elec_triangle", "bass_woodsy_c", "elec_chime"),
    # of other recordings, of one stroke each
    "soft drums": ("drum_snare_soft", "drum_tom_lo_soft", "drum_tom_hi_soft", "drum_bass_soft", "drum_cymbal_soft"),
    "bass drums": ("bd_808", "bd_ada", "bd_fat", "bd_haus", "bd_zum"),
    "open tabla": ("tabla_tun2", "tabla_tun3", "tabla_na_o", "tabla_ghe3", "tabla_te1"),
    "basses": ("bass_voxy_hit_c", "bass_hard_c", "bass_thick_c", "bass_dnb_f", "bass_drop_c"),
    "blips": ("elec_beep", "elec_bell", "elec_blip2", "elec_twip", "elec_pop"),
}
TITLE = "Onsets within 50 ms of strokes at known moments: F1"
HEADINGS = ["sequence", "strokes", "onset", "librosa"]


def sequence(names: tuple[str, ...], count: int = 60, seed: int = 1) -> tuple[Array, Array] | None:
    """Return a sequence of strokes at random moments and levels, and these moments in seconds."""
    rng = np.random.default_rng(seed)
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
    trigger = heard("onset", "trigger", sound, "magnitude", SIZE)
    ours = np.flatnonzero(np.diff(trigger) > 0.5) / RATE
    ours = ours - np.median([min(ours - time, key=abs) for time in times]) + 0.01  # its latency is declared elsewhere
    theirs = librosa.onset.onset_detect(y=sound, sr=RATE, hop_length=HOP, units="time")
    return f1(ours, times), f1(theirs, times)


def rows() -> list[list[str]]:
    found = []
    for name, strokes in STROKES.items():
        made = sequence(strokes)
        if made is not None:
            ours, theirs = onset_scores(*made)
            found.append([name, f"{len(made[1])}", f"{ours:.3f}", f"{theirs:.3f}"])
    return found
