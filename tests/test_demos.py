"""Twelve demos that are ready to be heard: loudness, peaks, offset and clicks at two sample rates."""

from pathlib import Path

import numpy as np
import pytest

import nodegraph
from nodegraph.engine.offline import Offline
from tests.rendering import patch_of

PATCHES = Path(__file__).parent.parent / "patches"

DEMOS = (
    "arpeggio", "choir", "demo", "eight_voices", "feedback_fm", "first_sound", "patches_as_blocks", "pluck", "slides",
    "song", "subtractive_voice", "temple",
)  # fmt: skip
SECONDS = 8.0


def played(name, rate):
    patch = nodegraph.load(PATCHES / f"{name}.json")
    engine = Offline(patch.document, rate, path=patch.path)
    try:
        return engine.run_samples(round(SECONDS * rate))
    finally:
        engine.close()


def measured(block, output, sound, rate):
    """Return the output of a block that measures a sound, for two channels."""
    x = ("audio_in", {"channels": 2})
    measure = patch_of("x.out m.audio", f"m.{output} out.audio", x=x, m=block, out="audio_out")
    sound = np.repeat(sound, 2, axis=1)[:, [0, -1]]
    return Offline(measure.document, rate, inputs={"x": sound}).run_samples(len(sound))


def clicks(sound, rate):
    """Return the number of steps that are twelve times the steps around them, in 20 ms, and audible."""
    steps = np.abs(np.diff(sound.astype(np.float64), axis=0)).max(axis=1)
    width = round(0.02 * rate)
    around = np.sqrt(np.convolve(steps**2, np.ones(width) / width, "same"))
    return np.count_nonzero(steps > 12 * around + 0.02)


@pytest.mark.parametrize("rate", [44100.0, 96000.0])
@pytest.mark.parametrize("name", DEMOS)
def test_demo_is_loud_enough_without_clicks_offset_or_peaks(name, rate):
    sound = played(name, rate)
    assert -16.9 < measured("loudness", "integrated", sound, rate)[-1, 0] < -11.5
    assert np.abs(sound.mean(axis=0)).max() < 1e-3
    assert clicks(sound, rate) == 0
    assert measured("true_peak", "out", sound, rate).max() < -0.9


def test_click_is_found():
    t = np.arange(44100) / 44100
    sound = 0.3 * np.sin(2 * np.pi * 200 * t)[:, None]
    assert clicks(sound, 44100) == 0
    sound[20000:] *= 0.3
    assert clicks(sound, 44100) == 1
