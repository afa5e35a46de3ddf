"""Files, recovery, export, recording, devices, faults and background jobs."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nodegraph.editor.events import CloseRequested, FilesDropped, PanelEvent
from nodegraph.patch import Patch

from .user import Hand


def save_as(hand: Hand, path: Path) -> None:
    hand.presses("ctrl+shift+s")
    hand.chooses(path)


def menu(hand: Hand, title: str):
    return next(one for one in hand.view.menus if one.label == title)


def test_saved_patch_opens_unchanged(hand, tmp_path):
    hand.chain("sine", "ladder", "audio_out")
    hand.slides("ladder1.cutoff", 0.5, 0.7)
    assert hand.view.title.startswith("●"), "an unsaved change is marked"
    save_as(hand, tmp_path / "song.json")
    assert not hand.view.title.startswith("●") and "song" in hand.view.title
    saved = hand.patch.document
    hand.presses("ctrl+n")
    assert not hand.view.nodes
    hand.presses("ctrl+o")
    hand.chooses(tmp_path / "song.json")
    assert hand.patch.document == saved and set(hand.view.wires) == {(w.source_ref, w.target_ref) for w in saved.wires}
    assert hand.sound.played[-1].document is hand.patch.document


def test_undo_to_the_saved_document_clears_the_unsaved_mark(hand, tmp_path):
    hand.adds("sine")
    save_as(hand, tmp_path / "a.json")
    hand.adds("saw")
    assert hand.view.title.startswith("●")
    hand.presses("ctrl+z")
    assert not hand.view.title.startswith("●")


@pytest.mark.parametrize(
    ("answer", "saved", "replaced"), [("Save", True, True), ("Don't save", False, True), ("Cancel", False, False)]
)
def test_new_asks_about_unsaved_changes(hand, tmp_path, answer, saved, replaced):
    hand.adds("sine")
    save_as(hand, tmp_path / "a.json")
    hand.adds("saw")
    hand.presses("ctrl+n")
    assert hand.view.panels["question"].modal and len(hand.document.nodes) == 2
    hand.presses("delete")  # commands are blocked while the question is open
    hand.presses_button("question", answer)
    assert (not hand.document.nodes) == replaced
    assert ("saw1" in Path(tmp_path / "a.json").read_text()) == saved


def test_close_asks_about_unsaved_changes(hand):
    hand.does(CloseRequested())
    assert hand.view.ended
    hand.view.ended = False
    hand.adds("sine")
    hand.does(CloseRequested())
    assert not hand.view.ended
    hand.presses_button("question", "Don't save")
    assert hand.view.ended


def test_save_as_asks_before_it_replaces_a_file(hand, tmp_path):
    (tmp_path / "old.json").write_text("precious")
    hand.adds("sine")
    save_as(hand, tmp_path / "old.json")
    hand.presses_button("question", "Cancel")
    assert (tmp_path / "old.json").read_text() == "precious"
    save_as(hand, tmp_path / "old.json")
    hand.presses_button("question", "Replace")
    assert "sine1" in (tmp_path / "old.json").read_text()


def test_save_reports_a_missing_folder(hand, tmp_path):
    hand.adds("sine")
    save_as(hand, tmp_path / "nowhere" / "a.json")
    assert "not saved" in hand.message and hand.patch.path is None


def test_menu_lists_recent_files(hand, tmp_path):
    for name in ("a", "b"):
        hand.adds("sine")
        save_as(hand, tmp_path / f"{name}.json")
    recent = next(item for item in menu(hand, "File").items if item.label == "Open recent")
    assert [item.label for item in recent.items] == ["b.json", "a.json"]
    hand.picks_item(recent.items[1])
    assert hand.patch.path == tmp_path / "a.json"
    again = Hand(hand.presenter.home)
    recent = next(item for item in menu(again, "File").items if item.label == "Open recent")
    assert [item.label for item in recent.items] == ["a.json", "b.json"]


def test_opening_a_broken_file_keeps_the_open_patch(hand, tmp_path):
    (tmp_path / "broken.json").write_text("{")
    hand.adds("sine")
    save_as(hand, tmp_path / "mine.json")
    hand.presses("ctrl+o")
    hand.chooses(tmp_path / "broken.json")
    assert "broken.json" in hand.message and "sine1" in hand.document.nodes


def crash(hand: Hand) -> Path:
    """Leave a recovery copy as a crashed editor does; return its home folder."""
    hand.presenter.autosaving.save(hand.desk)
    finish(hand)
    about = next(hand.presenter.autosaving.folder.glob("*.about"))
    data = json.loads(about.read_text())
    about.write_text(json.dumps(data | {"pid": 2**22 + 1}))
    return hand.presenter.home


def finish(hand: Hand) -> None:
    end = time.monotonic() + 20.0
    while hand.desk.jobs.running and time.monotonic() < end:
        hand.waits(0.02, 2)
        time.sleep(0.005)
    assert not hand.desk.jobs.running


def test_recovery_copy_is_offered_after_a_crash_and_opens_unsaved(hand, tmp_path):
    hand.adds("sine")
    save_as(hand, tmp_path / "song.json")
    hand.adds("saw")
    home, lost = crash(hand), hand.patch.document
    again = Hand(home)
    assert "song.json" in again.item("question", "text").value
    again.presses_button("question", "Open copy")
    assert again.patch.document == lost and again.patch.path == (tmp_path / "song.json").resolve()
    assert again.view.title.startswith("●")
    finish(again)
    assert again.presenter.autosaving.copies() == []


def test_recovery_copy_of_a_running_editor_is_not_offered(hand):
    hand.adds("sine")
    hand.presenter.autosaving.save(hand.desk)
    finish(hand)
    assert os.listdir(hand.presenter.autosaving.folder)
    assert "question" not in Hand(hand.presenter.home).view.panels


def test_autosave_is_written_periodically_and_removed_on_save(hand, tmp_path):
    hand.adds("sine")
    hand.waits(11.0)
    finish(hand)
    assert list(hand.presenter.autosaving.folder.glob("*.json"))
    save_as(hand, tmp_path / "a.json")
    hand.waits(11.0)
    assert not list(hand.presenter.autosaving.folder.iterdir())


def test_dropped_files_are_opened_or_become_blocks(hand, tmp_path):
    patch = Patch()
    patch.add("saw")
    patch.save(tmp_path / "other.json")
    hand.does(FilesDropped((tmp_path / "other.json",), (0.0, 0.0)))
    assert list(hand.document.nodes) == ["saw1"]
    hand.does(
        FilesDropped((tmp_path / "kick.wav", tmp_path / "net.safetensors", tmp_path / "letter.txt"), (50.0, 60.0))
    )
    assert hand.value("file_player1.file") == "kick.wav" and hand.value("decoder1.file") == "net.safetensors"
    assert "letter.txt" in hand.message


def test_export_writes_a_sound_file_during_edits(hand, tmp_path):
    hand.chain("sine", "audio_out")
    hand.presses("ctrl+e")
    hand.does(PanelEvent("export", "seconds", "0.5"))
    hand.presses_button("export", "Export…")
    hand.chooses(tmp_path / "out.wav")
    hand.adds("saw")
    finish(hand)
    sound, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 44100 and len(sound) == 22050 and np.abs(sound).max() > 0.1
    assert "Exported out.wav (0.5 s)." in hand.message
    assert not list(tmp_path.glob(".*"))


def test_cancelled_export_leaves_no_file(hand, tmp_path):
    hand.chain("sine", "audio_out")
    hand.presses("ctrl+e")
    hand.does(PanelEvent("export", "seconds", "3600"))
    hand.presses_button("export", "Export…")
    hand.chooses(tmp_path / "out.wav")
    hand.waits(0.2)
    hand.presses_button("export", "Cancel")
    finish(hand)
    assert "Export cancelled." in hand.message and not list(tmp_path.glob("*out*")) and not list(tmp_path.glob(".*"))


def test_failed_export_is_reported(hand, tmp_path):
    hand.chain("sine", "audio_out")
    hand.presses("ctrl+e")
    hand.presses_button("export", "Export…")
    hand.chooses(tmp_path / "nowhere" / "out.wav")
    finish(hand)
    assert "Not exported" in hand.message


def test_record_starts_and_stops(hand, tmp_path):
    hand.presses("ctrl+r")
    hand.chooses(tmp_path / "take")
    assert hand.sound.recorded == [tmp_path / "take.wav"]
    hand.waits(0.5)
    assert "recording" in dict(hand.view.status.parts)
    hand.presses("ctrl+r")
    assert hand.sound.recorded[-1] is None


def test_device_rate_and_block_size_change_while_running(hand):
    hand.presses("ctrl+,")
    _, names = hand.item("device", "device").value
    assert names == ("system default", "one", "two", "no device")
    hand.does(PanelEvent("device", "device", "two"))
    hand.does(PanelEvent("device", "rate", "48000"))
    hand.does(PanelEvent("device", "block", "512"))
    assert hand.sound.chosen[-1] == ("two", 48000.0, 512)
    again = Hand(hand.presenter.home)
    assert (again.desk.preferences.device, again.desk.preferences.blocksize) == ("two", 512)


def test_device_problem_is_notified_once_and_raises_the_alarm(hand):
    hand.sound.now = replace(
        hand.sound.now, playing=False, problem="the audio device 'x' disconnected. Select another."
    )
    hand.waits(0.5)
    assert hand.view.messages.count(("the audio device 'x' disconnected. Select another.", True)) == 1
    assert "problem" in hand.view.status.alarm
    hand.adds("sine")


def test_muted_block_shows_a_badge_with_the_reason(hand):
    hand.chain("sine", "audio_out")
    hand.sound.now = replace(hand.sound.now, faults={("sine1",): "output is NaN"})
    hand.waits(0.5)
    assert hand.view.badges["sine1"] == "output is NaN" and "sine1 is muted" in hand.message
    hand.sound.now = replace(hand.sound.now, faults={})
    hand.waits(0.5)
    assert hand.view.badges["sine1"] == ""


def test_missing_file_and_unknown_block_show_badges(hand, tmp_path):
    hand.adds("file_player")
    hand.types("file_player1.file", "missing.wav")
    assert "missing.wav" in hand.view.badges["file_player1"]
    patch = {"format": "nodegraph", "version": 1, "nodes": [{"id": "x", "type": "of_tomorrow"}], "wires": []}
    (tmp_path / "new.json").write_text(json.dumps(patch))
    hand.patch.mark_saved()
    hand.does(FilesDropped((tmp_path / "new.json",), (0, 0)))
    assert "unknown block" in hand.view.badges["x"]


def test_status_line_shows_the_engine_state(hand):
    hand.chain("sine", "audio_out")
    hand.sound.now = replace(hand.sound.now, load=0.123, xruns=2, latency=441, times={("sine1",): 14.5})
    hand.waits(1.5)
    parts = dict(hand.view.status.parts)
    assert parts["load"] == "load 12 %" and parts["xruns"] == "xruns 2" and parts["latency"] == "latency 10.0 ms"
    assert parts["device"] == "fake" and parts["rate"] == "44.1 kHz / 256"
    assert hand.view.loads["sine1"] == "1.0 %"


def test_pause_and_steps_of_a_quantum_and_a_hop(hand):
    hand.chain("sine", "stft")
    hand.presses("space")
    assert hand.sound.now.paused
    hand.presses(".", "shift+.")
    assert hand.sound.steps == [64, 512]
    hand.presses("space")
    assert not hand.sound.now.paused
    hand.presses(".")
    assert hand.sound.now.paused, "a step pauses the engine"


def test_training_runs_in_the_background_and_its_model_is_used(hand, tmp_path, monkeypatch):
    import nodegraph.learn

    started, resume = threading.Event(), threading.Event()

    class Step:
        stage, epoch, epochs, done, train, valid = "one", 1, 2, 0.5, 0.4, 0.5

    class Trained:
        path, notes, stopped = tmp_path / "net.safetensors", ["a note"], False

    def train(sound, output, **options):
        options["observer"].progress(Step)
        started.set()
        assert resume.wait(20.0)
        options["observer"].progress(Step)
        return Trained

    class Observer:
        def __init__(self, progress, **rest):
            self.progress = progress

    monkeypatch.setitem(vars(nodegraph.learn), "train", train)
    monkeypatch.setitem(vars(nodegraph.learn), "TrainingObserver", Observer)
    hand.adds("decoder")
    hand.presenter.run("training")
    hand.presses_button("training", "Train")
    assert "No training data" in hand.message
    hand.does(PanelEvent("training", "sound", str(tmp_path)), PanelEvent("training", "width", "16"))
    hand.presses_button("training", "Train")
    assert started.wait(20.0)
    hand.adds("sine")
    hand.waits(0.5)
    assert dict(hand.view.status.parts)["job"] == "training 50 %"
    resume.set()
    finish(hand)
    assert "a note" in hand.item("training", "status").value
    hand.presses_button("training", "Use net.safetensors in the patch")
    assert str(hand.value("decoder1.file")).endswith("net.safetensors")


def test_last_minutes_are_saved_to_a_file(hand, tmp_path, monkeypatch):
    from nodegraph.recording import keeping

    hand.presses("ctrl+k")
    assert "Nothing has been recorded yet" in hand.message
    session = keeping.RetrospectiveSession(tmp_path / "ring", "", "", 44100.0, 2)
    session.folder.mkdir()
    np.full((44100, 2), 0.25, np.float32).tofile(session.folder / "000001.f32")
    monkeypatch.setattr(
        "nodegraph.editor.sound.retrospective.RetrospectiveRecording.last_minutes", lambda self: session
    )
    hand.presses("ctrl+k")
    hand.chooses(tmp_path / "last.wav")
    finish(hand)
    sound, _ = soundfile.read(tmp_path / "last.wav")
    assert sound.shape == (44100, 2) and np.allclose(sound, 0.25) and "Saved last.wav (1 s)." in hand.message


def test_recorded_automation_becomes_wired_blocks(hand):
    from nodegraph.engine.live import Live
    from nodegraph.patch import Document

    with Live(Document(), null=True) as live:
        hand.sound.engine = live
        hand.chain("sine", "audio_out")
        live.follow(hand.patch)
        hand.waits(0.1)
        hand.presses("ctrl+shift+r")
        for position in (0.5, 0.55, 0.6):
            hand.slides("sine1.frequency", 0.5, position)
            time.sleep(0.02)
        hand.presses("ctrl+shift+r")
        hand.sound.engine = None
    assert any(record.type == "automation" for record in hand.document.nodes.values()), hand.message
    assert any(key[1] == "sine1.frequency" for key in hand.view.wires)


def test_discarded_patch_leaves_no_recovery_copy(hand):
    hand.adds("sine")
    hand.presenter.autosaving.save(hand.desk)
    finish(hand)
    hand.presses("ctrl+q")
    hand.presses_button("question", "Don't save")
    hand.presenter.close()
    assert not list(hand.presenter.autosaving.folder.glob("*.json"))


def test_unexpected_close_leaves_a_recovery_copy(hand):
    hand.adds("sine")
    hand.presenter.close()
    assert "sine1" in next(hand.presenter.autosaving.folder.glob("*.json")).read_text()


def test_internal_error_is_logged_and_the_editor_continues(hand, monkeypatch):
    hand.presenter.strict = False
    monkeypatch.setattr(hand.desk, "open_panel", lambda panel: 1 / 0)
    hand.presses("f1")
    assert (
        "ZeroDivisionError" in hand.message and "ZeroDivisionError" in (hand.presenter.home / "errors.log").read_text()
    )
    assert hand.adds("sine") == "sine1"
