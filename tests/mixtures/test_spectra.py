"""Spectra in blocks of frames, and the shares of channels."""

import numpy as np

from nodegraph.mixtures import spectra
from nodegraph.spectral.stft import stft
from tests.mixtures.sounds import SMALL_SOUND, melody, rain


def test_blocks_are_the_spectra_of_the_whole(monkeypatch):
    monkeypatch.setattr(spectra, "BLOCK", 10)
    channels = spectra.channels_of(np.stack([melody(), rain()], axis=1))
    blocks = list(spectra.spectra_blocks(channels, SMALL_SOUND))
    assert [at.start for at, _ in blocks] == list(range(0, spectra.frame_count(2400, SMALL_SOUND), 10))
    joined = np.concatenate([block for _, block in blocks], axis=2)
    for channel, sound in zip(joined, (melody(), rain())):
        np.testing.assert_allclose(channel, stft(sound, 128, 32), atol=1e-5)


def test_channels_keep_their_power_and_phase_relative_to_the_loudest():
    turns = np.array([0.8, -0.6, 0.1j], np.complex64)
    spectrum = stft(melody(), 128, 32)
    panned = turns[:, None, None] * spectrum
    audible = np.abs(spectrum) > 1e-3
    power = np.sqrt(np.mean(np.abs(turns) ** 2))
    np.testing.assert_allclose(spectra.mean_magnitudes(panned), power * np.abs(spectrum), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(spectra.reference_phases(panned)[audible], np.angle(spectrum)[audible], atol=1e-4)


def test_sound_is_spread_as_the_channels_are():
    channels = np.stack([0.8 * melody(), -0.6 * melody()])
    found = spectra.spread_over_channels(melody(), channels, SMALL_SOUND)
    np.testing.assert_allclose(found, channels / np.sqrt(0.5), atol=1e-3)
    equal = spectra.spread_over_channels(rain(), np.stack([melody(), melody()]), SMALL_SOUND)
    np.testing.assert_allclose(equal[0], rain(), atol=1e-3)
    silent = spectra.spread_over_channels(rain(), np.zeros((2, 2400)), SMALL_SOUND)
    np.testing.assert_allclose(silent, [rain(), rain()], atol=1e-6)
