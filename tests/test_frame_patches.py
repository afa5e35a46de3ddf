"""Demo patches on frames, compared with their comments."""

from pathlib import Path

import numpy as np
import pytest

import nodegraph
from nodegraph.graph import build_graph
from nodegraph.models.autoencoder import Autoencoder

FOLDER = Path(__file__).parent.parent / "patches"
RATE = 44100


def sound_of(name, seconds=3.0, **controls):
    patch = nodegraph.load(FOLDER / f"{name}.json")
    for control, value in controls.items():
        patch.set(patch.document.controls[control].target, value)
    return np.asarray(nodegraph.render(patch, seconds, RATE), np.float64)


def spectrum(signal):
    return np.abs(np.fft.rfft(signal * np.hanning(len(signal))))


def test_null_test_is_silent_and_its_latency_is_one_window():
    magnified = sound_of("null_test", listen=1.0)
    assert np.abs(magnified).max() < 1000 * 1e-5
    assert np.abs(sound_of("null_test")).max() > 0.1
    patch = nodegraph.load(FOLDER / "null_test.json")
    assert build_graph(patch.document, RATE).node("synthesis").path_latency == 2048


def test_spectral_freeze_has_a_constant_spectrum():
    sound = sound_of("spectral_freeze", 4.0, wet=1.0, tempo=10.0)[:, 0]
    early, late = (spectrum(sound[start : start + 16384]) for start in (44100, 100000))
    assert np.corrcoef(early, late)[0, 1] > 0.9


def test_denoiser_reduces_noise_by_12_db():
    learned = slice(int(0.45 * RATE), int(0.75 * RATE))
    noisy, clean = (sound_of("denoiser", 1.0, clean=c)[learned] for c in (0.0, 1.0))
    assert 20 * np.log10(clean.std() / noisy.std()) < -12.0


def test_vocoder_has_the_pitches_of_the_chord():
    sound = sound_of("vocoder", 3.0, wet=1.0)[RATE:, 0]
    found = spectrum(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    on = np.max([found[np.abs(hz - f) < 3].max() for f in (164.81, 196.0, 246.94)])
    off = found[np.abs(hz - 180.0) < 3].max()
    assert on > 4 * off


@pytest.mark.parametrize("speed", [0.25, 1.0])
def test_time_stretch_keeps_the_pitch(speed):
    sound = sound_of("time_stretch", 3.0, speed=speed)[RATE:, 0]
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    found = spectrum(sound)
    assert min(abs(hz[np.argmax(found)] / f - 1) for f in (82.41, 123.5, 246.9, 164.8, 293.7, 369.99, 587.3)) < 0.02


def test_latent_filter_is_opened_by_a_unit_of_the_code():
    size, hop, latency = 4096, 512, 512

    def signal_of(source):
        patch = nodegraph.load(FOLDER / "latent_filter.json")
        patch.set("smooth.release", 0.0)
        patch.disconnect("limiter.out", "out.audio")
        patch.connect(source, "out.audio")
        return np.asarray(nodegraph.render(patch, 3.0, RATE), np.float64).sum(axis=1)

    drum, unit, filtered = map(signal_of, ("mono.out", "unit.out", "filter.out"))
    ends = np.arange(2 * size, len(drum) - size, hop)
    frames = [drum[end - size : end] * np.hanning(size + 1)[:-1] for end in ends]
    model = Autoencoder.load(FOLDER / "models" / "parts-16.safetensors")
    code = model.encode(model.normalise(np.abs(np.fft.rfft(frames)))[0])[:, 3]
    assert code.max() > 0.5
    np.testing.assert_allclose(unit[ends - 1 + latency], code, atol=1e-3)
    heard = np.abs(np.fft.rfft([filtered[end + latency :][:2048] * np.hanning(2048) for end in ends]))
    centroid = heard @ np.arange(1025) / heard.sum(axis=1)
    assert np.corrcoef(np.log(centroid), code)[0, 1] > 0.8
