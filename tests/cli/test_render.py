"""``nodegraph render``: the sound file, and errors."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

import nodegraph
from nodegraph.patch import AddNode, Connect


def test_file_equals_the_render_of_the_library(cli, beep, tmp_path):
    assert cli("render", "beep.json", "-o", "out.wav", "--seconds", 1).status == 0
    values, rate = soundfile.read("out.wav", dtype="float32", always_2d=True)
    assert rate == 44100
    assert values.tobytes() == nodegraph.render(tmp_path / "beep.json", 1.0).tobytes()
    assert list(tmp_path.glob(".*")) == []


def test_chunked_render_is_seamless(cli, beep, monkeypatch):
    from nodegraph.cli import single_render

    cli("render", "beep.json", "-o", "whole.wav", "--seconds", 1)
    monkeypatch.setattr(single_render, "CHUNK", 640)
    cli("render", "beep.json", "-o", "pieces.wav", "--seconds", 1)
    assert np.array_equal(soundfile.read("whole.wav")[0], soundfile.read("pieces.wav")[0])


def test_long_render_is_fused_and_has_the_same_samples(cli, beep, monkeypatch):
    from nodegraph.cli import single_render
    from nodegraph.engine.fusion_service import FusionService

    service = FusionService.service
    monkeypatch.setattr(single_render, "FUSE_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(FusionService, "service", lambda self: (service(self), self.wait(60.0)))
    fused = cli("render", "beep.json", "-o", "fused.wav", "--seconds", 1, "--json").json
    rows = cli("render", "beep.json", "-o", "rows.wav", "--seconds", 1, "--json", "--no-fuse").json
    assert fused["tier"].startswith("fused (") and rows["tier"] == "rows"
    assert np.array_equal(soundfile.read("fused.wav")[0], soundfile.read("rows.wav")[0])


def test_render_on_two_cores_has_the_same_samples(cli, beep, monkeypatch):
    from nodegraph.engine import second_core
    from nodegraph.plan.division import Cut

    alone = cli("render", "beep.json", "-o", "one.wav", "--seconds", 1, "--no-fuse", "--json", "--cores", 2).json
    assert alone["cores"] == 1 and "does not pay" in alone["one_core"]
    assert "one core: dividing" in cli("render", "beep.json", "-o", "one.wav", "-s", 1, "--no-fuse", "--cores", 2).err
    monkeypatch.setattr(Cut, "pays", True)
    monkeypatch.setattr(second_core, "TRIAL", 3600.0)
    divided = cli("render", "beep.json", "-o", "two.wav", "--seconds", 1, "--no-fuse", "--json", "--cores", 2).json
    assert divided["cores"] == 2 and not divided["one_core"]
    assert np.array_equal(soundfile.read("one.wav")[0], soundfile.read("two.wav")[0])


def test_json_describes_the_file(cli, beep):
    found = cli("render", "beep.json", "-o", "out.wav", "--seconds", 0.5, "--rate", 48000, "--json").json
    assert (found["samples"], found["rate"], found["channels"]) == (24000, 48000.0, 1)
    assert found["peak"] == pytest.approx(0.5, abs=1e-3)
    assert not found["interrupted"] and found["faults"] == []
    assert soundfile.info("out.wav").samplerate == 48000


def test_set_changes_inputs_settings_and_controls(cli, beep, tmp_path):
    from nodegraph.patch import SetControl

    beep.do(SetControl("loudness", "osc.amplitude"))
    beep.save()
    assert cli("render", "beep.json", "-o", "a.wav", "-s", 0.2, "--set", "osc.amplitude=0.25", "--json").json[
        "peak"
    ] == pytest.approx(0.25, abs=1e-3)
    assert cli("render", "beep.json", "-o", "b.wav", "-s", 0.2, "--set", "loudness=0.125", "--json").json[
        "peak"
    ] == pytest.approx(0.125, abs=1e-3)
    stereo = cli("render", "beep.json", "-o", "c.wav", "-s", 0.2, "--set", "osc.frequency=220,330", "--json").json
    assert stereo["channels"] == 2
    assert nodegraph.load(tmp_path / "beep.json").document == beep.document


def test_seed_changes_random_blocks(cli, beep):
    beep.add("white_noise", "hiss")
    beep.connect("hiss.out", "out.audio")
    beep.save()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        cli("render", "beep.json", "-o", f"{name}.wav", "-s", 0.1, "--seed", seed)
    a, b, c = (soundfile.read(f"{name}.wav")[0] for name in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("channels", "rate", "subtype"), [(1, 44100, "PCM_24"), (2, 192000, "PCM_16"), (6, 8000, "FLOAT")]
)
def test_input_accepts_recordings_of_any_format(cli, effect, recording, channels, rate, subtype):
    voice = recording(seconds=0.5, channels=channels, rate=rate, subtype=subtype)
    found = cli("render", "effect.json", "-o", "out.wav", "--input", f"mic={voice}", "--json").json
    assert found["seconds"] == pytest.approx(0.5, abs=0.01)
    assert found["channels"] == 1 and 0 < found["peak"] <= 0.3


def test_input_name_is_optional_and_mono_is_copied_to_all_channels(cli, effect, recording):
    effect.set("mic.channels", 2)
    effect.save()
    cli("render", "effect.json", "-o", "out.wav", "--input", recording())
    values = soundfile.read("out.wav")[0]
    assert values.shape[1] == 2 and values.any() and np.array_equal(values[:, 0], values[:, 1])


def test_audio_in_without_a_file_is_a_warning(cli, effect):
    outcome = cli("render", "effect.json", "-o", "out.wav", "-s", 0.1)
    assert outcome.status == 0
    assert "'mic' is silent: it has no file. Add --input mic=FILE" in outcome.line


def test_recorder_writes_a_complete_file(cli, taking):
    found = cli("render", "taking.json", "-o", "out.wav", "-s", 0.5, "--json").json
    assert [path.endswith("take.wav") for path in found["recordings"]] == [True]
    taken, out = soundfile.read("take.wav")[0], soundfile.read("out.wav")[0]
    assert np.array_equal(taken[: len(out)], out)


def test_placeholder_is_silent_and_a_warning(cli, beep):
    beep.do(AddNode("typo", "sinee"))
    beep.save()
    outcome = cli("render", "beep.json", "-o", "out.wav", "-s", 0.1)
    assert outcome.status == 0 and "Did you mean 'sine'?" in outcome.line


def test_clipping_is_a_warning(cli, beep):
    beep.add("constant", "much", value=3.0)
    beep.connect("much.out", "out.audio")
    beep.save()
    assert "out.flac: clipped at +" in cli("render", "beep.json", "-o", "out.flac", "-s", 0.1).line
    line = cli("render", "beep.json", "-o", "out.wav", "-s", 0.1).line
    assert line.startswith("warning: out.wav: peaks at +") and "which the file keeps and players clip" in line
    assert cli("render", "beep.json", "-o", "out.wav", "-s", 0.1, "--json").json["clipping"]
    beep.set("much.value", 0.0)
    beep.set("osc.amplitude", 1.0)
    beep.save()
    assert cli("render", "beep.json", "-o", "out.wav", "-s", 0.1).err == ""


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["missing.json"], 1, "missing.json: cannot be read"),
        (["."], 1, "several renders need a folder"),
        (["noise.txt"], 1, "noise.txt"),
        (["beep.json", "--set", "osk.frequency=3"], 1, "Did you mean 'osc'?"),
        (["beep.json", "--set", "osc.frequncy=3"], 1, "Did you mean 'frequency'?"),
        (["beep.json", "--set", "osc.frequency=high"], 1, "must be a number in Hz"),
        (["beep.json", "--set", "osc.frequency=nan"], 1, "not a finite number"),
        (["beep.json", "--set", "osc.frequency=1e9"], 1, "must lie in"),
        (["beep.json", "--set", "volume=3"], 1, "unknown control 'volume'"),
        (["beep.json", "--set", "osc.frequency"], 2, "NODE.PORT=VALUE"),
        (["beep.json", "--seconds", "-1"], 2, "must be finite and above 0"),
        (["beep.json", "--seconds", "0"], 2, "must be finite and above 0"),
        (["beep.json", "--seconds", "nan"], 2, "must be finite and above 0"),
        (["beep.json", "--seconds", "inf"], 2, "must be finite and above 0"),
        (["beep.json", "--seconds", "1e12"], 1, "are free"),
        (["beep.json", "--rate", "0"], 2, "must lie in"),
        (["beep.json", "--rate", "nan"], 2, "must lie in"),
        (["beep.json", "--seed", "-1"], 2, "--seed"),
        (["beep.json", "--sed", "1"], 2, "--sed"),
        (["effect.json", "--input", "mick=voice.wav"], 1, "Did you mean 'mic'?"),
        (["effect.json", "--input", "amp=voice.wav"], 1, "'amp' is a vca"),
        (["effect.json", "--input", "mic=none.wav"], 1, "file not found"),
        (["effect.json", "--input", "mic=."], 1, "is a folder"),
        (["effect.json", "--input", "mic=noise.txt"], 1, "not a sound file"),
        (["effect.json", "--input", "mic=empty.wav"], 1, "is empty"),
        (["beep.json", "--input", "voice.wav"], 2, "NODE=FILE"),
    ],
)
def test_invalid_input_is_reported_in_one_line(cli, beep, effect, recording, tmp_path, arguments, status, words):
    recording()
    recording("empty.wav", seconds=0.0)
    (tmp_path / "noise.txt").write_text("text")
    outcome = cli("render", *arguments, "-o", "out.wav")
    assert outcome.status == status
    assert words in outcome.line
    assert outcome.out == "" and not (tmp_path / "out.wav").exists()


def test_every_problem_is_a_line_with_the_file_name(cli, beep):
    beep.do(Connect("osc.outt", "out.audio"))
    beep.do(Connect("osc.out", "out.audioo"))
    beep.save()
    outcome = cli("render", "beep.json", "-o", "out.wav", "--json")
    assert outcome.status == 1
    assert len(outcome.json["problems"]) == 2
    assert all(line.startswith("error: beep.json: ") for line in outcome.err.splitlines())


def test_unmarked_loop_is_reported(cli, beep):
    beep.add("vca", "amp")
    beep.connect("osc.out", "amp.audio")
    beep.connect("amp.out", "osc.fm")
    beep.save()
    assert "amp" in (line := cli("render", "beep.json", "-o", "out.wav").line) and "feedback wire" in line


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("nowhere/out.wav", "mkdir -p"),
        ("beep.json/out.wav", "beep.json is a file, not a folder. Choose another folder."),
        (".", "is a folder"),
        ("out.xyz", "the format '.xyz' is unsupported"),
        ("beep.json", "the format '.json' is unsupported"),
        ("/dev/full", "No space left"),
    ],
)
def test_unwritable_output_is_reported_in_one_line(cli, beep, output, words):
    outcome = cli("render", "beep.json", "-o", output, "-s", 0.1)
    assert outcome.status == 1 and words in outcome.line


def test_input_file_is_not_overwritten(cli, effect, recording):
    before = recording().read_bytes()
    outcome = cli("render", "effect.json", "--input", "mic=voice.wav", "-o", "voice.wav")
    assert outcome.status == 1 and "the output would overwrite a file that is in use" in outcome.line
    assert recording().read_bytes() == before


def test_sound_of_the_patch_is_not_overwritten(cli, beep, recording):
    before = recording().read_bytes()
    beep.add("file_player", "voice", file="voice.wav")
    beep.connect("voice.out", "out.audio")
    beep.save()
    outcome = cli("render", "beep.json", "-o", "voice.wav", "-s", 0.1)
    assert outcome.status == 1 and "voice.wav: the output would overwrite a file that is in use" in outcome.line
    assert recording().read_bytes() == before


def test_full_disk_leaves_the_existing_file(cli, beep, recording, tmp_path, monkeypatch):
    before = recording("out.wav").read_bytes()
    calls = []

    def fail(self, block):
        calls.append(block)
        if len(calls) > 2:
            raise RuntimeError("System error.")

    monkeypatch.setattr(soundfile.SoundFile, "write", fail)
    outcome = cli("render", "beep.json", "-o", "out.wav", "-s", 2)
    assert outcome.status == 1 and "could not be written" in outcome.line
    assert (tmp_path / "out.wav").read_bytes() == before
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_complete_files(cli, taking, tmp_path, number):
    assert cli("check", "taking.json").status == 0  # compiles the kernels
    command = [sys.executable, "-m", "nodegraph", "render", "taking.json", "-o", "out.wav", "-s", "30000"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while not list(tmp_path.glob(".nodegraph-*.tmp")) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(number)
    err = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    lines = [line for line in err.splitlines() if not line.startswith("compiling ")]
    assert len(lines) == 1 and lines[0].startswith("interrupted: out.wav has the first ")
    assert soundfile.info(tmp_path / "out.wav").frames == soundfile.info(tmp_path / "take.wav").frames > 0
