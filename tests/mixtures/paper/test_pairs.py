"""The seven pairs and their sounds."""

import numpy as np
import pytest

from nodegraph.files.demos import demo_patch
from nodegraph.mixtures.paper.instruments import RATE
from nodegraph.mixtures.paper.pair_sounds import PATCH, pair_sound
from nodegraph.mixtures.paper.pairs import PAIRS
from nodegraph.mixtures.paper.pieces import PIECES


def test_pairs_are_the_seven_contrasts_of_the_thesis():
    assert len(PAIRS) == 7 == len({pair.contrast for pair in PAIRS}) == len({pair.name for pair in PAIRS})
    assert all("→" in pair.contrast and pair.reason for pair in PAIRS)
    assert len({sound for pair in PAIRS for sound in (pair.content, pair.style)}) == 14


def test_every_sound_is_a_piece_or_a_patch_of_the_repository():
    for pair in PAIRS:
        for name in (pair.content, pair.style):
            assert name in PIECES or demo_patch(name.removeprefix(PATCH)).is_file()
    assert set(PIECES) <= {sound for pair in PAIRS for sound in (pair.content, pair.style)}


@pytest.mark.parametrize("name", PIECES)
def test_piece_lasts_six_seconds_without_silence(name):
    sound = PIECES[name]()
    assert sound.shape == (round(6 * RATE),) and np.isfinite(sound).all()
    levels = [np.sqrt(np.mean(part**2)) for part in np.split(sound[: round(5 * RATE)], 5)]
    assert min(levels) > 0.05 * max(levels)


def test_sounds_are_equally_loud_and_always_the_same():
    first = pair_sound("piano_clusters", 11025.0)
    assert first.dtype == np.float32 and len(first) == 66150
    np.testing.assert_allclose(np.sqrt(np.mean(first**2)), 0.1, rtol=0.05)
    pair_sound.cache_clear()
    np.testing.assert_array_equal(pair_sound("piano_clusters", 11025.0), first)


def test_sound_of_a_patch_is_rendered():
    sound = pair_sound(f"{PATCH}null_test", 22050.0)
    assert len(sound) == 132300 and np.sqrt(np.mean(sound**2)) == pytest.approx(0.1, rel=0.05)
