"""Replay: computes the output of a flight log again, bit for bit."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.engine import callback as cb
from nodegraph.engine.core import Engine, EngineError, KnobValues
from nodegraph.engine.live import LIMITER_RELEASE
from nodegraph.engine.offline import Offline
from nodegraph.graph import Graph, GraphError, build_graph
from nodegraph.midi.messages import bytes_of
from nodegraph.native.build import KernelError
from nodegraph.patch import Patch, PatchError, parse_patch, step_from_data
from nodegraph.quantum import QUANTUM

from .flight import FILES, FORMAT, INPUT, LOG

if TYPE_CHECKING:
    from mido import Message

MAX_LOG_BYTES = 1 << 30
FORMAT_WITH_RENAMES = 2  # first format that logs the renamed nodes of a plan
CHUNK = 64 * QUANTUM  # samples computed between two checks for due records


class FlightError(Exception):
    """A flight log cannot be replayed; the message is one line with the cause."""


@dataclass
class Flight:
    """A loaded flight log: header, session steps by number, (sample, record) events, length in samples."""

    header: dict[str, Any]
    steps: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    samples: int = 0
    folder: Path = Path()

    @property
    def seconds(self) -> float:
        return self.samples / self.header["rate"]

    def midi(self) -> list[Message]:
        """Return the MIDI messages that the patch received; ``time`` is in seconds from the start.

        Raises FlightError if a message is damaged.
        """
        from mido import Message

        received = sorted(
            ((at, record["midi"]) for at, record in self.events if "midi" in record), key=lambda it: it[0]
        )
        try:
            messages = [(at, bytes_of(bytes.fromhex(text))) for at, text in received]
        except (ValueError, TypeError) as error:
            raise FlightError(f"{self.folder}: contains a damaged MIDI message ({error}).") from None
        return [Message.from_bytes(message, time=at / self.header["rate"]) for at, message in messages]


@contextmanager
def opened(path: Path) -> Iterator[Flight]:
    """Open the log at ``path``: the archive of a finished log, or the folder of an unfinished one."""
    if path.is_dir():
        yield read_flight(path)
        return
    with TemporaryDirectory(prefix="nodegraph-flight-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _extract(archive, Path(folder))
        except FileNotFoundError:
            raise FlightError(f"{path}: file not found. Name a flight log.") from None
        except (OSError, zipfile.BadZipFile, EOFError, ValueError, RuntimeError) as error:
            raise FlightError(
                f"{path}: not a readable flight log ({getattr(error, 'strerror', None) or error})."
            ) from None
        yield read_flight(Path(folder))


def _extract(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack the files of a log; skip all members that would be written outside the folder."""
    for info in archive.infolist():
        name = PurePosixPath(info.filename)
        if name.is_absolute() or ".." in name.parts or name.parts[0] not in (LOG, INPUT, FILES):
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)


