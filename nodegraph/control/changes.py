"""Parameter changes from MIDI and OSC: applied to the engine immediately, committed to the document shortly after.

The receiving thread sends a change to the engine. A patch may be used by one thread only; that thread calls
:meth:`ParameterChanges.commit` periodically. Changes less than a second apart are one undo step.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from nodegraph.engine.core import Engine, EngineError
from nodegraph.graph import GraphError, build_graph
from nodegraph.patch import Group, Patch, PatchError, SetParams, nodes_of

from .parameters import Parameter, node_record

GESTURE_PAUSE = 1.0  # seconds without a change that end a gesture
LOOKAHEAD = 0.1  # seconds; a change further in the future is committed when it is due
SEND_AHEAD = 1.0  # seconds; a change further in the future waits here, because the engine's queue is short
MAX_WAITING = 20_000  # changes
PULSE = 0.02  # seconds that a momentary button stays at its maximum

PortKey = tuple[str, str]


class ParameterChanges:
    """Sets parameters of ``patch`` in a running ``engine`` (None: in the document only).

    ``notify`` receives one line for each change that the patch or the engine refuses.
    """

    def __init__(self, patch: Patch, engine: Engine | None, notify: Callable[[str], None] = print) -> None:
        self.patch, self.engine = patch, engine
        self._notify = notify
        self._lock = threading.Lock()
        self._uncommitted: dict[PortKey, Any] = {}  # set, but not in the document yet
        self._committing: dict[PortKey, Any] = {}  # being committed to the document
        self._scheduled: list[tuple[int, Parameter, float]] = []  # not in the document yet
        self._waiting: list[tuple[int, int, Parameter, float]] = []  # a heap: not sent to the engine yet
        self._numbers = itertools.count()
        self._changed_settings: set[PortKey] = set()
        self._unsent: set[PortKey] = set()  # refused by the engine, sent again on commit
        self._gesture, self._latest = 0, 0.0

    @property
    def allow_outside(self) -> bool:
        """True if the patch may refer to files outside its folder."""
        return self.engine is not None and self.engine.allow_outside

    # -- from any thread ---------------------------------------------------------------------------------------

    def values(self, node: str, port: str) -> list[float]:
        """Return the values of an input, one per lane or bank member, including uncommitted changes."""
        value = self._uncommitted.get((node, port), self._committing.get((node, port)))
        if value is None:
            value = self._committed_value(node, port)
        values = value if isinstance(value, list) else [value]
        numbers = [float(number) for number in values if isinstance(number, int | float)]
        if self.engine is None or self.engine.plan is None:
            return numbers
        graph = self.engine.plan.graph
        knobs = graph.knobs_of(node, port)
        found = graph.find(knobs[0][0]) if knobs else None
        if found is None or knobs[0][1] not in found.values:
            return numbers
        return found.knob_values(knobs[0][1], numbers) if numbers else list(self.engine.knob_values(*knobs[0]))

    def _committed_value(self, node: str, port: str) -> Any:
        try:
            return node_record(self.patch.document, node).params.get(port)
        except PatchError:
            return None

    def value(self, parameter: Parameter) -> float:
        """Return the value of a parameter: that of its lane, or of the first one."""
        values = self.values(parameter.node, parameter.port)
        lane = parameter.lane or 0
        return values[lane] if lane < len(values) else parameter.declared.default

    def set_parameter(self, parameter: Parameter, value: float, at: int = 0) -> bool:
        """Set a parameter to ``value``, clamped to its range, at sample ``at`` (0: immediately).

        Return False if the patch does not have the lane. Raises ValueError for NaN and infinity.
        """
        value = parameter.declared.clamp(value)
        if self._is_later(at, LOOKAHEAD):
            with self._lock:
                is_full = len(self._scheduled) >= MAX_WAITING
                if not is_full:
                    self._scheduled.append((at, parameter, value))
            if is_full:
                self._notify(f"{MAX_WAITING} changes wait for their time; more are ignored. Check the sender's clock.")
                return True
        elif not self._record(parameter, value):
            return False
        self._send_to_engine(parameter, value, at)
        return True

    def send_due(self) -> None:
        """Send the changes to the engine that are due soon. Call it at least every SEND_AHEAD / 2 seconds."""
        while True:
            with self._lock:
                if not self._waiting or self._is_later(self._waiting[0][0], SEND_AHEAD):
                    return
                at, _, parameter, value = heapq.heappop(self._waiting)
            self._send_to_engine(parameter, value, at)

    def _is_later(self, at: int, seconds: float) -> bool:
        return self.engine is not None and at > self.engine.clock + seconds * self.engine.rate

    def _record(self, parameter: Parameter, value: float) -> bool:
        """Store a change until it is committed."""
        key, lane = (parameter.node, parameter.port), parameter.lane
        with self._lock:
            values = self._uncommitted.get(key)
            if lane is None or not isinstance(values, list):
                values = self.values(*key) or [parameter.declared.default]
            if lane is None:
                values = [value] * (1 if parameter.declared.bank else len(values))
            elif lane < len(values):
                values[lane] = value
            else:
                return False
            self._uncommitted[key] = values if len(values) > 1 else values[0]
            now = time.monotonic()
            if now - self._latest > GESTURE_PAUSE:
                self._gesture += 1
            self._latest = now
        return True

    def set_setting(self, node: str, setting: str, value: Any) -> None:
        """Set a choice or an option. It takes effect when it is committed, because it requires a new plan."""
        with self._lock:
            self._uncommitted[node, setting] = value
            self._gesture += 1
            self._changed_settings.add((node, setting))

    def pulse(self, parameter: Parameter, at: int = 0) -> None:
        """Set a parameter to its maximum for PULSE seconds, without committing it."""
        if self.engine is None:
            return
        at = max(at, self.engine.clock)
        self._send_to_engine(parameter, parameter.declared.max, at)
        self._send_to_engine(parameter, parameter.declared.min, at + round(PULSE * self.engine.rate))

    def _send_to_engine(self, parameter: Parameter, value: float, at: int) -> None:
        if self.engine is None:
            return
        if self._is_later(at, SEND_AHEAD):
            with self._lock:
                heapq.heappush(self._waiting, (at, next(self._numbers), parameter, value))
            return
        lane = -1 if parameter.lane is None else parameter.lane
        try:
            self.engine.set_parameter(parameter.node, parameter.port, value, at, lane)
        except EngineError as error:  # the audio device is not running
            self._unsent.add((parameter.node, parameter.port))
            self._notify(str(error))

    # -- from the thread that owns the patch -------------------------------------------------------------------

    def commit(self) -> bool:
        """Commit pending changes to the document; return False if there were none."""
        self.send_due()
        self._record_due()
        with self._lock:
            self._committing, self._uncommitted = self._uncommitted, {}
            gesture, settings, self._changed_settings = self._gesture, self._changed_settings, set()
        if not self._committing:
            if self._unsent:
                self._resend()
            return False
        try:
            self._drop_invalid_settings(settings)
            known = {node for node, _ in nodes_of(self.patch.document)}
            changes = {f"{node}.{port}": value for (node, port), value in self._committing.items() if node in known}
            self.patch.do(Group((SetParams(changes),), f"control {id(self):x} {gesture}"))
        except (PatchError, GraphError, EngineError) as error:
            self._notify(str(error).splitlines()[0])
        finally:
            self._committing = {}
        self._resend()
        return True

    def _record_due(self) -> None:
        """Record the scheduled changes that are due."""
        clock = self.engine.clock if self.engine is not None else 0
        with self._lock:
            due = sorted((entry for entry in self._scheduled if entry[0] <= clock), key=lambda entry: entry[0])
            self._scheduled = [entry for entry in self._scheduled if entry[0] > clock]
        for _, parameter, value in due:
            self._record(parameter, value)

    def _drop_invalid_settings(self, settings: set[PortKey]) -> None:
        """Drop settings that would make the patch unplayable."""
        for node, setting in settings & self._committing.keys():
            try:
                after = SetParams({f"{node}.{setting}": self._committing[node, setting]}).apply(self.patch.document)
                rate = self.engine.rate if self.engine else 44100.0
                graph = build_graph(after, rate, self.patch.path, self.allow_outside, tolerant=True)
                playing = self.engine.plan.graph if self.engine and self.engine.plan else None
                if len(graph.problems) > (len(playing.problems) if playing else 0):
                    raise GraphError(list(graph.problems))
            except (PatchError, GraphError) as error:
                del self._committing[node, setting]
                self._notify(str(error).splitlines()[0])

    def _resend(self) -> None:
        """Send values to the engine again that it refused, or that a commit overwrote with older ones."""
        with self._lock:
            resend, self._unsent = self._unsent | self._uncommitted.keys(), set()
        for node, port in resend:
            if self.engine is not None:
                try:
                    self.engine.set_parameter(node, port, self.values(node, port))
                except EngineError as error:
                    self._unsent.add((node, port))
                    self._notify(str(error))
