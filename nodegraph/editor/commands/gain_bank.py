"""Gain bank panel: gain, scale and mute of each unit of a code, in pages of eight."""

from __future__ import annotations

from typing import Any

from nodegraph.control.gain_bank import targets, unit_names, wired_values
from nodegraph.control.parameters import node_record
from nodegraph.control.surface import HEADS, WIDTH, Surface, bank_down, bank_up, rows, track
from nodegraph.control.taper import value_at
from nodegraph.graph.rules import title_of
from nodegraph.node import MAX_LANES
from nodegraph.patch import Group, PatchError, SetParam
from nodegraph.patch.values import number_of

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..quantity import QuantityError, format_quantity, parse_quantity
from ..view import Item, PanelVisual

BANKS = ("gain", "scale", "mute")


def is_bank(desk: Desk, id: str) -> bool:
    """Return whether a node has a gain, scale and mute input per unit."""
    return id in desk.document.nodes and set(BANKS) <= set(desk.spec(id).inputs)


class GainBankPanel(Panel):
    """Panel with the faders and the table of one gain bank."""

    is_per_patch = True

    def __init__(self, level: tuple[str, ...], id: str) -> None:
        self.level, self.id, self.first = level, id, 0
        self.key = "bank " + "/".join((*level, id))
        self._merge: tuple[str, int] | None = None
        self._shown: Surface | None = None

    # -- values ----------------------------------------------------------------------------------------------

    def surface(self, desk: Desk) -> Surface | None:
        """Return the bank's values, those of wired inputs as they sound, or None if the node was removed."""
        try:
            record = desk.patch.document.nested(self.level).nodes[self.id]
        except (PatchError, KeyError):  # the node or its subpatch was removed
            return None
        count = self._units(desk, record)
        gains, scales, mutes = (
            self._wired(desk, port, count) or self._values(desk, record, port, count) for port in BANKS
        )
        return Surface(
            tuple(gains),
            tuple(scales),
            tuple(v > 0.5 for v in mutes),
            self.first if self.first < count else 0,
            _resynthesised(desk),
            names=unit_names(desk.typed.graph, self._address),
        )

    @property
    def _address(self) -> str:
        return "/".join((*self.level, self.id))

    def _wired(self, desk: Desk, port: str, count: int) -> list[float]:
        """Return the values of a wired input as they sound; [] without a wire or sound."""
        found = wired_values(
            desk.typed.graph, self._address, port, lambda node, output: desk.sound.value(f"{node}.{output}")
        )
        return found if found is not None and len(found) == count else []

    def _units(self, desk: Desk, record: Any) -> int:
        graph = desk.typed.graph
        node = graph.find(self._address) if graph else None
        found = node.bank_sizes.get("gain", 0) if node else 0
        given = [len(v) for v in record.params.values() if isinstance(v, list)]
        asked = min(max(int(number_of(record.params.get("units"))), 0), MAX_LANES)
        return int(found or asked or max(given, default=WIDTH))

    def _values(self, desk: Desk, record: Any, port: str, count: int) -> list[float]:
        default = desk.spec_of(record).inputs[port].default
        value = record.params.get(port, default)
        if not isinstance(value, list):
            return [number_of(value, default)] * count
        return [number_of(one, default) for one in value[:count]] + [float(default)] * (count - len(value))

    # -- items -----------------------------------------------------------------------------------------------

    def visual(self, desk: Desk) -> PanelVisual:
        surface = self._shown = self.surface(desk)
        if surface is None:
            return PanelVisual(self.key, self.id, (Item("text", value="The block was deleted."),))
        shown = range(surface.first, min(surface.first + WIDTH, surface.units))
        faders = tuple(self._fader(surface, unit) for unit in shown)
        last = shown[-1] + 1 if len(shown) else 0
        page = f"{surface.first + 1}–{last} of {surface.units}"
        is_long = surface.units > WIDTH
        paging = (
            Item("button", "before", "‹", enabled=is_long),
            Item("text", "page", value=page),
            Item("button", "after", "›", enabled=is_long),
        )
        items = (
            Item("row", "pages", value=paging),
            *faders,
            self._table(surface),
            *self._track(surface),
            Item("row", "all", value=(Item("button", "reset", "Reset all"), Item("button", "swap", "Swap mutes"))),
        )
        return PanelVisual(self.key, f"Gain bank: {self.id}", items, size=(480.0, 0.0))

    def _fader(self, surface: Surface, unit: int) -> Item:
        gain = surface.gains[unit]
        name = surface.names[unit] if unit < len(surface.names) else str(unit)
        return Item("fader", f"gain {unit - surface.first}", name, (gain, format_quantity(gain)))

    def _track(self, surface: Surface) -> tuple[Item, ...]:
        return (Item("button", "track", track(surface), tip="switch to the other one"),) if track(surface) else ()

    def _table(self, surface: Surface) -> Item:
        return Item(
            "table",
            "table",
            value=(HEADS, tuple(rows(surface))),
            tip="click Gain or Scale to type a value, Mute to toggle",
        )

    def changed(self, desk: Desk) -> None:
        was, now = self._shown, self.surface(desk)
        if now is None:
            desk.close_panel(self.key)
        elif was is None or _layout(was) != _layout(now):
            desk.view.show_panel(self.visual(desk))
        elif was != now:
            self._shown = now
            for unit in range(now.first, min(now.first + WIDTH, now.units)):
                if was.gains[unit] != now.gains[unit]:
                    desk.view.set_item(self.key, self._fader(now, unit))
            desk.view.set_item(self.key, self._table(now))

    def tick(self, desk: Desk, now: float) -> None:
        graph = desk.typed.graph
        if graph and any(graph.into(self._address, port) for port in BANKS):
            self.changed(desk)

    # -- events ----------------------------------------------------------------------------------------------

    def react(self, desk: Desk, event: PanelEvent) -> None:
        surface = self.surface(desk)
        if surface is None:
            return
        name, _, number = event.item.partition(" ")
        if name == "gain":
            self._set(
                desk, "gain", surface.first + int(number), value_at(float(event.value), 0.0, 1.0, "linear"), event.done
            )
        elif name == "table" and event.value is not None:
            row, column = event.value
            self._cell(desk, surface, surface.first + row, column)
        elif name in ("before", "after"):
            self.first = (bank_up if name == "after" else bank_down)(surface, 0, 127).first
            desk.view.show_panel(self.visual(desk))
        elif name == "track":
            _switch(desk, surface)
        elif name == "reset":
            self._write(
                desk, {"gain": [1.0] * surface.units, "scale": [1.0] * surface.units, "mute": [0.0] * surface.units}
            )
        elif name == "swap":
            self._write(desk, {"mute": [float(not muted) for muted in surface.mutes]})

    def _cell(self, desk: Desk, surface: Surface, unit: int, column: int) -> None:
        if not 0 <= unit < surface.units:
            return
        if HEADS[column] == "Mute":
            self._set(desk, "mute", unit, float(not surface.mutes[unit]))
        elif HEADS[column] in ("Gain", "Scale"):
            port = HEADS[column].lower()
            now = (surface.gains if port == "gain" else surface.scales)[unit]
            key = f"{self.key} {port} {unit}"
            desk.ask(
                key,
                f"{HEADS[column]} of unit {unit}",
                f"{now:g}",
                lambda text: self._typed(desk, port, unit, text),
            )

    def _typed(self, desk: Desk, port: str, unit: int, text: str) -> None:
        try:
            value = parse_quantity(text)
        except QuantityError as error:
            desk.notify(str(error), alarm=True)
            return
        if self.surface(desk) is None:
            return
        record = desk.patch.document.nested(self.level).nodes[self.id]
        problem = desk.spec_of(record).inputs[port].problem(value)
        if problem:
            desk.notify(f"{title_of(record.type, self.id)}: {problem}", alarm=True)
        else:
            self._set(desk, port, unit, value)

    def _set(self, desk: Desk, port: str, unit: int, value: float, finished: bool = True) -> None:
        surface = self.surface(desk)
        if surface is None or not 0 <= unit < surface.units:
            return
        values = {"gain": surface.gains, "scale": surface.scales, "mute": tuple(map(float, surface.mutes))}[port]
        changed = [*values[:unit], value, *values[unit + 1 :]]
        before = desk.patch.document
        desk.do_in(self.level, SetParam(self.id, port, changed, self._merge == (port, unit)))
        has_undo_step = desk.patch.document is not before or self._merge is not None
        self._merge = None if finished or not has_undo_step else (port, unit)

    def _write(self, desk: Desk, banks: dict[str, list[float]]) -> None:
        actions = tuple(SetParam(self.id, port, values) for port, values in banks.items())
        desk.do_in(self.level, Group(actions) if len(actions) > 1 else actions[0])


