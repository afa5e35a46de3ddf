"""Peers that are Python packages, in a separate virtual environment."""

from __future__ import annotations

import subprocess
import sys
from functools import cached_property
from pathlib import Path

from ..workloads import ALL
from . import faust
from .base import ROOT, Job, Peer

VENV = ROOT / ".venv-bench"
PYTHON = VENV / "bin" / "python"


class PythonPeer(Peer):
    """Renders with ``render_<package>.py``. ``unsupported`` maps workloads to the reason that they are missing."""

    def __init__(self, name: str, package: str, version: str, unsupported: dict[str, str]) -> None:
        self.name = name
        self._package = package
        self._requirement = f"{package}=={version}"
        self._unsupported = unsupported

    def unavailable_reason(self) -> str | None:
        return self._reason

    @cached_property
    def _reason(self) -> str | None:
        if self._imports():
            return None
        try:
            if not PYTHON.exists():
                _run(sys.executable, "-m", "venv", str(VENV))
            pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--only-binary=:all:"]
            _run(*pip, self._requirement, "numpy", "soundfile")
        except subprocess.CalledProcessError as error:
            lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")]
            return f"pip cannot install {self._requirement}: {lines[-1] if lines else 'no error output'}"
        return None if self._imports() else f"{self._requirement} installs but cannot be imported"

    def _imports(self) -> bool:
        return (
            PYTHON.exists()
            and not subprocess.run([PYTHON, "-c", f"import {self._package}, numpy"], capture_output=True).returncode
        )

    def unsupported_reason(self, workload: str) -> str | None:
        return self._unsupported.get(workload)

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        argv = [str(PYTHON), "-m", f"bench.peers.render_{self._package}", workload, str(seconds)]
        return Job(argv + ([str(output)] if output else []), prints_cpu=True)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)


BLOCK_LATE = "feedback is delayed by a block"
NO_LAYERS = "has no dense layers"
NO_GAIN = "has no gain for spectra"
SIGNALFLOW = PythonPeer(
    "SignalFlow", "signalflow", "0.6.0", {"W4": NO_GAIN, "W5a": BLOCK_LATE, "W5b": BLOCK_LATE, "W6": NO_LAYERS}
)
NOT_WRITTEN = "is not written for it"
DAWDREAMER = PythonPeer(
    "DawDreamer", "dawdreamer", "0.9.0", {x.name: NOT_WRITTEN for x in ALL if x.name not in faust.WORKS}
)
PYO = PythonPeer("pyo", "pyo", "1.1.0", {"W1b": "has no lanes within an object", "W5b": BLOCK_LATE, "W6": NO_LAYERS})
ONLY_CODER = "used for W6 only"
NUMPY = PythonPeer("NumPy", "numpy", "2.4.6", dict.fromkeys((x.name for x in ALL if x.name != "W6"), ONLY_CODER))
