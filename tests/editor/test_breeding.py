"""Breed variants: the panel, its background job, what is heard, favourites, and the undo step."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from nodegraph.editor.events import FilesDropped, PaletteTyped, PanelEvent
from nodegraph.measures.level import level_of
from nodegraph.patch import SetControl

from .test_files_and_sound import finish


@pytest.fixture
def synth(user, monkeypatch):
    """A user with a sine, two controls, and short sounds."""
    from nodegraph.editor import breeding
    from nodegraph.estimator import breeding as breeder
    from nodegraph.estimator.scoring import Budget

    monkeypatch.setattr(breeding, "SECONDS", 0.25)
    monkeypatch.setattr(breeder.Breeder.nearest, "__defaults__", (0, Budget(evaluations=800), None))
    user.chain("sine", "audio_out")
    user.desk.do_in((), SetControl("pitch", "sine1.frequency", 200.0, 2000.0, "log"))
    user.desk.do_in((), SetControl("level", "sine1.amplitude", 0.05, 0.5, "log"))
    user.select()
    return user


def breed(user, button):
    user.press_button("breed", button)
    finish(user)


def test_variants_are_heard_at_one_level_and_one_is_accepted_as_one_step(synth):
    before = synth.patch.document
    synth.press("ctrl+alt+b")
    synth.send(PanelEvent("breed", "strength", 0.4))
    breed(synth, "Mutate")
    assert synth.message == "16 variants of 2 knobs. Click a number to hear one."
    for number in range(16):
        synth.press_button("breed", f"hear {number}")
    sounds = np.stack([sound for sound, _ in synth.sound.previews])
    assert len(sounds) == 16 and np.ptp(level_of(sounds)) < 1e-3 and np.abs(sounds).max() <= 0.9
    assert synth.patch.document is before, "the document changed before a variant was accepted"
    synth.press_button("breed", "Accept 16")
    brood = synth.desk.panels["breed"].brood
    assert [synth.value("sine1.frequency"), synth.value("sine1.amplitude")] == brood.settings[15].tolist()
    synth.press("ctrl+z")
    assert synth.patch.document == before


def test_favourites_are_crossed(synth):
    synth.presenter.run("breed_variants")
    assert not synth.item("breed", "cross").enabled
    breed(synth, "Mutate")
    parents = synth.desk.panels["breed"].brood.settings[[2, 9]]
    synth.send(PanelEvent("breed", "favourite 2", True), PanelEvent("breed", "favourite 9", True))
    synth.send(PanelEvent("breed", "strength", 0.0))
    breed(synth, "Breed favourites")
    brood = synth.desk.panels["breed"].brood
    assert all(np.isclose(brood.settings[:, k, None], parents[:, k]).any(axis=1).all() for k in range(2))
    assert not synth.desk.panels["breed"].favourites


def test_dropped_sound_gives_the_variants_nearest_to_it(synth, tmp_path):
    soundfile.write(tmp_path / "x.wav", 0.3 * np.sin(2.0 * np.pi * 700.0 * np.arange(11025) / 44100), 44100)
    synth.presenter.run("breed_variants")
    synth.send(FilesDropped((tmp_path / "x.wav",), (0.0, 0.0)))
    finish(synth)
    brood = synth.desk.panels["breed"].brood
    assert abs(brood.settings[0, 0] - 700.0) < 7.0 and len(brood.settings) == 16
    assert "file_player1" not in synth.document.nodes


def test_selected_blocks_vary_alone_and_problems_are_one_line(synth):
    synth.select("audio_out1")
    synth.press("ctrl+alt+b")
    breed(synth, "Mutate")
    assert synth.view.messages[-1][0].startswith("No variants: no knob can vary safely")
    synth.press_button("breed", "Near sound")
    assert synth.message == "No sound is chosen. Choose or drop a sound file."
    synth.press_button("breed", "Mutate")
    synth.desk.close_panel("breed")
    finish(synth)
    for word in ("mutate", "evolve"):
        synth.press("ctrl+p")
        synth.send(PaletteTyped(word))
        assert synth.view.palette.entries[0].label == "Breed variants…"
        synth.press("escape")
