"""The panel of a sound file, and files that are dropped from the system's file manager."""

from __future__ import annotations

import time

import numpy as np
import pytest
import soundfile

from nodegraph.editor.events import FilesDropped, PanelEvent, PathPicked
from nodegraph.patch import Patch, SetParam

RATE = 8000


@pytest.fixture
def hit(tmp_path):
    """A sound of one second: silence, then a tone in the second half."""
    clock = np.arange(RATE) / RATE
    path = tmp_path / "sounds" / "hit.wav"
    path.parent.mkdir()
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 200 * clock) * (clock >= 0.5), RATE, subtype="FLOAT")
    return path


@pytest.fixture
def saved(user, tmp_path):
    """A user whose patch is saved in a folder of its own."""
    path = tmp_path / "music" / "mine.json"
    path.parent.mkdir()
    Patch().save(path)
    user.presenter.run("open_file", path)
    return user


def drop(user, *paths):
    user.send(FilesDropped(tuple(paths), (100.0, 100.0)))
    end = time.monotonic() + 20.0
    while user.desk.jobs.running and time.monotonic() < end:
        user.wait(0.1, 2)
        time.sleep(0.01)


def test_dropped_sound_is_copied_into_the_folder_of_the_patch_and_shown(saved, hit, tmp_path):
    drop(saved, hit)
    (player,) = saved.document.nodes.values()
    assert player.type == "file_player" and player.params["file"] == "hit.wav"
    assert (tmp_path / "music" / "hit.wav").read_bytes() == hit.read_bytes()
    assert saved.item("sound file", "facts").value == "1.000 s, 8000 Hz, mono"
    saved.desk.close_panel("sound file")
    drop(saved, hit)
    assert sorted(path.name for path in (tmp_path / "music").iterdir()) == ["hit.wav", "mine.json"]


def test_panel_closes_when_the_subpatch_with_the_sound_is_deleted(saved, hit):
    saved.add("saw")
    saved.select("saw1")
    saved.press("ctrl+g", "ctrl+enter")
    drop(saved, hit)
    assert "sound file" in saved.view.panels
    saved.send(PathPicked(0))
    saved.select("subpatch1")
    saved.press("delete")
    assert "sound file" not in saved.view.panels


def test_sound_of_the_same_name_does_not_replace_another(saved, hit, tmp_path):
    (tmp_path / "music" / "hit.wav").write_bytes(b"another")
    drop(saved, hit)
    assert [node.params["file"] for node in saved.document.nodes.values()] == ["hit-2.wav"]
    assert (tmp_path / "music" / "hit.wav").read_bytes() == b"another"


def test_sound_dropped_on_an_unsaved_patch_is_added_after_it_is_saved(user, hit, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    drop(user, hit)
    assert not user.document.nodes and "Save the patch first" in user.message
    user.choose(tmp_path / "new.json")
    assert [node.params["file"] for node in user.document.nodes.values()] == ["sounds/hit.wav"]


def test_waveform_shows_the_loop_in_a_colour_of_its_own(saved, hit):
    drop(saved, hit)
    whole = saved.item("sound file", "wave").value.data
    assert np.abs(whole[0]).max() == pytest.approx(0.5, abs=0.01) and not whole[1].any()
    saved.send(PanelEvent("sound file", "loop_end", 0.5))
    looped, rest = saved.item("sound file", "wave").value.data
    assert np.abs(looped).max() < 0.01 and np.abs(rest).max() == pytest.approx(0.5, abs=0.01)


def test_loop_is_set_heard_and_trimmed_as_undo_steps(saved, hit, tmp_path):
    drop(saved, hit)
    (id,) = saved.document.nodes
    saved.send(PanelEvent("sound file", "loop_start", 0.5))
    assert saved.document.nodes[id].params["loop_start"] == pytest.approx(0.5)
    saved.press_button("sound file", "▶ Hear")
    samples, rate = saved.sound.previews[-1]
    assert rate == RATE and len(samples) == RATE // 2 and np.abs(samples).max() == pytest.approx(0.5, abs=0.01)
    saved.press_button("sound file", "Trim to the loop")
    assert saved.document.nodes[id].params["file"] == "hit-trim.wav"
    assert soundfile.info(tmp_path / "music" / "hit-trim.wav").frames == RATE // 2
    saved.press("ctrl+z")
    assert saved.document.nodes[id].params["file"] == "hit.wav"
    assert saved.document.nodes[id].params["loop_start"] == pytest.approx(0.5)


def test_sound_dropped_on_the_panel_replaces_that_of_the_block(saved, hit, tmp_path):
    drop(saved, hit)
    soundfile.write(tmp_path / "sounds" / "other.wav", np.zeros(4000), RATE)
    drop(saved, tmp_path / "sounds" / "other.wav")
    assert [node.params["file"] for node in saved.document.nodes.values()] == ["other.wav"]
    assert saved.item("sound file", "facts").value.startswith("0.500 s")


def test_unreadable_sound_is_explained_in_the_panel(saved, tmp_path):
    (tmp_path / "music" / "broken.wav").write_bytes(b"no sound")
    drop(saved, tmp_path / "music" / "broken.wav")
    assert "broken.wav" in saved.item("sound file", "state").value


@pytest.mark.parametrize("value", ["abc", [0.1, 0.2], None, -3.0, 1e30, True, {"a": 1}, 0.9])
def test_impossible_loop_is_shown_and_trimmed_as_it_is_played(saved, hit, tmp_path, value):
    drop(saved, hit)
    (id,) = saved.document.nodes
    for name in ("loop_start", "loop_end"):
        saved.desk.patch.do(SetParam(id, name, value))
        saved.wait(0.1, 2)
    saved.desk.patch.do(SetParam(id, "loop_end", 0.2))
    saved.wait(0.1, 2)
    saved.send(PanelEvent("sound file", "trim", None))
    length = soundfile.info(tmp_path / "music" / "hit-trim.wav").frames
    assert length == (RATE if value in (1e30, 0.9) else RATE // 5)
