"""Files, recovery, export, recording, devices, faults and background jobs."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nodegraph.editor.commands.training import TrainingPanel
from nodegraph.editor.events import CloseRequested, FilesDropped, PanelEvent
from nodegraph.editor.external import ExternalControl, external_control
from nodegraph.editor.view import Pin
from nodegraph.engine.offline import Offline
from nodegraph.files.demos import demo_patch
from nodegraph.patch import Patch
from tests.rendering import patch_of

from .user import SimulatedUser


def save_as(user: SimulatedUser, path: Path) -> None:
    user.press("ctrl+shift+s")
    user.choose(path)


def menu(user: SimulatedUser, title: str):
    return next(one for one in user.view.menus if one.label == title)


def test_saved_patch_opens_unchanged(user, tmp_path):
    user.chain("sine", "ladder", "audio_out")
    user.slide("ladder1.cutoff", 0.5, 0.7)
    assert user.view.title.startswith("●"), "an unsaved change is marked"
    save_as(user, tmp_path / "song.json")
    assert not user.view.title.startswith("●") and "song" in user.view.title
    saved = user.patch.document
    user.press("ctrl+n")
    assert not user.view.nodes
    user.press("ctrl+o")
    user.choose(tmp_path / "song.json")
    assert user.patch.document == saved and set(user.view.wires) == {(w.source_ref, w.target_ref) for w in saved.wires}
    assert user.sound.played[-1].document is user.patch.document


def test_undo_to_the_saved_document_clears_the_unsaved_mark(user, tmp_path):
    user.add("sine")
    save_as(user, tmp_path / "a.json")
    user.add("saw")
    assert user.view.title.startswith("●")
    user.press("ctrl+z")
    assert not user.view.title.startswith("●")


@pytest.mark.parametrize(
    ("answer", "saved", "replaced"), [("Save", True, True), ("Don't save", False, True), ("Cancel", False, False)]
)
def test_new_asks_about_unsaved_changes(user, tmp_path, answer, saved, replaced):
    user.add("sine")
    save_as(user, tmp_path / "a.json")
    user.add("saw")
    user.press("ctrl+n")
    assert user.view.panels["question"].modal and len(user.document.nodes) == 2
    user.press("delete")  # commands are blocked while the question is open
    user.press_button("question", answer)
    assert (not user.document.nodes) == replaced
    assert ("saw1" in Path(tmp_path / "a.json").read_text()) == saved


def test_close_asks_about_unsaved_changes(user):
    user.send(CloseRequested())
    assert user.view.ended
    user.view.ended = False
    user.add("sine")
    user.send(CloseRequested())
    assert not user.view.ended
    user.press_button("question", "Don't save")
    assert user.view.ended


def test_save_as_asks_before_it_replaces_a_file(user, tmp_path):
    (tmp_path / "old.json").write_text("precious")
    user.add("sine")
    save_as(user, tmp_path / "old.json")
    user.press_button("question", "Cancel")
    assert (tmp_path / "old.json").read_text() == "precious"
    save_as(user, tmp_path / "old.json")
    user.press_button("question", "Replace")
    assert "sine1" in (tmp_path / "old.json").read_text()


def test_patch_saved_in_another_folder_takes_its_files_along(user, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first / "sounds", second / "sounds"):
        folder.mkdir(parents=True)
    for name in ("hit.wav", "own.wav"):
        soundfile.write(first / "sounds" / name, np.zeros(100), 44100)
    (second / "sounds" / "own.wav").write_text("another file of this name")
    patch = patch_of(
        "hit.out out.audio", "own.out out.audio", hit=("file_player", {"file": "sounds/hit.wav"}),
        own=("file_player", {"file": "sounds/own.wav"}), out="audio_out",
    )  # fmt: skip
    patch.save(first / "patch.json")
    user.presenter.run("open_file", first / "patch.json")
    user.sound.engine = Offline(patch.document, path=first / "patch.json")
    user.press("ctrl+shift+s")
    user.choose(second / "patch.json")
    assert user.message == "Saved patch.json, and copied a file that it uses."
    assert (second / "sounds" / "hit.wav").read_bytes() == (first / "sounds" / "hit.wav").read_bytes()
    assert (second / "sounds" / "own.wav").read_text() == "another file of this name"
    user.sound.engine.close()


def test_demo_is_saved_as_a_copy(user, tmp_path):
    demo = demo_patch("bells")
    before = demo.read_bytes()
    user.presenter.run("open_file", demo)
    user.add("sine")
    user.press("ctrl+s")
    user.choose(tmp_path / "mine.json")
    assert demo.read_bytes() == before and (tmp_path / "mine.json").exists()
    user.add("sine")
    user.press("ctrl+s")
    assert user.message == "Saved mine.json."


def test_save_reports_a_missing_folder(user, tmp_path):
    user.add("sine")
    save_as(user, tmp_path / "nowhere" / "a.json")
    assert "not saved" in user.message and user.patch.path is None


def test_menu_lists_recent_files(user, tmp_path):
    for name in ("a", "b"):
        user.add("sine")
        save_as(user, tmp_path / f"{name}.json")
    recent = next(item for item in menu(user, "File").items if item.label == "Open recent")
    assert [item.label for item in recent.items] == ["b.json", "a.json"]
    user.pick_item(recent.items[1])
    assert user.patch.path == tmp_path / "a.json"
    again = SimulatedUser(user.presenter.home)
    recent = next(item for item in menu(again, "File").items if item.label == "Open recent")
    assert [item.label for item in recent.items] == ["a.json", "b.json"]


def test_opening_a_broken_file_keeps_the_open_patch(user, tmp_path):
    (tmp_path / "broken.json").write_text("{")
    user.add("sine")
    save_as(user, tmp_path / "mine.json")
    user.press("ctrl+o")
    user.choose(tmp_path / "broken.json")
    assert "broken.json" in user.message and "sine1" in user.document.nodes


def crash(user: SimulatedUser) -> Path:
    """Leave a recovery copy as a crashed editor does; return its home folder."""
    user.presenter.autosaving.save(user.desk)
    finish(user)
    about = next(user.presenter.autosaving.folder.glob("*.about"))
    data = json.loads(about.read_text())
    about.write_text(json.dumps(data | {"pid": 2**22 + 1}))
    return user.presenter.home


def finish(user: SimulatedUser) -> None:
    end = time.monotonic() + 120.0
    while user.desk.jobs.running and time.monotonic() < end:
        user.wait(0.02, 2)
        time.sleep(0.005)
    assert not user.desk.jobs.running


def test_recovery_copy_is_offered_after_a_crash_and_opens_unsaved(user, tmp_path):
    user.add("sine")
    save_as(user, tmp_path / "song.json")
    user.add("saw")
    home, lost = crash(user), user.patch.document
    again = SimulatedUser(home)
    assert "song.json" in again.item("question", "text").value
    again.press_button("question", "Open copy")
    assert again.patch.document == lost and again.patch.path == (tmp_path / "song.json").resolve()
    assert again.view.title.startswith("●")
    finish(again)
    assert again.presenter.autosaving.copies() == []


def test_recovery_copy_of_a_running_editor_is_not_offered(user):
    user.add("sine")
    user.presenter.autosaving.save(user.desk)
    finish(user)
    assert os.listdir(user.presenter.autosaving.folder)
    assert "question" not in SimulatedUser(user.presenter.home).view.panels


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the start of a process is unknown")
def test_recovery_copy_of_an_editor_whose_process_id_is_in_use_is_offered(user):
    user.add("sine")
    user.presenter.autosaving.save(user.desk)
    finish(user)
    (about,) = user.presenter.autosaving.folder.glob("*.about")
    about.write_text(json.dumps(json.loads(about.read_text()) | {"started": "before the restart of the computer"}))
    assert "question" in SimulatedUser(user.presenter.home).view.panels


DAMAGED = ["", "[]", "null", '{"pid": 1e999}', f'{{"pid": {10**40}}}', '{"pid": -5, "original": 3}', "[" * 99_999]


@pytest.mark.parametrize("about", DAMAGED, ids=range(len(DAMAGED)))
def test_recovery_copy_with_a_damaged_description_is_offered(user, about):
    user.add("sine")
    crash(user)
    next(user.presenter.autosaving.folder.glob("*.about")).write_text(about)
    assert "a patch without a file" in SimulatedUser(user.presenter.home).item("question", "text").value


def test_editor_works_without_a_folder_for_its_state(tmp_path):
    (tmp_path / "file").write_text("")
    user = SimulatedUser(tmp_path / "file" / "home")
    user.add("sine")
    user.wait(11.0)
    finish(user)
    save_as(user, tmp_path / "song.json")
    assert (tmp_path / "song.json").exists() and user.patch.saved
    user.presenter.close()


def test_autosave_is_written_periodically_and_removed_on_save(user, tmp_path):
    user.add("sine")
    user.wait(11.0)
    finish(user)
    assert list(user.presenter.autosaving.folder.glob("*.json"))
    save_as(user, tmp_path / "a.json")
    user.wait(11.0)
    assert not list(user.presenter.autosaving.folder.iterdir())


def test_dropped_files_are_opened_or_become_blocks(user, tmp_path):
    patch = Patch()
    patch.add("saw")
    patch.save(tmp_path / "other.json")
    user.send(FilesDropped((tmp_path / "other.json",), (0.0, 0.0)))
    assert list(user.document.nodes) == ["saw1"]
    dropped = ("kick.wav", "net.safetensors", "piano.sfz", "letter.txt", "strings.sf2")
    user.send(FilesDropped(tuple(tmp_path / name for name in dropped), (50.0, 60.0)))
    assert (
        user.value("sampler1.file") == "piano.sfz"
        and user.value("sampler2.file") == "strings.sf2"
        and user.value("file_player1.file") == "kick.wav"
        and user.value("decoder1.file") == "net.safetensors"
    )
    assert "letter.txt" in user.message


def test_export_writes_a_sound_file_during_edits(user, tmp_path):
    user.chain("sine", "audio_out")
    user.press("ctrl+e")
    user.send(PanelEvent("export", "seconds", "0.5"))
    user.press_button("export", "Export…")
    user.choose(tmp_path / "out.wav")
    user.add("saw")
    finish(user)
    sound, rate = soundfile.read(tmp_path / "out.wav")
    assert rate == 44100 and len(sound) == 22050 and np.abs(sound).max() > 0.1
    assert "Exported out.wav (0.5 s)." in user.message
    assert not list(tmp_path.glob(".*"))


def test_depth_of_sound_files_is_one_choice_for_export_and_recordings(user, tmp_path):
    user.chain("sine", "audio_out")
    user.press("ctrl+,")
    user.send(PanelEvent("device", "depth", "16"))
    user.press("ctrl+e")
    assert user.item("export", "depth").value[0] == "16"
    user.send(PanelEvent("export", "seconds", "0.1"))
    user.press_button("export", "Export…")
    user.choose(tmp_path / "out.flac")
    finish(user)
    assert soundfile.info(tmp_path / "out.flac").subtype == "PCM_16" and "clipped" not in user.message
    user.patch.add("constant", "much", value=3.0)
    user.patch.connect("much.out", "audio_out1.audio")
    user.press("ctrl+e")
    user.press_button("export", "Export…")
    user.choose(tmp_path / "loud.flac")
    finish(user)
    assert "Exported loud.flac (0.1 s), clipped at +" in user.message
    user.press("ctrl+r")
    user.choose(tmp_path / "take.wav")
    assert user.sound.depth == "16"
    user.send(PanelEvent("device", "depth", "24"))
    user.pick_item(user.right_click(Pin("sine1", "out", True))["Record wire…"])
    user.choose(tmp_path / "wire.wav")
    assert user.sound.depth == "24"


def test_cancelled_export_leaves_no_file(user, tmp_path):
    user.chain("sine", "audio_out")
    user.press("ctrl+e")
    user.send(PanelEvent("export", "seconds", "3600"))
    user.press_button("export", "Export…")
    user.choose(tmp_path / "out.wav")
    user.wait(0.2)
    user.press_button("export", "Cancel")
    finish(user)
    assert "Export cancelled." in user.message and not list(tmp_path.glob("*out*")) and not list(tmp_path.glob(".*"))


def test_failed_export_is_reported(user, tmp_path):
    user.chain("sine", "audio_out")
    user.press("ctrl+e")
    user.press_button("export", "Export…")
    user.choose(tmp_path / "nowhere" / "out.wav")
    finish(user)
    assert "Not exported" in user.message


def test_record_starts_and_stops(user, tmp_path):
    user.press("ctrl+r")
    user.choose(tmp_path / "take")
    assert user.sound.recorded == [tmp_path / "take.wav"]
    user.wait(0.5)
    assert "recording" in dict(user.view.status.parts)
    user.press("ctrl+r")
    assert user.sound.recorded[-1] is None


def test_device_rate_and_block_size_change_while_running(user):
    user.press("ctrl+,")
    _, names = user.item("device", "device").value
    assert names == ("system default", "one", "two", "no device")
    user.send(PanelEvent("device", "device", "two"))
    user.send(PanelEvent("device", "rate", "48000"))
    user.send(PanelEvent("device", "block", "512"))
    assert user.sound.chosen[-1] == ("two", 48000.0, 512)
    again = SimulatedUser(user.presenter.home)
    assert (again.desk.preferences.device, again.desk.preferences.blocksize) == ("two", 512)


def test_device_problem_is_notified_once_and_raises_the_alarm(user):
    user.sound.now = replace(
        user.sound.now, playing=False, problem="the audio device 'x' disconnected. Select another."
    )
    user.wait(0.5)
    assert user.view.messages.count(("the audio device 'x' disconnected. Select another.", True)) == 1
    assert "problem" in user.view.status.alarm
    user.add("sine")


def test_muted_block_shows_a_badge_with_the_reason(user):
    user.chain("sine", "audio_out")
    user.sound.now = replace(user.sound.now, faults={("sine1",): "output is NaN"})
    user.wait(0.5)
    assert user.view.badges["sine1"] == "output is NaN" and "sine1 is muted" in user.message
    user.sound.now = replace(user.sound.now, faults={})
    user.wait(0.5)
    assert user.view.badges["sine1"] == ""


def test_missing_file_and_unknown_block_show_badges(user, tmp_path):
    user.add("file_player")
    user.enter("file_player1.file", "missing.wav")
    assert "missing.wav" in user.view.badges["file_player1"]
    patch = {"format": "nodegraph", "version": 1, "nodes": [{"id": "x", "type": "of_tomorrow"}], "wires": []}
    (tmp_path / "new.json").write_text(json.dumps(patch))
    user.patch.mark_saved()
    user.send(FilesDropped((tmp_path / "new.json",), (0, 0)))
    assert "unknown block" in user.view.badges["x"]


def test_status_line_shows_the_engine_state(user):
    user.chain("sine", "audio_out")
    user.sound.now = replace(
        user.sound.now, load=0.123, xruns=2, latency=441, times={("sine1",): 14.5}, late_answers=3, tier="fused"
    )
    user.wait(1.5)
    parts = dict(user.view.status.parts)
    assert (
        parts["load"] == "load 12 %"
        and parts["tier"] == "fused"
        and parts["xruns"] == "xruns 2"
        and parts["latency"] == "latency 10.0 ms"
    )
    assert parts["late"] == "late model answers 3" and "late" in user.view.status.alarm
    assert parts["device"] == "fake" and parts["rate"] == "44.1 kHz / 256"
    assert user.view.loads["sine1"] == "1.0 %"


def test_pause_and_steps_of_a_quantum_and_a_hop(user):
    user.chain("sine", "stft")
    user.press("space")
    assert user.sound.now.paused
    user.press(".", ">")
    assert user.sound.steps == [64, 512]
    user.press("space")
    assert not user.sound.now.paused
    user.press(".")
    assert user.sound.now.paused, "a step pauses the engine"


def test_training_runs_in_the_background_and_its_model_is_used(user, tmp_path, monkeypatch):
    import nodegraph.learn

    started, resume = threading.Event(), threading.Event()

    class Step:
        stage, epoch, epochs, done, train, valid = "one", 1, 2, 0.5, 0.4, 0.5

    class First(Step):
        train = valid = float("nan")

    class Trained:
        path, notes, stopped = tmp_path / "net.safetensors", ["a note"], False
        errors = {"magnitudes": {"test": {"relative": 0.25, "pca_relative": 0.5}}}

    outputs = []

    def train(sound, output, **options):
        outputs.append(output)
        for step in (First, Step, Step):
            options["observer"].progress(step)
        started.set()
        assert resume.wait(20.0)
        options["observer"].progress(Step)
        return Trained

    class Observer:
        def __init__(self, progress, **rest):
            self.progress = progress

    monkeypatch.setitem(vars(nodegraph.learn), "train", train)
    monkeypatch.setitem(vars(nodegraph.learn), "TrainingObserver", Observer)
    user.add("decoder")
    user.presenter.run("training")
    user.press_button("training", "Train")
    assert "No training data" in user.message
    user.send(PanelEvent("training", "sound", str(tmp_path)), PanelEvent("training", "width", "16"))
    user.press_button("training", "Train")
    assert started.wait(20.0)
    user.add("sine")
    user.wait(0.5)
    assert outputs == [Path(f"{tmp_path.name}-16.safetensors").absolute()]
    curve = user.item("training", "curve").value
    assert curve.data.tolist() == [[0.4, 0.4], [0.5, 0.5]] and "0.5" in curve.text
    assert dict(user.view.status.parts)["job"] == "training 50 %"
    resume.set()
    finish(user)
    status = user.item("training", "status").value
    assert "25.0 % of the variance of unseen frames is lost, 50.0 % by" in status and "a note" in status
    user.press_button("training", "Use net.safetensors in the patch")
    assert str(user.value("decoder1.file")).endswith("net.safetensors")


def test_training_replaces_no_model_without_asking(user, tmp_path, monkeypatch):
    (tmp_path / "mine.safetensors").write_text("a model")
    started = []
    monkeypatch.setattr(TrainingPanel, "_begin", lambda self, desk, output: started.append(output))
    user.presenter.run("training")
    user.send(PanelEvent("training", "sound", str(tmp_path)), PanelEvent("training", "model", str(tmp_path / "mine")))
    for answer, expected in (("Cancel", []), ("Replace", [tmp_path / "mine.safetensors"])):
        user.press_button("training", "Train")
        assert "mine.safetensors already exists" in user.item("question", "text").value
        user.press_button("question", answer)
        assert started == expected


def test_last_minutes_are_saved_to_a_file(user, tmp_path, monkeypatch):
    from nodegraph.recording import keeping

    user.press("ctrl+k")
    assert "Nothing has been recorded yet" in user.message
    session = keeping.RetrospectiveSession(tmp_path / "ring", "", "", 44100.0, 2)
    session.folder.mkdir()
    np.full((44100, 2), 0.25, np.float32).tofile(session.folder / "000001.f32")
    monkeypatch.setattr(
        "nodegraph.editor.sound.retrospective.RetrospectiveRecording.last_minutes", lambda self: session
    )
    user.press("ctrl+,")
    user.send(PanelEvent("device", "depth", "24"))
    user.press("ctrl+k")
    user.choose(tmp_path / "last.wav")
    finish(user)
    sound, _ = soundfile.read(tmp_path / "last.wav")
    assert soundfile.info(tmp_path / "last.wav").subtype == "PCM_24"
    assert sound.shape == (44100, 2) and np.allclose(sound, 0.25) and "Saved last.wav (1 s)." in user.message


def test_recorded_automation_becomes_wired_blocks(user):
    from nodegraph.engine.live import Live
    from nodegraph.patch import Document

    with Live(Document(), null=True) as live:
        user.sound.engine = live
        user.chain("sine", "audio_out")
        live.follow(user.patch)
        user.wait(0.1)
        user.press("ctrl+shift+r")
        for position in (0.5, 0.55, 0.6):
            user.slide("sine1.frequency", 0.5, position)
            time.sleep(0.02)
        user.press("ctrl+shift+r")
        user.sound.engine = None
    assert any(record.type == "automation" for record in user.document.nodes.values()), user.message
    assert any(key[1] == "sine1.frequency" for key in user.view.wires)


def test_discarded_patch_leaves_no_recovery_copy(user):
    user.add("sine")
    user.presenter.autosaving.save(user.desk)
    finish(user)
    user.press("ctrl+q")
    user.press_button("question", "Don't save")
    user.presenter.close()
    assert not list(user.presenter.autosaving.folder.glob("*.json"))


def test_unexpected_close_leaves_a_recovery_copy(user):
    user.add("sine")
    user.presenter.close()
    assert "sine1" in next(user.presenter.autosaving.folder.glob("*.json")).read_text()


def test_internal_error_is_logged_and_the_editor_continues(user, monkeypatch):
    user.presenter.strict = False
    monkeypatch.setattr(user.desk, "open_panel", lambda panel: 1 / 0)
    user.press("f1")
    assert (
        "ZeroDivisionError" in user.message and "ZeroDivisionError" in (user.presenter.home / "errors.log").read_text()
    )
    assert user.add("sine") == "sine1"


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux only")
def test_job_runs_at_lower_priority_than_the_sound(user):
    def niceness(job=None):
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    job = user.desk.jobs.start("test", niceness)
    finish(user)
    assert job.result == max(before, 10) and niceness() == before


def test_device_panel_plays_a_tone_and_shows_the_rates_of_the_device(user):
    user.press("ctrl+,")
    assert user.item("device", "rates").value == "This device runs at 44100, 48000 Hz."
    user.press_button("device", "Play a tone")
    (samples, rate) = user.sound.previews[-1]
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(440.0, abs=1.0)
    assert 0.1 < np.abs(samples).max() < 0.3 and abs(samples[0]) < 0.01
    assert "A tone plays on fake" in user.item("device", "test").value


def test_device_panel_shows_the_level_of_the_input_and_midi_messages(user, monkeypatch):
    user.sound.input = np.full((1000, 1), 0.5, np.float32)
    monkeypatch.setattr(type(user.sound), "record_input", lambda self, seconds, stopped: (self.input, 44100.0))
    monkeypatch.setattr(ExternalControl, "listen", lambda self, desk: "")
    user.press("ctrl+,")
    user.press_button("device", "Show what arrives")
    connections = external_control(user.desk).attach(user.desk)
    connections.on_message("Keys", bytes((0x90, 60, 100)), 0.0)
    end = time.monotonic() + 20.0
    while "peak" not in user.item("device", "test").value and time.monotonic() < end:
        user.wait(0.1)
        time.sleep(0.01)
    shown = user.item("device", "test").value
    assert "The input has a peak of -6 dBFS." in shown
    assert "Keys: note_on channel=0 note=60 velocity=100" in shown
