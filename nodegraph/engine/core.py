"""The engine: runs plans, swaps them after edits, and sends parameter values and events to the audio thread.

Everything here runs outside the audio thread. State shared with the audio thread is stored in the words of ``walk``;
messages pass through a ring, plans through one word.
"""

from __future__ import annotations

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
from nodegraph.patch.change import LOOK
from nodegraph.patch.errors import InvalidValue, quote, suggest
from nodegraph.patch.values import plain
from nodegraph.plan import Io, Plan, compile_plan
from nodegraph.plan import layout as lay
from nodegraph.plan.files import files_in
from nodegraph.plan.memory import Memory, view
from nodegraph.plan.renaming import renamed
from nodegraph.plan.result import RowInfo
from nodegraph.quantum import QUANTUM

from . import walk
from .arrivals import EventQueue
from .collection import no_collection
from .fusion_service import ROWS, SETTLED_SECONDS, FusionService
from .messages import RING_SIZE, AppliedMessage, MessageQueue
from .observer import EngineObserver, EngineService
from .renames import renamed_nodes
from .steps import WALK_STEPS

if TYPE_CHECKING:
    from mido import Message


EVENTS_AHEAD = 0.5  # seconds that events are queued ahead of their sample


KnobValues = Mapping[tuple[str, str], Mapping[str, list[float]]]
"""Knob values set by documents, one number for each lane or bank member, by (node, type), then by port."""


class EngineError(Exception):
    """An engine operation failed; the message is one line with the cause and the fix."""


@contextmanager
def _enough_memory() -> Iterator[None]:
    """Raise EngineError for a MemoryError in a block of code."""
    try:
        yield
    except MemoryError:
        raise EngineError(
            "not enough memory for the patch; what played before plays on. "
            "Undo the edit, shorten delay lines, or close other programs."
        ) from None


@dataclass(frozen=True)
class Fault:
    """A node that is muted because it output NaN or Inf."""

    node: str
    lane: int


