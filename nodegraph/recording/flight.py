"""The flight recorder: what a playing engine is given, each with its sample, so that it can be given again.

While it flies, a log is a folder (``take.flight.part``); landed, it is one file (``take.flight``, a zip archive).
Both hold ``log.jsonl``, a record a line; ``input.f32``, what came from the device (float32 frames); and
``files/``, the sounds and models that the patch plays. :mod:`.replay` makes the same samples of it again.

Times are samples of the engine's clock at which something took effect, as the audio thread wrote them down. Steps
of the session and whole documents are numbered in the order of the log; a plan refers to one by that number.
"""

from __future__ import annotations

import json
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
from nodegraph.files.sound_file import reason_of
from nodegraph.patch import Action, Change, Document, encode_patch, step_to_data
from nodegraph.plan import Plan
from nodegraph.plan.result import Port
from nodegraph.version import __version__

if TYPE_CHECKING:
    from nodegraph.engine.live import Live

FORMAT = 2
LOG, INPUT, FILES = "log.jsonl", "input.f32", "files"
MAX_FILE_BYTES = 256 << 20  # bytes of sounds and models that travel with a log
CLOCK_EVERY = 44100  # samples after which the log says how far it has come


class FlightRecorder:
    """Observes a live engine and logs it into ``path`` from its first sample on; ``problem`` says why it stopped."""

    def __init__(self, path: Path) -> None:
        self.path, self.problem = path, ""
        self.result: Path | None = None
        self._finished = False
        self._folder = path.with_name(f"{path.name}.part")
        self._lock, self._finishing, self._copying = threading.Lock(), threading.Lock(), threading.Lock()
        self._document: Document | None = None
        self._number = -1  # of the document
        self._next_plan: _NextPlan | None = None  # offered to the audio thread, not known to be heard
        self._knobs = _KnobNames()
        self._events = 0  # from outside that are in the log
        self._logged_clock = 0
        self._files: list[tuple[Path, Path]] = []
        self._copied: dict[Path, int] = {}

    def attach(self, live: Live) -> None:
        """Begin the log of an engine that has not played yet. Raises OSError where it cannot be written."""
        self._live = live
        self._messages = live.messages.reader()
        self._input = TapeReader(live.input_tape, 0)
        shutil.rmtree(self._folder, ignore_errors=True)
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

    # -- told by the engine, in the threads that edit ----------------------------------------------------------

    def on_edit(self, step: Any, change: Change) -> None:
        """A step of the session that is being played."""
        before, after = change.before, change.after
        with self._lock:
            if self._next_plan is not None and self._next_plan.document is before:
                self._number_plan(self._next_plan)
            if before is self._document:
                back = not isinstance(step, Action)  # what is undone may have been done before the log began
                self._next(after, edit=step_to_data(step), **({"document": _text(after)} if back else {}))

    def on_plan(self, document: Document, path: Path | None, plan: Plan, names: Mapping[str, str]) -> None:
        """A plan of this document is about to be offered to the audio thread.

        ``names`` maps ids of the plan before to the ids of the same nodes in this one.
        """
        with self._lock:
            if self._finished:
                return
            self._log_swap()
            self._next_plan = _NextPlan(document, plan, sorted(self._live.watched), dict(names))
            if document is self._document:
                self._next_plan.number = self._number
            self._note_files(plan, path.parent.resolve() if path else Path.cwd())

    def _log_swap(self, before: int | None = None) -> None:
        """Write down the plan that was offered if the audio thread has taken it over (before sample ``before``)."""
        offered, at = self._next_plan, self._live.swap_sample
        if offered is None or not self._live.is_playing(offered.plan) or (before is not None and at >= before):
            return
        self._number_plan(offered)
        more: dict[str, Any] = {"probes": offered.probes} if offered.probes else {}
        if offered.names:
            more["renamed"] = offered.names
        self._write(plan=offered.number, at=at, **more)
        self._knobs.change(at, offered.plan.knob_of_handle)
        self._next_plan = None

    def _number_plan(self, offered: _NextPlan) -> None:
        if offered.number < 0:
            if offered.document is not self._document:
                self._next(offered.document, document=_text(offered.document))
            offered.number = self._number

    def _next(self, now: Document, **record: Any) -> None:
        self._document, self._number = now, self._number + 1
        self._write(**record)

    def _note_files(self, plan: Plan, folder: Path) -> None:
        flat = plan.graph.flat
        files = [node.file for node in flat.nodes.values() if node.file != flat.file] if flat else []  # of subpatches
        for node in plan.graph.typed_nodes:
            files += [
                Path(str(node.settings.get(name) or ""))
                for name, option in node.spec.options.items()
                if option.kind == "file"
            ]
        for file in dict.fromkeys(files):
            if file is not None and file.is_absolute() and file.is_relative_to(folder):
                self._files.append((file, file.relative_to(folder)))

    # -- in the service thread ---------------------------------------------------------------------------------

    def service(self) -> None:
        """Write down what has happened since the last call."""
        with self._lock:
            if self.problem or self._finished:
                return
            applied = self._messages.read()
            self._log_swap()  # after the messages: what was applied in its plan knows the names there
            self._write_parameter_changes(applied)
            arrived = self._live.arrivals.delivered_since(self._events)
            self._events += len(arrived)
            self._write_midi(arrived)
            clock = self._live.clock
            if clock - self._logged_clock >= CLOCK_EVERY:
                self._write(clock=clock)
                self._logged_clock = clock
            self._guarded(self._write_out)
        with self._copying:
            while self._files and not self.problem:
                self._guarded(self._copy_file)

    def _write_parameter_changes(self, turns: list[AppliedMessage]) -> None:
        for at, handle, lane, value in turns:
            knob = self._knobs.at(handle, at)
            if knob is not None:
                self._write(turn=[*knob, lane, value], at=at)

    def _write_midi(self, messages: list[tuple[int, bytes, str]]) -> None:
        for at, message, name in messages:
            self._write(midi=message.hex(), port=name, at=at)

    def _write_out(self) -> None:
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

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            reason = reason_of(error, self._folder.parent)
            self.problem = f"the flight log has ended ({reason}); what was logged before can be replayed"

    def _write(self, **record: Any) -> None:
        if not self.problem and not self._finished:
            self._guarded(lambda: self._log.write(json.dumps(record) + "\n"))

    def close(self) -> None:
        """Finish the log: one file, or the folder where the disk has no room for it; ``result`` says which.

        From any thread; the engine may play on.
        """
        with self._finishing:
            if self.result is None:
                self._finish()

    def _finish(self) -> None:
        self.service()
        with self._lock:
            end = self._live.clock  # the engine may play on: what takes effect from here on is not logged
            turns = [*self._messages.read(), *self._messages.read_out_of_order()]
            self._log_swap(end)
            self._write_parameter_changes([turn for turn in turns if turn[0] < end])
            events = self._live.arrivals.undelivered_since(self._events)
            self._write_midi([event for event in events if event[0] < end])
            self._guarded(self._write_out)
            self._write(clock=end)
            self._finished = True
            for file in (self._log, self._sound):
                self._guarded(file.close)
            self._messages.close()
        if not self.problem:
            self._guarded(self._pack)
        self.result = self.result or self._folder

    def _pack(self) -> None:
        beside = self.path.with_name(f".{self.path.name}.tmp")
        try:
            with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in sorted(self._folder.rglob("*")):
                    if file.is_file():
                        archive.write(file, file.relative_to(self._folder).as_posix())
            beside.replace(self.path)
        finally:
            beside.unlink(missing_ok=True)
        self.result = self.path
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass
class _NextPlan:
    """A plan that was offered to the audio thread. ``number`` is that of its document, −1 before it is in the log."""

    document: Document
    plan: Plan
    probes: list[str]
    names: dict[str, str]
    number: int = -1


class _KnobNames:
    """The knob (node, port) that each handle has stood for, by the sample from which on it has."""

    def __init__(self) -> None:
        self._latest: Mapping[int, Port] = {}
        self._history: dict[int, list[tuple[int, Port | None]]] = defaultdict(list)

    def change(self, at: int, knobs: Mapping[int, Port]) -> None:
        """From sample ``at`` on handles stand for these knobs, all others for none."""
        for handle in self._latest.keys() - knobs.keys():
            self._history[handle].append((at, None))
        for handle, knob in knobs.items():
            if self._latest.get(handle) != knob:
                self._history[handle].append((at, knob))
        self._latest = knobs

    def at(self, handle: int, sample: int) -> Port | None:
        """The knob that a message for ``handle`` has set at ``sample``, None if it has set none."""
        return next((knob for since, knob in reversed(self._history.get(handle, [])) if since <= sample), None)


def _text(document: Document) -> str:
    return encode_patch(document, downgrade=True).decode()
