"""A short soak; ``make soak`` plays for half an hour."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.needs("jack", "portaudio")
def test_performance_leaks_nothing_and_its_replay_gives_the_same_samples():
    pytest.importorskip("pythonosc")
    if not Path("/proc/self/statm").exists():
        pytest.skip("the memory of a process is read from /proc")
    command = [sys.executable, "-m", "tests.soak", "--minutes", "0.3"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ.copy(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 different; notes: none" in done.stdout
