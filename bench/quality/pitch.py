"""Pitch beside pYIN, on recordings and on slides whose pitch is known.

pYIN is no truth: its frame is rectangular, so that it lags where a sound decays. A frame of it is *sure* if pYIN finds
the same pitch in half the frame and calls it voiced with a probability of 0.1 or more (0.01 is its least).
"""

from __future__ import annotations

import numpy as np

from nodegraph.measures.librosa_import import import_librosa

from .heard import HOP, RATE, heard
from .measure import Array
from .recordings import recording

SIZE = 4096
LOWEST, HIGHEST = 50.0, 1500.0  # Hz
SURE = 0.1
VOICES = (
    "bass_trance_c", "bass_woodsy_c", "bass_thick_c", "elec_ping", "elec_chime", "guit_e_slide", "tabla_tun1",
    "drum_tom_mid_soft",
    # chosen by name
    "bass_dnb_f", "bass_drop_c", "bass_hard_c", "bass_hit_c", "bass_voxy_c", "bass_voxy_hit_c", "guit_e_fifths",
    "guit_harmonics", "elec_beep", "elec_bell", "elec_blip", "elec_bong", "elec_triangle", "elec_plip", "elec_twang",
    "perc_bell", "tabla_tun2", "tabla_tun3", "drum_tom_lo_soft", "drum_tom_hi_soft",
)  # fmt: skip
TITLE = "Pitch: frames within 50 cents of pYIN, of those that it calls voiced, and of those of which it is sure"
HEADINGS = ["recording", "voiced frames", "pitch, %", "pYIN of half the frame, %", "sure frames", "pitch, %"]


def of_pyin(sound: Array, size: int) -> tuple[Array, Array, Array]:
    """Return the pitch, whether it is voiced, and the probability of this, per frame."""
    librosa = import_librosa()
    found: tuple[Array, Array, Array] = librosa.pyin(
        sound, fmin=LOWEST, fmax=HIGHEST, sr=RATE, frame_length=size, hop_length=HOP
    )
    return found


def of_block(sound: Array) -> Array:
    """Return the frequency of the block for the frames of pYIN, which it knows half a frame after their centre."""
    found = heard("pitch", "frequency", sound, "spectrum", SIZE, lowest=LOWEST, highest=HIGHEST)
    return found[SIZE // 2 + HOP // 2 :: HOP]


def agree(found: Array, expected: Array) -> Array:
    """Return where frequencies are within 50 cents of others; NaN is within none."""
    return np.abs(1200 * np.log2(np.maximum(found, 1e-3) / expected)) < 50


def percent(agreeing: Array) -> str:
    return f"{100 * agreeing.mean():.1f}" if len(agreeing) else ""


def row_of(name: str, sound: Array) -> list[str]:
    sound = np.pad(sound, (0, SIZE))
    found = of_block(sound)
    count = len(found)
    expected, is_voiced, probability = (x[:count] for x in of_pyin(sound, SIZE))
    halved, half_voiced, _ = (x[:count] for x in of_pyin(sound, SIZE // 2))
    same = half_voiced & agree(halved, expected)
    sure = is_voiced & same & (probability >= SURE)
    right = agree(found, expected)
    return [
        name, f"{is_voiced.sum()}", percent(right[is_voiced]), percent(same[is_voiced]), f"{sure.sum()}",
        percent(right[sure]),
    ]  # fmt: skip


def slides(count: int = 40) -> tuple[Array, Array]:
    """Return plucked notes that slide by up to an octave and decay, with noise at -50 dB, and their frequency."""
    rng = np.random.default_rng(1)
    sounds, pitches = [], []
    for _ in range(count):
        n = np.arange(round(0.8 * RATE))
        start, length = rng.uniform(0.2, 0.4) * RATE, rng.uniform(0.05, 0.3) * RATE
        interval = rng.uniform(-1, 1) * np.clip((n - start) / length, 0, 1)
        frequency = 100 * 2 ** (rng.uniform(0, 2.5) + interval)
        phase = 2 * np.pi * np.cumsum(frequency) / RATE
        decay = 10 ** (-rng.uniform(10, 60) * n / RATE / 20)
        sounds.append(decay * sum(np.sin(h * phase) / h for h in range(1, 9)))
        pitches.append(frequency)
    sound = np.concatenate(sounds)
    return sound + 0.003 * rng.standard_normal(len(sound)), np.concatenate(pitches)


def rows() -> list[list[str]]:
    found = []
    for name in VOICES:
        sound = recording(name, RATE)
        if sound is not None:
            found.append(row_of(name, sound))
    sound, pitch = slides()
    sound = np.pad(sound, (0, SIZE))
    known = pitch[::HOP]
    shares = (percent(agree(x[: len(known)], known)) for x in (of_block(sound), of_pyin(sound, SIZE)[0]))
    ours, theirs = shares
    found.append(["slides, of their known pitch", f"{len(known)}", ours, "", "", ""])
    found.append(["the same, pYIN itself", f"{len(known)}", theirs, "", "", ""])
    return found
