"""One input, watched: unexpected errors, processor time, memory, and what is opened, written, started or connected."""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from . import kinds

MAX_SECONDS = float(os.environ.get("FUZZ_SECONDS", 5.0))  # of processor time
MAX_BYTES = 1 << 30  # of memory, more than before
REPOSITORY = Path(__file__).parents[2]
STARTS = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "socket.connect",
    "pickle.find_class",
}


class HangError(Exception):
    """An input took too long."""


def kind_names() -> list[str]:
    """Return the names of all kinds of input."""
    return [info.name for info in iter_modules(kinds.__path__)]


def kind_of(name: str) -> ModuleType:
    """Return the module of a kind, by its name in ``kinds`` or its full name."""
    return import_module(name if "." in name else f"{kinds.__name__}.{name}")


class Watch:
    """Watches the inputs of this process in a folder. Files outside of it and of ``writable`` must not be written."""

    def __init__(self, folder: Path, writable: list[Path]) -> None:
        self.folder, self.outside = folder / "inside", folder / "outside"
        for each in (self.folder, self.outside):
            each.mkdir(parents=True, exist_ok=True)
        (self.outside / "secret.wav").write_bytes(b"RIFF")
        self._writable = [str(path.resolve()) + os.sep for path in (self.folder, *writable)]
        self._secret = (str(self.outside.resolve()), "/etc/passwd")
        self._violations: list[str] = []
        self._is_on = False
        sys.addaudithook(self._audit)
        signal.signal(signal.SIGPROF, _raise_hang)

    def attempt(self, kind: str, number: int) -> list[str]:
        """Try input ``number`` of a kind; return its faults, each in one line."""
        module = kind_of(kind)
        faults: list[str] = []
        self._violations.clear()
        _empty(self.folder)
        os.chdir(self.folder)
        before = _peak_bytes()
        signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
        self._is_on = True
        try:
            module.attempt(random.Random(f"{kind} {number}"), self.folder)
        except module.ERRORS as error:
            faults += [f"several lines: {line!r}" for line in [str(error)] if "\n" in line.strip() and not module.LINES]
        except BaseException as error:  # anything else is what is looked for
            faults.append(f"{type(error).__name__}: {str(error)[:200]} ({_place(error)})")
        finally:
            self._is_on = False
            signal.setitimer(signal.ITIMER_PROF, 0.0)
        if _peak_bytes() - before > MAX_BYTES:
            faults.append(f"{(_peak_bytes() - before) / 1e9:.1f} GB of memory")
        return faults + self._violations

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        if event in STARTS:
            self._violations.append(f"{event} {str(arguments[:2])[:150]}")
        elif event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path, flags = os.path.realpath(os.fsdecode(arguments[0])), arguments[2]
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
            if path.startswith(self._secret):
                self._violations.append(f"opened {path}")
            elif writes and not path.startswith((*self._writable, "/dev/", "/proc/")):
                self._violations.append(f"wrote {path}")


def allow_seconds(seconds: float) -> None:
    """Give the current input more time, because it compiles kernels."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def limit_memory() -> None:
    """Limit the data of this process, so that one input cannot take the memory of the machine."""
    resource.setrlimit(resource.RLIMIT_DATA, (6 << 30, 6 << 30))


def run_once(kind: str, number: int, folder: Path) -> None:
    """Try one input without a watch, for its traceback."""
    inside = folder / "inside"
    inside.mkdir(parents=True, exist_ok=True)
    os.chdir(inside)
    kind_of(kind).attempt(random.Random(f"{kind} {number}"), inside)


def _raise_hang(signal: int, frame: Any) -> None:
    raise HangError(f"more than {MAX_SECONDS:g} s")


def _empty(folder: Path) -> None:
    import shutil

    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _peak_bytes() -> int:
    """Return the largest memory of this program so far; getrusage would include that of the program that forked it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if str(REPOSITORY) in frame.filename and "/fuzz/" not in frame.filename]
    last = (ours or list(frames))[-1]
    return f"{os.path.relpath(last.filename, REPOSITORY)}:{last.lineno}"
