"""Gain bank panel: faders, table, pages of eight units."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.events import PanelEvent
from nodegraph.patch import Group, SetParam


@pytest.fixture
def bank(user):
    user.add("latent_source")
    user.enter("latent_source1.units", "20")
    user.press("b")
    return next(key for key in user.view.panels if key.startswith("bank"))


def rows(user, bank):
    return user.view.panels[bank].items[-2].value[1]


def test_table_shows_pages_of_eight_units(user, bank):
    columns, shown = next(one.value for one in user.items(bank) if one.key == "table")
    assert columns == ("Neuron", "Gain", "Scale", "Adj. Value", "Mute") and len(shown) == 8
    user.press_button(bank, "after")
    user.press_button(bank, "after")
    _, shown = user.item(bank, "table").value
    assert [row[0] for row in shown] == ["16", "17", "18", "19"]


def test_pages_wrap_at_both_ends(user, bank):
    user.press_button(bank, "before")
    assert user.item(bank, "page").value == "17–20 of 20"
    user.press_button(bank, "after")
    assert user.item(bank, "page").value == "1–8 of 20"


def test_track_line_shows_and_sets_the_switch_of_the_patch(user, bank):
    assert not [item for item in user.items(bank) if item.key == "track"]
    user.add("resynthesis_switch")
    assert user.item(bank, "track").label == "Queued Track: Resynthesized"
    user.press_button(bank, "track")
    assert user.item(bank, "track").label == "Queued Track: Original"
    assert user.value("resynthesis_switch1.resynthesis") == 0.0


def test_wired_gains_are_shown_as_they_sound(user, bank):
    user.add("constant")
    user.sound.values["constant1.out"] = np.array([0.25])
    user.wire("constant1.out", "latent_source1.gain")
    user.wait(0.2)
    assert {row[1] for row in user.item(bank, "table").value[1]} == {"0.25000"}
    user.sound.values["constant1.out"] = np.array([0.5])
    user.wait(0.2)
    assert {row[1] for row in user.item(bank, "table").value[1]} == {"0.50000"}


def test_fader_drag_sets_the_gain_of_its_unit_in_one_undo_step(user, bank):
    user.press_button(bank, "after")
    for value, done in ((0.2, False), (0.4, False), (0.5, True)):
        user.send(PanelEvent(bank, "gain 1", value, done))
    gains = user.value("latent_source1.gain")
    assert gains[9] == 0.5 and gains[8] == gains[10] == 0.0
    user.press("ctrl+z")
    assert user.value("latent_source1.gain") is None


def test_table_sets_scale_and_mute_and_reset_restores_defaults(user, bank):
    user.send(PanelEvent(bank, "gain 0", 0.5))
    user.send(PanelEvent(bank, "table", (0, 2)))
    user.answer("1.5")
    assert user.value("latent_source1.scale")[0] == 1.5
    user.send(PanelEvent(bank, "table", (0, 4)))
    assert user.value("latent_source1.mute")[0] == 1.0
    user.press_button(bank, "Reset all")
    assert set(user.value("latent_source1.scale")) == {1.0} and set(user.value("latent_source1.mute")) == {0.0}


def test_panel_closes_when_its_block_is_deleted(user, bank):
    user.select("latent_source1")
    user.press("delete")
    assert bank not in user.view.panels


@pytest.mark.parametrize("value", ["abc", ["a", None], None, {"a": 1}, 1e30])
def test_impossible_values_of_a_patch_are_shown_as_defaults(user, bank, value):
    user.desk.patch.do(Group((SetParam("latent_source1", "gain", value), SetParam("latent_source1", "units", value))))
    user.wait(0.2)
    assert bank in user.view.panels and len(user.item(bank, "table").value[1]) in (2, 8)
