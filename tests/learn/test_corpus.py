"""The synthesizer corpus: reproducible by seed, split by patch, and rendered only once."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

import nodegraph
from nodegraph.graph import build_graph
from nodegraph.learn import LearnError
from nodegraph.learn.corpus import SynthCorpus, render_patch, synth_frames
from nodegraph.learn.polysynth import CHARACTERS, VOICES, random_patch
from nodegraph.patch import encode_patch
from nodegraph.spectral.stft import stft

SMALL = SynthCorpus(seed=7, counts=(20, 6, 6), per_patch=5, seconds=0.4)


def numbers(frames, part):
    return [int(Path(name).stem) for name in frames.sources[part]]


def all_of(frames):
    return np.concatenate([frames.train, frames.valid, frames.test])


def test_same_seed_gives_identical_frames(tmp_path):
    first, second = (synth_frames(SMALL, folder=tmp_path / name) for name in "ab")
    assert np.array_equal(all_of(first), all_of(second))
    ours, theirs = (sorted((tmp_path / name).rglob("*.wav")) for name in "ab")
    assert [p.name for p in ours] == [p.name for p in theirs]
    for one, other in zip(ours, theirs):  # compared as samples: libsndfile stores the time in a float WAV
        assert np.array_equal(soundfile.read(one)[0], soundfile.read(other)[0])
        assert one.with_suffix(".json").read_bytes() == other.with_suffix(".json").read_bytes()


def test_different_seeds_give_different_sounds():
    one, other = (render_patch(SMALL, random_patch(seed, 0)) for seed in (7, 8))
    assert not np.array_equal(one, other)


def test_corpus_has_the_requested_number_of_audible_frames(tmp_path):
    found = synth_frames(SMALL, folder=tmp_path)
    assert [len(found.train), len(found.valid), len(found.test)] == [20, 6, 6]
    full_scale_sine = 2048 / 4
    assert all_of(found).max(axis=1).min() > 1e-3 * full_scale_sine


def test_no_patch_is_in_two_parts_at_any_corpus_size(tmp_path):
    small = synth_frames(SMALL, folder=tmp_path)
    large = synth_frames(SynthCorpus(seed=7, counts=(40, 20, 20), per_patch=5, seconds=0.4), folder=tmp_path)
    trained = {*numbers(small, "train"), *numbers(large, "train")}
    tested = {*numbers(small, "test"), *numbers(large, "test")}
    validated = {*numbers(small, "valid"), *numbers(large, "valid")}
    assert not trained & tested and not trained & validated and not validated & tested


def test_small_corpus_is_the_beginning_of_a_large_one(tmp_path):
    small = synth_frames(SMALL, folder=tmp_path)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.wav")}
    large = synth_frames(SynthCorpus(seed=7, counts=(40, 6, 6), per_patch=5, seconds=0.4), folder=tmp_path)
    assert np.array_equal(large.train[:20], small.train)
    assert all(file.stat().st_mtime_ns == when for file, when in before.items())


def test_stored_sound_equals_the_rendered_patch(tmp_path):
    found = synth_frames(SMALL, folder=tmp_path)
    wav = Path(found.sources["train"][0])
    sound, rate = soundfile.read(wav, dtype="float32")
    patch = nodegraph.load(wav.with_suffix(".json"))
    again = np.asarray(nodegraph.render(patch, SMALL.seconds, rate))[:, 0]
    assert rate == 22050 and np.array_equal(sound, again)


def test_frames_equal_those_of_the_stft_block(tmp_path):
    """Magnitudes are unscaled, and windows start at multiples of the hop."""
    corpus = SynthCorpus(seed=7, counts=(1, 1, 1), per_patch=1, seconds=0.4)
    found = synth_frames(corpus, folder=tmp_path)
    sound, _ = soundfile.read(found.sources["train"][0], dtype="float32")
    grid = np.abs(stft(sound, 2048, 512)).T
    distances = np.abs(grid - found.train[0]).max(axis=1)
    assert distances.min() < 1e-4 * found.train.max()


def test_interrupted_rendering_resumes(tmp_path):
    def interrupt(done, total):
        if done >= 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synth_frames(SMALL, folder=tmp_path, progress=interrupt)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.wav")}
    assert before
    found = synth_frames(SMALL, folder=tmp_path)
    assert all(file.stat().st_mtime_ns == when for file, when in before.items())
    assert np.array_equal(all_of(found), all_of(synth_frames(SMALL, folder=tmp_path / "complete")))


@pytest.mark.parametrize("harm", ["truncated", "of another patch", "missing"])
def test_invalid_stored_sound_is_rendered_again(tmp_path, harm):
    found = synth_frames(SMALL, folder=tmp_path)
    wav = Path(found.sources["train"][1])
    if harm == "truncated":
        wav.write_bytes(wav.read_bytes()[:1000])
    elif harm == "missing":
        wav.unlink()
    else:
        wav.with_suffix(".json").write_bytes(encode_patch(random_patch(1, 1)))
    assert np.array_equal(all_of(found), all_of(synth_frames(SMALL, folder=tmp_path)))
    assert soundfile.info(wav).frames == SMALL.samples


def test_random_patches_are_complete_and_audible_with_four_voices():
    sounding = set()
    for number in range(60):
        document = random_patch(3, number)
        graph = build_graph(document, 22050.0)
        assert not graph.placeholders
        assert list(graph.wires) == list(document.wires)
        assert graph.node("first").lanes == graph.node("envelope").lanes == VOICES
        name = document.title.split()[0]
        if name not in sounding:
            sound = render_patch(SynthCorpus(seconds=1.0), document)
            assert np.isfinite(sound).all() and 0.01 < np.abs(sound).max() < 2.0, document.title
            sounding.add(name)
    assert sounding == set(CHARACTERS)


def test_random_patches_differ_in_sound_and_music():
    documents = [random_patch(3, number) for number in range(30)]
    for node, setting in (("clock", "tempo"), ("voice1", "steps"), ("envelope", "attack"), ("cutoff", "note")):
        assert len({str(d.nodes[node].params[setting]) for d in documents}) > 20, node
    for node in ("first", "filter"):
        assert len({d.nodes[node].type for d in documents}) > 1
    assert any(d.nodes["drive"].params["drive"] > 0 for d in documents)
    assert any(d.nodes["sum"].params["gain_b"] > 0 for d in documents)


@pytest.mark.parametrize("wrong", [{"counts": (0, 1, 1)}, {"per_patch": 0}, {"seconds": 0.01}, {"seed": -1}])
def test_invalid_corpus_settings_are_refused(wrong):
    with pytest.raises(LearnError):
        SynthCorpus(**wrong)


def test_folder_that_is_not_writable_is_an_error(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(LearnError, match=r"taken/.*: not writable"):
        synth_frames(SMALL, folder=tmp_path / "taken")


def test_corpus_command_renders_a_corpus_and_reports_its_difficulty(tmp_path, capsys):
    from nodegraph.cli import main

    pytest.importorskip("torch")
    assert main(["corpus", str(tmp_path / "here"), "--frames", "70", "--seed", "7", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    from_each = SynthCorpus().per_patch
    assert result["sources"] == {"train": math.ceil(50 / from_each), "valid": 1, "test": 1}
    assert Path(result["folder"]).parent == tmp_path / "here"
    for curve in result["difficulty"].values():
        assert curve["frames"] == {"train": 50, "valid": 10, "test": 10}
        shares = list(curve["pca"].values())
        assert shares == sorted(shares, reverse=True)


def test_corpus_of_few_patches_uses_each_of_them_once(tmp_path):
    few = SynthCorpus(seed=7, counts=(100, 100, 100), per_patch=5, seconds=0.4, patches=14)
    found = synth_frames(few, folder=tmp_path)
    used = {part: numbers(found, part) for part in ("train", "valid", "test")}
    assert used["valid"] == [3, 10] and used["test"] == [6, 13]
    assert set(used["train"]) <= set(range(14)) - {3, 6, 10, 13} and len(used["train"]) >= 8
    assert {part: sum(found.lengths[part]) for part in used} == {part: len(getattr(found, part)) for part in used}
    with pytest.raises(LearnError, match="at least 7 patches, got 3"):
        SynthCorpus(patches=3)
