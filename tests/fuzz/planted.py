"""Inputs that do all that is forbidden, to show that the fuzzer finds it."""

from __future__ import annotations

import os
import pickle
import random
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

WEIGHT = 1
ERRORS = (OSError, LookupError)
LINES = False


def attempt(rng: random.Random, folder: Path) -> None:
    rng.choice(FAULTS)(folder)


def fail(folder: Path) -> None:
    raise ZeroDivisionError("planted")


def say_too_much(folder: Path) -> None:
    raise LookupError("two\nlines")


def hang(folder: Path) -> None:
    while True:
        pass


def crash(folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave(folder: Path) -> None:
    os._exit(3)


def take_memory(folder: Path) -> None:
    np.ones(3 << 26)


def read_outside(folder: Path) -> None:
    (folder / ".." / "outside" / "secret.wav").read_bytes()


def write_outside(folder: Path) -> None:
    (folder / ".." / "left.txt").write_text("planted")


def start_a_program(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)


def connect(folder: Path) -> None:
    with socket.socket() as found, suppress(OSError):
        found.connect(("127.0.0.1", 9))


def unpickle(folder: Path) -> None:
    pickle.loads(pickle.dumps(Path("planted")))


def behave(folder: Path) -> None:
    (folder / "fine.txt").write_text("fine")
    raise LookupError("one line")


FAULTS = [
    fail,
    say_too_much,
    hang,
    crash,
    leave,
    take_memory,
    read_outside,
    write_outside,
    start_a_program,
    connect,
    unpickle,
    behave,
]
