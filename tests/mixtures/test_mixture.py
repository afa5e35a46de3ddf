"""Mixtures from sounds to sounds: both kinds, files, interruption and continuation, errors."""

import msgspec
import numpy as np
import pytest
import soundfile

from nodegraph.learn.errors import LearnError
from nodegraph.measures.mono import UnusableSoundError
from nodegraph.mixtures import MixObserver, MixtureError, mix, mix_sounds
from nodegraph.mixtures.image_mixing import image_mixing
from nodegraph.mixtures.log_bands import log_bands
from nodegraph.mixtures.recipe import with_options
from nodegraph.mixtures.texture_mixing import texture_mixing
from nodegraph.mixtures.vgg19 import random_weights
from nodegraph.spectral.stft import stft
from tests.mixtures.sounds import RATE, SECONDS, TEXTURE, image_recipe, melody, rain

RECIPES = [TEXTURE, image_recipe("fold"), image_recipe("replicate"), image_recipe("split")]


@pytest.fixture
def files(tmp_path):
    """``melody.wav`` and ``rain.wav`` in a folder."""
    soundfile.write(tmp_path / "melody.wav", melody(), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "rain.wav", rain(), RATE, subtype="FLOAT")
    return tmp_path


def mixed(folder, output="out.wav", recipe=TEXTURE, **options):
    return mix(folder / "melody.wav", folder / "rain.wav", folder / output, recipe, **options)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_mixture_has_a_lower_loss_than_its_start(recipe):
    steps = []
    found = mix_sounds(melody(), rain(), recipe, observer=MixObserver(progress=steps.append))
    assert len(found.samples) == round(SECONDS * RATE) and found.samples.dtype == np.float32
    assert np.isfinite(found.samples).all() and np.abs(found.samples).max() > 1e-3
    assert found.loss < 0.9 * found.start_loss
    assert sum(found.terms.values()) == pytest.approx(found.loss, rel=1e-4)
    refined = 20 if recipe is TEXTURE else 0
    assert steps[-1].done <= steps[-1].total == recipe.search.iterations + refined
    again = mix_sounds(melody(), rain(), recipe)
    np.testing.assert_array_equal(again.samples, found.samples)


def test_texture_moves_the_statistics_towards_the_style():
    found = mix_sounds(melody(), rain(), TEXTURE)
    for term in ("levels", "correlation", "modulation"):
        assert found.terms[term] < 0.5 * found.start_terms[term]
    assert found.start_terms["content"] == pytest.approx(0.0, abs=1e-9)


def test_refined_samples_have_a_lower_loss():
    rough = msgspec.structs.replace(TEXTURE, texture=msgspec.structs.replace(TEXTURE.texture, refine=1))
    first, refined = (mix_sounds(melody(), rain(), recipe) for recipe in (rough, TEXTURE))
    assert refined.loss < 0.8 * first.loss
    assert refined.start_loss == first.start_loss  # that of the content


def test_texture_computes_only_losses_with_a_weight():
    plain = msgspec.structs.replace(TEXTURE.texture, modulation=0.0)
    found = mix_sounds(melody(), rain(), msgspec.structs.replace(TEXTURE, texture=plain))
    assert set(found.terms) == {"content", "levels", "correlation"}


def test_heavier_style_is_nearer_to_the_style_and_farther_from_the_content():
    light, heavy = (
        mix_sounds(
            melody(),
            rain(),
            with_options(TEXTURE, style_weight=x),
        )
        for x in (0.1, 10.0)
    )
    assert heavy.terms["levels"] / 10.0 < light.terms["levels"] / 0.1
    assert heavy.terms["content"] > light.terms["content"]


