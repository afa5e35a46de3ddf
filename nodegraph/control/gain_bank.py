"""The surface of a controller applied to a patch: gain bank, original/resynthesised switch, file players."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.graph.model import Graph
from nodegraph.patch import Document, PatchError

from .changes import ParameterChanges
from .controllers import Controller, ElementInput, apply_input, element_of, lamp_messages
from .midi_learn import ControllerInput
from .parameters import Parameter, parameter
from .surface import Surface

SourceValue = Callable[[str, str], "np.ndarray | None"]
"""``value(node, port)``: the latest sample of an output of the graph, one number per lane, or None."""

REWINDS = ("restart", "rewind")  # inputs that rewind a player
BANKS = {"gains": "gain", "scales": "scale", "mutes": "mute"}


@dataclass(frozen=True)
class SurfaceTargets:
    """The addresses of the nodes that a surface controls; None or () if the patch has none.

    ``players`` map file players and transports to the input that rewinds them.
    """

    bank: str | None = None
    switch: str | None = None
    players: tuple[tuple[str, str], ...] = ()


def targets(document: Document) -> SurfaceTargets:
    """Return the first gain bank, the first switch, and all players whose ``play`` is not wired.

    Nodes of the patch itself come before those in subpatches. Subpatches in separate files are skipped, because their
    parameters cannot be set from this patch.
    """
    inputs_of: dict[str, set[str]] = {}
    wired: set[tuple[str, str]] = set()
    levels = deque([("", document)])
    while levels:
        prefix, level = levels.popleft()
        for id, record in level.nodes.items():
            cls = node_types().get(record.type)
            inputs_of[prefix + id] = set(cls.spec.inputs) if cls is not None else set()
            if record.patch is not None:
                levels.append((f"{prefix}{id}/", record.patch))
        wired |= {(prefix + wire.target, wire.target_port) for wire in level.wires}

    def first(*inputs: str) -> str | None:
        return next((id for id, found in inputs_of.items() if found.issuperset(inputs)), None)

    players = tuple(
        (id, rewind)
        for id, found in inputs_of.items()
        for rewind in REWINDS
        if rewind in found and "play" in found and (id, "play") not in wired
    )
    return SurfaceTargets(first(*BANKS.values()), first("resynthesis"), players)


def unit_names(graph: Graph | None, bank: str) -> tuple[str, ...]:
    """Return the names of the units of a bank at an address; () if its model has none."""
    node = graph.find(bank) if graph else None
    rule = node.cls.member_names if node and node.cls and not node.problem else None
    return rule(node.settings) if rule and node else ()


def wired_values(graph: Graph | None, bank: str, port: str, value: SourceValue) -> list[float] | None:
    """Return the values of the units of a wired bank input as they sound; None if it is not wired or does not play."""
    node = graph.find(bank) if graph else None
    if graph is None or node is None or port not in node.bank_sizes:
        return None
    found = [value(wire.source, wire.source_port) for wire in graph.into(bank, port)]
    lanes = [np.asarray(one, float) for one in found if one is not None]
    if not lanes or len(lanes) < len(found):
        return None
    widest = max(map(len, lanes))
    total = sum(np.resize(one, widest) for one in lanes)
    return node.knob_values(port, [float(x) for x in np.atleast_1d(total)])


class GainBankController:
    """Plays a patch from a controller. ``on_input`` is called in the MIDI thread.

    ``light(message)`` sends the message that switches a lamp on (value 127) or off (0).
    """

    def __init__(
        self,
        controller: Controller,
        parameter_changes: ParameterChanges,
        light: Callable[[bytes], object] | None = None,
    ) -> None:
        self.controller = controller
        self._parameter_changes = parameter_changes
        self._lock = threading.RLock()
        self._light = light
        self._lamp_states: dict[bytes, bool] = {}
        self._nodes: object = None
        self._surface = Surface()
        self.targets = SurfaceTargets()

    @property
    def surface(self) -> Surface:
        """The current surface: values of the patch, with uncommitted changes; those of wired inputs as they sound."""
        with self._lock:
            nodes = self._parameter_changes.patch.document.nodes
            if nodes is not self._nodes:
                self._nodes = nodes
                self._surface = self._read()
            return self._with_wired_values(self._surface)

    def _with_wired_values(self, surface: Surface) -> Surface:
        engine, bank = self._parameter_changes.engine, self.targets.bank
        plan = engine.plan if engine else None
        if plan is None or bank is None:
            return surface
        found: dict[str, tuple[float, ...] | tuple[bool, ...]] = {}
        for name, port in BANKS.items():
            values = wired_values(plan.graph, bank, port, plan.value)
            if values is not None and len(values) >= surface.units:
                shown = values[: surface.units]
                found[name] = tuple(v > 0.5 for v in shown) if port == "mute" else tuple(shown)
        return replace(surface, **found)  # type: ignore[arg-type]

    @property
    def quit_requested(self) -> bool:
        """True after the quit button was pressed."""
        return self._surface.quit_count > 0

    def on_input(self, move: ControllerInput, at: int = 0) -> ElementInput | None:
        """Apply an input at sample ``at``; return the element that moved, or None if it is unknown."""
        element_input = element_of(self.controller, move)
        if element_input is not None:
            with self._lock:
                before = self.surface
                self._surface = apply_input(self.controller, before, element_input)
                self._apply(before, self._surface, at)
        return element_input

    def update_lamps(self) -> None:
        """Send the lamp states that changed to the device."""
        if self._light is None:
            return
        for message, lit in lamp_messages(self.controller, self.surface).items():
            if self._lamp_states.get(message) is not lit:
                self._lamp_states[message] = lit
                self._light(message if lit else message[:2] + b"\0")

    def invalidate_lamps(self) -> None:
        """Discard the known lamp states, because a reconnected device starts with its lamps off."""
        self._lamp_states.clear()

    def _read(self) -> Surface:
        self.targets = targets(self._parameter_changes.patch.document)
        bank, switch, players = self.targets.bank, self.targets.switch, self.targets.players
        surface = self._surface
        gains = tuple(self._parameter_changes.values(bank, "gain")) if bank else ()
        scales = tuple(self._parameter_changes.values(bank, "scale")) if bank else ()
        mutes = tuple(value > 0.5 for value in self._parameter_changes.values(bank, "mute")) if bank else ()
        units = min(len(gains), len(scales), len(mutes))
        plan = self._parameter_changes.engine.plan if self._parameter_changes.engine else None
        return replace(
            surface,
            gains=gains[:units],
            scales=scales[:units],
            mutes=mutes[:units],
            first=surface.first if surface.first < units else 0,
            names=unit_names(plan.graph if plan else None, bank) if bank else (),
            resynthesised=self._first(switch, "resynthesis") if switch else None,
            playing=self._first(players[0][0], "play") if players else surface.playing,
        )

    def _first(self, node: str, port: str) -> bool:
        values = self._parameter_changes.values(node, port)
        return bool(values) and values[0] > 0.5

    def _apply(self, previous: Surface, after: Surface, at: int) -> None:
        for name, port in BANKS.items():
            old, new = getattr(previous, name), getattr(after, name)
            if new is old:
                continue
            for unit, (old_value, new_value) in enumerate(zip(old, new, strict=True)):
                if new_value != old_value:
                    self._set_parameter(self.targets.bank, port, float(new_value), at, unit)
        if after.resynthesised != previous.resynthesised and after.resynthesised is not None:
            self._set_parameter(self.targets.switch, "resynthesis", float(after.resynthesised), at)
        for player, rewind in self.targets.players:
            if after.playing != previous.playing:
                self._set_parameter(player, "play", float(after.playing), at)
            target = self._parameter(player, rewind) if after.rewind_count != previous.rewind_count else None
            if target is not None:
                self._parameter_changes.pulse(target, at)
        if after.playing != previous.playing and not self.targets.players:
            self._pause(not after.playing)

    def _pause(self, on: bool) -> None:
        """Pause the engine, for a patch without players; offline engines do not pause."""
        pause = getattr(self._parameter_changes.engine, "pause", None)
        if pause is not None:
            pause(on)

    def _set_parameter(self, node: str | None, port: str, value: float, at: int, lane: int | None = None) -> None:
        target = self._parameter(node, port, lane)
        if target is not None:
            self._parameter_changes.set_parameter(target, value, at)

    def _parameter(self, node: str | None, port: str, lane: int | None = None) -> Parameter | None:
        if node is None:
            return None
        try:
            patch = self._parameter_changes.patch
            return parameter(patch.document, f"{node}.{port}", lane, patch.path, self._parameter_changes.allow_outside)
        except PatchError:  # the node was removed
            return None
