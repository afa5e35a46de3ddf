"""Commands without a home folder, and with folders that nothing can be written to: one line, and sound all the same."""

from __future__ import annotations

import os

import pytest
import soundfile

from nodegraph.native.build import cache_folder

NOWHERE = "/dev/null/none"  # a folder that not even root can make


@pytest.fixture
def nowhere(cli, beep, monkeypatch):
    """No folder of the user is writable, except that of the compiled kernels, which this process has loaded before."""
    if not os.path.exists("/dev/null"):
        pytest.skip("needs /dev/null")
    assert cli(*"run beep.json --null -s 0.1 --record loaded.wav".split()).status == 0
    monkeypatch.setenv("NODEGRAPH_CACHE", str(cache_folder()))
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", NOWHERE)


@pytest.mark.parametrize(
    "command",
    [
        "render beep.json -o out.wav -s 0.1",
        "check beep.json",
        "nodes sine",
        "controllers",
        "keep",
        "doctor",
        "licences",
    ],
)
def test_command_works_without_a_home_folder(cli, beep, nowhere, command):
    outcome = cli(*command.split())
    assert outcome.status == 0, outcome.err
    assert "Errno" not in outcome.out + outcome.err


def test_patch_plays_without_a_home_folder_and_one_warning_before(cli, beep, nowhere, tmp_path):
    outcome = cli(*"run beep.json --null -s 0.2 --record take.wav".split())
    assert outcome.status == 0 and "callbacks" in outcome.out
    first, second = outcome.err.splitlines()
    folder = f"{NOWHERE}/.cache/nodegraph/kept"
    assert first == (
        f"warning: {folder}: the last minutes are not recorded (Not a directory). "
        "Free disk space, or set NODEGRAPH_KEPT to another folder."
    )
    assert second.startswith("playing beep.json")
    assert soundfile.info(tmp_path / "take.wav").frames > 4000


def test_last_minutes_are_recorded_in_another_folder(cli, beep, nowhere, tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_KEPT", str(tmp_path / "kept"))
    assert len(cli(*"run beep.json --null -s 0.2".split()).err.splitlines()) == 1
    assert cli("keep", "-o", "last.wav").status == 0
    assert soundfile.info(tmp_path / "last.wav").frames > 4000


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("new-node wobble", ("wobble.py: not writable (Not a directory)", "--folder")),
        ("corpus --frames 100", ("not writable (Not a directory)", "Choose another folder")),
    ],
)
def test_file_that_cannot_be_written_without_a_home_folder_is_one_line(cli, nowhere, command, words):
    outcome = cli(*command.split())
    assert outcome.status == 1 and all(word in outcome.line for word in words) and NOWHERE in outcome.line
