"""Isolation: what a model in its own process cannot do, whatever it is."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from nodegraph.processes import torchscript_process
from nodegraph.processes.model_process import FORKS
from nodegraph.processes.python_child import python_command, python_environment
from nodegraph.processes.torchscript_process import ModelError, TorchscriptProcess

ROOT = Path(__file__).parents[2]
SIZE = 64

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


class Twice(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        print("printed")
        return 2.0 * x


class Maps(torch.nn.Module):
    """Writes into a file through shared memory."""

    def __init__(self, path: str, size: int) -> None:
        super().__init__()
        self.path, self.size = path, size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mapped = torch.from_file(self.path, shared=True, size=self.size)
        mapped.fill_(1.0)
        return x * mapped.sum()


class Saves(torch.nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.save(x, self.path)
        return x


class Allocates(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.empty([5 << 28]).numel()  # 5 GB that are never touched


class Endless(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        while x.numel() > 0:
            x = x * 1.0
        return x


class Loud(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.abs().max() < 0.5, "too loud"
        return x


def saved(module):
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(module), file)
    return file.getvalue()


def start(module, **options):
    return TorchscriptProcess(saved(module), SIZE, SIZE, True, **options)


def test_model_runs_and_its_output_cannot_be_confused_with_an_answer():
    process = start(Twice(), threads=1)
    vectors = np.random.default_rng(0).standard_normal((3, SIZE)).astype(np.float32)
    for count in (1, 3, 2):
        assert np.array_equal(process.run(vectors[:count]), 2.0 * vectors[:count])
    assert "limits" in process.closed or sys.platform == "win32"
    folder = Path(process._folder.name)
    assert os.listdir(folder) == []
    process.close()
    assert process.has_ended and not folder.exists()


@pytest.mark.needs("landlock")
def test_model_cannot_write_files(tmp_path):
    (tmp_path / "mine").write_bytes(bytes(4096))
    for name in ("mine", "new"):
        with pytest.raises(ModelError, match="unable to open file"):
            start(Maps(str(tmp_path / name), 1024))
    start(Saves(str(tmp_path / "new"))).close()  # TorchScript does not report that it could not save
    assert os.listdir(tmp_path) == ["mine"] and (tmp_path / "mine").read_bytes() == bytes(4096)
    for module in (Maps(str(tmp_path / "mine"), 1024), Saves(str(tmp_path / "new"))):
        torch.jit.script(module)(torch.ones(2))
    assert (tmp_path / "new").exists() and any((tmp_path / "mine").read_bytes()), "a model that is not isolated can"


@pytest.mark.needs("landlock")
def test_model_cannot_use_too_much_memory():
    with pytest.raises(ModelError, match="it needs more than 4 GB of memory"):
        start(Allocates())


def test_endless_model_is_stopped(monkeypatch):
    monkeypatch.setattr(torchscript_process, "LOAD_SECONDS", 8.0)
    with pytest.raises(ModelError, match="it takes too long"):
        start(Endless())


def test_failing_model_gives_the_reason_and_ends():
    process = start(Loud())
    with pytest.raises(ModelError, match="too loud"):
        process.run(np.ones((1, SIZE), np.float32))
    with pytest.raises(ModelError, match="it ended"):
        process.run(np.zeros((1, SIZE), np.float32))


def test_killed_process_is_reported():
    process = start(Twice())
    process.stop()
    with pytest.raises(ModelError, match="it ended"):
        process.run(np.zeros((4, SIZE), np.float32))


@pytest.mark.skipif(not FORKS, reason="models are not forked on this system")
def test_killed_launcher_ends_its_models_and_is_started_again():
    process = start(Twice())
    parent = int(Path(f"/proc/{process.id}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)
    end = time.monotonic() + 60
    while not process.has_ended and time.monotonic() < end:
        time.sleep(0.05)
    assert process.has_ended
    again = start(Twice())
    assert np.array_equal(again.run(np.ones((1, SIZE), np.float32)), np.full((1, SIZE), 2.0))


@pytest.mark.skipif(not FORKS, reason="models are not forked on this system")
def test_model_inherits_its_own_pipes_only():
    first, second = start(Twice()), start(Twice())
    for process in (first, second):
        open_files = os.listdir(f"/proc/{process.id}/fd")
        pipes = [name for name in open_files if "pipe:" in os.readlink(f"/proc/{process.id}/fd/{name}")]
        others = [name for name in open_files if "socket:" in os.readlink(f"/proc/{process.id}/fd/{name}")]
        assert len({os.readlink(f"/proc/{process.id}/fd/{name}") for name in pipes}) == 2 and not others


def test_process_ends_with_the_program(tmp_path):
    (tmp_path / "model.pt").write_bytes(saved(Twice()))
    program = (
        "import sys, os; from nodegraph.processes.torchscript_process import TorchscriptProcess;"
        f"model = TorchscriptProcess(open(sys.argv[1], 'rb').read(), {SIZE}, {SIZE}, True);"
        "print(model.id, flush=True); os.kill(os.getpid(), 9)"
    )
    command = python_command("-c", program, str(tmp_path / "model.pt"))
    done = subprocess.run(command, env=python_environment() | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    pid, end = int(done.stdout), time.monotonic() + 60
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert done.returncode == -signal.SIGKILL and not is_running(pid)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


PROBE = """
import ctypes, json, mmap, os, socket, subprocess, sys, threading
from nodegraph.processes.isolation import isolate
folder = sys.argv[1]
opened = {}
parts = isolate([])
def attempt(name, function):
    try:
        function()
        opened[name] = "worked"
    except (OSError, ValueError) as error:
        opened[name] = type(error).__name__
attempt("connect", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2))
attempt("unix socket", lambda: socket.socket(socket.AF_UNIX))
attempt("program", lambda: subprocess.run(["/bin/true"]))
attempt("fork", os.fork)
attempt("kill", lambda: os.kill(os.getppid(), 0))
attempt("read", lambda: open(f"{folder}/mine").read())
attempt("append", lambda: open(f"{folder}/mine", "a"))
attempt("create", lambda: open(f"{folder}/new", "w"))
attempt("truncate", lambda: os.truncate(f"{folder}/mine", 0))
attempt("delete", lambda: os.unlink(f"{folder}/mine"))
attempt("rename", lambda: os.rename(f"{folder}/mine", f"{folder}/other"))
attempt("mode", lambda: os.chmod(f"{folder}/mine", 0))
attempt("time", lambda: os.utime(f"{folder}/mine", (0, 0)))
attempt("link", lambda: os.link(f"{folder}/mine", f"{folder}/other"))
attempt("folder", lambda: os.mkdir(f"{folder}/inner"))
attempt("list", lambda: os.listdir(folder))
attempt("current", lambda: open("here", "w"))
attempt("parent", lambda: open(f"/proc/{os.getppid()}/environ").read())
done = []
thread = threading.Thread(target=lambda: done.append(1)); thread.start(); thread.join()
print(json.dumps([parts, opened, done]))
"""


@pytest.mark.needs("landlock")
def test_isolated_process_reaches_nothing(tmp_path):
    import socket

    (tmp_path / "mine").write_text("mine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        command = python_command("-c", PROBE, str(tmp_path), str(server.getsockname()[1]))
        environment = python_environment() | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    parts, opened, threads = json.loads(done.stdout)
    assert parts == ["limits", "files", "calls"] and threads == [1]
    assert [name for name, result in opened.items() if result == "worked"] == []
    assert os.listdir(tmp_path) == ["mine"] and (tmp_path / "mine").read_text() == "mine"