@pytest.mark.parametrize("form", ["fold", "replicate", "split"])
def test_image_of_the_content_is_the_content(form):
    recipe = image_recipe(form, start="content")
    mixing = image_mixing(melody(), rain(), recipe, random_weights(0, 1 / 32), 0)
    sound = mixing.sound([mixing.problems[0].start])
    found, expected = (np.abs(stft(x, 128, 32)) for x in (sound, melody()))
    inner = slice(4, -8)
    error = np.linalg.norm(found[:, inner] - expected[:, inner]) / np.linalg.norm(expected[:, inner])
    assert error < 0.2
    assert mixing.problems[0].losses(mixing.problems[0].start)["content"] == 0.0


def test_image_of_the_style_has_no_style_loss():
    recipe = image_recipe("fold", start="content")
    mixing = image_mixing(rain(), rain(), recipe, random_weights(0, 1 / 32), 0)
    assert mixing.problems[0].losses(mixing.problems[0].start)["style"] == pytest.approx(0.0, abs=1e-3)


def test_noise_start_of_an_image_is_uniform_in_128():
    mixing = image_mixing(melody(), rain(), image_recipe("fold"), random_weights(0, 1 / 32), 0)
    assert mixing.problems[0].start.shape == (3, 43, 78)  # 129 bins are 43 rows of three
    assert -128.0 <= mixing.problems[0].start.min() < -127.0 and 127.0 < mixing.problems[0].start.max() <= 128.0


def test_unchanged_texture_sounds_like_the_content():
    mixing = texture_mixing(melody(), rain(), TEXTURE, 0)
    sound = mixing.sound([mixing.problems[0].start])
    bands = log_bands(32, 4, 60.0, 128, RATE)
    found, expected = (bands.levels(np.abs(stft(x, 128, 32)) / 30.0) for x in (sound, melody()))
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.97


def test_sounds_may_differ_in_rate_length_and_channels(files):
    stereo = np.stack([rain(0.8, 16000), rain(0.8, 16000)], axis=1)
    soundfile.write(files / "rain.wav", stereo, 16000, subtype="FLOAT")
    soundfile.write(files / "melody.wav", melody(0.2), RATE, subtype="FLOAT")
    notes = []
    found = mixed(files, iterations=2, observer=MixObserver(note=notes.append))
    assert notes == ["rain.wav lasts 0.8 s; its first 0.3 s are used"]
    values, rate = soundfile.read(files / "out.wav", dtype="float32")
    assert rate == RATE and len(values) == 0.2 * RATE
    np.testing.assert_array_equal(values, found.samples)


@pytest.mark.parametrize("recipe", [TEXTURE, image_recipe("fold")], ids=lambda recipe: recipe.name)
def test_interrupted_mixture_is_written_and_continues_to_the_same_sound(files, recipe):
    rounds_of, steps = recipe.search.rounds_of, []
    whole = mixed(files, "whole.wav", recipe, iterations=3 * rounds_of)
    observer = MixObserver(progress=steps.append, stop=lambda: len(steps) >= 2 * rounds_of)
    stopped = mixed(files, recipe=recipe, iterations=3 * rounds_of, observer=observer)
    assert stopped.stopped and stopped.iterations == 2 * rounds_of and stopped.loss < stopped.start_loss
    assert soundfile.info(files / "out.wav").frames == len(whole.samples)
    assert (files / "out.wav.checkpoint").exists()
    resumed = mixed(files, recipe=recipe, iterations=3 * rounds_of, resume=True)
    assert not resumed.stopped and resumed.loss == whole.loss and resumed.start_loss == whole.start_loss
    np.testing.assert_array_equal(resumed.samples, whole.samples)
    assert not (files / "out.wav.checkpoint").exists()


def test_checkpoint_of_another_mixture_is_refused(files):
    with pytest.raises(KeyboardInterrupt):
        mixed(files, observer=MixObserver(stop=lambda: True))
    assert not (files / "out.wav").exists() and not (files / "out.wav.checkpoint").exists()
    steps = []
    mixed(files, observer=MixObserver(progress=steps.append, stop=lambda: bool(steps)))
    with pytest.raises(LearnError, match="from a mixture with another recipe"):
        mixed(files, seed=1, resume=True)
    (files / "out.wav.checkpoint").unlink()
    with pytest.raises(LearnError, match="no mixture to resume"):
        mixed(files, resume=True)


