"""Searches: deterministic, never worse than their start, and near targets that the patch can make."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.estimator.confidence import COST, agreed_confidence
from nodegraph.estimator.distance import Target
from nodegraph.estimator.evolution import evolve
from nodegraph.estimator.examples import SilentPatchError, examples
from nodegraph.estimator.matching import Matcher, Proposal
from nodegraph.estimator.parameters import from_classes, from_unit, parameters_of, to_classes
from nodegraph.estimator.refine import line_search
from nodegraph.estimator.rendering import BatchRenderer
from nodegraph.estimator.scoring import Budget
from nodegraph.estimator.table import build_table, cached_table
from nodegraph.patch import SetControl
from tests.estimator.planted import master_level, twins_of_different_types, with_controls
from tests.rendering import patch_of

RATE, SECONDS = 8192.0, 0.25
BUDGET = Budget(evaluations=1200)


@pytest.fixture(scope="module")
def matcher():
    with Matcher(twins_of_different_types().patch.document, None, None, SECONDS, RATE, 1) as made:
        yield made


@pytest.fixture(scope="module")
def target(matcher):
    sounds, values = examples(matcher.renderer, matcher.parameters, 5, [3])
    return sounds[0], values[0]


def test_search_comes_near_targets_that_the_patch_can_make(matcher):
    sounds, _ = examples(matcher.renderer, matcher.parameters, 5, range(8))
    found = [matcher.match(sound, BUDGET) for sound in sounds]
    ratios = sorted(match.ratio for match in found)
    assert np.median(ratios) < 0.02 and ratios[-2] < 0.1 and ratios[-1] < 0.3  # 1 of 40 targets is above 0.1
    assert np.median([match.pearson_stft for match in found]) > 0.999


def test_match_holds_the_setting_of_its_sound_and_improves_with_the_budget(matcher, target):
    sound, _ = target
    found = matcher.match(sound, BUDGET)
    np.testing.assert_array_equal(matcher.renderer.render(found.values)[0], found.sound)
    assert matcher.match(sound, Budget(evaluations=4000)).distance < found.distance
    for parameter, value in zip(found.parameters, found.values, strict=True):
        node, _, port = parameter.target.partition(".")
        assert found.document.nodes[node].params[port] == value


def test_search_depends_on_seed_and_evaluations_only(matcher, target):
    sound, _ = target
    first, second, other = (matcher.match(sound, BUDGET, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.values, second.values)
    assert first.evaluations == second.evaluations
    assert not np.array_equal(first.values, other.values)


def test_threads_do_not_change_the_result(matcher, target):
    sound, _ = target
    with Matcher(matcher.document, None, None, SECONDS, RATE, 2) as parallel:
        found = parallel.match(sound, BUDGET, seed=1)
    np.testing.assert_array_equal(found.values, matcher.match(sound, BUDGET, seed=1).values)


def test_search_is_never_worse_than_the_candidates_of_a_model(matcher, target):
    sound, values = target

    def propose(heard, rate):
        assert rate == RATE
        np.testing.assert_array_equal(heard, sound)
        return Proposal(values[None])

    found = matcher.match(sound, Budget(evaluations=1), proposer=propose)
    np.testing.assert_array_equal(found.sound, sound)
    assert found.start_distance == found.distance == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(found.values, values)


def test_confidence_of_a_model_holds_for_values_near_its_estimate(matcher, target):
    sound, values = target
    off = values.copy()
    off[0] = matcher.parameters[0].low + matcher.parameters[0].high - values[0]
    own = matcher.match(sound, Budget(evaluations=1), proposer=lambda *_: Proposal(np.stack([off, values])))
    stated = Proposal(np.stack([off, values]), np.array([0.11, 0.22, 0.33, 0.44]))
    found = matcher.match(sound, Budget(evaluations=1), proposer=lambda *_: stated)
    np.testing.assert_allclose(found.confidence[1:], agreed_confidence(stated.confidence[1:]))
    assert np.all(found.confidence[1:] > stated.confidence[1:]), "the search found the same"
    assert found.confidence[0] < own.confidence[0], "the model would have said so"
    assert 2 * COST < own.evaluations - found.evaluations <= 3 * COST  # what the model says is not measured


def test_search_is_never_worse_than_the_patch_itself(matcher):
    current = matcher.renderer.render(matcher.match(np.zeros(matcher.renderer.samples, np.float32), BUDGET).values)
    document = matcher.match(current[0], BUDGET).document
    with Matcher(document, None, None, SECONDS, RATE, 1) as again:
        assert again.match(current[0], Budget(evaluations=1)).distance <= matcher.match(current[0], BUDGET).distance


def test_budget_of_evaluations_includes_those_of_the_confidences(matcher, target):
    evaluations = matcher.match(target[0], BUDGET).evaluations
    assert 0.9 * BUDGET.evaluations < evaluations < 1.1 * BUDGET.evaluations


def test_search_keeps_its_budget_of_seconds(matcher, target):
    short, long = (matcher.match(target[0], Budget(seconds=seconds)) for seconds in (0.0, 0.5))
    assert short.evaluations < long.evaluations
    assert short.distance >= long.distance


@pytest.fixture
def stepped():
    """A matcher of four parameters of five classes: 625 settings."""
    patch = twins_of_different_types().patch
    for name, control in list(patch.document.controls.items()):
        patch.do(SetControl(name, control.target, control.min, control.max, steps=5))
    with Matcher(patch.document, None, None, SECONDS, RATE, 1) as made:
        yield made


def test_classes_are_kept(stepped, target):
    found = stepped.match(target[0], Budget(evaluations=600), only_classes=True)
    classes = from_classes(stepped.parameters, to_classes(stepped.parameters, found.values[None]))
    np.testing.assert_array_equal(found.values, classes[0])


def test_settings_of_class_values_are_rendered_once(stepped, target, monkeypatch):
    render, rendered = stepped.renderer.render, []
    monkeypatch.setattr(stepped.renderer, "render", lambda values: rendered.extend(values) or render(values))
    found = stepped.match(target[0], Budget(evaluations=3000), only_classes=True)
    assert found.evaluations > 2500 and len(rendered) < 1000


def test_muted_parameter_is_inaudible_and_has_no_confidence():
    with Matcher(master_level().patch.document, None, None, SECONDS, RATE, 1) as matcher:
        quiet = matcher.renderer.render([[440.0, 0.0]])[0]
        found = matcher.match(quiet, Budget(evaluations=400))
    assert found.values[1] == pytest.approx(0.0, abs=1e-3)
    assert found.confidence[0] == 0.0
    assert found.audible.tolist() == [False, True]


def test_progress_can_stop_a_search(matcher, target):
    seen = []

    def stop(part, distance):
        seen.append((part, distance))
        if part > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        matcher.match(target[0], BUDGET, progress=stop)
    parts, distances = zip(*seen)
    assert list(parts) == sorted(parts)
    assert list(distances) == sorted(distances, reverse=True)


def test_evolution_and_line_search_find_the_minimum_of_a_bowl():
    centre = np.array([0.1, 0.5, 0.95, 1.0])
    calls = [0]

    def bowl(positions):
        assert ((positions >= 0.0) & (positions <= 1.0)).all()
        calls[0] += len(positions)
        return np.abs(positions - centre).sum(axis=1)

    rng = np.random.default_rng(0)
    start = rng.random((32, 4))
    before = bowl(start)
    after, distances = evolve(bowl, start, before, rng, lambda: calls[0] / 4000)
    assert distances[0] < 0.01 and distances[0] == bowl(after[:1])[0]
    best, distance = line_search(bowl, start[0], before[0], rng, lambda: 0.0)
    assert distance == bowl(best[None])[0] < 0.01


def test_evolution_survives_infinite_distances():
    def score(positions):
        return np.where(positions[:, 0] < 0.5, np.inf, positions.sum(axis=1))

    rng = np.random.default_rng(0)
    start = rng.random((16, 3))
    count = iter(np.linspace(0.0, 1.0, 60))
    _, distances = evolve(score, start, score(start), rng, lambda: next(count))
    assert distances[0] < 0.7


def test_distance_is_zero_for_the_sound_itself_and_infinite_for_nan(target):
    sound, _ = target
    broken = sound.copy()
    broken[10] = np.nan
    distances = Target.of(sound, RATE).distances(np.stack([sound, 0.5 * sound, 0.25 * sound, broken]))
    assert distances[0] == pytest.approx(0.0, abs=1e-6)
    assert 0.0 < distances[1] < distances[2] < distances[3] == np.inf


def test_table_contains_its_own_sounds_and_is_read_from_the_cache(matcher, tmp_path, monkeypatch):
    table = cached_table(matcher.renderer, tmp_path, rows=600)
    for row in (0, 599):
        sound = matcher.renderer.render(from_unit(matcher.parameters, table.positions[row : row + 1]))[0]
        np.testing.assert_array_equal(table.nearest(sound, RATE, 3)[0], table.positions[row])
    monkeypatch.setattr(BatchRenderer, "render", None)
    again = cached_table(matcher.renderer, tmp_path, rows=600)
    np.testing.assert_array_equal(again.positions, table.positions)
    np.testing.assert_array_equal(again.spectra, table.spectra)


def test_search_starts_with_the_nearest_of_a_table(matcher, target, tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_TABLES", str(tmp_path))
    with Matcher(matcher.document, None, None, SECONDS, RATE, 1, table_rows=2000) as tabled:
        found = tabled.match(target[0], Budget(evaluations=20))
    assert found.start_distance < matcher.match(target[0], Budget(evaluations=20)).start_distance


def test_damaged_table_is_built_again(matcher, tmp_path):
    cached_table(matcher.renderer, tmp_path, rows=64)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    assert len(cached_table(matcher.renderer, tmp_path, rows=64).positions) == 64
    assert len(cached_table(matcher.renderer, tmp_path, rows=64).positions) == 64


def test_table_does_not_depend_on_the_values_in_the_patch(tmp_path):
    patch = master_level().patch
    for value in (0.2, 0.7):
        patch.set("vca.gain", value)
        with BatchRenderer(patch.document, parameters_of(patch.document), SECONDS, RATE) as renderer:
            cached_table(renderer, tmp_path, rows=8)
    assert len(list(tmp_path.iterdir())) == 1
    patch.set("o0.pm", 0.3)
    with BatchRenderer(patch.document, parameters_of(patch.document), SECONDS, RATE) as renderer:
        cached_table(renderer, tmp_path, rows=8)
    assert len(list(tmp_path.iterdir())) == 2


def test_table_stops_after_its_time():
    patch = with_controls(master_level().patch)
    with BatchRenderer(patch.document, parameters_of(patch.document), SECONDS, RATE) as renderer:
        assert len(build_table(renderer, rows=5000, seconds=0.0).positions) == 512


def test_patch_that_is_silent_is_refused():
    patch = with_controls(patch_of("a.out out.audio", a=("sine", {"amplitude": 0.0}), out="audio_out"), "f = a.fm 1 9")
    with Matcher(patch.document, None, None, SECONDS, RATE, 1, table_rows=0) as silent:
        with pytest.raises(SilentPatchError, match="the patch is silent at 200 random settings"):
            silent.match(np.ones(silent.renderer.samples, np.float32), BUDGET)


def test_preparation_of_a_patch_that_is_not_rendered_as_lanes_can_be_stopped():
    patch = patch_of("a.out side.audio", "side.out out.audio", a="sine", side="pan", out="audio_out")
    seen: list[float] = []

    def stop(part):
        seen.append(part)
        raise KeyboardInterrupt

    with Matcher(with_controls(patch, "f = a.frequency 100 900").document, None, None, SECONDS, RATE, 1) as singly:
        with pytest.raises(KeyboardInterrupt):
            singly.prepare(stop)
        assert not singly.renderer.as_lanes and seen == [0.04]
        singly.prepare(seen.append)
    assert seen[-1] == 1.0 and seen == sorted(seen)
