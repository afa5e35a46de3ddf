"""Features: levels, bands and frames of known sounds."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.estimator.features import FLOOR, attack_envelope, level, log_mel, stft_magnitudes
from nodegraph.spectral.bands import hz_to_mel, mel_to_hz

RATE = 16384.0
T = np.arange(16384) / RATE


def sine(hz: float, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * T)).astype(np.float32)


def centre(band: int) -> float:
    return float(mel_to_hz(hz_to_mel(RATE / 2, "slaney") * (band + 1) / 65, "slaney"))


def test_shapes_for_one_second():
    sounds = np.zeros((11, 16384), np.float32)
    assert log_mel(sounds).shape == (11, 64, 64)
    assert stft_magnitudes(sounds).shape == (11, 64, 257)
    assert attack_envelope(sounds).shape == (11, 256)
    assert level(sounds).shape == (11,)


@pytest.mark.parametrize("amplitude", [1.0, 0.01])
def test_log_mel_shows_level_and_band_of_a_sine(amplitude):
    for band in (20, 40, 60):
        found = log_mel(sine(centre(band), amplitude)[None])[0, 5:-5]
        assert (found.argmax(axis=1) == band).all()
        assert found[:, band] == pytest.approx(20 * np.log10(amplitude), abs=3.0)


def test_log_mel_frames_are_centred_on_their_hops():
    clicks = np.zeros((64, 16384), np.float32)
    clicks[np.arange(64), np.arange(64) * 256 + 128] = 1.0
    assert log_mel(clicks).max(axis=2).argmax(axis=1).tolist() == list(range(64))


def test_log_mel_at_another_rate_has_the_same_frames():
    found = log_mel(np.zeros((1, 32768), np.float32), 32768.0)
    assert found.shape == (1, 64, 64)


def test_stft_of_a_sine_has_half_its_amplitude_in_its_bin():
    found = stft_magnitudes(sine(32 * 50)[None])[0]
    assert found[:63, 50] == pytest.approx(0.5, abs=1e-4)
    assert found[:63, [20, 100]].max() < 1e-4


def test_stft_agrees_with_its_definition():
    sound = np.random.default_rng(0).standard_normal(16384).astype(np.float32)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    expected = np.abs(np.fft.rfft(sound[10 * 256 :][:512] * window)) / window.sum()
    assert stft_magnitudes(sound[None])[0, 10] == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_envelope_and_level_of_a_step():
    sound = np.where(T < 0.5, 0.0, 0.1).astype(np.float32)
    envelope = attack_envelope(sound[None])[0]
    assert (envelope[:128] == FLOOR).all()
    assert envelope[128:] == pytest.approx(-20.0, abs=1e-3)
    assert level(sound[None])[0] == pytest.approx(-20.0 - 3.0103, abs=1e-3)


def test_features_of_a_sound_do_not_depend_on_its_neighbours():
    sounds = np.random.default_rng(0).standard_normal((19, 16384)).astype(np.float32)
    for feature in (log_mel, stft_magnitudes):
        together = feature(sounds)
        for k in (0, 8, 18):
            np.testing.assert_array_equal(feature(sounds[k : k + 1])[0], together[k])


def test_silence_is_at_the_floor():
    silence = np.zeros((1, 16384), np.float32)
    assert (log_mel(silence) == FLOOR).all()
    assert level(silence)[0] == FLOOR
