"""Gain bank panel: faders, table, pages of eight units."""

from __future__ import annotations

import pytest

from nodegraph.editor.events import PanelEvent


@pytest.fixture
def bank(hand):
    hand.adds("latent_source")
    hand.types("latent_source1.units", "20")
    hand.presses("b")
    return next(key for key in hand.view.panels if key.startswith("bank"))


def rows(hand, bank):
    return hand.view.panels[bank].items[-2].value[1]


def test_table_shows_pages_of_eight_units(hand, bank):
    columns, shown = next(one.value for one in hand.items(bank) if one.key == "table")
    assert columns == ("Neuron", "Gain", "Scale", "Adj. Value", "Mute") and len(shown) == 8
    hand.presses_button(bank, "after")
    hand.presses_button(bank, "after")
    _, shown = hand.item(bank, "table").value
    assert [row[0] for row in shown] == ["16", "17", "18", "19"]
    assert not hand.item(bank, "after").enabled


def test_fader_drag_sets_the_gain_of_its_unit_in_one_undo_step(hand, bank):
    hand.presses_button(bank, "after")
    for value, done in ((0.2, False), (0.4, False), (0.5, True)):
        hand.does(PanelEvent(bank, "gain 1", value, done))
    gains = hand.value("latent_source1.gain")
    assert gains[9] == 0.5 and gains[8] == gains[10] == 0.0
    hand.presses("ctrl+z")
    assert hand.value("latent_source1.gain") is None


def test_table_sets_scale_and_mute_and_reset_restores_defaults(hand, bank):
    hand.does(PanelEvent(bank, "gain 0", 0.5))
    hand.does(PanelEvent(bank, "table", (0, 2)))
    hand.answers("1.5")
    assert hand.value("latent_source1.scale")[0] == 1.5
    hand.does(PanelEvent(bank, "table", (0, 4)))
    assert hand.value("latent_source1.mute")[0] == 1.0
    hand.presses_button(bank, "Reset all")
    assert set(hand.value("latent_source1.scale")) == {1.0} and set(hand.value("latent_source1.mute")) == {0.0}


def test_panel_closes_when_its_block_is_deleted(hand, bank):
    hand.selects("latent_source1")
    hand.presses("delete")
    assert bank not in hand.view.panels
