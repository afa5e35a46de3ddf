"""Mixtures of sounds with several channels."""

import msgspec
import numpy as np
import pytest
import soundfile

from nodegraph.measures.mono import UnusableSoundError
from nodegraph.mixtures import MixObserver, mix, mix_sounds
from tests.mixtures.sounds import RATE, TEXTURE, image_recipe, melody, rain

RECIPE = msgspec.structs.replace(TEXTURE, search=msgspec.structs.replace(TEXTURE.search, iterations=10))
NOISE = msgspec.structs.replace(RECIPE, texture=msgspec.structs.replace(RECIPE.texture, start="noise"))


def stereo(left, right):
    return np.stack([left, right], axis=1).astype(np.float32)


@pytest.mark.parametrize("recipe", [RECIPE, NOISE], ids=["content", "noise"])
def test_equal_channels_remain_equal(recipe):
    mono = mix_sounds(melody(), rain(), recipe).samples
    found = mix_sounds(stereo(melody(), melody()), rain(), recipe).samples
    assert found.shape == (len(mono), 2)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    np.testing.assert_allclose(found[:, 0], mono, atol=1e-3)


@pytest.mark.parametrize("recipe", [RECIPE, NOISE], ids=["content", "noise"])
@pytest.mark.parametrize("left, right", [(1.0, 0.25), (0.0, 1.0)])
def test_panned_content_stays_panned(recipe, left, right):
    found = mix_sounds(stereo(left * melody(), right * melody()), rain(), recipe).samples
    np.testing.assert_allclose(right * found[:, 0], left * found[:, 1], atol=1e-3)
    assert np.abs(found).max() > 0.1


def test_sounds_in_different_channels_stay_there():
    low, high = (np.sin(2.0 * np.pi * hz * np.arange(2400) / RATE) for hz in (300.0, 2000.0))
    found = mix_sounds(stereo(low, high), rain(), RECIPE).samples
    power = np.abs(np.fft.rfft(found, axis=0)) ** 2
    below, above = power[:180].sum(axis=0), power[450:750].sum(axis=0)  # up to 600 Hz; 1.5–2.5 kHz
    assert below[0] > 10.0 * below[1] and above[1] > 10.0 * above[0]


def test_channels_of_opposite_sign_do_not_cancel():
    found = mix_sounds(stereo(melody(), -melody()), stereo(rain(), -rain()), RECIPE).samples
    np.testing.assert_allclose(found[:, 0], -found[:, 1], atol=1e-3)
    np.testing.assert_allclose(found[:, 0], mix_sounds(melody(), rain(), RECIPE).samples, atol=1e-3)


def test_style_with_channels_has_their_power():
    found, expected = (mix_sounds(melody(), style, RECIPE) for style in (stereo(rain(), rain()), rain()))
    np.testing.assert_allclose(found.samples, expected.samples, atol=1e-4)


def test_image_is_of_the_mean_of_the_channels(tmp_path):
    soundfile.write(tmp_path / "two.wav", stereo(2.0 * melody(), 0.0 * melody()), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "rain.wav", rain(), RATE, subtype="FLOAT")
    notes = []
    files = tmp_path / "two.wav", tmp_path / "rain.wav", tmp_path / "out.wav"
    found = mix(*files, image_recipe(), iterations=2, observer=MixObserver(note=notes.append))
    assert notes[0] == "two.wav has 2 channels; their mean is used" and found.samples.shape == (2400,)


def test_nan_in_one_channel_is_refused():
    with pytest.raises(UnusableSoundError, match="NaN"):
        mix_sounds(stereo(melody(), np.full(2400, np.nan)), rain(), RECIPE)
