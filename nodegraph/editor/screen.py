"""The displayed visuals: new ones are compared with them, and only differences are sent to the view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .view import (
    Camera,
    MasterVisual,
    MenuItem,
    NodeVisual,
    NoteVisual,
    Pin,
    Status,
    ValueVisual,
    View,
    WireKey,
    WireVisual,
)


class ViewUpdater:
    """The visuals that were sent last."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.nodes: dict[str, NodeVisual] = {}
        self.wires: dict[WireKey, WireVisual] = {}
        self.notes: dict[str, NoteVisual] = {}
        self.values: dict[tuple[str, str], ValueVisual] = {}
        self.loads: dict[str, str] = {}
        self._marked: tuple[frozenset[str], frozenset[WireKey], frozenset[str], Pin | None] | None = None
        self._camera: Camera | None = None
        self._title: str | None = None
        self._menus: tuple[MenuItem, ...] | None = None
        self._status: Status | None = None
        self._master: MasterVisual | None = None
        self._path: tuple[str, ...] | None = None
        self._canvas_text: str | None = None
        self._focus = ("", "")

    def show(
        self, nodes: Mapping[str, NodeVisual], wires: Mapping[WireKey, WireVisual], notes: Mapping[str, NoteVisual]
    ) -> None:
        """Show these visuals on the canvas and hide all others."""
        for key in [key for key in self.wires if key not in wires]:
            self.view.hide_wire(key)
        for id in [id for id in self.nodes if id not in nodes]:
            self.view.hide_node(id)
            self.loads.pop(id, None)
        for id in [id for id in self.notes if id not in notes]:
            self.view.hide_note(id)
        for id, note in notes.items():
            if self.notes.get(id) != note:
                self.view.show_note(note)
        for visual in nodes.values():
            self.show_node(visual)
        for key, wire in wires.items():
            if self.wires.get(key) != wire:
                self.view.show_wire(wire)
        self.nodes, self.wires, self.notes = dict(nodes), dict(wires), dict(notes)

    def show_node(self, visual: NodeVisual) -> None:
        """Show a node with the smallest sufficient update."""
        old = self.nodes.get(visual.id)
        if old is visual or old == visual:
            self.nodes[visual.id] = visual
            return
        self.nodes[visual.id] = visual
        if old is None or not _alike(old, visual):
            self.view.show_node(visual)
            self.loads.pop(visual.id, None)
            for row in visual.rows:
                self.values.pop((visual.id, row.port), None)
            return
        if old.at != visual.at:
            self.view.place_node(visual.id, visual.at)
        if old.badge != visual.badge:
            self.view.set_badge(visual.id, visual.badge)
        for before, after in zip(old.rows, visual.rows):
            if before.value != after.value and after.value is not None:
                self.values.pop((visual.id, after.port), None)
                self.view.set_value(visual.id, after.port, after.value)

    def show_value(self, node: str, port: str, value: ValueVisual) -> None:
        """Show a live value."""
        if self.values.get((node, port)) != value:
            self.values[node, port] = value
            self.view.set_value(node, port, value)

    def show_load(self, node: str, text: str) -> None:
        """Show the load of a node."""
        if self.loads.get(node, "") != text:
            self.loads[node] = text
            self.view.set_load(node, text)

    def mark(self, nodes: frozenset[str], wires: frozenset[WireKey], notes: frozenset[str], focus: Pin | None) -> None:
        """Mark the selected items."""
        if self._marked != (nodes, wires, notes, focus):
            self._marked = (nodes, wires, notes, focus)
            self.view.set_selection(nodes, wires, notes, focus)

    def set_camera(self, camera: Camera) -> None:
        """Move the camera."""
        if self._camera != camera:
            self._camera = camera
            self.view.set_camera(camera)

    def canvas_text(self, text: str) -> None:
        """Show the line of text on the canvas."""
        if text != self._canvas_text:
            self._canvas_text = text
            self.view.set_canvas_text(text)

    def focus_panel(self, panel: str, item: str) -> None:
        """Mark the item of a panel that has the keyboard; "" for none."""
        if (panel, item) != self._focus:
            self._focus = (panel, item)
            self.view.set_panel_focus(panel, item)

    def title(self, text: str) -> None:
        if self._title != text:
            self._title = text
            self.view.set_title(text)

    def menus(self, menus: tuple[MenuItem, ...]) -> None:
        if self._menus != menus:
            self._menus = menus
            self.view.set_menus(menus)

    def status(self, status: Status) -> None:
        if self._status != status:
            self._status = status
            self.view.set_status(status)

    def master(self, master: MasterVisual) -> None:
        if self._master != master:
            self._master = master
            self.view.set_master(master)

    def path(self, names: tuple[str, ...]) -> None:
        if self._path != names:
            self._path = names
            self.view.set_path(names)


def _alike(old: NodeVisual, new: NodeVisual) -> bool:
    """Return whether two visuals differ only in position, badge and values."""
    if len(old.rows) != len(new.rows):
        return False
    for before, after in zip(old.rows, new.rows):
        if before is after:
            continue
        was, now = before.value, after.value
        if (was is None) != (now is None):
            return False
        if was is not None and now is not None and (was.kind, was.options) != (now.kind, now.options):
            return False
        if replace(before, value=None) != replace(after, value=None):
            return False
    return replace(old, at=new.at, badge=new.badge, rows=()) == replace(new, rows=())
