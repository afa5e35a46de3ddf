"""The plate: decay, density and level of its tail."""

import numpy as np
import pytest

from tests.nodes.test_reverb import decay_time, spectral_deviation, steady_tail
from tests.rendering import patch_of, sound_of


def plate(source=("impulse", {"frequency": 0.01}), rate=48000.0, seconds=2.0, **params):
    """Return the sound of the plate alone: (samples, 2)."""
    block = ("plate", {"mix": 1.0, "damping": 20000.0, **params})
    patch = patch_of("n.out p.audio", "p.out out.audio", n=source, p=block, out="audio_out")
    return sound_of(patch, round(seconds * rate), rate=rate).astype(float)


@pytest.mark.parametrize(("decay", "size", "rate"), [(0.5, 0.3, 48000.0), (1.0, 1.0, 48000.0), (2.0, 0.6, 96000.0)])
def test_tail_decays_as_declared_at_any_size_and_rate(decay, size, rate):
    sound = plate(seconds=1.2 * decay, decay=decay, size=size, rate=rate)
    assert decay_time(sound, rate, 300.0, 4000.0) == pytest.approx(decay, rel=0.07)


def test_treble_decays_faster_with_damping():
    sound = plate(damping=2000.0)
    assert decay_time(sound, 48000.0, 5000.0, 8000.0) < 0.6 * decay_time(sound, 48000.0, 200.0, 800.0)


def test_tail_is_dense_without_metallic_tones_and_its_sides_are_independent():
    decay, rate = 3.0, 48000.0
    sound = plate(decay=decay)
    assert spectral_deviation(steady_tail(sound, decay, rate), rate) < 6.0
    assert abs(np.corrcoef(sound.T)[0, 1]) < 0.05
    assert np.std(sound[:, 0]) == pytest.approx(np.std(sound[:, 1]), rel=0.1)


def test_steady_sound_keeps_its_level_about():
    dry = plate("white_noise", mix=0.0).std()
    for decay in (0.5, 3.0):
        wet = plate("white_noise", seconds=2 * decay + 1.0, decay=decay)[-48000:].std()
        assert 20.0 * np.log10(wet / dry) == pytest.approx(0.0, abs=3.5)


def test_nothing_is_heard_before_the_pre_delay():
    early, late = (plate(seconds=0.3, modulation=0.0, pre_delay=p) for p in (0.0, 0.1))
    first = np.flatnonzero(np.abs(early).max(axis=1) > 1e-4)[0]
    assert np.flatnonzero(np.abs(late).max(axis=1) > 1e-4)[0] - first == pytest.approx(4800, abs=2)
