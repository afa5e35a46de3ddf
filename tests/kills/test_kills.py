"""A few random kills of each kind of work; ``make kills`` makes hundreds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kills.runner import KINDS

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


@pytest.mark.parametrize("kind", KINDS)
def test_killed_work_leaves_whole_files(kind):
    if kind.endswith("training"):
        pytest.importorskip("torch")
    kills = 2 if kind == "estimator_training" else 5  # the slowest
    command = [sys.executable, "-m", "tests.kills", kind, "--kills", str(kills), "--seed", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and f"{kind}: {kills} kills" in done.stdout, done.stdout + done.stderr