def test_mixture_without_space_for_a_checkpoint_continues(files, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nodegraph.mixtures.search.write_state", full)
    found = mixed(files)
    assert any("No space left on device" in note for note in found.notes)
    assert (files / "out.wav").exists()


def test_mixture_that_cannot_be_written_is_not_lost(files, monkeypatch):
    from nodegraph.files.sound_file import SoundFileError

    def full(*_):
        raise SoundFileError("out.wav: could not be written (No space left on device). Free some disk space.")

    whole = mixed(files, "whole.wav")
    with monkeypatch.context() as patch:
        patch.setattr("nodegraph.mixtures.mixture.write_sound", full)
        with pytest.raises(SoundFileError, match="No space left"):
            mixed(files)
    steps = []
    found = mixed(files, resume=True, observer=MixObserver(progress=steps.append))
    assert steps == [] and np.array_equal(found.samples, whole.samples)


def test_clipped_file_is_noted(files):
    soundfile.write(files / "melody.wav", 50.0 * melody(), RATE, subtype="FLOAT")
    found = mixed(files, "out.flac", iterations=2)
    assert found.notes[-1].startswith("out.flac: clipped at +")
    assert "which the file keeps and players clip" in mixed(files, iterations=2).notes[-1]


def test_weights_of_a_file_are_cited_by_their_hash(files):
    from safetensors.torch import save_file

    from tests.mixtures.test_weight_file import POSITIONS

    state = {}
    for position, (kernels, biases) in zip(POSITIONS, random_weights(5, 1 / 32).values()):
        state |= {f"features.{position}.weight": kernels, f"features.{position}.bias": biases}
    save_file(state, files / "vgg.safetensors")
    found = mixed(files, recipe=image_recipe("fold"), iterations=2, weights=files / "vgg.safetensors")
    assert found.weights.startswith("vgg.safetensors, SHA-256 ") and len(found.weights.rpartition(" ")[2]) == 64
    plain = mixed(files, recipe=image_recipe("fold"), iterations=2)
    assert "not ImageNet" in plain.weights and "not those of ImageNet" in plain.notes[0]
    assert not np.array_equal(found.samples, plain.samples)


BAD = {
    "silent": (lambda sound: 0.0 * sound, "silent"),
    "short": (lambda sound: sound[:50], "must last at least"),
    "late": (lambda sound: np.pad(sound, (len(sound), 0)), "first 0.3 s are silent"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("role", ["melody", "rain"])
def test_unusable_sound_is_refused_in_one_line(files, name, role):
    spoil, words = BAD[name]
    soundfile.write(files / f"{role}.wav", spoil(melody()), RATE, subtype="FLOAT")
    with pytest.raises(UnusableSoundError, match=f"{role}.wav: .*{words}"):
        mixed(files)
    assert not (files / "out.wav").exists()


def test_array_with_nan_is_refused():
    with pytest.raises(UnusableSoundError, match="style: must not contain NaN"):
        mix_sounds(melody(), np.full(2400, np.nan), TEXTURE)


def test_output_never_replaces_a_sound(files):
    with pytest.raises(MixtureError, match="would overwrite"):
        mixed(files, "rain.wav")


def test_texture_refuses_a_file_of_weights(files):
    with pytest.raises(MixtureError, match="Leave out --weights"):
        mixed(files, weights=files / "vgg.safetensors")


def test_infinite_loss_is_reported(files):
    recipe = image_recipe("fold", style={"conv1_1": 1e12})
    with pytest.raises(MixtureError, match="not finite"):
        mixed(files, recipe=recipe, style_weight=1e30)
