"""Quality and speed of phase reconstruction: every method on recordings and generated sounds.

Quality is the signal-to-error ratio of Zhu, Beauregard & Wyse (2007) in dB, mean over the sounds. Speed is that of the
patch (or of the offline function) relative to real time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from rich.table import Table

from nodegraph import Patch
from nodegraph.blocks.registry import node_types
from nodegraph.engine.offline import Offline
from nodegraph.spectral.griffin_lim import fast_griffin_lim, griffin_lim
from nodegraph.spectral.metrics import ser
from nodegraph.spectral.stft import stft

from .peers.base import ROOT

Sound = NDArray[np.float32]
SECONDS = 4.0
WINDOW = "hamming"
TITLE = "Phase reconstruction: SER in dB, mean (minimum), and speed relative to real time"


@dataclass(frozen=True)
class Setting:
    rate: int
    size: int
    hop: int

    def __str__(self) -> str:
        return f"{self.rate} Hz, window {self.size}, hop {self.hop}"


@dataclass(frozen=True)
class Method:
    name: str
    block: str = ""
    settings: dict[str, int | str] = field(default_factory=dict)
    offline: Callable[..., Sound] | None = None


SMALL, LARGE = Setting(22050, 512, 128), Setting(44100, 1024, 128)
METHODS = {
    SMALL: [
        Method("channel vocoder", "channel_vocoder"),
        Method("peak vocoder", "peak_vocoder"),
        Method("phase gradient", "phase_gradient"),
        Method("RTISI, 20 iterations", "rtisi_la", {"look_ahead": 0, "iterations": 20}),
        Method("momentum RTISI, 20 iterations", "momentum_rtisi", {"look_ahead": 0, "iterations": 20}),
        Method("RTISI-LA, look-ahead 3, 5 iterations", "rtisi_la"),
        Method("RTISI-LA in turn, same", "rtisi_la", {"updates": "in_turn"}),
        Method("momentum RTISI, same", "momentum_rtisi"),
        Method("Griffin–Lim offline, 100 iterations", offline=griffin_lim),
        Method("fast Griffin–Lim offline, 100 iterations", offline=fast_griffin_lim),
    ],
    LARGE: [
        Method("RTISI-LA, look-ahead 7, 5 iterations", "rtisi_la", {"look_ahead": 7}),
        Method("momentum RTISI, same", "momentum_rtisi", {"look_ahead": 7}),
    ],
}


@dataclass
class Scores:
    ser: dict[str, float]  # by sound
    speed: float

    @property
    def cells(self) -> list[str]:
        return [f"{mean(self.ser.values()):.1f} ({min(self.ser.values()):.1f})", f"{self.speed:.0f}"]


ScoresBySetting = dict[str, dict[str, Scores]]  # by setting, by method


def measure(progress: Callable[[str], None] = lambda label: None) -> ScoresBySetting:
    """Return the scores by setting and method."""
    found: ScoresBySetting = {}
    for setting, methods in METHODS.items():
        sounds = recordings(setting.rate) | generated(setting.rate)
        found[str(setting)] = {}
        for method in methods:
            progress(f"{setting}: {method.name}")
            scores, speeds = {}, []
            for name, sound in sounds.items():
                start = time.process_time()
                reconstruction = reconstruct(method, sound, setting)
                speeds.append(len(sound) / setting.rate / (time.process_time() - start))
                magnitudes = np.abs(stft(sound, setting.size, setting.hop, WINDOW))
                scores[name] = ser(magnitudes, reconstruction, setting.size, setting.hop, WINDOW)
            found[str(setting)][method.name] = Scores(scores, median(speeds))
    return found


def reconstruct(method: Method, sound: Sound, setting: Setting) -> Sound:
    """Reconstruct a sound from its magnitudes; the result is aligned with it."""
    if method.offline:
        magnitudes = np.abs(stft(sound, setting.size, setting.hop, WINDOW))
        return method.offline(magnitudes, setting.size, setting.hop, WINDOW, 100, 0)[: len(sound)]
    spec = node_types()[method.block].spec
    p = Patch()
    p.add("audio_in", id="in")
    p.add("stft", id="stft", size=setting.size, hop=setting.hop, window=WINDOW)
    p.add("magnitude", id="magnitude")
    p.add(
        method.block,
        id="phase",
        **method.settings,
        **({"window": WINDOW} if "window" in spec.choices else {}),
    )
    p.add("audio_out", id="out")
    p.connect("in.out", "stft.audio")
    p.connect("stft.spectrum", "magnitude.spectrum")
    p.connect("magnitude.magnitude", "phase.magnitude")
    if spec.frame_outputs:
        p.add("inverse_stft", id="inverse", window=WINDOW)
        p.connect("phase.spectrum", "inverse.spectrum")
    p.connect("inverse.out" if spec.frame_outputs else "phase.out", "out.audio")
    engine = Offline(p.document, rate=setting.rate, inputs={"in": sound})
    latency = engine.latency
    return engine.run_samples(len(sound) + latency)[latency:, 0]


def recordings(rate: int) -> dict[str, Sound]:
    """Return the recordings in ``patches/audio``, resampled to ``rate``."""
    found = {}
    for path in sorted((ROOT / "patches" / "audio").glob("*.flac")):
        sound, own = soundfile.read(path, always_2d=True)
        found[Path(path).stem] = soxr.resample(sound.mean(axis=1), own, rate)[: int(SECONDS * rate)].astype(np.float32)
    return found


def generated(rate: int) -> dict[str, Sound]:
    """Return a sine sweep, a voice with vibrato, a bell and bursts of noise."""
    t = np.arange(int(SECONDS * rate)) / rate
    beats = np.random.default_rng(0).standard_normal(len(t)) * np.exp(-6.0 * (t % 0.5))
    phase = 2 * np.pi * (180.0 * t + 0.8 * np.sin(2 * np.pi * 5.5 * t) / (2 * np.pi))
    formant = lambda f: np.exp(-(((f - 700.0) / 500.0) ** 2)) + 0.3 * np.exp(-(((f - 2500.0) / 400.0) ** 2))  # noqa: E731
    voice = sum(formant(180.0 * k) * np.sin(k * phase) for k in range(1, 40))
    partials = ((0.56, 2.0), (0.92, 3.0), (1.19, 4.0), (1.71, 5.0), (2.0, 6.0), (2.74, 7.0), (3.76, 8.0))
    bell = sum(np.sin(2 * np.pi * 523.0 * ratio * t) * np.exp(-decay * (t % 1.3)) for ratio, decay in partials)
    sounds = {
        "glide": 0.4 * np.sin(2 * np.pi * (100.0 * t + 350.0 * t**2)),
        "voice": 0.1 * voice,
        "bell": 0.1 * bell,
        "beats": 0.1 * beats,
    }
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}


def rows(found: ScoresBySetting) -> list[list[str]]:
    return [[setting, name, *figures.cells] for setting, by in found.items() for name, figures in by.items()]


HEADINGS = ["setting", "method", "SER, dB", "× real time"]


def table(found: ScoresBySetting) -> Table:
    shown = Table(title=TITLE, title_justify="left")
    for index, heading in enumerate(HEADINGS):
        shown.add_column(heading, justify="right" if index > 1 else "left", no_wrap=True)
    for row in rows(found):
        shown.add_row(*row)
    return shown


def markdown(found: ScoresBySetting) -> list[str]:
    lines = [f"## {TITLE}", "", f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows(found)), ""]