class Engine:
    """Computes a patch at a sample rate (Hz) with the given numbers of input and output channels.

    ``input_columns`` maps each ``audio_in`` node to the first channel that it reads. ``pack=False`` gives every node a
    separate row. ``tolerant``: see :func:`~nodegraph.graph.build.graph_of`. ``cores``, 1 or 2, may compute a plan
    offline. Drivers (``offline``, ``live``, ``stepper``) run the engine.
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
        tolerant: bool = False,
        cores: int = 1,
    ) -> None:
        self.rate, self.cores = float(rate), cores
        self.pack, self.allow_outside, self.realtime, self.tolerant = pack, allow_outside, realtime, tolerant
        self.live = realtime  # stays true while the device is not running, unlike ``realtime``
        self.memory = Memory()
        self.handles: dict[tuple[str, str], int] = {}
        self.plan: Plan | None = None
        self._knob_values: dict[tuple[str, str], list[float]] = {}  # values set by edits since the plan was compiled
        self._retired: list[Plan] = []
        self._lock = threading.Lock()
        self._service_lock = threading.Lock()
        self._unfollow: list[Callable[[], None]] = []
        self._graph: Graph | None = None  # graph of the latest plan, without probes
        self._records: dict[str, NodeRecord] = {}  # records of its nodes, which identify a renamed node
        self._playing_records: dict[str, NodeRecord] = {}  # records of the playing plan while the latest is pending
        self.observer: EngineObserver | None = None
        self.services: list[EngineService] = []
        self.fusion: FusionService | None = None
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
        words[walk.ENGINE_WALK_STEPS] = WALK_STEPS.address
        self.arrivals = EventQueue(self.memory)
        self.io.arrivals, self.io.ports_like = self.arrivals.list_address, self.arrivals.port_mask
        words[walk.ENGINE_ARRIVALS] = self.arrivals.address
        self.address = self.memory.words(words)
        self.words = view(self.address, walk.ENGINE_WORDS, np.int64)
        self.messages.attach(self.words)

    # -- plans -----------------------------------------------------------------------------------------------

    def load(self, document: Document, path: Path | None = None) -> None:
        """Type a document and :meth:`play` it.

        Raises GraphError, KernelError, or EngineError without enough memory; the old plan then keeps playing.
        """
        with no_collection(), _enough_memory():
            self.play(build_graph(document, self.rate, path, self.allow_outside, self.tolerant))

    def play(self, graph: Graph) -> None:
        """Compile a typed graph of this engine's rate; the audio thread swaps to its plan at the next quantum.

        States, knobs and delay lines migrate from the previous plan. Raises KernelError, or EngineError without enough
        memory; the old plan then keeps playing.
        """
        with self._lock, no_collection(), _enough_memory():
            self._swap_plan(graph)

    def apply(self, change: Change, path: Path | None = None) -> None:
        """Apply an edit of the playing document: by messages if it only sets knobs, else by a new plan.

        Raises GraphError, KernelError or EngineError; the old plan then keeps playing.
        """
        if change.kind == LOOK:
            return
        knobs = knob_changes(self._graph, change)
        if knobs is None:
            self.load(change.after, path)
        else:
            self.set_values(change, knobs)

    def set_values(self, change: Change, knobs: Iterable[KnobChange]) -> None:
        """Apply a change of the document that only sets the given knobs of the graph."""
        self.set_knobs(knobs)
        if self._graph is None:
            return
        # records identify renamed nodes: store those that the change replaced
        for path, node, *_ in change.values:
            name = "/".join((*path, node))
            for id in self._graph.flat.copies.get(name, [name]):
                if id in self._records:
                    self._records[id] = change.after.nested(path).nodes[node]

    def _swap_plan(self, graph: Graph, names: Mapping[str, str] | None = None) -> None:
        """Compile a graph and pass the plan to the audio thread, which swaps to it at the next quantum.

        ``names`` maps ids of the playing plan to the ids of the same nodes in the graph; None compares the records.
        The plan depends on the graphs and on the swap sample of the playing plan, not on the current clock.
        """
        probed = with_probes(graph, self.watched)
        self._wait_for_swap()
        unplayed = [self.plan] if self.plan is not None and self.pending else []
        playing = self.plan if not unplayed else self._retired[-1] if self._retired else None
        records = {id: flat.record for id, flat in graph.flat.nodes.items()}
        if names is None:
            known = self._records if not unplayed else self._playing_records
            names = renamed_nodes(known, records) if playing is not None else {}
        previous = renamed(playing, names) if playing is not None else None
        handles = dict(self.handles)
        self._rename_handles(names)
        opened: list[Any] = []
        try:
            plan = compile_plan(
                probed,
                self.io,
                previous,
                self.swap_sample,
                self.handles,
                self._opener(graph.folder, opened),
                self.pack,
                graph.document.settings.latency_compensation,
                apart=self.cores > 1,
            )
        except Exception:
            for helper in opened:
                helper.close()
            self.handles.clear()
            self.handles.update(handles)
            raise
        plans = [playing, *unplayed] if playing is not None else unplayed
        self._set_changed_knobs(self._current_knob_values(plans, names), probed)
        if playing is not None and not unplayed:
            self._retired.append(playing)
            self._playing_records = self._records
        self._knob_values = {}
        self.plan, self._graph, self._records = plan, graph, records
        if self.observer is not None:
            self.observer.on_plan(graph.document, graph.flat.file, plan, names)
        self.words[walk.ENGINE_NEXT] = plan.address
        self._release_retired(unplayed)

    def _rename_handles(self, names: Mapping[str, str]) -> None:
        """Move the handles of renamed nodes to the new ids, so that queued messages reach them."""
        moving = [key for key in self.handles if key[0] in names]
        moved = {(names[id], port): self.handles.pop((id, port)) for id, port in moving}
        self.handles.update(moved)

    def fuse(self, settled: float = SETTLED_SECONDS) -> FusionService:
        """Fuse plans into faster kernels, in the background, ``settled`` seconds after the last edit: same samples."""
        if self.fusion is None:
            self.fusion = FusionService(lambda: self.plan, settled, self.cores)
            self.services.append(self.fusion)
        return self.fusion

    @property
    def tier(self) -> str:
        """The tier in which the plan runs: "rows", or "fused" with the number of rows in fused kernels."""
        return self.fusion.tier if self.fusion is not None else ROWS

    def watch(self, port_refs: Iterable[str]) -> None:
        """Record the outputs with these port references ("osc1.out") for :meth:`probe`, and no others.

        Raises EngineError if they are no list of texts.
        """
        outputs = frozenset() if isinstance(port_refs, str) else frozenset(port_refs)
        if isinstance(port_refs, str) or not all(isinstance(one, str) for one in outputs):
            raise EngineError(f"outputs are watched as a list of names, such as ['osc1.out'], got {quote(port_refs)}.")
        with self._lock:
            if outputs != self.watched:
                self.watched = outputs
                if self._graph is not None:
                    self._swap_plan(self._graph)

    def probe(self, port_ref: str) -> Any:
        """Return the buffer that records a watched output, or None if the output is not watched."""
        return self.helper(probe_id(port_ref))

    def helper(self, node: str) -> Any:
        """Return the helper of a node of the running plan, or None if it has none."""
        helpers = self.plan.helpers if self.plan else {}
        return next((helper for (id, *_), helper in list(helpers.items()) if id == node), None)

    def follow(self, patch: Any) -> Callable[[], None]:
        """Load a patch and apply all its edits until the engine is closed; return a function that stops this."""
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
        """Whether a plan is waiting for the audio thread to swap to it."""
        return bool(self.words[walk.ENGINE_NEXT])

    @property
    def swap_sample(self) -> int:
        """The sample at which the audio thread swapped to the playing plan."""
        return int(self.words[walk.ENGINE_SWAPPED_AT])

    def is_playing(self, plan: Plan) -> bool:
        """Return whether the audio thread plays this plan and no other plan is pending."""
        return not self.pending and int(self.words[walk.ENGINE_PLAN]) == plan.address

    def _wait_for_swap(self, seconds: float = 2.0) -> None:
        """Wait until the audio thread has swapped to the last plan, whose state the next plan migrates.

        Without a running device there is no wait: the next plan replaces the pending one.
        """
        end = time.monotonic() + seconds
        while self.realtime and self.pending and time.monotonic() < end:
            time.sleep(0.0005)
        if self.realtime and self.pending:
            raise EngineError("the audio device stopped responding. Select it again, or select another device.")

    def _release_retired(self, unplayed: Sequence[Plan] = ()) -> None:
        """Free the plans that the audio thread does not use, and close the helpers that belong to no other plan."""
        with self._service_lock:
            self._release(unplayed)

    def _release(self, unused: Sequence[Plan]) -> None:
        if self.pending and self._retired:
            unused, self._retired = [*unused, *self._retired[:-1]], self._retired[-1:]
        else:
            unused, self._retired = [*unused, *self._retired], []
        skip = {id(h) for plan in [self.plan, *self._retired] if plan for h in plan.helpers.values()}
        for plan in unused:
            for helper in plan.helpers.values():
                if id(helper) not in skip:
                    skip.add(id(helper))
                    helper.close()

    def _opener(self, folder: Path | None, opened: list[Any]) -> Callable[[GraphNode, Any], Any]:
        def open_helper(node: GraphNode, declared: Any) -> Any:
            context = HelperContext(node.id, node.settings, node.lanes, self.rate, folder, self.live)
            opened.append(declared.open(context))
            return opened[-1]

        return open_helper

    @property
    def helpers(self) -> list[Any]:
        """The helpers of the running plan."""
        return list(self.plan.helpers.values()) if self.plan else []

    def files_in(self, folder: Path) -> list[Path]:
        """Return the names, relative to ``folder`` (absolute), of the files of the running plan that are in it."""
        return files_in(self.plan, folder) if self.plan else []

    def node_problems(self) -> list[tuple[str, str]]:
        """Return the nodes with a problem (full disk, truncated file, lost events) or a remark as (id, message)."""
        found = []
        for (node, *_), helper in (self.plan.helpers if self.plan else {}).items():
            if text := getattr(helper, "problem", "") or getattr(helper, "remark", ""):
                found.append((node, f"{text}."))
        return found + (self.plan.lost_events() if self.plan else [])

    def late_answers(self) -> dict[str, int]:
        """Return how many answers of the models of each node were late, by address; without those that have none."""
        found: dict[str, int] = {}
        for (node, *_), helper in list(self.plan.helpers.items()) if self.plan else ():
            if count := getattr(helper, "late_answers", 0):
                found[self.node_address(node)] = found.get(self.node_address(node), 0) + count
        return found

    def problems(self) -> list[str]:
        """Return one line for each problem of a node, a recording or a flight log."""
        lines = [f"{self.node_address(node)}: {text}" for node, text in self.node_problems()]
        return [*lines, *(f"{service.problem}." for service in self.services if service.problem)]

    def node_address(self, node: str) -> str:
        """Return the document address of a node of the plan: ``voice/osc`` for each of its voices."""
        found = self.plan.graph.find(node) if self.plan else None
        return found.address if found else node

    def service(self) -> None:
        """Deliver due events and run the background work of all helpers and services, such as disk I/O."""
        self.deliver_events(self._delivery_horizon)
        with self._service_lock:
            for helper in self.helpers:
                helper.service()
        for service in tuple(self.services):
            service.service()
        if self._retired and not self.pending and self._lock.acquire(blocking=False):
            try:
                self._release_retired()  # closing the helper of a removed recorder completes its file
            finally:
                self._lock.release()

    def close(self) -> None:
        """Close all helpers and services; recordings are complete afterwards."""
        for unfollow in self._unfollow:
            unfollow()
        with self._service_lock:
            self._close()
        for service in tuple(self.services):
            service.close()

    def _close(self) -> None:
        for plan in [*self._retired, *([self.plan] if self.plan else [])]:
            for helper in plan.helpers.values():
                helper.close()
            plan.helpers.clear()

    # -- knobs -----------------------------------------------------------------------------------------------

    @property
    def latency(self) -> int:
        """Latency of the plan in samples; 0 without a plan."""
        return self.plan.latency if self.plan else 0

    @property
    def clock(self) -> int:
        """Number of samples computed."""
        return int(self.words[walk.ENGINE_CLOCK])

    def set_parameter(self, node: str, port: str, value: float | list[float], at: int = 0, lane: int = -1) -> None:
        """Set a parameter at sample ``at`` of the engine's clock, or immediately if that has passed.

        ``node`` is a node of the patch, a subpatch, or a node in a subpatch (``"voice/filter"``, all its voices).
        ``lane`` −1 sets all lanes. Wired inputs and names unknown to the playing plan are ignored. Raises EngineError
        if the input does not accept the value.
        """
        knobs = self.plan.graph.knobs_of(node, port) if self.plan else [(node, port)]
        try:
            value = plain(value)
        except InvalidValue as error:
            raise EngineError(f"{node}.{port}: {error.text}.") from None
        if self.plan is not None:
            self._check_value(self.plan.graph, knobs, value)
        self._send_values(knobs, value, at, lane)

    def _check_value(self, graph: Graph, knobs: Sequence[tuple[str, str]], value: Any) -> None:
        for id, port in knobs[:1]:  # the others are copies of the same input
            node = graph.find(id)
            declared = node.spec.inputs.get(port) if node is not None else None
            if node is not None and declared is not None:
                problem = declared.problem(value)
                if problem:
                    raise EngineError(f"{node.title}: {problem}")

    def _send_values(self, knobs: Iterable[tuple[str, str]], value: Any, at: int = 0, lane: int = -1) -> None:
        handles = [self.handles[knob] for knob in knobs if knob in self.handles]
        values = value if isinstance(value, list | tuple) else [value]
        lanes = [lane] if len(values) == 1 else range(len(values))
        lane_values = list(zip(lanes, values, strict=True))
        try:
            self.messages.send([(at, handle, k, float(v)) for handle in handles for k, v in lane_values])
        except BufferError:
            raise self._queue_full_error() from None

    def resolve_messages(self, applied: Iterable[AppliedMessage]) -> list[tuple[int, str, str, int, float]]:
        """Return applied messages with the knobs that they set: (sample, node, port, lane, value)."""
        knobs = {handle: knob for knob, handle in self.handles.items()}
        return [(at, *knobs[handle], lane, value) for at, handle, lane, value in applied if handle in knobs]

    def set_knobs(self, changes: Iterable[KnobChange]) -> None:
        """Set knobs to the values of the document; lanes that do not change are left alone."""
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
        """Return the document's value of a knob of the plan: one number for each lane, or for each bank member.

        The typed graph has the values at compile time; this includes the edits since then.
        """
        assert self.plan is not None
        found = self._knob_values.get((node, port))
        return self.plan.graph.node(node).values[port] if found is None else found

    def _current_knob_values(self, plans: Iterable[Plan], names: Mapping[str, str]) -> KnobValues:
        """Return the knob values set by documents so far, with the ids of the next plan.

        ``plans`` are the playing plan and the pending one, if any, since messages for both were sent. ``names`` maps
        ids of the playing plan to those of the next plan.
        """
        values: dict[tuple[str, str], dict[str, list[float]]] = {
            (names.get(node.id, node.id), node.type): node.values for plan in plans for node in plan.graph.typed_nodes
        }
        for (id, port), value in self._knob_values.items():
            assert self.plan is not None
            node = names.get(id, id), self.plan.graph.node(id).type
            values[node] = {**values[node], port: value}
        return values

    # -- events from outside ---------------------------------------------------------------------------------

    def send(self, message: Message | bytes, at: int | None = None, port: str = "") -> None:
        """Send a MIDI message, a ``mido.Message`` or its bytes, to the ``midi_in`` blocks.

        It takes effect at sample ``at`` of the engine's clock, or immediately if None. Any thread may call it.
        ``port`` is the name of its source, by which blocks select messages. ``message.time`` and system exclusive
        messages are ignored. Raises EngineError if the message is invalid or the queue is full.
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
            raise self._queue_full_error() from None

    send_midi = send  # alias for scripts written for version 0.1

    def sent(self, node: str = "") -> list[Message]:
        """Return the MIDI messages that the ``midi_out`` blocks, or block ``node``, have sent since the last call.

        ``time`` is in seconds of the engine's clock. Each block stores its last 65,536 messages.
        """
        from mido import Message

        messages: list[tuple[int, bytes]] = []
        for (id, *_), helper in list(self.plan.helpers.items()) if self.plan else ():
            if hasattr(helper, "take_sent") and node in ("", id):
                messages += helper.take_sent()
        messages.sort(key=lambda entry: entry[0])
        return [Message.from_bytes(message, time=at / self.rate) for at, message in messages]

    def midi_time(self, arrived: float | None = None) -> int:
        """Return the sample for a message received now, or at ``arrived`` (``time.perf_counter``)."""
        return self.clock

    def deliver_events(self, horizon: int) -> None:
        """Pass the events due up to sample ``horizon`` to the audio thread. Raises EngineError if the ring is full."""
        try:
            self.arrivals.deliver(horizon, lambda: self.realtime)
        except BufferError:
            raise self._queue_full_error() from None

    @property
    def _delivery_horizon(self) -> int:
        return self.clock + round(EVENTS_AHEAD * self.rate)

    def _queue_full_error(self) -> EngineError:
        if self.realtime:
            return EngineError("the audio device stopped responding. Select it again, or select another device.")
        return EngineError("too many messages are queued; run the engine before sending more.")

    def _set_changed_knobs(self, before: KnobValues, after: Graph) -> None:
        """Set the knobs whose document values changed in the same edit as the structure."""
        for node in after.typed_nodes:
            known = before.get((node.id, node.type))
            if known is None or known == node.values:
                continue
            for port, values in node.values.items():
                if known.get(port, values) != values:
                    self._send_values([(node.id, port)], values)

    # -- monitoring ------------------------------------------------------------------------------------------

    def value(self, node: str, port: str) -> np.ndarray:
        """Return the latest sample of an output of a node or subpatch, one float for each lane.

        Raises EngineError for an output that the patch does not have.
        """
        assert self.plan is not None
        output = self.plan.graph.output_of(node, port) or (node, port)
        if output not in self.plan.latest:
            known = [f"{id}.{name}" for id, name in self.plan.latest]
            name = f"{node}.{port}"
            raise EngineError(f"unknown output {quote(name)}.{suggest(name, known) or ' Name a node and its output.'}")
        return self.plan.value(*output)

    @property
    def fault_count(self) -> int:
        return int(self.words[walk.ENGINE_FAULTS])

    def faults(self) -> list[Fault]:
        """Return the nodes muted after NaN or Inf. Setting a parameter of a node unmutes it."""
        return [Fault(node, lane) for node, lane in self.plan.faults()] if self.plan else []

    def profile(self, on: bool = True) -> None:
        """Start or stop the timing of rows."""
        self.words[walk.ENGINE_PROFILE] = int(on)

    def row_cycles(self) -> list[tuple[RowInfo, int]]:
        """Return the rows with their processor ticks, summed over the timed quanta."""
        rows = self.plan.rows if self.plan else []
        return [(info, int(_details(info)[lay.DETAIL_CYCLES])) for info in rows]


def _details(info: RowInfo) -> np.ndarray:
    row = view(info.address, lay.ROW_WORDS, np.int64)
    return view(int(row[lay.ROW_DETAILS]), lay.DETAIL_WORDS, np.int64)
