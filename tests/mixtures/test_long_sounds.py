"""Mixtures of long sounds in overlapping pieces."""

import msgspec
import numpy as np
import pytest
import soundfile

from nodegraph.learn.errors import LearnError
from nodegraph.measures.librosa_import import import_librosa
from nodegraph.mixtures import MixObserver, mix, mix_sounds
from nodegraph.mixtures.pieces import divide
from nodegraph.mixtures.texture_mixing import texture_mixing
from tests.mixtures.joins import outliers
from tests.mixtures.sounds import RATE, TEXTURE, rain

librosa = import_librosa()

HOP = TEXTURE.sound.hop
PIECE, OVERLAP = 0.5, 0.1  # seconds
RECIPE = msgspec.structs.replace(
    TEXTURE,
    sound=msgspec.structs.replace(TEXTURE.sound, seconds=60.0),
    texture=msgspec.structs.replace(TEXTURE.texture, piece=PIECE, overlap=OVERLAP, refine=10),
    search=msgspec.structs.replace(TEXTURE.search, iterations=20),
)


def noise(seconds):
    """Return steady noise with more power at low frequencies."""
    white = np.random.default_rng(7).normal(size=round(seconds * RATE))
    return (0.1 * (white + 0.9 * np.roll(white, 1))).astype(np.float32)


def overlaps(samples):
    """Return the first and the last sample of each overlap of pieces."""
    frames = -(-(samples + TEXTURE.sound.window - HOP) // HOP)
    pieces = divide(frames, *(round(x * RATE / HOP) for x in (PIECE, OVERLAP)))
    return [(after.start * HOP, before.stop * HOP) for before, after in zip(pieces, pieces[1:])]


def difference(sound, reference):
    """Return the distance of spectrograms in dB; phase reconstruction lets rounding errors of the samples grow."""
    sound, reference = (np.abs(librosa.stft(x, n_fft=128, hop_length=HOP)) for x in (sound, reference))
    return 20.0 * np.log10(np.linalg.norm(sound - reference) / np.linalg.norm(reference) + 1e-9)


@pytest.fixture
def files(tmp_path):
    """``noise.wav``, 1.2 s, and ``rain.wav`` in a folder."""
    soundfile.write(tmp_path / "noise.wav", noise(1.2), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "rain.wav", rain(), RATE, subtype="FLOAT")
    return tmp_path


def mixed(folder, output="out.wav", **options):
    return mix(folder / "noise.wav", folder / "rain.wav", folder / output, RECIPE, **options)


def test_pieces_have_no_seams():
    # the style is steady, too, so that only joins could stand out
    hiss = np.random.default_rng(8).normal(0.0, 0.1, RATE).astype(np.float32)
    found = mix_sounds(noise(3.0), hiss, RECIPE)
    joins = np.array(overlaps(3 * RATE))
    assert len(found.samples) == 3 * RATE and len(joins) == 7
    assert found.terms["levels"] < 0.7 * found.start_terms["levels"]
    for place in (joins[:, 0], joins.mean(axis=1), joins[:, 1]):
        assert outliers(found.samples, place, 64) == 0
    for start in joins[:, 0]:  # a seam that must be found
        found.samples[start - 100 : start + 100] *= 0.3
    assert outliers(found.samples, joins[:, 0], 64) > 0


def test_joins_of_pieces_with_different_gains_are_crossfaded():
    mixing = texture_mixing(noise(1.2), rain(), RECIPE, 0)
    assert len(mixing.problems) == 3 and "in 3 pieces" in mixing.description
    # gains of ±6 dB by turns
    sound = mixing.sound(
        [problem.start + (0.7 if number % 2 else -0.7) for number, problem in enumerate(mixing.problems)]
    )
    levels = [20.0 * np.log10(np.std(section)) for section in np.split(sound, 24)]  # 50 ms
    assert max(levels) - min(levels) > 9.0 and np.abs(np.diff(levels)).max() < 8.0


def test_memory_hardly_depends_on_the_duration():
    short, long = (texture_mixing(noise(seconds), rain(), RECIPE, 0) for seconds in (1.0, 8.0))
    assert len(long.problems) > 6 * len(short.problems)
    assert short.bytes < long.bytes < short.bytes + 30e6
    assert {tuple(problem.start.shape) for problem in long.problems} == {tuple(long.problems[0].start.shape)}


def test_progress_counts_all_pieces():
    steps = []
    found = mix_sounds(noise(1.2), rain(), RECIPE, observer=MixObserver(progress=steps.append))
    assert found.iterations == 90 and {step.total for step in steps} == {90}
    assert [step.done for step in steps] == sorted(step.done for step in steps) and steps[-1].done > 80


def test_stopped_mixture_has_the_pieces_so_far_and_continues_to_the_same_sound(files):
    whole = mixed(files, "whole.wav")
    steps = []
    observer = MixObserver(progress=steps.append, stop=lambda: bool(steps) and steps[-1].done >= 30)
    stopped = mixed(files, observer=observer)
    assert stopped.stopped and stopped.iterations == 30
    assert len(stopped.samples) == overlaps(len(whole.samples))[1][1] - (TEXTURE.sound.window - HOP)
    same = overlaps(len(whole.samples))[0][0] - 1000
    rough = msgspec.structs.replace(RECIPE, texture=msgspec.structs.replace(RECIPE.texture, refine=0))
    unrefined = mix_sounds(noise(1.2), rain(), rough).samples
    assert difference(stopped.samples[:same], unrefined[:same]) < -25.0
    assert difference(noise(1.2)[:same], unrefined[:same]) > -6.0
    assert soundfile.info(files / "out.wav").frames == len(stopped.samples)
    resumed = mixed(files, resume=True)
    assert resumed.iterations == 90 and not (files / "out.wav.checkpoint").exists()
    np.testing.assert_array_equal(resumed.samples, whole.samples)


def test_stop_between_pieces_loses_nothing(files):
    steps = []
    observer = MixObserver(progress=steps.append, stop=lambda: bool(steps) and steps[-1].done >= 20)
    stopped = mixed(files, observer=observer)
    assert stopped.stopped and stopped.iterations == 20
    with pytest.raises(LearnError, match="another recipe"):
        mixed(files, resume=True, seed=2)
    np.testing.assert_array_equal(mixed(files, resume=True).samples, mixed(files, "whole.wav").samples)


def test_mixture_stopped_in_its_refinement_is_complete_and_continues_to_the_same_sound(files):
    whole = mixed(files, "whole.wav")
    steps = []
    observer = MixObserver(progress=steps.append, stop=lambda: bool(steps) and steps[-1].done >= 70)
    stopped = mixed(files, observer=observer)
    assert stopped.stopped and stopped.iterations == 70  # 60 of the gains; one piece is refined
    assert len(stopped.samples) == len(whole.samples)
    np.testing.assert_array_equal(mixed(files, resume=True).samples, whole.samples)
