"""``nodegraph run``: playback with --null and JACK, reports and shutdown."""

import os
import signal
import subprocess
import sys
import time

import pytest
import soundfile

from nodegraph.engine.live import DEVICE_TIMEOUT


def start(folder, *arguments, env=None):
    return subprocess.Popen(
        [sys.executable, "-m", "nodegraph", "run", *arguments],
        cwd=folder,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path, seconds=30.0):
    end = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert path.exists()


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


def test_run_reports_callbacks_load_and_nodes(cli, beep):
    outcome = cli("run", "beep.json", "--null", "--seconds", 0.5)
    assert outcome.status == 0
    for word in ("callbacks", "xruns", "p50", "p99", "max", "µs per quantum", "osc"):
        assert word in outcome.out


def test_json_contains_the_report(cli, beep):
    found = cli("run", "beep.json", "--null", "-s", 0.5, "-b", 64, "--rate", 48000, "--json").json
    assert found["rate"] == 48000 and found["blocksize"] == 64
    assert found["callbacks"] >= 0.9 * found["expected"] > 0
    assert found["peak"] == pytest.approx(0.5, abs=1e-3)
    assert set(found["node_times"]) >= {"osc"}
    assert found["tier"] == "rows"  # it stopped before the patch had settled
    assert found["problems"] == []


def test_faulty_parts_are_left_out_with_a_warning_each(cli, beep):
    from nodegraph.patch import AddNode, Connect

    beep.do(AddNode("bad", "sine", 1, {"frequency": "loud"}))
    beep.do(Connect("bad.out", "out.audio"))
    beep.do(Connect("osc.uot", "out.audio"))
    beep.do(AddNode("gone", "sinee"))
    beep.save()
    before = beep.path.read_bytes()
    found = cli("run", "beep.json", "--null", "-s", 0.3, "--json")
    assert found.status == 0
    assert found.json["peak"] == pytest.approx(0.5, abs=1e-3)
    assert len(found.json["silent"]) == 3
    for words in ("frequency must be", "unknown output 'uot'", "unknown block 'sinee'", "everything else plays"):
        assert words in found.err
    assert beep.path.read_bytes() == before


def test_set_changes_the_output(cli, beep):
    found = cli("run", "beep.json", "--null", "-s", 0.3, "--set", "osc.amplitude=0.125", "--json").json
    assert found["peak"] == pytest.approx(0.125, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["missing.json"], 1, "cannot be read"),
        (["beep.json", "--seconds", "-1"], 2, "must be finite and above 0"),
        (["beep.json", "--blocksize", "0"], 2, "--blocksize"),
        (["beep.json", "--blocksize", "many"], 2, "--blocksize"),
        (["beep.json", "--rate", "0"], 2, "must lie in"),
        (["beep.json", "--set", "osc.frequncy=3"], 1, "Did you mean"),
        (["beep.json", "--device", ""], 1, "--device is empty"),
    ],
)
def test_invalid_input_is_reported_in_one_line(cli, beep, arguments, status, words):
    outcome = cli("run", "--null", *arguments)
    assert outcome.status == status and words in outcome.line


@pytest.mark.needs("portaudio")
@pytest.mark.parametrize("device", ["no such device", "999"])
def test_missing_device_is_reported_in_one_line(cli, beep, device):
    outcome = cli("run", "beep.json", "--device", device)
    assert outcome.status == 1 and "nodegraph devices" in outcome.line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_and_finalises_files(cli, taking, tmp_path, number):
    assert cli("run", "taking.json", "--null", "-s", 0.1).status == 0  # compiles the kernels
    process = start(tmp_path, "taking.json", "--null")
    wait_for(tmp_path / "take-2.wav")
    time.sleep(0.3)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and "callbacks" in out
    assert soundfile.info(tmp_path / "take-2.wav").frames > 1000


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows cannot stop a process")
def test_suspended_program_plays_on_afterwards(cli, taking, tmp_path):
    assert cli("run", "taking.json", "--null", "-s", 0.1).status == 0  # compiles the kernels
    process = start(tmp_path, "taking.json", "--null")
    wait_for(tmp_path / "take-2.wav", 120.0)
    for _ in range(2):
        time.sleep(0.3)
        process.send_signal(signal.SIGSTOP)
        time.sleep(DEVICE_TIMEOUT + 0.3)
        size = (tmp_path / "take-2.wav").stat().st_size
        process.send_signal(signal.SIGCONT)
        wait_until(lambda size=size: (tmp_path / "take-2.wav").stat().st_size > size)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0 and "error" not in err and "callbacks" in out


@pytest.mark.needs("jack", "portaudio")
def test_lost_device_stops_with_one_line_and_complete_files(taking, tmp_path, jack_to_kill):
    process = start(tmp_path, "taking.json", "--device", "system", env=jack_to_kill.env)
    wait_for(tmp_path / "take.wav", 60.0)
    time.sleep(0.3)
    jack_to_kill.stop()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and "'system' was disconnected. Connect it and play the patch again" in errors[0]
    assert "Traceback" not in err
    assert soundfile.info(tmp_path / "take.wav").frames > 1000


@pytest.mark.needs("jack", "portaudio")
def test_patch_plays_on_while_jack_changes_its_block_size(taking, tmp_path, jack_to_kill):
    process = start(tmp_path, "taking.json", "--device", "system", env=jack_to_kill.env)
    wait_for(tmp_path / "take.wav", 60.0)
    for size in ("1024", "64", "256"):
        subprocess.run(["jack_bufsize", size], env=os.environ | jack_to_kill.env, check=True, capture_output=True)
        before = (tmp_path / "take.wav").stat().st_size
        wait_until(lambda before=before: (tmp_path / "take.wav").stat().st_size > before + 40_000)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and "error" not in err and "stream     44100 Hz, blocks of 256" in out
