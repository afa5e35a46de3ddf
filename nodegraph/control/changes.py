"""Hands on a playing patch: what a controller or a network turns is heard at once and written down soon after.

The engine hears a turn in the thread that brought it. A patch session belongs to one thread, so that thread calls
:meth:`ParameterChanges.commit` now and then; all that moved without a pause of a second is one step to undo.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from nodegraph.engine.core import Engine, EngineError
from nodegraph.graph import GraphError, build_graph
from nodegraph.patch import Group, Patch, PatchError, SetParams, nodes_of

from .parameters import Parameter, node_record

GESTURE_PAUSE = 1.0  # s without a turn that end a gesture
LOOKAHEAD = 0.1  # s ahead of now: what comes later is written down later
PULSE = 0.02  # s that a momentary turn lasts

PortKey = tuple[str, str]


class ParameterChanges:
    """Turns parameters of ``patch`` in a running ``engine`` (None: only in the patch).

    ``tell`` hears a line when the patch refuses what was turned.
    """

    def __init__(self, patch: Patch, engine: Engine | None, notify: Callable[[str], None] = print) -> None:
        self.patch, self.engine = patch, engine
        self._notify = notify
        self._lock = threading.Lock()
        self._uncommitted: dict[PortKey, Any] = {}  # not in the document yet
        self._committing: dict[PortKey, Any] = {}  # being written into the document
        self._scheduled: list[tuple[int, Parameter, float]] = []
        self._changed_settings: set[PortKey] = set()
        self._unsent: set[PortKey] = set()  # the engine did not take them
        self._gesture, self._latest = 0, 0.0

    @property
    def allow_outside(self) -> bool:
        """Whether the patch may refer to files outside its folder."""
        return self.engine is not None and self.engine.allow_outside

    # -- from any thread ---------------------------------------------------------------------------------------

    def values(self, node: str, port: str) -> list[float]:
        """What an input is set to, one value a lane or a member, turns that are not written down yet included."""
        value = self._uncommitted.get((node, port), self._committing.get((node, port)))
        if value is None:
            value = self._committed_value(node, port)
        values = value if isinstance(value, list) else [value]
        numbers = [float(one) for one in values if isinstance(one, int | float)]
        if self.engine is None or self.engine.plan is None:
            return numbers
        graph = self.engine.plan.graph
        ends = graph.knobs_of(node, port)
        found = graph.find(ends[0][0]) if ends else None
        if found is None or ends[0][1] not in found.values:
            return numbers
        return found.knob_values(ends[0][1], numbers) if numbers else list(self.engine.knob_values(*ends[0]))

    def _committed_value(self, node: str, port: str) -> Any:
        try:
            return node_record(self.patch.document, node).params.get(port)
        except PatchError:
            return None

    def value(self, parameter: Parameter) -> float:
        """What a parameter is set to; of several lanes the first one counts."""
        values = self.values(parameter.node, parameter.port)
        lane = parameter.lane or 0
        return values[lane] if lane < len(values) else parameter.declared.default

    def set_parameter(self, parameter: Parameter, value: float, at: int = 0) -> bool:
        """Set a parameter to ``value``, clamped to its range, at sample ``at`` (0: now).

        False if there is nothing to set: a lane that the patch does not have. Raises ValueError for NaN and infinity.
        """
        value = parameter.declared.clamp(value)
        if self.engine is not None and at > self.engine.clock + LOOKAHEAD * self.engine.rate:
            with self._lock:
                self._scheduled.append((at, parameter, value))
        elif not self._record(parameter, value):
            return False
        self._send_to_engine(parameter, value, at)
        return True

    def _record(self, parameter: Parameter, value: float) -> bool:
        """Remember a turn until it is written down."""
        end, lane = (parameter.node, parameter.port), parameter.lane
        with self._lock:
            values = self._uncommitted.get(end)
            if lane is None or not isinstance(values, list):
                values = self.values(*end) or [parameter.declared.default]
            if lane is None:
                values = [value] * (1 if parameter.declared.bank else len(values))
            elif lane < len(values):
                values[lane] = value
            else:
                return False
            self._uncommitted[end] = values if len(values) > 1 else values[0]
            now = time.monotonic()
            if now - self._latest > GESTURE_PAUSE:
                self._gesture += 1
            self._latest = now
        return True

    def set_setting(self, node: str, setting: str, value: Any) -> None:
        """Set a choice or an option. It is heard when it is written down, for it makes another plan."""
        with self._lock:
            self._uncommitted[node, setting] = value
            self._gesture += 1
            self._changed_settings.add((node, setting))

    def pulse(self, parameter: Parameter, at: int = 0) -> None:
        """Press a momentary button: up for a moment, and not written down."""
        if self.engine is None:
            return
        at = max(at, self.engine.clock)
        self._send_to_engine(parameter, parameter.declared.max, at)
        self._send_to_engine(parameter, parameter.declared.min, at + round(PULSE * self.engine.rate))

    def _send_to_engine(self, parameter: Parameter, value: float, at: int) -> None:
        if self.engine is None:
            return
        lane = -1 if parameter.lane is None else parameter.lane
        try:
            self.engine.set_parameter(parameter.node, parameter.port, value, at, lane)
        except EngineError as error:  # nobody asks for sound now
            self._unsent.add((parameter.node, parameter.port))
            self._notify(str(error))

    # -- from the thread that the session belongs to -----------------------------------------------------------

    def commit(self) -> bool:
        """Write what was turned into the patch; False where there was nothing."""
        self._record_due()
        with self._lock:
            self._committing, self._uncommitted = self._uncommitted, {}
            gesture, chosen, self._changed_settings = self._gesture, self._changed_settings, set()
        if not self._committing:
            if self._unsent:
                self._resend()
            return False
        try:
            self._drop_invalid_settings(chosen)
            known = {node for node, _ in nodes_of(self.patch.document)}
            moves = {f"{node}.{port}": value for (node, port), value in self._committing.items() if node in known}
            self.patch.do(Group((SetParams(moves),), f"hands {id(self):x} {gesture}"))
        except (PatchError, GraphError, EngineError) as error:
            self._notify(str(error).splitlines()[0])
        finally:
            self._committing = {}
        self._resend()
        return True

    def _record_due(self) -> None:
        """Turns that were sent ahead of their time are written down when it has come."""
        clock = self.engine.clock if self.engine is not None else 0
        with self._lock:
            due = sorted((one for one in self._scheduled if one[0] <= clock), key=lambda one: one[0])
            self._scheduled = [one for one in self._scheduled if one[0] > clock]
        for _, parameter, value in due:
            self._record(parameter, value)

    def _drop_invalid_settings(self, chosen: set[PortKey]) -> None:
        """Leave out settings with which the patch would not play any more."""
        for node, setting in chosen & self._committing.keys():
            try:
                after = SetParams({f"{node}.{setting}": self._committing[node, setting]}).apply(self.patch.document)
                rate = self.engine.rate if self.engine else 44100.0
                build_graph(after, rate, self.patch.path, self.allow_outside)
            except (PatchError, GraphError) as error:
                del self._committing[node, setting]
                self._notify(str(error).splitlines()[0])

    def _resend(self) -> None:
        """What was turned while older values went into the patch, and from there to the engine, counts.

        So does what the engine did not take.
        """
        with self._lock:
            resend, self._unsent = self._unsent | self._uncommitted.keys(), set()
        for node, port in resend:
            if self.engine is not None:
                try:
                    self.engine.set_parameter(node, port, self.values(node, port))
                except EngineError as error:
                    self._unsent.add((node, port))
                    self._notify(str(error))
