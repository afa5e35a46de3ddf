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
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.blocks.helper import HelperContext
from nodegraph.graph import Graph, GraphNode, build_graph
from nodegraph.graph.knobs import KnobChange, knob_changes
from nodegraph.graph.probes import probe_id, with_probes
from nodegraph.midi.messages import bytes_of
from nodegraph.patch import Change, Document, NodeRecord
from nodegraph.patch.change import LOOK, VALUES
from nodegraph.patch.errors import InvalidValue
from nodegraph.patch.values import plain
from nodegraph.plan import Io, Plan, compile_plan
from nodegraph.plan import layout as lay
from nodegraph.plan.memory import Memory, view
from nodegraph.plan.renaming import renamed
from nodegraph.plan.result import RowInfo
from nodegraph.quantum import QUANTUM

from . import walk
from .arrivals import EventQueue
from .messages import RING_SIZE, AppliedMessage, MessageQueue
from .observer import EngineObserver, EngineService
from .renames import renamed_nodes

if TYPE_CHECKING:
    from mido import Message


EVENTS_AHEAD = 0.5  # s by which events reach the audio thread before they are due


KnobValues = Mapping[tuple[str, str, str], list[float]]
"""What documents have set knobs to: a number for each lane or member, by node, block and port."""


class EngineError(Exception):
    """The engine cannot do what was asked; one line says why and what to do."""


