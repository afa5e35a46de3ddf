"""Keeping what is played: recordings of the output, and the last minutes of it, always.

The last minutes lie on disk as a ring of short files of raw samples, one folder for each session, so that they are
there after a crash, too. ``about.json`` in the folder says what they are.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.engine.tape import TapeReader
from nodegraph.files.recording import RecordingFile
from nodegraph.files.sound_file import reason_of

from .automation import ParameterTrack, collect

if TYPE_CHECKING:
    from nodegraph.engine.core import Engine
    from nodegraph.engine.live import Live

SEGMENT = 10.0  # s of sound in a file of the ring
SESSIONS = 3  # earlier sessions whose last minutes stay


class Recording:
    """Records what is heard from now on into a sound file, until :meth:`close`."""

    def __init__(self, live: Live, path: Path) -> None:
        self._reader = TapeReader(live.output_tape)
        self._file = RecordingFile(path, live.rate, live.output_tape.channels)
        self._services = live.services
        self._services.append(self)
        self.seconds, self._rate = 0.0, live.rate

    @property
    def problem(self) -> str:
        lost = f"the disk is too slow: {self._reader.lost} samples of the recording are missing"
        return self._file.problem or (lost if self._reader.lost else "")

    @property
    def path(self) -> Path | None:
        """The file, once something is in it."""
        return self._file.path

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
    """Records what an output ("osc1.out") carries into a sound file, by a probe on it.

    Whoever begins it has the output watched (:meth:`Engine.watch`). It ends by itself when the output is gone, or has
    another number of lanes; ``ended`` says so.
    """

    def __init__(self, live: Live, port_ref: str, path: Path) -> None:
        self.seconds, self.ended = 0.0, False
        self._live, self._end, self._path = live, port_ref, path
        self._ring: Any = None
        self._file: RecordingFile | None = None
        self._position = self._lost = 0
        self._services = live.services
        self._services.append(self)

    @property
    def problem(self) -> str:
        lost = f"{self._lost} samples of the recording of {self._end} are missing" if self._lost else ""
        return (self._file.problem if self._file is not None else "") or lost

    @property
    def path(self) -> Path | None:
        """The file, once something is in it."""
        return self._file.path if self._file is not None else None

    def service(self) -> None:
        ring = self._live.probe(self._end)
        if self.ended or (ring is None and self._ring is None):
            return
        if ring is None or (self._file is not None and ring.lanes != self._ring.lanes):
            self._finish()
            return
        if ring is not self._ring:  # another plan, another probe
            self._ring, self._position = ring, ring.written
            self._file = self._file or RecordingFile(self._path, self._live.rate, ring.lanes)
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
    """Keeps the last ``minutes`` of what is heard in ``folder``; the last minutes of old sessions go in time."""

    def __init__(self, live: Live, minutes: float, title: str = "", folder: Path | None = None) -> None:
        self.problem = ""
        self._rate, self._frames = live.rate, round(SEGMENT * live.rate)
        self._max_segments = max(round(minutes * 60.0 / SEGMENT), 1) + 1
        self._reader = TapeReader(live.output_tape)
        self._file: Any = None
        self._written = self._number = 0
        root = folder or retrospective_folder()
        started = datetime.now()
        self.folder = root / f"{started:%Y%m%d-%H%M%S}-{os.getpid()}"
        about = {
            "rate": live.rate,
            "channels": live.output_tape.channels,
            "title": title,
            "started": started.isoformat(timespec="seconds"),
            "minutes": minutes,
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "about.json").write_text(json.dumps(about))
            for old in sessions(root)[SESSIONS + 1 :]:
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
                    self._begin()
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

    def _begin(self) -> None:
        self._number, self._written = self._number + 1, 0
        self._file = (self.folder / f"{self._number:06d}.f32").open("wb")
        (self.folder / f"{self._number - self._max_segments:06d}.f32").unlink(missing_ok=True)

    def _fail(self, error: OSError) -> None:
        self.problem = f"the last minutes are not kept any more ({reason_of(error, self.folder.parent)})"

    def close(self) -> None:
        self.service()
        if self._file is not None:
            self._file.close()
            self._file = None


class AutomationRecorder:
    """Notes all moves of parameters from sample ``begin`` on, to make automation of them (see ``automation``)."""

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
        """The moves so far, by node and port; times count from ``begin``."""
        self.service()
        return collect(self._received, self.begin, lambda node, port: self._starts.get((node, port), [0.0]))

    def smooth(self, node: str, port: str) -> bool:
        """Whether knob moves glide at a port."""
        assert self._engine.plan is not None
        return self._engine.plan.graph.node(node).spec.inputs[port].smooth

    def close(self) -> None:
        if self in self._engine.services:
            self.service()
            self._engine.services.remove(self)
            self._reader.close()


# -- what was kept -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RetrospectiveSession:
    """The last minutes of a session: its folder, title, when it began, rate (Hz), channels and samples there are."""

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

    def last(self, seconds: float) -> Iterator[np.ndarray]:
        """The last ``seconds``, piece by piece: float32 (samples, channels)."""
        sizes = [file.stat().st_size // (4 * self.channels) for file in self.segments]
        skip = max(sum(sizes) - round(seconds * self.rate), 0)
        for file, size in zip(self.segments, sizes, strict=True):
            if skip >= size:
                skip -= size
                continue
            yield np.fromfile(file, np.float32, size * self.channels).reshape(size, self.channels)[skip:]
            skip = 0


def retrospective_folder() -> Path:
    """Where sessions are kept."""
    from platformdirs import user_cache_path

    return user_cache_path("nodegraph") / "kept"


def sessions(folder: Path | None = None) -> list[RetrospectiveSession]:
    """All sessions of which something was kept, the latest first."""
    places = sorted((folder or retrospective_folder()).glob("*/about.json"), reverse=True)
    return [kept for about in places if (kept := session_in(about.parent)) is not None]


def session_in(folder: Path) -> RetrospectiveSession | None:
    """The session kept in a folder; None where none is to be read."""
    try:
        about = json.loads((folder / "about.json").read_text())
        kept = RetrospectiveSession(
            folder, about["title"], about["started"], float(about["rate"]), int(about["channels"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept if kept.channels > 0 and kept.rate > 0 else None