def read_flight(folder: Path) -> Flight:
    """Read the log in a folder; a truncated last line is skipped. Raises FlightError."""
    try:
        if (folder / LOG).stat().st_size > MAX_LOG_BYTES:
            raise FlightError(f"{folder}: the log is larger than {MAX_LOG_BYTES >> 20} MB.")
        lines = (folder / LOG).read_text("utf-8", "replace").splitlines()
        header = json.loads(lines[0])
        header["rate"], header["inputs"], header["outputs"] = (
            float(header["rate"]),
            int(header["inputs"]),
            int(header["outputs"]),
        )
        if header["flight"] > FORMAT:
            raise FlightError(f"{folder}: written by a newer nodegraph ({header['nodegraph']}). Update it.")
        flight = Flight(header, folder=folder)
        for line in lines[1:]:
            try:
                record = json.loads(line)
            except ValueError:
                break
            _add_record(flight, record)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise FlightError(
            f"{folder}: not a readable flight log ({getattr(error, 'strerror', None) or error})."
        ) from None
    # plans come first in a quantum; the stable sort keeps the order of the messages
    flight.events.sort(key=lambda event: (event[0] // QUANTUM, "plan" not in event[1]))
    return flight


def _add_record(flight: Flight, record: dict[str, Any]) -> None:
    if "edit" in record or "document" in record:
        flight.steps.append(record)
    elif "left_out" in record:
        flight.left_out.append(record["left_out"])
    elif "at" in record:
        flight.events.append((int(record["at"]), record))
    flight.samples = max(flight.samples, int(record.get("clock", record.get("at", 0))))


class Replay(Offline):
    """An engine that plays a flight log again, optionally with another ``patch``.

    ``notes`` lists the missing files, and the logged edits that could not be applied to ``patch``.
    """

    def __init__(self, flight: Flight, patch: Patch | None = None, allow_outside: bool = False) -> None:
        header = flight.header
        Engine.__init__(self, header["rate"], header["inputs"], header["outputs"], allow_outside=allow_outside)
        self._prepare(_input_of(flight))
        self.flight = flight
        self.notes = [f"file '{name}' was too large for the log" for name in flight.left_out]
        self._events = iter([*flight.events, (flight.samples, {})])
        self._next: tuple[int, dict[str, Any]] | None = next(self._events)
        self._has_other_patch = patch is not None
        self._session = patch or Patch()
        self._number = -1
        self._limiter = _Limiter(self.rate, self.outputs) if header.get("limiter", True) else None

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the output in chunks: float32 (samples, channels), with the limiter applied if it was on."""
        while self._next is not None and self.clock < self.flight.samples:
            self._apply_due_records()
            end = min(self.clock + CHUNK, self.flight.samples)
            if self._next is not None and "plan" in self._next[1]:
                end = min(end, self._next[0])
            sound = self.run_samples(max(end - self.clock, QUANTUM) // QUANTUM * QUANTUM)
            if self._limiter is not None:
                self._limiter(sound)
            yield sound

    def _apply_due_records(self) -> None:
        """Apply the records that are due in the next chunk; a plan only at its first sample."""
        while self._next is not None and self._next[0] < self.clock + CHUNK:
            at, record = self._next
            if "plan" in record:
                if at > self.clock:
                    return
                self.watched = frozenset(record.get("probes", ()))  # probes affect the packing of rows
                self._load_plan(int(record["plan"]), record.get("renamed", {}))
            elif "turn" in record:
                self._set_logged_parameter(at, *record["turn"])
            elif "midi" in record:
                self.send(bytes.fromhex(record["midi"]), at, record.get("port", ""))
            self._next = next(self._events, None)

    def _set_logged_parameter(self, at: int, node: str, port: str, lane: int, value: float) -> None:
        if self._has_other_patch:
            self.set_parameter(node, port, value, at, lane)
        else:  # the log has a record for each flat knob
            self._send_values([(node, port)], value, at, lane)

    def _load_plan(self, number: int, names: Mapping[str, str]) -> None:
        while self._number < min(number, len(self.flight.steps) - 1):
            self._number += 1
            self._step(self.flight.steps[self._number])
        try:
            has_names = self.flight.header["flight"] >= FORMAT_WITH_RENAMES and not self._has_other_patch
            graph = build_graph(self._session.document, self.rate, self._session.path, self.allow_outside)
            self._swap_plan(graph, names if has_names else None)
        except (GraphError, KernelError) as error:
            self.notes.append(f"step {number}: {error}")

    def _step(self, record: dict[str, Any]) -> None:
        try:
            if "document" in record and not self._has_other_patch:
                document = parse_patch(record["document"].encode(), "patch in the log")
                self._session = Patch(document, self.flight.folder / FILES / "patch.json")
            elif "edit" in record:
                self._session.do(step_from_data(record["edit"]))
        except PatchError as error:
            self.notes.append(f"step {self._number}: {error}")

    def _set_changed_knobs(self, before: KnobValues, after: Graph) -> None:
        """Do nothing: the log contains these messages."""


class _Limiter:
    """Applies the limiter of the live driver to successive blocks, in place."""

    def __init__(self, rate: float, channels: int) -> None:
        self._words = np.zeros(cb.LIVE_WORDS, np.int64)
        doubles = self._words.view(np.float64)
        self._words[cb.LIVE_LIMIT], self._words[cb.LIVE_OUTPUTS] = 1, channels
        doubles[cb.LIVE_GAIN], doubles[cb.LIVE_RELEASE] = 1.0, 1.0 / (LIMITER_RELEASE * rate)
        self._limit = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(cb.LIMIT.address)

    def __call__(self, sound: np.ndarray) -> None:
        self._words[cb.LIVE_OUT] = sound.ctypes.data
        self._limit(self._words.ctypes.data, 0, len(sound))


def _input_of(flight: Flight) -> np.ndarray:
    """Return the logged device input: float32 (samples, channels)."""
    channels = flight.header["inputs"]
    path = flight.folder / INPUT
    if not channels or not path.is_file():
        return np.zeros((0, max(channels, 1)), np.float32)
    frames = os.path.getsize(path) // (4 * channels)
    return np.fromfile(path, np.float32, frames * channels).reshape(frames, channels)


def replay(
    path: Path,
    write: Callable[[np.ndarray], None],
    patch: Patch | None = None,
    progress: Callable[[float], None] | None = None,
    allow_outside: bool = False,
) -> Replay:
    """Replay the log at ``path``; ``write`` receives the output. Raises FlightError or EngineError."""
    with opened(path) as flight:
        engine = Replay(flight, patch, allow_outside)
        try:
            for block in engine.blocks():
                write(block)
                if progress is not None:
                    progress(engine.clock / max(flight.samples, 1))
        finally:
            engine.close()
        return engine


__all__ = ["EngineError", "Flight", "FlightError", "Replay", "opened", "read_flight", "replay"]