@dataclass(frozen=True)
class Fault:
    """A node that was silenced because it gave NaN or Inf."""

    node: str
    lane: int


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
        self._knob_values: dict[tuple[str, str], list[float]] = {}  # set by documents since the plan was compiled
        self._retired: list[Plan] = []
        self._lock = threading.Lock()
        self._service_lock = threading.Lock()
        self._unfollow: list[Callable[[], None]] = []
        self._graph: Graph | None = None  # of the latest plan, without probes
        self._records: dict[str, NodeRecord] = {}  # of the nodes of that graph, by which they are recognised
        self._playing_records: dict[str, NodeRecord] = {}  # the same for the plan that is heard, while another waits
        self.observer: EngineObserver | None = None
        self.services: list[EngineService] = []
        self.watched: frozenset[str] = frozenset()
        self.input_address = self.memory.reserve(4 * QUANTUM * max(inputs, 1))
        self.output_address = self.memory.reserve(4 * QUANTUM * max(outputs, 1))
        self.inputs, self.outputs = inputs, outputs
        self.io = Io((self.input_address, inputs), (self.output_address, outputs), input_columns or {})
        self.messages = MessageQueue(self.memory)
        words = [0] * walk.ENGINE_WORDS
        words[walk.ENGINE_RING], words[walk.ENGINE_RING_SIZE] = self.messages.address, RING_SIZE
        words[walk.ENGINE_INPUT], words[walk.ENGINE_INPUTS] = self.input_address, inputs
        words[walk.ENGINE_OUTPUT], words[walk.ENGINE_OUTPUTS] = self.output_address, outputs
        words[walk.ENGINE_WALK], words[walk.ENGINE_CHECK] = walk.WALK_ROWS.address, walk.CHECK_ROW_SLOW.address
        self.arrivals = EventQueue(self.memory)
        self.io.arrivals, self.io.ports_like = self.arrivals.list_address, self.arrivals.port_mask
        words[walk.ENGINE_ARRIVALS] = self.arrivals.address
        self.address = self.memory.words(words)
        self.words = view(self.address, walk.ENGINE_WORDS, np.int64)
        self.messages.attach(self.words)

    # -- plans -----------------------------------------------------------------------------------------------

    def load(self, document: Document, path: Path | None = None) -> None:
        """Type a document and :meth:`play` it. Raises GraphError (the engine plays on then) or KernelError."""
        self.play(build_graph(document, self.rate, path, self.allow_outside))

    def play(self, graph: Graph) -> None:
        """Compile a typed graph of this engine's rate; the audio thread swaps to its plan at the next quantum.

        The plan continues where the one before it was: states, knobs and delay lines go on. Raises KernelError.
        """
        with self._lock, no_collection():
            self._swap_plan(graph)

    def apply(self, change: Change, path: Path | None = None) -> None:
        """Follow an edit of the document that is played: by messages if it only sets knobs, else by a new plan.

        Raises GraphError (the engine plays on then) or KernelError.
        """
        if change.kind == LOOK:
            return
        graph = self._graph
        knobs = knob_changes(graph, change.values) if graph is not None and change.kind == VALUES else None
        if knobs is None:
            self.load(change.after, path)
        else:
            self.set_values(change, knobs)

    def set_values(self, change: Change, knobs: Iterable[KnobChange]) -> None:
        """Follow a change of the document that sets nothing but these knobs of the graph."""
        self.set_knobs(knobs)
        if self._graph is None:
            return
        # Nodes are recognised by their records when they get other ids: note the records that the change replaced.
        for path, node, *_ in change.values:
            name = "/".join((*path, node))
            for id in self._graph.flat.copies.get(name, [name]):
                if id in self._records:
                    self._records[id] = change.after.nested(path).nodes[node]

    def _swap_plan(self, graph: Graph, names: Mapping[str, str] | None = None) -> None:
        """Compile a graph and offer the plan to the audio thread.

        ``names`` maps ids of the plan that is heard to the ids of the same nodes here; None finds them by comparison.
        What is compiled depends on the graphs and on the sample at which the plan that is heard was taken over,
        never on how far the audio thread has come since.
        """
        probed = with_probes(graph, self.watched)
        self._wait_for_swap()
        unheard = [self.plan] if self.plan is not None and self.pending else []
        heard = self.plan if not unheard else self._retired[-1] if self._retired else None
        records = {id: flat.record for id, flat in graph.flat.nodes.items()}
        if names is None:
            known = self._records if not unheard else self._playing_records
            names = renamed_nodes(known, records) if heard is not None else {}
        before = renamed(heard, names) if heard is not None else None
        handles = dict(self.handles)
        self._rename_handles(names)
        opened: list[Any] = []
        try:
            plan = compile_plan(
                probed,
                self.io,
                before,
                self.swap_sample,
                self.handles,
                self._opener(graph.folder, opened),
                self.pack,
                graph.document.settings.latency_compensation,
            )
        except Exception:
            for helper in opened:
                helper.close()
            self.handles.clear()
            self.handles.update(handles)
            raise
        offered = [heard, *unheard] if heard is not None else unheard
        self._set_changed_knobs(self._values_so_far(offered, names), probed)
        if heard is not None and not unheard:
            self._retired.append(heard)
            self._playing_records = self._records
        self._knob_values = {}
        self.plan, self._graph, self._records = plan, graph, records
        if self.observer is not None:
            self.observer.on_plan(graph.document, graph.flat.file, plan, names)
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
                if self._graph is not None:
                    self._swap_plan(self._graph)

    def probe(self, end: str) -> Any:
        """What keeps the latest samples or frames of a watched output; None where there is nothing to see."""
        return self.helper(probe_id(end))

    def helper(self, node: str) -> Any:
        """The helper of a node of the running plan, None if it has none."""
        hosts = self.plan.hosts if self.plan else {}
        return next((helper for (id, *_), helper in list(hosts.items()) if id == node), None)

    def follow(self, patch: Any) -> Callable[[], None]:
        """Load a patch and every edit of it, until it is closed; returns what ends that sooner."""
        self.load(patch.document, patch.path)

        def follow_step(step: Any, change: Change) -> None:
            if self.observer is not None:
                self.observer.on_edit(step, change)
            self.apply(change, patch.path)

        unfollow = patch.subscribe(follow_step)
        self._unfollow.append(unfollow)
        return unfollow

    @property
    def pending(self) -> bool:
        """Whether a plan waits to be taken over."""
        return bool(self.words[walk.ENGINE_NEXT])

    @property
    def swap_sample(self) -> int:
        """Sample at which the audio thread took over the plan that is heard."""
        return int(self.words[walk.ENGINE_SWAPPED_AT])

    def is_playing(self, plan: Plan) -> bool:
        """Whether the audio thread has taken over this plan and no plan waits."""
        return not self.pending and int(self.words[walk.ENGINE_PLAN]) == plan.address

    def _wait_for_swap(self, seconds: float = 2.0) -> None:
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
        def open_helper(node: GraphNode, host: Any) -> Any:
            context = HelperContext(node.id, node.settings, node.lanes, self.rate, folder, self.live)
            opened.append(host.open(context))
            return opened[-1]

        return open_helper

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
        return [*lines, *(f"{service.problem}." for service in self.services if service.problem)]

    def node_address(self, node: str) -> str:
        """The node of the document that a node of the plan belongs to: ``voice/osc`` for each of its voices."""
        found = self.plan.graph.find(node) if self.plan else None
        return found.address if found else node

    def service(self) -> None:
        """Give every helper its turn (reading ahead from disk, writing what was recorded)."""
        self.deliver_events(self._delivery_horizon)
        with self._service_lock:
            for helper in self.hosts:
                helper.service()
        for service in tuple(self.services):
            service.service()
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
        for service in tuple(self.services):
            service.close()

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

    def set_parameter(self, node: str, port: str, value: float | list[float], at: int = 0, lane: int = -1) -> None:
        """Set a parameter, at sample ``at`` of the engine's clock or at once. ``lane`` −1 means all lanes.

        ``node`` is a node of the patch, a subpatch, or a node inside one (``"voice/filter"``), of all its voices.
        Raises EngineError for a value that the input does not accept; nothing happens where a wire takes the place of
        the value, and for names that the playing plan does not have.
        """
        ends = self.plan.graph.knobs_of(node, port) if self.plan else [(node, port)]
        try:
            value = plain(value)
        except InvalidValue as fault:
            raise EngineError(f"{node}.{port}: {fault.text}.") from None
        if self.plan is not None:
            self._refuse_bad_value(self.plan.graph, ends, value)
        self._send_values(ends, value, at, lane)

    def _refuse_bad_value(self, graph: Graph, ends: Sequence[tuple[str, str]], value: Any) -> None:
        for id, port in ends[:1]:  # the others are copies of the same input
            node = graph.find(id)
            declared = node.spec.inputs.get(port) if node is not None else None
            if node is not None and declared is not None:
                problem = declared.problem(value)
                if problem:
                    raise EngineError(f"{node.title}: {problem}")

    def _send_values(self, ends: Iterable[tuple[str, str]], value: Any, at: int = 0, lane: int = -1) -> None:
        handles = [self.handles[end] for end in ends if end in self.handles]
        values = value if isinstance(value, list | tuple) else [value]
        lanes = [lane] if len(values) == 1 else range(len(values))
        moves = list(zip(lanes, values, strict=True))
        try:
            self.messages.send([(at, handle, k, float(v)) for handle in handles for k, v in moves])
        except BufferError:
            raise self._queue_full() from None

    def resolve_messages(self, applied: Iterable[AppliedMessage]) -> list[tuple[int, str, str, int, float]]:
        """Applied messages by the knob that they set: sample, node, port, lane, value."""
        ends = {handle: end for end, handle in self.handles.items()}
        return [(at, *ends[handle], lane, value) for at, handle, lane, value in applied if handle in ends]

    def set_knobs(self, changes: Iterable[KnobChange]) -> None:
        """Set knobs to what the document says; of several lanes only those that differ."""
        with self._lock:
            for node, port, values in changes:
                before = self.knob_values(node, port)
                self._knob_values[node, port] = values
                if len(before) != len(values) or len(set(values)) == 1:
                    self._send_values([(node, port)], values[0] if len(set(values)) == 1 else values)
                    continue
                for lane, value in enumerate(values):
                    if value != before[lane]:
                        self._send_values([(node, port)], value, lane=lane)

    def knob_values(self, node: str, port: str) -> list[float]:
        """What the document sets a knob of the plan to: one number for each lane, or for each member of a bank.

        The typed graph has the values with which the plan was compiled; this follows the messages since then.
        """
        assert self.plan is not None
        found = self._knob_values.get((node, port))
        return self.plan.graph.node(node).values[port] if found is None else found

    def _values_so_far(self, plans: Iterable[Plan], names: Mapping[str, str]) -> KnobValues:
        """What documents have set knobs to, by node, block and port of the next plan.

        ``plans`` are the plan that is heard and the one that was offered since, if it was not taken over: messages for
        it were sent all the same. ``names`` maps ids of the plan that is heard to those of the next plan.
        """
        values = {
            (names.get(node.id, node.id), node.type, port): value
            for plan in plans
            for node in plan.graph.typed_nodes
            for port, value in node.values.items()
        }
        for (id, port), value in self._knob_values.items():
            assert self.plan is not None
            values[names.get(id, id), self.plan.graph.node(id).type, port] = value
        return values

    # -- events from outside ---------------------------------------------------------------------------------

    def send(self, message: Message | bytes, at: int | None = None, port: str = "") -> None:
        """Send a MIDI message, a ``mido.Message`` or its bytes, to the ``midi_in`` blocks.

        It takes effect at sample ``at`` of the engine's clock, or as soon as possible; it may be sent from any thread
        and long before that. ``port`` is the name of its source, by which blocks can select. ``message.time`` is not
        used. System exclusive messages reach no block. Raises EngineError.
        """
        try:
            self.arrivals.send(
                bytes_of(message),
                self.midi_time() if at is None else at,
                port,
                self._delivery_horizon,
                lambda: self.realtime,
            )
        except ValueError as error:
            raise EngineError(str(error)) from None
        except BufferError:
            raise self._queue_full() from None

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

    def deliver_events(self, near: int) -> None:
        """Let events that are due up to sample ``near`` through to the audio thread."""
        try:
            self.arrivals.deliver(near, lambda: self.realtime)
        except BufferError:
            raise self._queue_full() from None

    @property
    def _delivery_horizon(self) -> int:
        return self.clock + round(EVENTS_AHEAD * self.rate)

    def _full(self) -> EngineError:
        if self.realtime:
            return EngineError("the audio device has stopped asking for sound. Choose it again or another one.")
        return EngineError("too many messages wait; run the engine before sending more.")

    def _set_changed_knobs(self, before: KnobValues, after: Graph) -> None:
        """Set the knobs whose values in the document have changed together with the structure."""
        for node in after.typed_nodes:
            for port, values in node.values.items():
                if before.get((node.id, node.type, port), values) != values:
                    self._send_values([(node.id, port)], values)

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
