"""Replay: computes the output of a flight log again, bit for bit."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from nodegraph.engine import callback as cb
from nodegraph.engine.core import Engine, EngineError, KnobValues
from nodegraph.engine.live import LIMITER_RELEASE
from nodegraph.engine.offline import Offline
from nodegraph.files.trust import untrusted_problem
from nodegraph.graph import Graph, GraphError, build_graph
from nodegraph.graph.ports import PatchLocation
from nodegraph.graph.programs import untrusted_programs
from nodegraph.native.build import KernelError
from nodegraph.patch import Document, Patch, PatchError, parse_patch, step_from_data
from nodegraph.quantum import QUANTUM

from .flight import FILES
from .flight_log import Flight, FlightError, Record, opened

FORMAT_WITH_RENAMES = 2  # first format that logs the renamed nodes of a plan
CHUNK = 64 * QUANTUM  # samples computed between two checks for due records


class Replay(Offline):
    """An engine that plays a flight log again, optionally with another ``patch``.

    ``notes`` lists the missing files, and the logged edits that could not be applied to ``patch``.
    """

    def __init__(self, flight: Flight, patch: Patch | None = None, allow_outside: bool = False) -> None:
        header = flight.header
        Engine.__init__(self, header.rate, header.inputs, header.outputs, allow_outside=allow_outside)
        self._prepare(np.zeros((0, max(header.inputs, 1)), np.float32))
        self.flight, self.notes = flight, flight.notes
        self._events = iter([*flight.events, (flight.samples, Record())])
        self._next: tuple[int, Record] | None = next(self._events)
        self._has_other_patch = patch is not None
        self._session = patch or Patch()
        self._number = -1
        self._limiter = _Limiter(self.rate, self.outputs) if header.limiter else None

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the output in chunks: float32 (samples, channels), with the limiter applied if it was on."""
        while self._next is not None and self.clock < self.flight.samples:
            self._apply_due_records()
            if self.plan is None:  # the first plan is missing or has problems: the clock must advance
                self.play(build_graph(Document(), self.rate))
            end = min(self.clock + CHUNK, self.flight.samples)
            if self._next is not None and self._next[1].plan is not None:
                end = min(end, self._next[0])
            sound = self.run_samples(max(end - self.clock, QUANTUM) // QUANTUM * QUANTUM)
            if self._limiter is not None:
                self._limiter(sound)
            yield sound

    def _apply_due_records(self) -> None:
        """Apply the records that are due in the next chunk; a plan only at its first sample."""
        while self._next is not None and self._next[0] < self.clock + CHUNK:
            at, record = self._next
            if record.plan is not None:
                if at > self.clock:
                    return
                self.watched = frozenset(record.probes)  # probes affect the packing of rows
                self._load_plan(record.plan, record.renamed or {})
            elif record.turn is not None:
                self._set_logged_parameter(at, *record.turn)
            elif record.midi is not None:
                self.send(bytes.fromhex(record.midi), at, record.port)
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
            has_names = self.flight.header.flight >= FORMAT_WITH_RENAMES and not self._has_other_patch
            # a log has plans with placeholders if its player was tolerant, and no plans with problems otherwise
            session = self._session
            graph = build_graph(session.document, self.rate, session.path, self.allow_outside, tolerant=True)
            self._note_placeholders(graph)
            self._swap_plan(graph, names if has_names else None)
        except (GraphError, KernelError) as error:
            self.notes.append(f"step {number}: {error}")

    def _note_placeholders(self, graph: Graph) -> None:
        """Add a note for each node that is silent, once."""
        if not graph.placeholders:
            return
        home = PatchLocation(self._session.path, self.allow_outside)
        programs = untrusted_programs(self._session.document, home)
        # the files of the log are deleted at the end: they are trusted by their content
        by_hash = {untrusted_problem(path): untrusted_problem(path, by_hash=True) for path in programs}
        for id, reason in graph.placeholders.items():
            note = f"{graph.node(id).title} is silent: {by_hash.get(reason, reason)}"
            if note not in self.notes:
                self.notes.append(note)

    def _step(self, record: Record) -> None:
        try:
            if record.document is not None and not self._has_other_patch:
                document = parse_patch(record.document.encode(), "patch in the log")
                self._session = Patch(document, self.flight.folder / FILES / "patch.json")
            elif record.edit:
                self._session.do(step_from_data(record.edit_data()))
        except PatchError as error:
            self.notes.append(f"step {self._number}: {error}")

    def _input(self, start: int, samples: int) -> np.ndarray:
        padded = np.zeros((samples, max(self.inputs, 1)), np.float32)
        found = self.flight.read_input(samples)
        padded[: len(found), : found.shape[1]] = found
        return padded

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


__all__ = ["EngineError", "Flight", "FlightError", "Replay", "opened", "replay"]
