"""The editor's live engine: plays typed graphs and falls back to no device if the device fails.

A separate thread compiles the latest pending graph, because the first compilation of a block takes about a second
and must not freeze the window.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.engine.collection import hold_collection, release_collection
from nodegraph.engine.core import EngineError
from nodegraph.engine.input import record_input
from nodegraph.engine.live import Live, devices, supported_rates
from nodegraph.graph import Graph, GraphError
from nodegraph.graph.knobs import KnobChange
from nodegraph.patch import Change, Document
from nodegraph.patch.document import Path as Place
from nodegraph.quantum import QUANTUM
from nodegraph.recording.flight import FlightRecorder
from nodegraph.recording.keeping import Recording, WireRecording

from .protocol import OutputLevel, Reading, SoundState

NONE = "none"
LOAD_PERIOD = 1.0  # seconds over which the load is averaged
STATE_PERIOD = 0.2  # seconds for which a SoundState is cached
WATCH_PERIOD = 0.25  # seconds between two checks of the device
COMPILE_NOTICE_AFTER = 0.4  # seconds before "compiling blocks" is shown
LEVEL_FRAMES = 8192  # largest number of sample frames in a level of the output
FRAMES_SEEN = 512  # frames in a reading of a frame wire


@dataclass(frozen=True)
class DeviceRequest:
    """Requested device, sample rate and block size.

    ``device`` is a number or part of a name; None is the default device, "none" is no device. ``rate`` is in Hz,
    None is the device's default; ``blocksize`` is in samples.
    """

    device: int | str | None = None
    rate: float | None = None
    blocksize: int = 256


class LiveSound:
    """Live engine of the editor, with or without a device.

    If no device can be opened, the patch runs without one and ``state().problem`` is the reason.
    Raises EngineError if a device that was requested by name cannot be opened.
    """

    def __init__(
        self,
        request: DeviceRequest | None = None,
        allow_outside: bool = False,
        limiter: bool = True,
        flight: Path | None = None,
    ) -> None:
        self._device_request = request or DeviceRequest()
        self._allow_outside, self._limiter = allow_outside, limiter
        self._lock = threading.Condition()
        self._document = Document()
        self._path: Path | None = None
        self._watched_outputs: frozenset[str] = frozenset()
        self._requested_device: DeviceRequest | None = None  # device to switch to
        self._graph: Graph | None = None  # next graph to compile
        self._holds_collection = False  # the garbage collector waits for that graph
        self._changes: list[tuple[Change, list[KnobChange]]] = []  # changes to apply after compiling
        self._watch_due = False
        self._busy, self._busy_since = False, 0.0
        self._closed = False
        self._problem = ""
        self._compile_problem = ""
        self._recording: Recording | None = None
        self._wires: dict[str, WireRecording] = {}
        self._flight = flight  # log file of the next engine
        self._finished_log_engine: Live | None = None  # engine whose log was finished
        self._notices: tuple[str, ...] = ()
        self._paused = False
        self._state = SoundState()
        self._state_time = -1e9
        self._loads: tuple[float, np.ndarray] = (0.0, np.zeros(1))
        self._load = 0.0
        self._volume = 1.0
        self._meter: tuple[Live | None, int, int] = (None, 0, 0)  # engine, position on its tape, limited samples
        self._live = self._open_first()
        self._worker = threading.Thread(target=self._loader_loop, name="nodegraph-loader", daemon=True)
        self._worker.start()

    # -- devices -------------------------------------------------------------------------------------------

    def _open_first(self) -> Live:
        try:
            return self._open(self._device_request)
        except EngineError as error:
            if self._device_request.device is not None:
                raise
            self._problem = _device_error_text(error)
            return self._open(replace(self._device_request, device=NONE))

    def _open(self, request: DeviceRequest) -> Live:
        live = Live(
            self._document,
            self._path,
            None if request.device == NONE else request.device,
            rate=request.rate,
            blocksize=request.blocksize,
            null=request.device == NONE,
            limiter=self._limiter,
            allow_outside=self._allow_outside,
            observer=FlightRecorder(self._flight) if self._flight is not None else None,
        )
        try:
            live.watch(self._watched)
            live.pause(self._paused)
            live.volume = self._volume
            live.fuse()
            live.start()
            self._flight = None
            return live
        except BaseException:
            live.close()
            raise

    def devices(self) -> list[dict[str, Any]]:
        try:
            return devices()
        except EngineError:
            return []

    def supported_rates(self, rates: tuple[float, ...]) -> tuple[float, ...]:
        if self._has_no_device:
            return ()
        try:
            found = supported_rates(self._device_request.device, rates)
        except EngineError:
            return ()
        return tuple(sorted({*found, self.rate}))

    def select_device(self, device: int | str | None, rate: float | None = None, blocksize: int | None = None) -> None:
        with self._lock:
            self._requested_device = DeviceRequest(device, rate, blocksize or self._device_request.blocksize)
            self._lock.notify()

    def _switch_device(self, request: DeviceRequest) -> None:
        """Switch to another device. The old engine stops first, since both may use the same device."""
        old = self._live
        self.record(None)
        for end in list(self._wires):
            self.record_wire(end, None)
        if self._logging:
            self._finish_flight_log(old)
        old.stop()
        try:
            live = self._open(request)
            self._problem = ""
        except (EngineError, GraphError) as error:
            self._problem = _device_error_text(error)
            live = self._open(DeviceRequest(NONE, request.rate, request.blocksize))
        except OSError as error:  # the log file is not writable
            self._problem = f"flight log not writable: {error.strerror or error}. Choose another folder."
            self._flight = None
            live = self._open(request)
        self._live, self._device_request = live, request
        self._state_time = -1e9

    def _check_device(self) -> None:
        """Switch to no device if the device was disconnected, so that the patch keeps running."""
        problem = self._live.problem
        if problem:
            self._switch_device(DeviceRequest(NONE, self._live.rate, self._device_request.blocksize))
            self._problem = f"{_cause(problem)} Select a device in Sound › Audio device (Ctrl+,)."

    # -- patch ---------------------------------------------------------------------------------------------

    @property
    def engine(self) -> Live:
        """The current engine."""
        return self._live

    @property
    def rate(self) -> float:
        return self._live.rate

    def play(self, graph: Graph) -> None:
        with self._lock:
            self._document, self._path = graph.document, graph.flat.file
            self._graph, self._changes = graph, []
            if not (self._holds_collection or self._closed):
                self._holds_collection = hold_collection()  # until the graph is compiled
            self._lock.notify()

    def set_values(self, change: Change, knobs: list[KnobChange]) -> None:
        with self._lock:
            self._document = change.after
            if self._graph is not None or self._busy:  # the plan with these knobs is not compiled yet
                self._changes.append((change, knobs))
                self._lock.notify()
                return
        self._set_values([(change, knobs)])

    def _set_values(self, changes: list[tuple[Change, list[KnobChange]]]) -> None:
        try:
            for change, knobs in changes:
                self._live.set_values(change, knobs)
        except EngineError as error:
            self._compile_problem = str(error)

    def wait_idle(self, seconds: float = 60.0) -> bool:
        """Wait until all requests are carried out; return False after ``seconds``."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self._lock:
                if not (self._has_work or self._busy) and not self._live.pending:
                    return True
            time.sleep(0.002)
        return False

    @property
    def _has_work(self) -> bool:
        return bool(self._graph or self._changes or self._requested_device or self._watch_due)

    def _loader_loop(self) -> None:
        """Run the loader thread: compile graphs, switch devices, update watched outputs, check the device."""
        while True:
            with self._lock:
                if not (self._has_work or self._closed):
                    self._lock.wait(WATCH_PERIOD)
                if self._closed:
                    if self._holds_collection:
                        release_collection()
                    return
                due, self._requested_device = self._requested_device, None
                graph, self._graph = self._graph, None
                held, self._holds_collection = self._holds_collection, False
                changes, self._changes = self._changes, []
                self._watch_due, watched = False, self._watched
                self._busy, self._busy_since = True, time.monotonic()
            try:
                if due is not None:
                    self._switch_device(due)
                else:
                    self._compile(graph, watched)
                    self._set_values(changes)
                self._check_device()
            except Exception as error:  # the loader must survive any error, so that the next edit is compiled
                self._compile_problem = str(error) or type(error).__name__
            finally:
                with self._lock:
                    self._busy = False
                if held:
                    release_collection()

    def _compile(self, graph: Graph | None, watched: frozenset[str]) -> None:
        live = self._live
        if graph is not None and graph.rate == live.rate:  # otherwise the device changed, and a new graph follows
            self._compile_problem = ""
            live.play(graph)
            can_add_input = not (live.listens or self._has_no_device or self._device_request.device == NONE)
            if can_add_input and graph.flat.listens:
                return self._switch_device(self._device_request)  # once: reopen the device with input
        live.watch(watched)

    # -- state ---------------------------------------------------------------------------------------------

    def state(self) -> SoundState:
        now = time.monotonic()
        if now - self._state_time < STATE_PERIOD:
            return self._state
        self._state_time = now
        live = self._live
        self._end_wires()
        report = live.report()
        recording, log = self._recording, _log_of(live)
        preparing = ", compiling blocks…" if self._busy and now - self._busy_since > COMPILE_NOTICE_AFTER else ""
        self._state = SoundState(
            device=("no device" if self._has_no_device else live.device_name) + preparing,
            rate=live.rate,
            blocksize=live.blocksize,
            playing=live.playing,
            paused=live.paused,
            clock=live.clock,
            load=self._mean_load(now),
            xruns=report.xruns,
            latency=live.latency,
            device_latency=live.device_latency,
            recording=f"{recording.path.name if recording.path else ''} {recording.seconds:.0f} s" if recording else "",
            wires={end: f"{end} {recording.seconds:.0f} s" for end, recording in self._wires.items()},
            flight=log.path.name if self._logging and log else "",
            notices=self._notices,
            problem=self._problem or self._compile_problem or self._recording_problem(),
            faults=_faults(live),
            times=_times(live),
            late_answers=sum(report.late_answers.values()),
            tier="compiling" if live.fusion and live.fusion.is_compiling else live.tier.partition(" ")[0],
        )
        return self._state

    def _recording_problem(self) -> str:
        recorders = [self._recording, *self._wires.values(), _log_of(self._live) if self._logging else None]
        return next((recorder.problem for recorder in recorders if recorder is not None and recorder.problem), "")

    @property
    def _has_no_device(self) -> bool:
        return self._live.device_name == NONE

    def _mean_load(self, now: float) -> float:
        then, before = self._loads
        if now - then >= LOAD_PERIOD or len(before) == 1:
            bins = self._live.loads()
            new = bins - before if len(before) == len(bins) and (bins >= before).all() else bins
            self._load = float(new @ np.arange(len(new))) / max(int(new.sum()), 1) / 1000.0
            self._loads = (now, bins)
        return self._load

    # -- pause and steps -----------------------------------------------------------------------------------

    def pause(self) -> None:
        self._paused = True
        self._live.pause()
        self._state_time = -1e9

    def resume(self) -> None:
        self._paused = False
        self._live.pause(False)
        self._state_time = -1e9

    def step(self, samples: int) -> None:
        self._live.step(max(-(-samples // QUANTUM), 1))
        self._state_time = -1e9

    # -- watched outputs -----------------------------------------------------------------------------------

    def watch(self, port_refs: frozenset[str]) -> None:
        with self._lock:
            if port_refs != self._watched_outputs:
                self._watched_outputs, self._watch_due = port_refs, True
                self._lock.notify()

    def read(self, port_ref: str, count: int) -> Reading | None:
        live = self._live
        plan, ring = live.plan, live.probe(port_ref)
        if plan is None or ring is None:
            return None
        id, port = _source(plan.graph, port_ref)
        node = plan.graph.find(id)
        if node is None:
            return None
        frames = node.output_frames.get(port)
        return self._reading(ring, frames.kind if frames else "", count, node.path_latency)

    def display(self, id: str, count: int) -> Reading | None:
        """Return the reading of a display block's own buffer, or None if it has none."""
        live = self._live
        plan, ring = live.plan, live.helper(id)
        node = plan.graph.find(id) if plan else None
        if node is None or not hasattr(ring, "latest"):
            return None
        arriving = next(iter(node.input_frames.values()), None)
        kind = arriving.kind if arriving else getattr(ring, "kind", "")
        return self._reading(ring, kind, count, node.path_latency)

    def first_output(self, id: str) -> str | None:
        """Return the port_ref of the first output of a node, or None if it has none."""
        plan = self._live.plan
        node = plan.graph.find(id) if plan else None
        port = next(iter([*node.output_frames, *node.spec.outputs]), None) if node else None
        return f"{id}.{port}" if port else None

    def _reading(self, ring: Any, kind: str, count: int, delay: int) -> Reading:
        if not kind:
            samples = ring.latest(min(count, ring.frames)).T
            nans = int(np.count_nonzero(~np.isfinite(samples)))
            return Reading("signal", self._live.rate, samples=samples, nans=nans, latency=delay)
        frames = ring.latest(min(FRAMES_SEEN, ring.frames))
        if kind in ("spectrum", "magnitude"):
            frames = frames * (4.0 / max(ring.size, 4))  # 1 is a full-scale sine under a Hann window
        nans = int(np.count_nonzero(~np.isfinite(frames)))
        return Reading(kind, self._live.rate / ring.hop, frames=frames, nans=nans, latency=delay)

    def value(self, port_ref: str) -> np.ndarray | None:
        plan = self._live.plan
        try:
            return plan.value(*_source(plan.graph, port_ref)) if plan else None
        except KeyError:
            return None

    def node_state(self, id: str, name: str) -> np.ndarray | None:
        plan = self._live.plan
        try:
            return plan.state_of(id, name) if plan else None
        except KeyError:
            return None

    @property
    def _watched(self) -> frozenset[str]:
        return self._watched_outputs | self._wires.keys()

    def output_level(self) -> OutputLevel:
        live = self._live
        owner, position, limited = self._meter
        end, now_limited = live.output_tape.written, live.limited_samples
        self._meter = (live, end, now_limited)
        start = max(position, end - LEVEL_FRAMES) if owner is live else end
        if start == end:
            return OutputLevel(*2 * ((0.0,) * live.device_outputs,), False)
        samples, _ = live.output_tape.read(start, end)
        peak = np.abs(samples).max(axis=0)
        rms = np.sqrt(np.mean(np.square(samples, dtype=np.float64), axis=0))
        is_limited = now_limited != limited or bool(peak.max() > 1.0)
        return OutputLevel(tuple(map(float, rms)), tuple(map(float, peak)), is_limited)

    def set_volume(self, gain: float) -> None:
        self._volume = self._live.volume = gain

    def preview(self, samples: np.ndarray, rate: float) -> None:
        live = self._live
        if rate != live.rate and len(samples):
            import soxr

            samples = soxr.resample(np.asarray(samples, np.float32), rate, live.rate, quality="HQ")
        live.preview(samples)

    # -- recording -----------------------------------------------------------------------------------------

    def record(self, path: Path | None, depth: str = "auto") -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.close()
            self._notice(f"{recording.path}: {recording.clipping}." if recording.clipping else "")
        if path is not None:
            self._recording = Recording(self._live, path, depth)
        self._state_time = -1e9

    def record_input(self, seconds: float, stopped: Callable[[], bool]) -> tuple[np.ndarray, float]:
        if self._has_no_device:
            raise EngineError("no audio input without a device. Select one in Sound › Audio device (Ctrl+,).")
        return record_input(self._live, self._device_request.device, seconds, stopped)

    def record_wire(self, port_ref: str, path: Path | None, depth: str = "auto") -> None:
        recording = self._wires.pop(port_ref, None)
        if recording is not None:
            recording.close()
            remark = f", {recording.clipping}" if recording.clipping else ""
            text = f"Recorded {port_ref}: {recording.path} ({recording.seconds:.1f} s){remark}."
            self._notice(text if recording.path else "")
        with self._lock:
            if path is not None:
                self._wires[port_ref] = WireRecording(self._live, port_ref, path, depth)
            self._watch_due = True
            self._lock.notify()
        self._state_time = -1e9

    def _end_wires(self) -> None:
        """Finish the recordings of removed outputs."""
        for end, recording in list(self._wires.items()):
            if recording.ended:
                self.record_wire(end, None)

    def set_flight_log(self, path: Path | None) -> None:
        if path is not None:
            with self._lock:
                self._flight, self._requested_device = path, self._device_request
                self._lock.notify()
        elif self._logging:
            live, self._finished_log_engine = self._live, self._live
            threading.Thread(target=self._finish_flight_log, args=(live,), name="nodegraph-flight-log").start()
        self._state_time = -1e9

    @property
    def _logging(self) -> bool:
        return self._live.observer is not None and self._live is not self._finished_log_engine

    def _finish_flight_log(self, live: Live) -> None:
        """Finish the flight log of a running engine; this can take several seconds."""
        self._finished_log_engine = live
        log = _log_of(live)
        if log is not None:
            log.close()
            problem = f" ({log.problem})" if log.problem else ""
            self._notice(f"Saved flight log {log.result}{problem}.")

    def _notice(self, line: str) -> None:
        if line and line not in self._notices[-1:]:
            self._notices = (*self._notices, line)
            self._state_time = -1e9

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._lock.notify()
        self._worker.join(5.0)
        self.record(None)
        for end in list(self._wires):
            self.record_wire(end, None)
        if self._logging:
            self._finish_flight_log(self._live)
        self._live.stop()


def _log_of(live: Live) -> FlightRecorder | None:
    """Return the flight log of an engine, or None."""
    return live.observer if isinstance(live.observer, FlightRecorder) else None


def _source(graph: Graph, port_ref: str) -> tuple[str, str]:
    """Return the flat (node, port) of an output, which may belong to a subpatch."""
    id, _, port = port_ref.rpartition(".")
    return graph.output_of(id, port) or (id, port)


def _path(live: Live, node: str) -> Place:
    """Return the document path of a node of the plan, or () for a probe or plan kernel."""
    found = live.plan.graph.find(node) if live.plan else None
    return found.path if found else ()


def _faults(live: Live) -> dict[Place, str]:
    """Return the reasons of muted or failed nodes, by path."""
    muted = [(fault.node, "output is NaN or infinite. Change one of its parameters.") for fault in live.faults()]
    found: dict[Place, str] = {}
    for node, reason in [*muted, *live.node_problems()]:
        if path := _path(live, node):
            found.setdefault(path, reason)
    return found


def _times(live: Live) -> dict[Place, float]:
    """Return the time of each node in µs per quantum, by path, without probes and plan kernels."""
    found: dict[Place, float] = {}
    for node, time_us in live.node_times().items():
        if path := _path(live, node):
            found[path] = found.get(path, 0.0) + time_us
    return found


def _device_error_text(error: Exception) -> str:
    """Return the message for a device that cannot be opened, with the fix in the editor."""
    return f"{_cause(str(error))} Select a device in Sound › Audio device (Ctrl+,)."


def _cause(text: str) -> str:
    """Return an engine error without its advice for the command line."""
    for advice in ("See `nodegraph devices`", "Connect it and play the patch again"):
        text = text.partition(advice)[0]
    return text.strip()
