"""``nodegraph estimate``: a patch that sounds like a recording, and errors for unusable sounds and patches."""

import base64
import json

import numpy as np
import pytest
import soundfile

import nodegraph
from nodegraph.estimator.subpatch import subpatch_alone
from nodegraph.patch import Encapsulate, SetControl
from tests.estimator.planted import twins

RATE = 16384
QUICK = ["--evaluations", 300]


@pytest.fixture
def tones(tmp_path):
    """``tones.json``: two equal sines with controls of their pitches and levels."""
    patch = twins().patch
    patch.save(tmp_path / "tones.json")
    return patch


@pytest.fixture
def write(tmp_path):
    """A function that writes a tone to ``x.wav``, changed by its arguments."""

    def write(seconds=1.0, level=0.4, rate=RATE, channels=1, subtype="FLOAT"):
        sound = np.clip(level * np.sin(2.0 * np.pi * 440.0 * np.arange(round(seconds * rate)) / rate), -1.0, 1.0)
        soundfile.write(tmp_path / "x.wav", np.repeat(sound[:, None], channels, axis=1), rate, subtype=subtype)

    return write


def test_estimated_patch_sounds_like_the_recording(cli, tones, tmp_path):
    tones.set("o0.frequency", 700.0)
    tones.set("o0.amplitude", 0.4)
    tones.set("o1.frequency", 1500.0)
    tones.set("o1.amplitude", 0.2)
    target = nodegraph.render(tones, 1.0, RATE)
    target.save(tmp_path / "x.wav")
    outcome = cli("estimate", "x.wav", "tones.json", "-o", "new.json", "--evaluations", 3000, "--json")
    assert outcome.status == 0, outcome.err
    found = outcome.json
    assert found["ratio"] < 0.05 and found["distance"] <= found["start_distance"] <= found["random_distance"]
    assert found["correlation_stft"] > 0.99 and found["correlation_spectrum"] > 0.9
    assert found["notes"] == ["interchangeable: f0/a0, f1/a1"]
    new = nodegraph.load(tmp_path / "new.json")
    for row in found["parameters"]:
        node, _, port = new.document.controls[row["name"]].target.partition(".")
        assert new.document.nodes[node].params[port] == row["value"]
    pitches = sorted(row["value"] for row in found["parameters"][:2])
    assert pitches == pytest.approx([700.0, 1500.0], rel=0.01)


def test_subpatch_is_matched_by_itself_within_the_whole_patch(cli, tones, tmp_path):
    tones.do(Encapsulate(("o0",), "voice"))
    tones.set("voice/o0.frequency", 700.0)
    tones.save(tmp_path / "tones.json")
    nodegraph.render(nodegraph.Patch(subpatch_alone(tones.document, ("voice",))), 1.0, RATE).save(tmp_path / "x.wav")
    tones.set("voice/o0.frequency", 300.0)
    tones.save(tmp_path / "tones.json")
    outcome = cli("estimate", "x.wav", "tones.json", "-o", "new.json", "--subpatch", "voice", "--evaluations", 1500)
    assert outcome.status == 0, outcome.err
    new, old = nodegraph.load(tmp_path / "new.json").document, tones.document
    assert new.nested(("voice",)).nodes["o0"].params["frequency"] == pytest.approx(700.0, rel=0.01)
    assert new.nodes["o1"] == old.nodes["o1"] and new.wires == old.wires and new.controls == old.controls
    wrong = cli("estimate", "x.wav", "tones.json", "-o", "new.json", "--subpatch", "voise")
    assert wrong.status == 1 and "unknown node 'voise'. Did you mean 'voice'" in wrong.line


def test_output_lists_values_and_inaudible_parameters(cli, tones, write):
    write()
    outcome = cli("estimate", "x.wav", "tones.json", "-o", "new.json", *QUICK, "--parameters", "f0,a0", "--probe")
    assert outcome.status == 0, outcome.err
    assert "of the best of 200 random settings" in outcome.out
    assert "f0" in outcome.out and "a0" in outcome.out and "f1" not in outcome.out
    assert "inaudible while a0 is at its minimum, 0: f0" in outcome.out


def test_same_seed_and_evaluations_give_the_same_patch(cli, tones, write, tmp_path):
    write()
    for name in ("a", "b"):
        assert cli("estimate", "x.wav", "tones.json", "-o", f"{name}.json", *QUICK, "--seed", 3).status == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_page_compares_the_result_with_a_random_setting(cli, tones, write, tmp_path):
    write()
    assert cli("estimate", "x.wav", "tones.json", "-o", "new.json", *QUICK, "--page", "ab.html").status == 0
    page = (tmp_path / "ab.html").read_text()
    flac = base64.b64encode(b"fLaC\0\0").decode()  # the beginning of a FLAC file
    assert "Match of x.wav" in page and page.count(flac) == 3
    outcome = cli("estimate", "x.wav", "tones.json", "-o", "new.json", *QUICK, "--page", "no/ab.html")
    assert outcome.status == 1 and "folder no not found" in outcome.line