def _layout(surface: Surface) -> tuple[object, ...]:
    """Return what the items of the panel depend on, apart from values."""
    return surface.units, surface.first, surface.resynthesised, surface.names


def _resynthesised(desk: Desk) -> bool | None:
    """Return whether the first switch of the patch plays the resynthesised sound; None without a switch."""
    address = targets(desk.patch.document).switch
    if address is None:
        return None
    value = node_record(desk.patch.document, address).params.get("resynthesis", 1.0)
    return bool((value[0] if isinstance(value, list) else value) > 0.5)


def _switch(desk: Desk, surface: Surface) -> None:
    address = targets(desk.patch.document).switch
    if address is not None:
        *level, id = address.split("/")
        desk.do_in(tuple(level), SetParam(id, "resynthesis", 0.0 if surface.resynthesised else 1.0))


@command("Gain bank", "b", menu="Tools", possible=lambda desk: _find_bank(desk, None) is not None)
def gain_bank(desk: Desk, payload: object) -> None:
    """Show or hide the faders and table of a gain bank."""
    id = _find_bank(desk, payload)
    if id is None:
        return
    panel = GainBankPanel(desk.subpatch_path, id)
    if panel.key in desk.panels:
        desk.close_panel(panel.key)
    else:
        desk.open_panel(panel)


def _find_bank(desk: Desk, payload: object) -> str | None:
    """Return the given bank, else the selected one, else the first in the document."""
    if isinstance(payload, str) and is_bank(desk, payload):
        return payload
    chosen = [id for id in sorted(desk.selection.nodes) if is_bank(desk, id)]
    if chosen:
        return chosen[0]
    found = [id for id, record in desk.document.nodes.items() if record.type in ("gain_bank", "latent_source")]
    return found[0] if found else None
