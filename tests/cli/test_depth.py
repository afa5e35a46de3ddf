"""The option --depth of all commands that write sound files."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from nodegraph.recording import keeping


@pytest.fixture(autouse=True)
def temporary_storage(tmp_path, monkeypatch):
    """Store retrospective recordings in a temporary folder."""
    monkeypatch.setattr(keeping, "retrospective_folder", lambda: tmp_path / "kept")


def subtype(name: str) -> str:
    return str(soundfile.info(name).subtype)


def test_depth_of_played_replayed_and_kept_sound(cli, beep):
    options = ["--flight", "a.flight", "--record", "a.wav", "--depth", "24"]
    assert cli("run", "beep.json", "--null", "-s", "0.3", *options).status == 0
    assert cli("replay", "a.flight", "-o", "b.aiff", "--depth", "16").status == 0
    assert cli("keep", "-o", "c.flac", "--depth", "16").status == 0
    assert [subtype(name) for name in ("a.wav", "b.aiff", "c.flac")] == ["PCM_24", "PCM_16", "PCM_16"]


def test_depth_of_rendered_and_inverted_sound(cli, beep, tmp_path):
    assert cli("render", "beep.json", "-o", "a.wav", "-s", "0.1", "--depth", "16").status == 0
    np.save(tmp_path / "x.npy", np.ones((33, 40)))
    assert cli("invert", "x.npy", "-o", "b.wav", "--rate", 8000, "-n", 2, "--depth", "24").status == 0
    assert [subtype(name) for name in ("a.wav", "b.wav")] == ["PCM_16", "PCM_24"]


def test_wrong_depth_is_one_line(cli, beep):
    outcome = cli("render", "beep.json", "-o", "a.ogg", "--depth", "16")
    assert outcome.line == "error: a.ogg: an OGG file has no depth '16'. Use depth auto, or .wav."
    assert outcome.status == 1
    outcome = cli("run", "beep.json", "--null", "--record", "a.wav", "--depth", "20")
    assert outcome.status == 2 and "must be one of auto, 16, 24, float, got '20'" in outcome.err
