"""Fixtures for the commands: patches, recordings, and command lines that run in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import soundfile

from nodegraph import Patch
from nodegraph.cli import main


@dataclass
class Outcome:
    """The exit status and the output of a command line."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def line(self) -> str:
        """The only line on stderr."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Run a command line in a temporary folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        lines = captured.err.splitlines(keepends=True)
        # printed only if the kernels are not cached and the machine is slow
        return Outcome(status, captured.out, "".join(line for line in lines if not line.startswith("compiling ")))

    return run


@pytest.fixture
def beep(tmp_path):
    """``beep.json``: a sine ``osc`` into ``out``."""
    patch = Patch()
    patch.add("sine", "osc", frequency=441.0, amplitude=0.5)
    patch.add("audio_out", "out")
    patch.connect("osc.out", "out.audio")
    patch.save(tmp_path / "beep.json")
    return patch


@pytest.fixture
def effect(tmp_path):
    """``effect.json``: an ``audio_in`` named ``mic``, halved, into ``out``."""
    patch = Patch()
    patch.add("audio_in", "mic")
    patch.add("vca", "amp", gain=0.5)
    patch.add("audio_out", "out")
    patch.connect("mic.out", "amp.audio")
    patch.connect("amp.out", "out.audio")
    patch.save(tmp_path / "effect.json")
    return patch


@pytest.fixture
def taking(tmp_path, beep):
    """``taking.json``: the beep, recorded to ``take.wav``."""
    beep.add("recorder", "tape", file="take.wav")
    beep.connect("osc.out", "tape.audio")
    beep.save(tmp_path / "taking.json")
    return beep


@pytest.fixture
def recording(tmp_path):
    """A function that writes a recording of noise and returns its path."""

    def write(name="voice.wav", seconds=0.1, channels=1, rate=44100, subtype=None):
        noise = np.random.default_rng(1).uniform(-0.5, 0.5, (round(seconds * rate), channels))
        soundfile.write(tmp_path / name, noise, rate, subtype=subtype)
        return tmp_path / name

    return write
