"""Dice: random values of the selected blocks or of one knob, as one undo step, repeatable by the seed."""

from __future__ import annotations

import re

from nodegraph.control.random_values import random_values, safe_knobs
from nodegraph.editor.events import NodeAt, PaletteTyped
from nodegraph.patch import step_from_data, step_to_data


def thrown(user):
    """Return the seed of the last throw."""
    return int(re.search(r"Dice (\d+):", user.message).group(1))


def test_dice_sets_the_selected_blocks_as_one_step_and_repeats_by_its_seed(user):
    first, second = user.chain("ladder", "ladder")
    user.select(first)
    before = user.patch.document
    user.press("d")
    values = dict(user.document.nodes[first].params)
    assert set(values) == {"cutoff", "resonance", "bass"} and user.document.nodes[second] is before.nodes[second]
    assert random_values(safe_knobs(before, [first]), thrown(user)).apply(before) == user.patch.document
    user.press("d")
    assert user.document.nodes[first].params["cutoff"] != values["cutoff"]
    user.press("ctrl+z", "ctrl+z")
    assert user.patch.document == before


def test_dice_of_one_knob_in_a_subpatch_sends_values_only(user):
    user.chain("saw", "ladder", "audio_out")
    user.select("saw1", "ladder1")
    user.press("ctrl+g", "ctrl+enter")
    plans = len(user.sound.played)
    user.pick_item(user.right_click(NodeAt("ladder1", "cutoff"))["Dice"])
    assert set(user.document.nodes["ladder1"].params) == {"cutoff"}
    assert len(user.sound.played) == plans, "random values compiled a plan"
    user.pick_item(user.right_click(NodeAt("saw1", "amplitude"))["Dice"])
    assert "no range that is safe" in user.message and not user.document.nodes["saw1"].params


def test_throw_is_logged_with_its_values(user):
    user.select(user.add("ladder"))
    steps = []
    user.patch.subscribe(lambda step, change: steps.append(step_to_data(step)))
    before = user.patch.document
    user.press("d")
    assert step_from_data(steps[-1]).change(before).after == user.patch.document


def test_palette_finds_dice_and_match_by_other_words(user):
    user.select(user.add("ladder"))
    for word, label in (("randomise", "Dice"), ("nearest", "Match a sound…"), ("match", "Match a sound…")):
        user.press("ctrl+p")
        user.send(PaletteTyped(word))
        assert user.view.palette.entries[0].label == label
        user.press("escape")
