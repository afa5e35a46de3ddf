"""Temporary files of interrupted writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from nodegraph.files.atomic import create_file, create_folder, remove_leftovers, write_atomic
from nodegraph.files.sound_output import write_sound

fcntl = pytest.importorskip("fcntl")
WRITING = """
import sys
from pathlib import Path
from nodegraph.files.atomic import create_file, create_folder

folder = Path(sys.argv[1])
file, _ = create_file(folder)
file.write_bytes(b"part")
inner, _ = create_folder(folder)
(inner / "0.wav").write_bytes(b"part")
print("written", flush=True)
sys.stdin.read()
"""


def test_leftovers_without_a_lock_are_deleted_after_an_hour(tmp_path):
    old, recent = tmp_path / ".nodegraph-a.tmp", tmp_path / ".nodegraph-b.tmp"
    folder = tmp_path / ".nodegraph-c.tmp"
    folder.mkdir()
    for path in (old, recent, folder / "0.wav"):
        path.write_bytes(b"part")
    write_atomic(tmp_path / "shard", b"whole")
    (tmp_path / "mine.tmp").write_bytes(b"not hidden")
    (tmp_path / ".other.tmp").write_bytes(b"of another program")
    past = time.time() - 3700.0
    for path in (old, folder, tmp_path / "shard", tmp_path / "mine.tmp", tmp_path / ".other.tmp"):
        os.utime(path, (past, past))
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".nodegraph-b.tmp", ".other.tmp", "mine.tmp", "shard"]


@pytest.mark.parametrize("how", ["text", "sound"])
def test_next_write_deletes_the_leftovers_of_a_killed_program_but_no_other(tmp_path, how):
    own, descriptor = create_file(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", WRITING, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None and program.stdout.readline() == "written\n"
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.iterdir())) == 3
        program.send_signal(signal.SIGKILL)
        program.wait()
    if how == "text":
        write_atomic(tmp_path / "out", b"whole")
    else:
        write_sound(tmp_path / "out", np.zeros(10, np.float32), 44100.0)
    assert sorted(tmp_path.iterdir()) == sorted([own, tmp_path / "out"])
    os.close(descriptor)


def test_temporary_folder_is_not_deleted_while_it_is_used(tmp_path):
    folder, descriptor = create_folder(tmp_path)
    remove_leftovers(tmp_path)
    assert folder.is_dir()
    os.close(descriptor)
    remove_leftovers(tmp_path)
    assert not folder.exists()


def test_writers_and_cleaners_at_the_same_time_lose_nothing(tmp_path):
    failures: list[BaseException] = []
    done = threading.Event()

    def clean() -> None:
        while not done.is_set():
            remove_leftovers(tmp_path)

    def write(name: str) -> None:
        try:
            for k in range(100):
                write_atomic(tmp_path / name, f"{name} {k}".encode())
                assert (tmp_path / name).read_text() == f"{name} {k}"
        except BaseException as failure:
            failures.append(failure)

    cleaner = threading.Thread(target=clean)
    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in (cleaner, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    cleaner.join()
    assert not failures
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_pipe_or_device_is_written_to_and_not_replaced(tmp_path):
    pipe, received = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write_atomic(pipe, b"all of it")
    reader.join()
    assert received == [b"all of it"] and pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]
