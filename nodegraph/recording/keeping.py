"""Recording of the output: to a file, and retrospectively (the last minutes).

A retrospective session is a folder with a ring of short files of raw samples, so that the last minutes survive a crash.
``about.json`` in the folder describes them.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.engine.tape import TapeReader
from nodegraph.files.depths import AUTO
from nodegraph.files.folders import cache_folder
from nodegraph.files.recording import RecordingFile
from nodegraph.files.sound_file import reason_of

from .automation import ParameterTrack, collect

if TYPE_CHECKING:
    from nodegraph.engine.core import Engine
    from nodegraph.engine.live import Live

SEGMENT = 10.0  # seconds of sound in a file of the ring
SESSIONS = 3  # earlier sessions that are not deleted
WRITTEN_LATELY = 60.0  # seconds since the last write of a session that is taken for a playing one


class Recording:
    """Records the output to a sound file, from the next sample frame until :meth:`close`."""

    def __init__(self, live: Live, path: Path, depth: str = AUTO) -> None:
        self._reader = TapeReader(live.output_tape)
        self._file = RecordingFile(path, live.rate, live.output_tape.channels, depth)
        self._services = live.services
        self._services.append(self)
        self.seconds, self._rate = 0.0, live.rate

    @property
    def problem(self) -> str:
        lost = f"the disk is too slow: {self._reader.lost} samples of the recording are missing"
        return self._file.problem or (lost if self._reader.lost else "")

    @property
    def path(self) -> Path | None:
        """The file, or None before the first samples are written."""
        return self._file.path

    @property
    def clipping(self) -> str:
        """Remark if the recording is clipped, or ""."""
        return self._file.clipping

    def service(self) -> None:
        block = self._reader.read()
        self._file.write(block)
        self.seconds += len(block) / self._rate

    def close(self) -> None:
        if self in self._services:
            self._services.remove(self)
            self.service()
            self._file.close()


class WireRecording:
    """Records an output ("osc1.out") to a sound file, through a probe.

    The caller must watch the output (:meth:`Engine.watch`). If the output is removed or its lane count changes, the
    recording stops and ``ended`` is true.
    """

    def __init__(self, live: Live, port_ref: str, path: Path, depth: str = AUTO) -> None:
        self.seconds, self.ended = 0.0, False
        self._live, self._port_ref, self._path, self._depth = live, port_ref, path, depth
        self._ring: Any = None
        self._file: RecordingFile | None = None
        self._position = self._lost = 0
        self._services = live.services
        self._services.append(self)

    @property
    def problem(self) -> str:
        lost = f"{self._lost} samples of the recording of {self._port_ref} are missing" if self._lost else ""
        return (self._file.problem if self._file is not None else "") or lost

    @property
    def path(self) -> Path | None:
        """The file, or None before the first samples are written."""
        return self._file.path if self._file is not None else None

    @property
    def clipping(self) -> str:
        """Remark if the recording is clipped, or ""."""
        return self._file.clipping if self._file is not None else ""

    def service(self) -> None:
        ring = self._live.probe(self._port_ref)
        if self.ended or (ring is None and self._ring is None):
            return
        if ring is None or (self._file is not None and ring.lanes != self._ring.lanes):
            self._finish()
            return
        if ring is not self._ring:  # a new plan can have a new probe
            self._ring, self._position = ring, ring.written
            self._file = self._file or RecordingFile(self._path, self._live.rate, ring.lanes, self._depth)
        block, lost = ring.read_from(self._position)
        self._position, self._lost = self._position + len(block) + lost, self._lost + lost
        self.seconds += len(block) / self._live.rate
        if self._file is not None:
            self._file.write(block)

    def _finish(self) -> None:
        self.ended = True
        if self._file is not None:
            self._file.close()

    def close(self) -> None:
        if self in self._services:
            self._services.remove(self)
            self.service()
            self._finish()


class RetrospectiveRecorder:
    """Stores the last ``minutes`` of output in a new session in ``folder``, and deletes old sessions."""

    def __init__(self, live: Live, minutes: float, title: str = "", folder: Path | None = None) -> None:
        self.problem = ""
        self._rate, self._frames = live.rate, round(SEGMENT * live.rate)
        self._max_segments = max(round(minutes * 60.0 / SEGMENT), 1) + 1
        self._reader = TapeReader(live.output_tape)
        self._file: Any = None
        self._written = self._number = 0
        root = folder or retrospective_folder()
        started = datetime.now()
        self.folder = _unused_folder(root / f"{started:%Y%m%d-%H%M%S}-{os.getpid()}")
        about = {
            "rate": live.rate,
            "channels": live.output_tape.channels,
            "title": title,
            "started": started.isoformat(timespec="seconds"),
            "minutes": minutes,
        }
        try:
            root.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700)  # a recording of what was played is private
            (self.folder / "about.json").write_text(json.dumps(about))
            ended = [old for old in sessions(root) if old.folder != self.folder and not old.is_playing]
            for old in ended[SESSIONS:]:
                shutil.rmtree(old.folder, ignore_errors=True)
        except OSError as error:
            self._fail(error)
        live.services.append(self)

    def service(self) -> None:
        block = self._reader.read()
        if self.problem:
            return
        try:
            while len(block):
                if self._file is None:
                    self._start_segment()
                part = block[: self._frames - self._written]
                self._file.write(part.tobytes())
                self._written += len(part)
                block = block[len(part) :]
                if self._written == self._frames:
                    self._file.close()
                    self._file = None
            if self._file is not None:
                self._file.flush()
        except OSError as error:
            self._fail(error)

    def _start_segment(self) -> None:
        self._number, self._written = self._number + 1, 0
        self._file = (self.folder / f"{self._number:06d}.f32").open("wb")
        (self.folder / f"{self._number - self._max_segments:06d}.f32").unlink(missing_ok=True)

    def _fail(self, error: OSError) -> None:
        self.problem = (
            f"{self.folder.parent}: the last minutes are not recorded ({reason_of(error)}). "
            "Free disk space, or set NODEGRAPH_KEPT to another folder"
        )

    def close(self) -> None:
        self.service()
        if self._file is not None:
            self._file.close()
            self._file = None


class AutomationRecorder:
    """Records all parameter changes from sample ``begin``, for automation (see ``automation``)."""

    problem = ""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reader = engine.messages.reader()
        self._received: list[tuple[int, str, str, int, float]] = []
        self.begin = engine.clock
        assert engine.plan is not None
        self._starts = {
            (node.id, port): list(engine.knob_values(node.id, port))
            for node in engine.plan.graph.typed_nodes
            for port in node.values
        }
        engine.services.append(self)

    def service(self) -> None:
        applied = self._reader.read()
        if applied:
            self._received += self._engine.resolve_messages(applied)

    def tracks(self) -> dict[tuple[str, str], ParameterTrack]:
        """Return the changes so far by (node, port), with samples relative to ``begin``."""
        self.service()
        return collect(self._received, self.begin, lambda node, port: self._starts.get((node, port), [0.0]))

    def smooth(self, node: str, port: str) -> bool:
        """Return whether the values of an input are smoothed."""
        assert self._engine.plan is not None
        return self._engine.plan.graph.node(node).spec.inputs[port].smooth

    def close(self) -> None:
        if self in self._engine.services:
            self.service()
            self._engine.services.remove(self)
            self._reader.close()


# -- stored sessions -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RetrospectiveSession:
    """A stored session: folder, title, start time (ISO 8601), rate (Hz) and channels."""

    folder: Path
    title: str
    started: str
    rate: float
    channels: int

    @property
    def segments(self) -> list[Path]:
        return sorted(self.folder.glob("*.f32"))

    @property
    def seconds(self) -> float:
        return sum(file.stat().st_size for file in self.segments) / (4 * self.channels * self.rate)

    @property
    def is_playing(self) -> bool:
        """Whether a program seems to write the session; the clock of the system may have been changed."""
        with suppress(OSError):
            written = max(file.stat().st_mtime for file in [self.folder / "about.json", *self.segments])
            return abs(time.time() - written) < WRITTEN_LATELY
        return False

    def last(self, seconds: float) -> Iterator[np.ndarray]:
        """Yield the last ``seconds`` in chunks: float32 (samples, channels)."""
        sizes = [file.stat().st_size // (4 * self.channels) for file in self.segments]
        skip = max(sum(sizes) - round(seconds * self.rate), 0)
        for file, size in zip(self.segments, sizes, strict=True):
            if skip >= size:
                skip -= size
                continue
            yield np.fromfile(file, np.float32, size * self.channels).reshape(size, self.channels)[skip:]
            skip = 0


def _unused_folder(folder: Path) -> Path:
    number, unused = 2, folder
    while unused.exists():
        unused = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return unused


def retrospective_folder() -> Path:
    """Return the default folder of retrospective sessions: ``NODEGRAPH_KEPT``, else one in the user's cache."""
    return cache_folder("kept")


def sessions(folder: Path | None = None) -> list[RetrospectiveSession]:
    """Return all readable sessions in a folder, the latest first."""
    files = sorted((folder or retrospective_folder()).glob("*/about.json"), reverse=True)
    return [session for file in files if (session := session_in(file.parent)) is not None]


def session_in(folder: Path) -> RetrospectiveSession | None:
    """Read the session in a folder; None if it cannot be read."""
    try:
        about = json.loads((folder / "about.json").read_text())
        session = RetrospectiveSession(
            folder, about["title"], about["started"], float(about["rate"]), int(about["channels"])
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return session if session.channels > 0 and session.rate > 0 else None
