"""Match a sound: the panel, its background job, what is heard, and the undo step."""

from __future__ import annotations

import time

import numpy as np
import pytest
import soundfile

from nodegraph.editor.events import FilesDropped, NodeAt, PanelEvent
from nodegraph.estimator.parameters import parameters_of
from nodegraph.estimator.patch_record import record_of
from nodegraph.models.estimator import Calibration, layout_of
from nodegraph.models.estimator_layout import tensor_shapes
from nodegraph.patch import Encapsulate, SetControl
from tests.models.test_estimator import FEATURES, model

from .test_files_and_sound import finish

RATE = 16384
PITCH = 700.0  # Hz, of the sound to be matched
EVALUATIONS = 4000  # settings tried for each second of search


@pytest.fixture(autouse=True)
def search_limited_by_evaluations(monkeypatch):
    """Limit a search by evaluations instead of time."""
    from nodegraph.estimator import scoring

    budget = scoring.Budget
    monkeypatch.setattr(scoring, "Budget", lambda seconds: budget(evaluations=round(EVALUATIONS * seconds)))


@pytest.fixture
def tone(tmp_path):
    """A file with a sine of 700 Hz and amplitude 0.3."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.3 * np.sin(2.0 * np.pi * PITCH * np.arange(RATE) / RATE), RATE, subtype="FLOAT")
    return path


@pytest.fixture
def synth(user):
    """A user with a patch of a sine with two controls, and of a saw that is not wired, with one."""
    user.chain("sine", "audio_out")
    user.add("saw")
    for name, target, low, high in (
        ("pitch", "sine1.frequency", 200.0, 2000.0),
        ("level", "sine1.amplitude", 0.05, 0.5),
        ("unused", "saw1.frequency", 200.0, 2000.0),
    ):
        user.desk.do_in((), SetControl(name, target, low, high, "log"))
    return user


def open_panel(user, sound, **values):
    user.presenter.run("match_a_sound")
    user.send(PanelEvent("match", "sound", str(sound)))
    for name, value in {"seconds": "1", **values}.items():
        user.send(PanelEvent("match", name, value))


def match(user, sound, **values):
    open_panel(user, sound, **values)
    user.press_button("match", "Match")
    finish(user)


def texts(user):
    return [str(item.value) for item in user.items("match") if item.kind == "text"]


def keys(user):
    return {item.key for item in user.items("match")}


def test_match_is_applied_as_one_undo_step(synth, tone):
    before = synth.patch.document
    match(synth, tone)
    assert synth.patch.document is before, "the document changed before the match was applied"
    synth.press_button("match", "Apply")
    assert synth.value("sine1.frequency") == pytest.approx(PITCH, rel=0.005)
    assert synth.value("sine1.amplitude") == pytest.approx(0.3, rel=0.1)
    synth.press("ctrl+z")
    assert synth.patch.document.nodes == before.nodes
    synth.press("ctrl+shift+z")
    assert synth.value("sine1.frequency") == pytest.approx(PITCH, rel=0.005)


def test_result_states_distance_confidence_and_inaudible_parameters(synth, tone):
    match(synth, tone)
    assert any(text.startswith("Distance ") and "of the best of 200 random settings" in text for text in texts(synth))
    columns, rows = synth.item("match", "values").value
    found = {name: (value, confidence) for name, value, confidence in rows}
    assert columns == ("Parameter", "Value", "Confidence") and list(found) == ["pitch", "level", "unused"]
    assert found["pitch"][0].endswith(" Hz") and found["pitch"][1].endswith((" %", "sure"))
    assert found["unused"][1] == "inaudible"
    assert "inaudible at these values: unused" in texts(synth)


def test_probe_lists_parameters_that_are_never_audible(synth, tone):
    match(synth, tone, probe=True)
    assert "not wired to an output: unused" in texts(synth)


def test_target_and_result_are_heard_by_turns(synth, tone):
    match(synth, tone)
    for key in ("hear_target", "hear_result", "hear_both"):
        synth.press_button("match", key)
    (target, rate), (result, _), (both, _) = synth.sound.previews
    expected, _ = soundfile.read(tone, dtype="float32")
    assert rate == RATE and np.abs(target - expected).max() < 1e-3
    assert len(result) == len(target) and np.abs(result).max() > 0.1
    assert np.array_equal(both[: len(target)], target) and np.array_equal(both[-len(result) :], result)


def test_search_shows_the_best_distance_and_can_be_cancelled(synth, tone):
    before = synth.patch.document
    open_panel(synth, tone, seconds="600")
    synth.press_button("match", "Match")
    job = synth.desk.panels["match"].job
    deadline = time.monotonic() + 30.0
    while "best distance" not in job.text and time.monotonic() < deadline:
        synth.wait(0.1, 2)
        time.sleep(0.01)
    synth.wait(0.1)
    assert "best distance" in job.text and job.part < 0.5
    assert {"progress", "cancel", "hear_target"} <= keys(synth) and "begin" not in keys(synth)
    synth.press_button("match", "Cancel")
    finish(synth)
    assert synth.view.messages[-1] == ("Match cancelled.", False)
    assert synth.patch.document is before and "begin" in keys(synth) and "apply" not in keys(synth)


def test_closed_panel_cancels_its_search(synth, tone):
    open_panel(synth, tone, seconds="600")
    synth.press_button("match", "Match")
    synth.desk.close_panel("match")
    finish(synth)
    synth.presenter.run("match_a_sound")
    assert synth.item("match", "sound").value == str(tone), "the panel forgot its sound"
    assert "begin" in keys(synth) and "apply" not in keys(synth)


def test_subpatch_is_matched_alone_by_its_own_controls(synth, tone):
    synth.desk.do(Encapsulate(("sine1",), "voice"))
    drone = synth.add("square")
    synth.wire(f"{drone}.out", "audio_out1.audio")
    synth.select()
    synth.pick_item(synth.right_click(NodeAt("voice"))["Match a sound…"])
    assert synth.view.panels["match"].title == "Match a sound: voice"
    synth.send(PanelEvent("match", "sound", str(tone)), PanelEvent("match", "seconds", "1"))
    synth.press_button("match", "Match")
    finish(synth)
    assert [row[0] for row in synth.item("match", "values").value[1]] == ["pitch", "level"]
    synth.press_button("match", "Apply")
    found = synth.patch.document.nested(("voice",)).nodes["sine1"].params
    assert found["frequency"] == pytest.approx(PITCH, rel=0.005)
    synth.select("voice")
    synth.press("delete")
    assert "match" not in synth.view.panels


def silent(folder):
    soundfile.write(folder / "silence.wav", np.zeros(RATE), RATE)
    return folder / "silence.wav"


def text_file(folder):
    (folder / "text.wav").write_text("no sound")
    return folder / "text.wav"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (silent, "the sound is silent"),
        (text_file, "not a sound file"),
        (lambda folder: folder / "missing.wav", "file not found"),
        (lambda folder: folder, "is a folder"),
    ],
)
def test_unsuitable_sound_is_reported_in_one_line(synth, tmp_path, make, text):
    match(synth, make(tmp_path))
    message, alarm = synth.view.messages[-1]
    assert alarm and message.startswith("Not matched: ") and text in message
    assert "apply" not in keys(synth) and "begin" in keys(synth)


def untrained_model(document):
    """Return a model of a patch with random weights."""
    parameters = parameters_of(document)
    layout = layout_of(parameters, FEATURES, channels=(4, 8), strides=((2, 2), (4, 4)), hidden=16, flow_width=16)
    rng = np.random.default_rng(0)
    return model(
        parameters=parameters,
        layout=layout,
        patch=record_of(document, parameters),
        calibration=Calibration((1.0,) * len(parameters), (1.0,) * len(parameters)),
        tensors={name: rng.uniform(0.1, 0.3, shape).astype("f4") for name, shape in tensor_shapes(layout).items()},
        interchangeable=(),
        inaudible=(),
    )


def test_model_of_the_patch_proposes_candidates(synth, tone, tmp_path):
    pytest.importorskip("torch")
    untrained_model(synth.patch.document).save(tmp_path / "synth.safetensors")
    match(synth, tone, model=str(tmp_path / "synth.safetensors"))
    synth.press_button("match", "Apply")
    assert synth.value("sine1.frequency") == pytest.approx(PITCH, rel=0.005)


def test_unsuitable_model_is_reported_in_one_line(synth, tone, tmp_path):
    files = {name: tmp_path / f"{name}.safetensors" for name in ("broken", "other", "old", "missing")}
    files["broken"].write_bytes(b"no model")
    model().save(files["other"])
    untrained_model(synth.patch.document).save(files["old"])
    synth.enter("sine1.fm", "3")
    texts = {"broken": "broken.safetensors", "other": "trained for another patch, 'Test'", "missing": "not found"}
    texts["old"] = "trained for another version of the patch: node 'sine1' has changed"
    for name, file in files.items():
        match(synth, tone, model=str(file))
        message, alarm = synth.view.messages[-1]
        assert alarm and message.startswith("Not matched: ") and texts[name] in message
        assert "apply" not in keys(synth)


def test_patch_without_controls_is_reported_in_one_line(user, tone):
    user.chain("sine", "audio_out")
    match(user, tone)
    assert user.view.messages[-1] == (
        "Not matched: the patch has no controls. Add one for each input that varies.",
        True,
    )


def test_silent_patch_is_reported_in_one_line(user, tone):
    user.add("sine")
    user.desk.do_in((), SetControl("pitch", "sine1.frequency", 200.0, 2000.0))
    match(user, tone)
    message, alarm = user.view.messages[-1]
    assert alarm and "the patch is silent" in message


@pytest.mark.parametrize(("seconds", "text"), [("soon", "'soon'"), ("-1", "search must lie in 0–3600 s, got -1.")])
def test_invalid_length_of_the_search_is_refused(synth, tone, seconds, text):
    open_panel(synth, tone, seconds=seconds)
    synth.press_button("match", "Match")
    assert not synth.desk.jobs.running and text in synth.message


def test_match_without_a_sound_is_refused(synth):
    synth.presenter.run("match_a_sound")
    synth.press_button("match", "Match")
    assert not synth.desk.jobs.running and "No sound to match." in synth.message


def test_files_dropped_on_the_window_are_the_sound_and_the_model(synth, tone, tmp_path):
    before = synth.patch.document
    synth.presenter.run("match_a_sound")
    synth.send(FilesDropped((tone, tmp_path / "net.safetensors"), (0.0, 0.0)))
    assert synth.item("match", "sound").value == str(tone)
    assert synth.item("match", "model").value == str(tmp_path / "net.safetensors")
    assert synth.patch.document is before
    synth.desk.close_panel("match")
    synth.send(FilesDropped((tone,), (0.0, 0.0)))
    synth.choose(tmp_path / "saved.json")
    assert "file_player1" in synth.document.nodes


def test_file_dialogs_choose_the_sound_and_the_model(synth, tone, tmp_path):
    synth.presenter.run("match_a_sound")
    synth.press_button("match", "choose_sound")
    synth.choose(tone)
    synth.press_button("match", "choose_model")
    synth.choose(tmp_path / "net.safetensors")
    assert synth.item("match", "sound").value == str(tone)
    assert synth.item("match", "model").value == str(tmp_path / "net.safetensors")


def test_recorded_input_is_matched(synth):
    clock = np.arange(44100) / 44100.0
    synth.sound.input = 0.3 * np.sin(2.0 * np.pi * PITCH * clock)[:, None].astype(np.float32)
    synth.presenter.run("match_a_sound")
    synth.press_button("match", "Record")
    assert synth.item("match", "record").label == "Stop" and not synth.item("match", "begin").enabled
    synth.press_button("match", "Stop")
    finish(synth)
    assert synth.item("match", "sound").value == "recording, 1.0 s"
    synth.send(PanelEvent("match", "seconds", "1"))
    synth.press_button("match", "Match")
    finish(synth)
    synth.press_button("match", "Apply")
    assert synth.value("sine1.frequency") == pytest.approx(PITCH, rel=0.005)
