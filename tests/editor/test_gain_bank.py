"""Gain bank panel: faders, table, pages of eight units."""

from __future__ import annotations

import pytest

from nodegraph.editor.events import PanelEvent


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
    assert not user.item(bank, "after").enabled


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
