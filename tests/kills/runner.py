"""Kills a child process at random moments of its work, and checks what is left on the disk after each.

A kind of work is a module with

- ``prepare(folder)``: does the work once, so that all is imported and compiled and a child starts in milliseconds;
- ``work(folder, number, report)``: works until it is killed, or ends; ``report(text)`` confirms a step to the parent;
- ``check(folder, number, reports)``: raises AssertionError if anything is damaged, lost or left; returns a word that is
  counted;
- optionally ``WRITES``, a report that announces a write: every second child is killed within ``WRITE_SPAN`` seconds
  after it, as the rest of the work takes far longer;
- optionally ``SPAN``: seconds of work within which a child is killed. Without it, the time of one child that is not
  killed, until its third report or its end.

Each child is forked from a parent without threads, which is cheap enough for hundreds of kills.
"""

from __future__ import annotations

import os
import pickle
import random
import select
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from nodegraph.files.atomic import PREFIX, SUFFIX

KINDS = ["patch_save", "command_save", "autosave", "recordings", "kept_minutes", "render", "shards"]
KINDS += ["training", "estimator_training"]
REPORTS_OF_SPAN = 3
BEGIN = "begin"  # the first report of every child
PATIENCE = 120.0  # seconds that a child may take for its work


def kill_at_random(kind: ModuleType, folder: Path, kills: int, seed: int) -> Counter[str]:
    """Kill ``kills`` children; return how often each result of ``kind.check`` was found."""
    found: Counter[str] = Counter()
    chance = random.Random(seed)
    kind.prepare(folder)
    assert threading.active_count() == 1, "a fork would lose a thread"
    span = getattr(kind, "SPAN", None) or measured_span(kind, folder)
    number = 0
    while found.total() < kills:
        number += 1
        awaited = getattr(kind, "WRITES", BEGIN) if number % 2 else BEGIN
        delay = chance.uniform(0.0, span if awaited == BEGIN else kind.WRITE_SPAN)
        reports, killed = run_child(kind, folder, number, delay, awaited)
        result = kind.check(folder, number, reports)
        if killed:
            found[result] += 1
    return found


def measured_span(kind: ModuleType, folder: Path) -> float:
    """Return the time of a child until its third report or its end, in seconds."""
    began = time.monotonic()
    reports, _ = run_child(kind, folder, 0, PATIENCE, BEGIN, REPORTS_OF_SPAN)
    span = time.monotonic() - began
    kind.check(folder, 0, reports)
    return span


def run_child(
    kind: ModuleType, folder: Path, number: int, delay: float, awaited: str, most_reports: int = sys.maxsize
) -> tuple[list[str], bool]:
    """Fork a child and kill it ``delay`` seconds after a report; return its reports and whether the kill met it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work(kind, folder, number, lambda text: os.write(writing, f"{text}\n".encode()))
    os.close(writing)
    data = b""
    while f"{awaited}\n".encode() not in data:
        more = os.read(reading, 4096)
        assert more, f"the work ended without a report {awaited!r}"
        data += more
    end = time.monotonic() + delay
    while data.count(b"\n") <= most_reports and (left := end - time.monotonic()) > 0:
        if select.select([reading], [], [], left)[0]:
            more = os.read(reading, 4096)
            if not more:
                break
            data += more
    os.kill(pid, signal.SIGKILL)
    while more := os.read(reading, 4096):
        data += more
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status)
    assert killed or os.WEXITSTATUS(status) == 0, "the work failed before the kill"
    return data.decode().splitlines()[1:], killed


def _work(kind: ModuleType, folder: Path, number: int, report: Callable[[str], object]) -> None:
    status = 1
    try:
        report(BEGIN)
        kind.work(folder, number, report)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def in_child(function: Callable[[], Any]) -> Any:
    """Return the result of a function that runs in a child, so that the parent gets no threads."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            data = pickle.dumps(function())
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(data)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0, "the check failed"
    return pickle.loads(data)


def silently(function: Callable[[], Any]) -> Any:
    """Return the result of a function whose output on stdout and stderr is discarded."""
    null = os.open(os.devnull, os.O_WRONLY)
    kept = [os.dup(1), os.dup(2)]
    sys.stdout.flush()
    try:
        for stream in (1, 2):
            os.dup2(null, stream)
        return function()
    finally:
        sys.stdout.flush()
        for stream, descriptor in zip((1, 2), kept):
            os.dup2(descriptor, stream)
            os.close(descriptor)
        os.close(null)


def leftovers(folder: Path) -> list[Path]:
    """Return the temporary files and folders in a folder."""
    return list(folder.glob(f"{PREFIX}*{SUFFIX}"))


def check_leftovers(folder: Path) -> str:
    """Check that the leftovers of earlier kills are gone: at most that of the latest is there. Return it in words."""
    found = leftovers(folder)
    assert len(found) <= 1, found
    return "with a temporary file" if found else "without a temporary file"
