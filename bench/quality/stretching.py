"""Time stretching and transposition: the same sound at speed 1, channels, strokes and tones, beside Rubber Band R3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from tests.rendering import patch_of

from ..peers.base import ROOT
from . import peers
from .measure import Array, render, rise_times, spectrum

TITLE = "stretch_player and pitch_shifter"
HEADINGS = ["measure", "file", "nodegraph", "Rubber Band R3"]
LATE = 4096 // 2 + 512  # samples by which the middle of the first window is later than the start


def stretched(sound: Array, rate: float, speed: float) -> Array:
    with TemporaryDirectory() as folder:
        soundfile.write(Path(folder) / "sound.wav", sound, round(rate), subtype="FLOAT")
        patch = patch_of(inverse="inverse_stft", out="audio_out")
        patch.save(Path(folder) / "patch.json")
        patch.add("stretch_player", id="player", file="sound.wav", loop=False, speed=speed)
        patch.connect("player.spectrum", "inverse.spectrum")
        patch.connect("inverse.out", "out.audio")
        return render(patch, len(sound) / rate / speed + 0.1, rate=rate, aligned=False)[LATE:]


def transposed(sound: Array, rate: float, pitch: float) -> Array:
    """Return a sound (samples, channels) after the pitch shifter, without its latency."""
    patch = patch_of(
        "x.out shifter.audio", "shifter.out out.audio",
        x=("audio_in", {"channels": sound.shape[1]}), shifter=("pitch_shifter", {"pitch": pitch}), out="audio_out",
    )  # fmt: skip
    return render(patch, len(sound) / rate, sound.astype(np.float32), rate)


def signal_to_error(sound: Array, reference: Array) -> float:
    """Return the level of a sound above its difference from a reference, in dB."""
    return float(10 * np.log10((reference**2).sum() / max(((sound - reference) ** 2).sum(), 1e-30)))


def tone_purity(sound: Array, frequency: float, rate: float) -> float:
    """Return the level of a sine above the loudest other partial, in dB."""
    frequencies, amplitudes = spectrum(sound, rate)
    near = np.abs(frequencies - frequency) < 8.0
    return float(20 * np.log10(amplitudes[near].max() / amplitudes[~near].max()))


def transposition_rows() -> list[list[str]]:
    """Return rows about the pitch shifter: the sound at pitch 0, sines, and strokes an octave and a fifth higher."""
    sound, rate = soundfile.read(ROOT / "patches" / "audio" / "loop_tabla.flac", always_2d=True)
    sine = 0.5 * np.sin(2 * np.pi * 880.0 * np.arange(3 * rate) / rate)[:, None]
    middle = slice(rate, 2 * rate)
    found = []

    def compare(label: str, before: str, measured: Callable[[Array], str], of: Array, pitch: float) -> None:
        other = peers.rubberband(of, rate, pitch=pitch)
        found.append([label, before, measured(transposed(of, rate, pitch)), "" if other is None else measured(other)])

    def purity_at(frequency: float) -> Callable[[Array], str]:
        return lambda y: f"{tone_purity(y[middle, 0], frequency, rate):.0f}"

    compare(
        "loop_tabla: signal to error at pitch 0, dB", "",
        lambda y: f"{signal_to_error(y[middle], sound[middle]):.0f}", sound, 0.0,
    )  # fmt: skip
    for pitch in (12.0, 7.0, -5.0):
        label = f"sine of 880 Hz at {pitch:+g} semitones: all else below it, dB"
        compare(label, "", purity_at(880.0 * 2 ** (pitch / 12)), sine, pitch)
    for pitch in (12.0, 7.0, -5.0):
        label, before = f"loop_tabla: rise of strokes at {pitch:+g} semitones, ms", np.median(rise_times(sound, rate))
        compare(label, f"{before:.1f}", lambda y: f"{np.median(rise_times(y, rate)):.1f}", sound, pitch)
    return found


def rows() -> list[list[str]]:
    found = []
    for path in sorted((ROOT / "patches" / "audio").glob("*.flac")):
        sound, rate = soundfile.read(path, always_2d=True)
        same = stretched(sound, rate, 1.0)
        middle = slice(4096, min(len(same), len(sound)) - 8192)
        snr = signal_to_error(same[middle], sound[middle])
        found.append([f"{path.stem}: signal to error at speed 1, dB", "", f"{snr:.0f}", ""])
        before = rise_times(sound, rate)
        if len(before) >= 4:
            other = peers.rubberband(sound, rate, 2.0)
            cells = [f"{path.stem}: rise of strokes at half speed, ms", f"{np.median(before):.1f}"]
            cells.append(f"{np.median(rise_times(stretched(sound, rate, 0.5), rate)):.1f}")
            found.append([*cells, "" if other is None else f"{np.median(rise_times(other, rate)):.1f}"])
    mono = sound.mean(axis=1)
    noisy = np.column_stack([mono, mono + 1e-5 * np.random.default_rng(0).normal(size=len(mono))])
    other = peers.rubberband(noisy, rate, 2.0)
    ours = stretched(noisy, rate, 0.5)[rate // 5 :]
    label = "correlation of two equal channels, one with noise at -100 dB, at half speed"
    theirs = "" if other is None else f"{np.corrcoef(other[rate // 5 :].T)[0, 1]:.5f}"
    found.append([label, f"{np.corrcoef(noisy.T)[0, 1]:.5f}", f"{np.corrcoef(ours.T)[0, 1]:.5f}", theirs])
    return found + transposition_rows()
