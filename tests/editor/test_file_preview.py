"""Previews in the file dialog: the waveform and the sound of a sound file, the blocks of a patch."""

from __future__ import annotations

import time

import numpy as np
import pytest
import soundfile

from nodegraph.editor.commands.file_preview import COLUMNS
from nodegraph.editor.events import FileHeard, FileHighlighted
from nodegraph.editor.view import FilePreview
from nodegraph.files.demos import demo_patch

RATE = 8000


def highlight(user, path):
    user.view.file_preview = None
    user.send(FileHighlighted(path))
    end = time.monotonic() + 20.0
    while user.view.file_preview is None and time.monotonic() < end:
        user.wait(0.1, 2)
        time.sleep(0.01)
    return user.view.file_preview


@pytest.fixture
def swell(tmp_path):
    """Twenty seconds in stereo, rising from 0 to 1 on the left and silent on the right."""
    path = tmp_path / "swell.wav"
    count = 20 * RATE
    left = np.linspace(0.0, 1.0, count) * (-1.0) ** np.arange(count)
    soundfile.write(path, np.column_stack([left, np.zeros(count)]), RATE, subtype="FLOAT")
    return path


def test_sound_is_shown_with_length_rate_channels_and_waveform(user, swell):
    preview = highlight(user, swell)
    assert preview.lines == ("20.000 s, 8000 Hz, stereo", "peak -6.0 dBFS")
    wave = preview.drawing.data
    expected = 0.5 * np.arange(1, COLUMNS + 1) / COLUMNS
    assert wave[:, 1] == pytest.approx(expected, abs=0.01) and wave[:, 0] == pytest.approx(-expected, abs=0.01)


def test_sound_is_heard_and_stopped_by_its_button_another_file_and_the_end(user, swell):
    highlight(user, swell)
    for stop in (FileHeard(stop=True), FileHighlighted(demo_patch("pluck")), FileHighlighted(None)):
        highlight(user, swell)
        user.send(FileHeard())
        samples, rate = user.sound.previews[-1]
        assert rate == RATE and len(samples) == 10 * RATE and samples[-1] == pytest.approx(-0.25, abs=1e-3)
        user.send(stop)
        assert len(user.sound.previews[-1][0]) == 0


def test_patch_is_shown_with_title_comment_counts_and_a_picture(user):
    preview = highlight(user, demo_patch("first_sound"))
    assert preview.lines[0].startswith("First sound") and not preview.is_sound
    assert any("3 controls" in line for line in preview.lines) and any("subpatch" in line for line in preview.lines)
    boxes = preview.drawing.data[: len(preview.drawing.names)]
    assert len(boxes) >= 12 and (boxes[:, 2] > boxes[:, 0]).all()


@pytest.mark.parametrize(("name", "content"), [("a.wav", b"RIFF"), ("b.json", b"{"), ("c.wav", b""), ("d.json", b"[]")])
def test_unreadable_file_shows_its_reason(user, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    preview = highlight(user, tmp_path / name)
    assert len(preview.lines) == 1 and preview.lines[0] and preview.drawing is None
    user.send(FileHeard())
    assert not user.sound.previews


def test_file_of_another_kind_is_only_named(user, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    user.send(FileHighlighted(tmp_path / "notes.txt"))
    assert user.view.file_preview == FilePreview(tmp_path / "notes.txt", ()) and not user.desk.jobs.running
