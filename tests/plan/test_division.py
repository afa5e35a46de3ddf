"""Plans for two cores: memory that no two rows share, and cuts that keep the order of samples, events and frames."""

from __future__ import annotations

import numpy as np
import pytest

import nodegraph
from nodegraph.engine.offline import Offline
from nodegraph.plan.division import Division
from tests.rendering import engine_of, patch_of
from tests.test_patches import FOLDER

from .test_random_plans import late_patch

pytestmark = pytest.mark.usefixtures("test_blocks")
SEEDS = range(6)


def division_of(plan):
    """Return a division of a plan with a unit for each row."""
    return Division(plan.graph, plan.placed, [[number] for number in range(len(plan.placed))])


def cuts_of(division):
    return [at for at in range(len(division.order) + 1) if division.allows(at)]


def position_of(plan, division, node):
    """Return the first and the last position of the rows of a node."""
    rows = [n for n, row in enumerate(plan.rows) if any(id == node for part in row.flat for id, *_ in part.places)]
    found = [division.position[number] for number in rows]
    return min(found), max(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_units_follow_the_units_that_they_read(seed):
    plan = engine_of(late_patch(seed), pack=seed % 2 == 0, cores=2).plan
    division, done, produced = division_of(plan), set(), {b for r in plan.placed for p in r.flat for b in p.outputs}
    for unit in division.order:
        parts = plan.placed[unit].flat
        own = {buffer for part in parts for buffer in part.outputs}
        assert all(buffer in done | own for part in parts for buffer in part.reads if buffer in produced)
        done |= own
    assert cuts_of(division) and sorted(division.order) == list(range(len(plan.placed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_crossing_buffers_are_all_that_the_second_part_reads_of_the_first(seed):
    plan = engine_of(late_patch(seed), pack=seed % 2 == 0, cores=2).plan
    division = division_of(plan)
    for at in cuts_of(division):
        first, second = ([plan.placed[unit] for unit in part] for part in (division.order[:at], division.order[at:]))
        written = {buffer for row in first for part in row.flat for buffer in part.outputs}
        read = {buffer for row in second for part in row.flat for buffer in part.reads}
        assert set(division.crossing(at)) == written & read


@pytest.mark.parametrize("seed", SEEDS)
def test_buffers_of_a_plan_for_two_cores_do_not_overlap(seed):
    plan = engine_of(late_patch(seed), pack=seed % 2 == 0, cores=2).plan
    buffers = {buffer for row in plan.placed for part in row.flat for buffer in part.outputs}
    spans = sorted((buffer.address, buffer.address + buffer.size) for buffer in buffers)
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize("name", ["demo", "generative", "spectral_freeze", "poly_synth", "tape_delay"])
def test_parts_share_nothing_but_crossing_buffers_and_tables(name):
    """Words of both parts that are addresses point to buffers of the first part, to knobs or to constant tables."""
    patch = nodegraph.load(FOLDER / f"{name}.json")
    plan = Offline(patch.document, path=patch.path, cores=2).plan
    division = division_of(plan)
    knobs = {buffer.address for row in plan.placed for part in row.flat for buffer in part.reads}
    knobs -= {buffer.address for buffer in division.writer}
    tables = {values.ctypes.data for values in plan.tables.values() if isinstance(values, np.ndarray)}
    for at in cuts_of(division):
        first, second = (
            {
                word() if callable(word) else word
                for unit in units
                for part in plan.placed[unit].flat
                for word in part.words
                if not isinstance(word, float)
            }
            for units in (division.order[:at], division.order[at:])
        )
        shared = {word for word in first & second if word > 1 << 40} - knobs - tables
        crossing = division.crossing(at)
        assert all(any(b.address <= word < b.address + b.size for b in crossing) for word in shared)
    assert cuts_of(division)


def test_events_and_device_inputs_stay_in_the_first_part():
    patch = patch_of(
        "tone.out low.audio", "low.out mix.a", "keys.out notes.events", "notes.frequency osc.frequency",
        "mic.out mix.b", "mix.out out.audio", "osc.out out.audio", tone="sine", low="one_pole", mix="add",
        keys="midi_in", notes="notes", osc="saw", mic="audio_in", out="audio_out",
    )  # fmt: skip
    plan = engine_of(patch, cores=2).plan
    division = division_of(plan)
    last = max(position_of(plan, division, node)[1] for node in ("keys", "notes", "mic"))
    assert cuts_of(division)[0] == last + 1


def test_frames_of_one_clock_stay_in_one_part():
    patch = patch_of(
        "tone.out low.audio", "low.out stft.audio", "stft.spectrum back.spectrum", "back.out high.audio",
        "high.out out.audio", tone="saw", low="one_pole", stft="stft", back="inverse_stft", high="one_pole",
        out="audio_out",
    )  # fmt: skip
    plan = engine_of(patch, cores=2).plan
    division = division_of(plan)
    low, high = position_of(plan, division, "stft")[0], position_of(plan, division, "back")[1]
    assert cuts_of(division) and not any(low < at <= high for at in cuts_of(division))


def test_best_cut_balances_the_parts_and_counts_what_crosses():
    patch = patch_of(
        *(f"n{k}.out n{k + 1}.a" for k in range(9)), "n9.out out.audio",
        out="audio_out", **{f"n{k}": "add" for k in range(10)},
    )  # fmt: skip
    division = division_of(engine_of(patch, cores=2).plan)
    even = division.best_cut([1000.0] * 10 + [0.0])
    assert even.at == 5 and even.one_core == 10000.0 and 5000.0 < even.two_cores < 5500.0 and even.pays
    assert division.best_cut([7000.0] + [250.0] * 10).at == 1
    assert not division.best_cut([9000.0] + [100.0] * 10).pays
    assert not division.best_cut([10.0] * 11).pays  # passing the samples takes longer than computing them
