"""The flight recorder: logs everything that a live engine receives, with samples, for a bit-exact replay.

An open log is a folder (``take.flight.part``); a finished one is a zip archive (``take.flight``). Both contain
``log.jsonl``, one record per line; ``input.f32``, the device input (float32 sample frames); and ``files/``, the sound
files and models of the patch. :mod:`.replay` computes the same samples from it.

Times are samples of the engine's clock, as recorded by the audio thread. Session steps and documents are numbered in
log order; a plan refers to its document by that number.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodegraph.engine.messages import AppliedMessage
from nodegraph.engine.tape import TapeReader
from nodegraph.files.atomic import create_file, remove_leftovers, rename_and_close
from nodegraph.files.recording import unused_path
from nodegraph.files.sound_file import reason_of
from nodegraph.patch import Action, Change, Document, encode_patch, step_to_data
from nodegraph.plan import Plan
from nodegraph.plan.files import files_in
from nodegraph.plan.result import Port
from nodegraph.version import __version__

if TYPE_CHECKING:
    from nodegraph.engine.live import Live

FORMAT = 2
LOG, INPUT, FILES = "log.jsonl", "input.f32", "files"
MAX_FILE_BYTES = 256 << 20  # total size of the files in a log
CLOCK_EVERY = 44100  # samples between two clock records


class FlightRecorder:
    """Logs a live engine to ``path`` from its first sample. ``problem`` is the reason it stopped, or ""."""

    def __init__(self, path: Path) -> None:
        self.path, self.problem = path, ""
        self.result: Path | None = None
        self._finished = False
        self._folder = unused_path(path.with_name(f"{path.name}.part"))  # a killed program left the one that exists
        self._lock, self._finishing, self._copying = threading.Lock(), threading.Lock(), threading.Lock()
        self._document: Document | None = None
        self._number = -1  # number of the document in the log
        self._pending_plan: _PendingPlan | None = None  # latest plan, until its swap is logged
        self._knobs = _KnobHistory()
        self._events = 0  # number of external events in the log
        self._logged_clock = 0
        self._files: list[tuple[Path, Path]] = []
        self._copied: dict[Path, int] = {}

    def attach(self, live: Live) -> None:
        """Start the log of an engine before its first sample. Raises OSError if it cannot be written."""
        self._live = live
        self._messages = live.messages.reader()
        self._input = TapeReader(live.input_tape, 0)
        (self._folder / FILES).mkdir(parents=True)
        self._log: Any = (self._folder / LOG).open("w", encoding="utf-8")
        self._sound: Any = (self._folder / INPUT).open("wb")
        self._write(
            flight=FORMAT,
            nodegraph=__version__,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            rate=live.rate,
            inputs=live.inputs,
            outputs=live.outputs,
            limiter=live.limiter,
        )

    # -- called by the engine, in the editing threads ------------------------------------------------------------

    def on_edit(self, step: Any, change: Change) -> None:
        """Log an edit of the playing patch."""
        before, after = change.before, change.after
        with self._lock:
            if self._pending_plan is not None and self._pending_plan.document is before:
                self._number_plan(self._pending_plan)
            if before is self._document:
                is_undo = not isinstance(step, Action)  # may undo an edit from before the log: needs the document
                self._log_document(after, edit=step_to_data(step), **({"document": _text(after)} if is_undo else {}))

    def on_plan(self, document: Document, path: Path | None, plan: Plan, names: Mapping[str, str]) -> None:
        """Store a new plan of a document, to be logged when the audio thread has swapped to it.

        ``names`` maps ids of the previous plan to the ids of the same nodes in this plan.
        """
        with self._lock:
            if self._finished:
                return
            self._log_swap()
            self._pending_plan = _PendingPlan(document, plan, sorted(self._live.watched), dict(names))
            if document is self._document:
                self._pending_plan.number = self._number
            self._queue_files(plan, path.parent.resolve() if path else Path.cwd())

    def _log_swap(self, before: int | None = None) -> None:
        """Log the pending plan if the audio thread has swapped to it (before sample ``before``)."""
        pending = self._pending_plan
        if pending is None or not self._live.is_playing(pending.plan):
            return
        at = self._live.swap_sample  # after the check: the audio thread may swap between the two
        if before is not None and at >= before:
            return
        self._number_plan(pending)
        extra: dict[str, Any] = {"probes": pending.probes} if pending.probes else {}
        if pending.names:
            extra["renamed"] = pending.names
        self._write(plan=pending.number, at=at, **extra)
        self._knobs.change(at, pending.plan.knob_of_handle)
        self._pending_plan = None

    def _number_plan(self, pending: _PendingPlan) -> None:
        if pending.number < 0:
            if pending.document is not self._document:
                self._log_document(pending.document, document=_text(pending.document))
            pending.number = self._number

    def _log_document(self, current: Document, **record: Any) -> None:
        self._document, self._number = current, self._number + 1
        self._write(**record)

    def _queue_files(self, plan: Plan, folder: Path) -> None:
        """Queue the files of a plan that are in the patch's folder to be copied to the log."""
        self._files += [(folder / name, name) for name in files_in(plan, folder)]

    # -- in the service thread ---------------------------------------------------------------------------------

    def service(self) -> None:
        """Log everything since the last call."""
        with self._lock:
            if self.problem or self._finished:
                return
            applied = self._messages.read()
            self._log_swap()  # after reading the messages, so that those for the new plan find their knobs
            self._write_parameter_changes(applied)
            delivered = self._live.arrivals.delivered_since(self._events)
            self._events += len(delivered)
            self._write_midi(delivered)
            clock = self._live.clock
            if clock - self._logged_clock >= CLOCK_EVERY:
                self._write(clock=clock)
                self._logged_clock = clock
            self._guard(self._flush)
        with self._copying:
            while self._files and not self.problem:
                self._guard(self._copy_file)

    def _write_parameter_changes(self, messages: list[AppliedMessage]) -> None:
        for at, handle, lane, value in messages:
            knob = self._knobs.at(handle, at)
            if knob is not None:
                self._write(turn=[*knob, lane, value], at=at)

    def _write_midi(self, messages: list[tuple[int, bytes, str]]) -> None:
        for at, message, name in messages:
            self._write(midi=message.hex(), port=name, at=at)

    def _flush(self) -> None:
        self._sound.write(self._input.read().tobytes())
        self._sound.flush()
        self._log.flush()

    def _copy_file(self) -> None:
        source, name = self._files.pop(0)
        if name in self._copied or not source.is_file():
            return
        self._copied[name] = source.stat().st_size
        if sum(self._copied.values()) > MAX_FILE_BYTES:
            self._write(left_out=str(name))
            return
        target = self._folder / FILES / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def _guard(self, work: Callable[[], None]) -> None:
        """Run ``work``; an OSError ends the log with a problem."""
        try:
            work()
        except OSError as error:
            reason = reason_of(error, self._folder.parent)
            self.problem = f"the flight log stopped ({reason}); it can be replayed up to this point"

    def _write(self, **record: Any) -> None:
        if not self.problem and not self._finished:
            self._guard(lambda: self._log.write(json.dumps(record) + "\n"))

    def close(self) -> None:
        """Finish the log as a file, or leave the folder if the disk is full; ``result`` is its path.

        Any thread may call this while the engine plays.
        """
        with self._finishing:
            if self.result is None:
                self._finish()

    def _finish(self) -> None:
        self.service()
        with self._lock:
            end = self._live.clock  # the engine may continue: later changes are not logged
            messages = [*self._messages.read(), *self._messages.read_out_of_order()]
            self._log_swap(end)
            self._write_parameter_changes([message for message in messages if message[0] < end])
            events = self._live.arrivals.undelivered_since(self._events)
            self._write_midi([event for event in events if event[0] < end])
            self._guard(self._flush)
            self._write(clock=end)
            self._finished = True
            for file in (self._log, self._sound):
                self._guard(file.close)
            self._messages.close()
        if not self.problem:
            self._guard(self._pack)
        self.result = self.result or self._folder

    def _pack(self) -> None:
        remove_leftovers(self.path.parent)
        temporary, descriptor = create_file(self.path.parent)
        try:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in sorted(self._folder.rglob("*")):
                    if file.is_file():
                        archive.write(file, file.relative_to(self._folder).as_posix())
        except BaseException:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)
            raise
        rename_and_close(temporary, descriptor, self.path)
        self.result = self.path
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass
class _PendingPlan:
    """A plan passed to the audio thread. ``number`` is that of its document, −1 until the document is logged."""

    document: Document
    plan: Plan
    probes: list[str]
    names: dict[str, str]
    number: int = -1


class _KnobHistory:
    """The knob (node, port) of each handle over time."""

    def __init__(self) -> None:
        self._latest: Mapping[int, Port] = {}
        self._history: dict[int, list[tuple[int, Port | None]]] = defaultdict(list)

    def change(self, at: int, knobs: Mapping[int, Port]) -> None:
        """Set the knobs of all handles from sample ``at``; other handles have none."""
        for handle in self._latest.keys() - knobs.keys():
            self._history[handle].append((at, None))
        for handle, knob in knobs.items():
            if self._latest.get(handle) != knob:
                self._history[handle].append((at, knob))
        self._latest = knobs

    def at(self, handle: int, sample: int) -> Port | None:
        """Return the knob that a message for ``handle`` set at ``sample``, or None."""
        return next((knob for since, knob in reversed(self._history.get(handle, [])) if since <= sample), None)


def _text(document: Document) -> str:
    return encode_patch(document, downgrade=True).decode()
