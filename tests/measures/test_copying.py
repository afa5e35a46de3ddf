"""Detection of copies."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.measures.copying import copying
from tests.measures.sounds import noise


@pytest.mark.parametrize("gain", [-2.0, 1e-3, 1.0])
def test_copy_at_any_gain_and_polarity_is_1(gain):
    assert copying(gain * noise(0), noise(0)) == (pytest.approx(1.0), 0)


@pytest.mark.parametrize("start", [0, 1, 5000])
def test_excerpt_is_a_copy_in_both_directions(start):
    style = noise(0)
    excerpt = 0.3 * style[start : start + 4000]
    assert copying(excerpt, style) == (pytest.approx(1.0), -start)
    assert copying(style, excerpt) == (pytest.approx(1.0), start)


def test_copy_in_other_sounds_is_found():
    style = noise(0, 0.2)
    sound = np.concatenate([noise(1, 0.3), style, noise(2, 0.1)])
    assert copying(sound, style) == (pytest.approx(1.0), round(0.3 * 22050))


def test_sum_with_equal_independent_noise_is_the_root_of_a_half():
    value, lag = copying(noise(0, 4.0) + noise(1, 4.0), noise(0, 4.0))
    assert value == pytest.approx(np.sqrt(0.5), rel=0.02) and lag == 0


def test_shared_section_counts_by_its_energy():
    burst, silence = noise(0)[:500], np.zeros(500)
    assert copying(np.append(burst, silence), np.append(silence, burst)) == (pytest.approx(1.0), -500)
    blend = np.append(noise(0)[:5000], noise(1)[:15000])
    assert copying(blend, noise(0)[:20000])[0] == pytest.approx(0.25, abs=0.05)


def test_independent_noises_are_no_copies():
    count = 22050
    for seed in range(3):
        value, _ = copying(noise(seed), noise(seed + 10))
        assert 0.0 < value < 2.0 * np.sqrt(2.0 * np.log(2.0 * count) / count)


def test_silence_is_no_copy():
    silence = np.zeros(1000)
    for x, y in ((silence, noise(0)), (noise(0), silence), (silence, silence), (silence[:0], noise(0))):
        assert copying(x, y) == (0.0, 0)


def test_loud_end_is_not_a_copy_of_a_beginning():
    click = np.zeros(5000)
    click[-1] = 1.0
    assert copying(click, noise(0))[0] < 0.1


def test_result_agrees_with_the_definition():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=7), rng.normal(size=12)
    padded = np.pad(y, 6)
    values = []
    for lag in range(-6, 12):
        covered = y[min(max(lag, 0), 5) :][:7]
        values.append(abs(x @ padded[lag + 6 : lag + 13]) / np.linalg.norm(x) / np.linalg.norm(covered))
    assert copying(x, y) == (pytest.approx(max(values)), 6 - int(np.argmax(values)))
    equal = max(abs(np.correlate(x, y[:7], "full"))) / np.linalg.norm(x) / np.linalg.norm(y[:7])
    assert copying(x, y[:7])[0] == pytest.approx(equal)
