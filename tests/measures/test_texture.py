"""Cochlear envelopes and texture statistics."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.measures.cochlea import BANDS, COMPRESSION, FLOOR, band_edges, cochlear_envelopes
from nodegraph.measures.texture import GROUPS, texture_distances, texture_statistics
from tests.measures.sounds import RATE, clicks, noise, tone


def modulated(sound, hz):
    return sound * (1.0 + np.sin(2.0 * np.pi * hz * np.arange(len(sound)) / RATE))


def test_bands_are_those_of_the_paper():
    edges = band_edges(RATE)
    assert len(edges) == BANDS + 2
    assert edges[1] == pytest.approx(52.0, abs=1.0) and edges[-2] == pytest.approx(8844.0, abs=10.0)
    assert len(cochlear_envelopes(noise(0), 8000.0)) == (band_edges(8000.0) <= 4000.0).sum() - 2 < BANDS


@pytest.mark.parametrize("band", [5, 14, 27])
def test_envelope_of_a_tone_in_a_band_is_its_compressed_amplitude(band):
    hz = round(band_edges(RATE)[band + 1])
    found = cochlear_envelopes(tone(hz), RATE)
    assert found.shape == (BANDS, 400)
    np.testing.assert_allclose(found[band], np.sqrt(2.0) ** COMPRESSION, rtol=2e-3)  # its RMS is 1
    np.testing.assert_allclose(found[(band + 15) % BANDS], FLOOR**COMPRESSION, rtol=1e-6)


def test_envelope_of_beats_follows_the_closed_form():
    hz = round(band_edges(RATE)[26])
    beats = cochlear_envelopes(tone(hz - 5) + tone(hz + 5), RATE)[25]
    expected = np.maximum(2.0 * np.abs(np.cos(2.0 * np.pi * 5.0 * np.arange(400) / 400.0)), FLOOR)
    inside = expected > 0.5
    np.testing.assert_allclose(beats[inside] / beats.max(), (expected[inside] / 2.0) ** COMPRESSION, atol=0.03)


def test_statistics_of_a_steady_tone_are_0_but_for_the_mean():
    found = texture_statistics(tone(1000.0), RATE)
    assert found["mean"].max() > 1.0
    for group in GROUPS[1:]:
        assert np.abs(found[group]).max() < 0.05, group


def test_modulation_is_in_its_band():
    found = texture_statistics(modulated(tone(1000.0, 2.0), 8.0), RATE, slowest=2.0)["modulation"]
    centres = np.geomspace(0.5, 200.0, 20)
    centres = centres[centres >= 2.0]
    assert found.shape == (BANDS, len(centres))
    loudest = np.argmax(found.sum(axis=0))
    assert centres[loudest] == pytest.approx(8.0, rel=0.2)


def test_bands_with_common_envelopes_correlate():
    beats = modulated(noise(0, 2.0), 6.0)
    found = texture_statistics(beats, RATE)["correlation"]
    alone = texture_statistics(noise(0, 2.0), RATE)["correlation"]
    apart = np.subtract.outer(np.arange(BANDS), np.arange(BANDS)) >= 5
    assert found[apart].mean() > 0.4 > 0.1 > np.abs(alone[apart].mean())
    assert np.diag(alone) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("phase, expected", [(0.0, 1.0), (np.pi / 2.0, 0.0), (np.pi, -1.0)])
def test_comodulation_is_the_cosine_of_the_phase_between_neighbouring_bands(phase, expected):
    band, hz = 20, 12.5
    t = np.arange(round(4.0 * RATE)) / RATE
    edges = band_edges(RATE)
    sound = sum(
        (1.0 + 0.3 * np.cos(2.0 * np.pi * hz * t + angle)) * np.sin(2.0 * np.pi * edges[at + 1] * t)
        for at, angle in ((band, 0.0), (band + 1, phase))
    )
    found = texture_statistics(sound, RATE, slowest=1.0)["comodulation"]
    assert found.shape == (7, 3, BANDS)
    assert found[3, 0, band] == pytest.approx(1.0, abs=0.05)
    assert found[3, 1, band] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("phase", [0.0, 2.0, -np.pi / 2.0])
def test_modulation_phase_is_that_of_the_octave_relative_to_the_doubled_phase(phase):
    band, hz = 25, 6.25
    t = np.arange(round(4.0 * RATE)) / RATE
    compressed = 1.0 + 0.2 * np.cos(2.0 * np.pi * hz * t + 1.0)
    compressed += 0.2 * np.cos(2.0 * np.pi * 2.0 * hz * t + 2.0 + phase)
    sound = compressed ** (1.0 / COMPRESSION) * np.sin(2.0 * np.pi * band_edges(RATE)[band + 1] * t)
    itself, real, imaginary = texture_statistics(sound, RATE, slowest=1.0)["phase"][3, :, band]
    assert itself == pytest.approx(1.0, abs=0.05)
    assert [real, imaginary] == pytest.approx([np.cos(phase), np.sin(phase)], abs=0.08)


def test_reversed_decays_differ_in_the_phase_of_modulation_only():
    t = np.arange(round(4.0 * RATE)) / RATE
    decays = np.random.default_rng(3).normal(size=len(t)) * np.exp(-30.0 * (t % 0.16))
    distances = texture_distances(decays[::-1], decays, RATE)
    assert max(distances, key=distances.get) == "phase" and distances["phase"] > 0.3
    assert all(distances[group] < 0.1 for group in GROUPS if group != "phase")


def test_distances_of_equal_sounds_are_0_at_any_gain():
    for gain in (1e-3, -1.0, 5.0):
        assert max(texture_distances(gain * noise(0), noise(0), RATE).values()) < 1e-6
    assert max(texture_distances(np.zeros(22050), np.zeros(22050), RATE).values()) == 0.0


def test_halves_of_noise_are_nearer_than_noise_and_other_sounds():
    first, second = noise(0, 2.0), noise(1, 2.0)
    near = texture_distances(first, second, RATE)
    tonal = texture_distances(first, tone(440.0, 2.0), RATE)
    assert all(near[group] < 0.5 * tonal[group] for group in GROUPS)
    for other in (modulated(second, 8.0), clicks([0.3, 0.9, 1.5]), np.cumsum(second - second.mean())):
        far = texture_distances(first, other, RATE)
        assert sum(near.values()) < 0.7 * sum(far.values())


def test_distances_are_symmetric_finite_and_need_no_alignment():
    first, second = noise(0, 1.0), modulated(noise(1, 2.0), 5.0)
    one, other = texture_distances(first, second, RATE), texture_distances(second, first, RATE)
    assert one == pytest.approx(other)
    assert all(0.0 <= value <= np.sqrt(2.0) for value in one.values())
    rolled = texture_distances(second, np.roll(second, 11025), RATE)
    assert sum(rolled.values()) < 0.5 * sum(one.values())
    for x in (np.zeros(22050), clicks([0.5]), np.ones(22050), noise(0, 0.01)):
        assert np.isfinite(list(texture_distances(x, first, RATE).values())).all()