@pytest.mark.parametrize(
    ("sound", "warnings"),
    [
        ({"level": 1.5, "subtype": "PCM_16"}, ["x.wav is clipped", "the patch cannot be so loud"]),
        ({"seconds": 600.0, "rate": 8000}, ["x.wav lasts 600 s; 1 s from"]),
        ({"channels": 2}, ["x.wav has 2 channels"]),
        ({"seconds": 0.2}, ["x.wav lasts 0.2 s; it is followed by silence"]),
        ({"subtype": "PCM_U8"}, []),
        ({"rate": 48000}, []),
    ],
)
def test_unusual_sound_is_matched_with_a_warning(cli, tones, write, tmp_path, sound, warnings):
    write(**sound)
    outcome = cli("estimate", "x.wav", "tones.json", "-o", "new.json", *QUICK)
    assert outcome.status == 0, outcome.err
    notes = [line.removeprefix("warning: ") for line in outcome.err.splitlines() if line.startswith("warning: ")]
    assert len(notes) == len(warnings)
    assert all(note.startswith(warning) for note, warning in zip(notes, warnings))
    nodegraph.load(tmp_path / "new.json")


@pytest.mark.parametrize(
    ("sound", "rule"),
    [
        ({"level": 0.0}, "x.wav: the sound is silent"),
        ({"seconds": 0.01}, "x.wav: must last at least 0.05 s, got 0.01 s"),
        ({"seconds": 0.0}, "x.wav: the sound file is empty"),
    ],
)
def test_useless_sound_is_refused_in_one_line(cli, tones, write, tmp_path, sound, rule):
    write(**sound)
    outcome = cli("estimate", "x.wav", "tones.json", "-o", "new.json", *QUICK)
    assert outcome.status == 1
    assert rule in outcome.line
    assert not (tmp_path / "new.json").exists()


def test_missing_and_unreadable_files_are_refused_in_one_line(cli, tones, write, tmp_path):
    write()
    (tmp_path / "text.wav").write_text("not a sound\n")
    cases = [
        (("missing.wav", "tones.json", "-o", "new.json"), "missing.wav: file not found"),
        (("text.wav", "tones.json", "-o", "new.json"), "text.wav: not a sound file"),
        (("x.wav", "missing.json", "-o", "new.json"), "missing.json"),
        (("x.wav", "tones.json", "-o", "no/new.json"), "folder no not found"),
        (("x.wav", "tones.json", "-o", "x.wav"), "would overwrite a file that is in use"),
        (("x.wav", "tones.json", "-o", "new.json", "--parameters", "f9"), "there is no control 'f9'"),
        (("x.wav", "tones.json", "-o", "new.json", "--model", "missing.model"), "missing.model"),
    ]
    for arguments, rule in cases:
        outcome = cli("estimate", *arguments, *QUICK)
        assert outcome.status == 1, arguments
        assert rule in outcome.line
    assert not (tmp_path / "new.json").exists()
    assert soundfile.info(tmp_path / "x.wav").frames == RATE


def test_patch_without_controls_is_refused(cli, beep, write):
    write()
    assert "beep.json: the patch has no controls" in cli("estimate", "x.wav", "beep.json", "-o", "new.json").line


def test_patch_with_faults_is_refused(cli, tones, write, tmp_path):
    write()
    data = json.loads((tmp_path / "tones.json").read_text())
    data["wires"].append({"from": "o0.out", "to": "o1.nowhere"})
    (tmp_path / "broken.json").write_text(json.dumps(data))
    outcome = cli("estimate", "x.wav", "broken.json", "-o", "new.json")
    assert outcome.status == 1 and "broken.json: " in outcome.line


def test_silent_patch_is_refused_in_one_line(cli, tmp_path, write):
    write()
    patch = twins().patch
    patch.disconnect("o0.out", "out.audio")
    patch.disconnect("o1.out", "out.audio")
    patch.do(SetControl("f0", "o0.frequency", 200.0, 2000.0))
    patch.save(tmp_path / "silent.json")
    outcome = cli("estimate", "x.wav", "silent.json", "-o", "new.json", *QUICK)
    assert outcome.status == 1
    assert "the patch is silent at 200 random settings. Check that it makes a sound by itself" in outcome.line
    assert not (tmp_path / "new.json").exists()
