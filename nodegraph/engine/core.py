"""The engine: it holds a running plan, exchanges it for the next one, and passes on turned knobs.

Everything here runs outside the audio thread. What the audio thread needs lies in words that it shares
with ``walk``; messages travel through a ring, plans through one word.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nodegraph.blocks.helper import HostContext
from nodegraph.graph import Graph, GraphNode, graph_of
from nodegraph.graph.flat import Flat, with_params
from nodegraph.graph.flatten import flatten
from nodegraph.graph.probes import name_of, with_probes
from nodegraph.midi.messages import bytes_of
from nodegraph.patch import Document
from nodegraph.patch.errors import Fault as BadValue
from nodegraph.patch.values import plain
from nodegraph.plan import Io, Plan, compile_plan
from nodegraph.plan import layout as lay
from nodegraph.plan.memory import Memory, view
from nodegraph.plan.renaming import renamed
from nodegraph.plan.result import RowInfo
from nodegraph.quantum import QUANTUM

from . import walk
from .arrivals import Arrivals
from .knobs import only_knobs, renamed_nodes
from .messages import RING_SIZE, Applied, Messages

if TYPE_CHECKING:
    from mido import Message

    from nodegraph.recording.flight import FlightRecorder

EVENTS_AHEAD = 0.5  # s by which events reach the audio thread before they are due
MOST_CHANNELS = 64


class EngineError(Exception):
    """The engine cannot do what was asked; one line says why and what to do."""


@dataclass(frozen=True)
class Fault:
    """A node that was silenced because it gave NaN or Inf."""

    node: str
    lane: int


class Attendant(Protocol):
    """Somebody who keeps what is played. ``problem`` says why nothing is kept any more ("" while it is)."""

    problem: str

    def service(self) -> None:
        """Do a bounded piece of work; called every few milliseconds, never by the audio thread."""

    def close(self) -> None:
        """Finish: files are whole after this. A second call does nothing."""


class Engine:
    """A patch being computed at a sample rate (Hz), with so many channels from and to the outside.

    ``input_columns`` says for each ``audio_in`` node the first channel that it reads. ``pack=False``
    gives every node a row of its own. Drivers (``offline``, ``live``, ``stepper``) make it run.
    """

    def __init__(
        self,
        rate: float = 44100.0,
        inputs: int = 2,
        outputs: int = 2,
        input_columns: dict[str, int] | None = None,
        pack: bool = True,
        allow_outside: bool = False,
        realtime: bool = False,
    ) -> None:
        self.rate = float(rate)
        self.pack, self.allow_outside, self.realtime = pack, allow_outside, realtime
        self.live = realtime  # whether it ever plays in real time, even if nobody listens yet
        self.memory = Memory()
        self.handles: dict[tuple[str, str], int] = {}
        self.plan: Plan | None = None
        self._retired: list[Plan] = []
        self._lock = threading.Lock()
        self._service_lock = threading.Lock()
        self._unfollow: list[Callable[[], None]] = []
        self._document: Document | None = None
        self._flat: Flat | None = None
        self.log: FlightRecorder | None = None
        self.attendants: list[Attendant] = []
        self._path: Path | None = None
        self.watched: frozenset[str] = frozenset()
        self.input_address = self.memory.reserve(4 * QUANTUM * max(inputs, 1))
        self.output_address = self.memory.reserve(4 * QUANTUM * max(outputs, 1))
        self.inputs, self.outputs = inputs, outputs
        self.io = Io((self.input_address, inputs), (self.output_address, outputs), input_columns or {})
        self.messages = Messages(self.memory)
        words = [0] * walk.ENGINE_WORDS
        words[walk.ENGINE_RING], words[walk.ENGINE_RING_SIZE] = self.messages.address, RING_SIZE
        words[walk.ENGINE_INPUT], words[walk.ENGINE_INPUTS] = self.input_address, inputs
        words[walk.ENGINE_OUTPUT], words[walk.ENGINE_OUTPUTS] = self.output_address, outputs
        words[walk.ENGINE_WALK], words[walk.ENGINE_CHECK] = walk.WALK_ROWS.address, walk.CHECK_FURTHER.address
        self.arrivals = Arrivals(self.memory)
        self.io.arrivals, self.io.ports_like = self.arrivals.list_address, self.arrivals.ports_like
        words[walk.ENGINE_ARRIVALS] = self.arrivals.address
        self.address = self.memory.words(words)
        self.words = view(self.address, walk.ENGINE_WORDS, np.int64)
        self.messages.share(self.words)

    # -- plans -----------------------------------------------------------------------------------------------

    def load(self, document: Document, path: Path | None = None) -> None:
        """Compile a document and let the engine go over to it at the next quantum.

        Knobs that were turned travel as messages; anything else makes a new plan, which goes on where
        the old one was. Raises GraphError (nothing changes then) or KernelError.
        """
        with self._lock, no_collection():
            known = self._flat if self.plan is not None and path == self._path else None
            flat = with_params(known, document) if known is not None else None
            flat = flat or flatten(document, path, self.allow_outside)
            if known is not None and self.plan is not None:
                knobs = only_knobs(known, flat, self.plan.graph)
                if knobs is not None:
                    self._document, self._flat = document, flat
                    for node, port, value in knobs:
                        self._set(self.plan.graph.node(node), port, value if isinstance(value, list) else [value])
                    return
            self._exchange(document, path, flat)

    def _exchange(
        self,
        document: Document,
        path: Path | None,
        flat: Flat | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Compile a document and offer the plan to the audio thread.

        ``names`` maps ids of the plan that is heard to the ids of the same nodes here; None finds them by comparison.
        What is compiled depends on the documents and on the sample at which the plan that is heard was taken over,
        never on how far the audio thread has come since.
        """
        flat = flat or flatten(document, path, self.allow_outside)
        graph = with_probes(graph_of(flat, self.rate, self.allow_outside), self.watched)
        self._wait_for_takeover()
        unheard = [self.plan] if self.plan is not None and self.pending else []
        heard = self.plan if not unheard else self._retired[-1] if self._retired else None
        if names is None:
            names = renamed_nodes(heard.graph.flat, flat) if heard is not None and heard.graph.flat else {}
        before = renamed(heard, names) if heard is not None else None
        handles = dict(self.handles)
        self._rename_handles(names)
        opened: list[Any] = []
        try:
            plan = compile_plan(
                graph,
                self.io,
                before,
                self.taken,
                self.handles,
                self._opener(path.parent if path else None, opened),
                self.pack,
                document.settings.latency_compensation,
            )
        except Exception:
            for helper in opened:
                helper.close()
            self.handles.clear()
            self.handles.update(handles)
            raise
        if heard is not None and before is not None:
            self._turn_changed(before.graph, graph)
            if not unheard:
                self._retired.append(heard)
        self.plan, self._document, self._path, self._flat = plan, document, path, flat
        if self.log is not None:
            self.log.exchanged(document, path, plan, names)
        self.words[walk.ENGINE_NEXT] = plan.address
        self._release_retired(unheard)

    def _rename_handles(self, names: Mapping[str, str]) -> None:
        """Messages that are on their way to a node find it under its new id."""
        moving = [key for key in self.handles if key[0] in names]
        moved = {(names[id], port): self.handles.pop((id, port)) for id, port in moving}
        self.handles.update(moved)

    def watch(self, ends: Iterable[str]) -> None:
        """Keep what these outputs ("osc1.out") carry for :meth:`probe`, and no others any more."""
        with self._lock:
            wanted = frozenset(ends)
            if wanted != self.watched:
                self.watched = wanted
                if self._document is not None:
                    self._exchange(self._document, self._path)

    def probe(self, end: str) -> Any:
        """What keeps the latest samples or frames of a watched output; None where there is nothing to see."""
        return self.helper(name_of(end))

    def helper(self, node: str) -> Any:
        """The helper of a node of the running plan, None if it has none."""
        hosts = self.plan.hosts if self.plan else {}
        return next((helper for (id, *_), helper in list(hosts.items()) if id == node), None)

    def follow(self, patch: Any) -> Callable[[], None]:
        """Load a patch and every edit of it, until it is closed; returns what ends that sooner."""
        self.load(patch.document, patch.path)

        def heard(step: Any, before: Document, after: Document) -> None:
            if self.log is not None:
                self.log.edited(step, before, after)
            self.load(after, patch.path)

        unfollow = patch.subscribe(heard)
        self._unfollow.append(unfollow)
        return unfollow

    @property
    def pending(self) -> bool:
        """Whether a plan waits to be taken over."""
        return bool(self.words[walk.ENGINE_NEXT])

    @property
    def taken(self) -> int:
        """Sample at which the audio thread took over the plan that is heard."""
        return int(self.words[walk.ENGINE_TAKEN])

    def hears(self, plan: Plan) -> bool:
        """Whether the audio thread has taken over this plan and no plan waits."""
        return not self.pending and int(self.words[walk.ENGINE_PLAN]) == plan.address

    def _wait_for_takeover(self, seconds: float = 2.0) -> None:
        """Let the audio thread take the last plan first: the next one goes on with what was heard.

        Where no time passes, a plan that waits is passed over.
        """
        end = time.monotonic() + seconds
        while self.realtime and self.pending and time.monotonic() < end:
            time.sleep(0.0005)
        if self.realtime and self.pending:
            raise EngineError("the audio device has stopped asking for sound. Choose it again or another one.")

    def _release_retired(self, unheard: Sequence[Plan] = ()) -> None:
        """Free plans that the audio thread has left, and close helpers that no plan uses any more."""
        with self._service_lock:
            self._release(unheard)

    def _release(self, leaving: Sequence[Plan]) -> None:
        if self.pending and self._retired:
            leaving, self._retired = [*leaving, *self._retired[:-1]], self._retired[-1:]
        else:
            leaving, self._retired = [*leaving, *self._retired], []
        kept = {id(h) for plan in [self.plan, *self._retired] if plan for h in plan.hosts.values()}
        for plan in leaving:
            for helper in plan.hosts.values():
                if id(helper) not in kept:
                    kept.add(id(helper))
                    helper.close()

    def _opener(self, folder: Path | None, opened: list[Any]) -> Callable[[GraphNode, Any], Any]:
        def open_host(node: GraphNode, host: Any) -> Any:
            context = HostContext(node.id, node.settings, node.lanes, self.rate, folder, self.live)
            opened.append(host.open(context))
            return opened[-1]

        return open_host

    @property
    def hosts(self) -> list[Any]:
        """Helpers of the running plan that want to be serviced."""
        return list(self.plan.hosts.values()) if self.plan else []

    def node_problems(self) -> list[tuple[str, str]]:
        """The nodes with a problem (a full disk, a file that ends too early, lost events): id, and a sentence."""
        found = []
        for (node, *_), helper in (self.plan.hosts if self.plan else {}).items():
            if getattr(helper, "problem", ""):
                found.append((node, f"{helper.problem}."))
        return found + (self.plan.lost_events() if self.plan else [])

    def problems(self) -> list[str]:
        """One line for each problem of a node, a recording or a log."""
        lines = [f"{self.node_address(node)}: {text}" for node, text in self.node_problems()]
        return [*lines, *(f"{attendant.problem}." for attendant in self.attendants if attendant.problem)]

    def node_address(self, node: str) -> str:
        """The node of the document that a node of the plan belongs to: ``voice/osc`` for each of its voices."""
        found = self.plan.graph.find(node) if self.plan else None
        return found.address if found else node

    def service(self) -> None:
        """Give every helper its turn (reading ahead from disk, writing what was recorded)."""
        self.hand_over_events(self._near)
        with self._service_lock:
            for helper in self.hosts:
                helper.service()
        for attendant in tuple(self.attendants):
            attendant.service()
        if self._retired and not self.pending and self._lock.acquire(blocking=False):
            try:
                self._release_retired()  # a recording is whole as soon as its recorder is gone
            finally:
                self._lock.release()

    def close(self) -> None:
        """Close all helpers: recordings are whole and playable after this."""
        for unfollow in self._unfollow:
            unfollow()
        with self._service_lock:
            self._close()
        for attendant in tuple(self.attendants):
            attendant.close()

    def _close(self) -> None:
        for plan in [*self._retired, *([self.plan] if self.plan else [])]:
            for helper in plan.hosts.values():
                helper.close()
            plan.hosts.clear()

    # -- knobs -----------------------------------------------------------------------------------------------

    @property
    def clock(self) -> int:
        """Samples computed so far."""
        return int(self.words[walk.ENGINE_CLOCK])

    def turn(self, node: str, port: str, value: float | list[float], at: int = 0, lane: int = -1) -> None:
        """Set a parameter, at sample ``at`` of the engine's clock or at once. ``lane`` −1 means all lanes.

        ``node`` is a node of the patch, a subpatch, or a node inside one (``"voice/filter"``), of all its voices.
        Raises EngineError for a value that the input does not accept; nothing happens where a wire takes the place of
        the value, and for names that the playing plan does not have.
        """
        ends = self.plan.graph.knobs_of(node, port) if self.plan else [(node, port)]
        try:
            value = plain(value)
        except BadValue as fault:
            raise EngineError(f"{node}.{port}: {fault.text}.") from None
        if self.plan is not None:
            self._refuse_bad_value(self.plan.graph, ends, value)
        self._turn(ends, value, at, lane)

    def _refuse_bad_value(self, graph: Graph, ends: Sequence[tuple[str, str]], value: Any) -> None:
        for id, port in ends[:1]:  # the others are copies of the same input
            node = graph.find(id)
            declared = node.spec.inputs.get(port) if node is not None else None
            if node is not None and declared is not None:
                problem = declared.problem(value)
                if problem:
                    raise EngineError(f"{node.title}: {problem}")

    def _turn(self, ends: Iterable[tuple[str, str]], value: Any, at: int = 0, lane: int = -1) -> None:
        handles = [self.handles[end] for end in ends if end in self.handles]
        values = value if isinstance(value, list | tuple) else [value]
        lanes = [lane] if len(values) == 1 else range(len(values))
        moves = list(zip(lanes, values, strict=True))
        try:
            self.messages.send([(at, handle, k, float(v)) for handle in handles for k, v in moves])
        except BufferError:
            raise self._full() from None

    def named(self, applied: Iterable[Applied]) -> list[tuple[int, str, str, int, float]]:
        """Applied messages by the knob that they set: sample, node, port, lane, value."""
        ends = {handle: end for end, handle in self.handles.items()}
        return [(at, *ends[handle], lane, value) for at, handle, lane, value in applied if handle in ends]

    def _set(self, node: GraphNode, port: str, values: list[Any]) -> None:
        """Turn a knob to what the document says; of several lanes those that differ."""
        before, now = node.values.get(port, []), node.knob_values(port, [float(v) for v in values])
        node.values[port] = now
        if len(before) != len(now) or len(values) == 1:
            self._turn([(node.id, port)], values)
            return
        for lane, value in enumerate(now):
            if value != before[lane]:
                self._turn([(node.id, port)], value, lane=lane)

    # -- events from outside ---------------------------------------------------------------------------------

    def send(self, message: Message | bytes, at: int | None = None, port: str = "") -> None:
        """Send a MIDI message, a ``mido.Message`` or its bytes, to the ``midi_in`` blocks.

        It takes effect at sample ``at`` of the engine's clock, or as soon as possible; it may be sent from any thread
        and long before that. ``port`` is the name of its source, by which blocks can select. ``message.time`` is not
        used. System exclusive messages reach no block. Raises EngineError.
        """
        try:
            self.arrivals.put(
                bytes_of(message), self.midi_time() if at is None else at, port, self._near, lambda: self.realtime
            )
        except ValueError as error:
            raise EngineError(str(error)) from None
        except BufferError:
            raise self._full() from None

    send_midi = send  # the name in scripts written for version 0.1

    def sent(self, node: str = "") -> list[Message]:
        """Return the MIDI messages that the ``midi_out`` blocks, or block ``node``, have sent since the last call.

        ``time`` is in seconds of the engine's clock. Of each block the last 65,536 messages are kept.
        """
        from mido import Message

        taken: list[tuple[int, bytes]] = []
        for (id, *_), helper in list(self.plan.hosts.items()) if self.plan else ():
            if hasattr(helper, "take_sent") and node in ("", id):
                taken += helper.take_sent()
        taken.sort(key=lambda entry: entry[0])
        return [Message.from_bytes(message, time=at / self.rate) for at, message in taken]

    def midi_time(self, arrived: float | None = None) -> int:
        """The sample to stamp on a message that arrives now, or has at ``arrived`` (``time.perf_counter``)."""
        return self.clock

    def hand_over_events(self, near: int) -> None:
        """Let events that are due up to sample ``near`` through to the audio thread."""
        try:
            self.arrivals.hand_over(near, lambda: self.realtime)
        except BufferError:
            raise self._full() from None

    @property
    def _near(self) -> int:
        return self.clock + round(EVENTS_AHEAD * self.rate)

    def _full(self) -> EngineError:
        if self.realtime:
            return EngineError("the audio device has stopped asking for sound. Choose it again or another one.")
        return EngineError("too many messages wait; run the engine before sending more.")

    def _turn_changed(self, before: Graph, after: Graph) -> None:
        """Knobs whose value in the document changed together with the wiring."""
        for node in after.typed_nodes:
            old = before.find(node.id)
            if old is None or old.type != node.type:
                continue
            for port, values in node.values.items() if node.values != old.values else ():
                if old.values.get(port) != values:
                    self._turn([(node.id, port)], values)

    # -- what it tells ---------------------------------------------------------------------------------------

    def value(self, node: str, port: str) -> np.ndarray:
        """Latest sample of an output, one a lane: of a node, of a subpatch, or of a node inside one."""
        assert self.plan is not None
        return self.plan.value(*(self.plan.graph.output_of(node, port) or (node, port)))

    @property
    def fault_count(self) -> int:
        return int(self.words[walk.ENGINE_FAULTS])

    def faults(self) -> list[Fault]:
        """Nodes that are silent because they gave NaN or Inf. Turning one of their knobs tries again."""
        return [Fault(node, lane) for node, lane in self.plan.faults()] if self.plan else []

    def profile(self, on: bool = True) -> None:
        """Start or stop timing the rows."""
        self.words[walk.ENGINE_PROFILE] = int(on)

    def row_cycles(self) -> list[tuple[RowInfo, int]]:
        """Rows with the ticks of the processor's counter they took in the quanta that were timed."""
        rows = self.plan.rows if self.plan else []
        return [(info, int(_details(info)[lay.DETAIL_CYCLES])) for info in rows]


@contextmanager
def no_collection() -> Iterator[None]:
    """Put the garbage collector off: in the midst of an edit it would hold it up for milliseconds."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _details(info: RowInfo) -> np.ndarray:
    row = view(info.address, lay.ROW_WORDS, np.int64)
    return view(int(row[lay.ROW_DETAILS]), lay.DETAIL_WORDS, np.int64)
