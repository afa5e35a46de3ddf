"""librosa compiles in one process at a time."""

import fcntl
import os
from pathlib import Path

import numpy as np
import pytest

from nodegraph.measures.onsets import onset_times


def test_onsets_are_detected_under_a_lock_of_the_installation(monkeypatch):
    librosa = pytest.importorskip("librosa")
    detect, tried = librosa.onset.onset_detect, []

    def watched(*arguments, **options):
        handle = os.open(Path(librosa.__file__).parent, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)
        tried.append(True)
        return detect(*arguments, **options)

    monkeypatch.setattr(librosa.onset, "onset_detect", watched)
    clicks = np.zeros(22050, np.float32)
    clicks[::5000] = 1.0
    assert len(onset_times(clicks, 22050.0)) and tried
    monkeypatch.undo()
    assert len(onset_times(clicks, 22050.0))
