"""The canvas: synchronises draw items with the :class:`Scene`, once per frame, redrawing only changes."""

from __future__ import annotations

from typing import Any

import dearpygui.dearpygui as dpg

from ..canvas import geometry as geo
from ..canvas.gestures import Gestures
from ..canvas.minimap import Minimap
from ..canvas.scene import Scene
from ..canvas.theme import CLEAR, Theme, area_title_ground, faded, family_colour, mixed, readable, rgb
from ..canvas.typeface import supported_text
from ..view import Pin, Point, WireKey
from .node import NodeItems
from .plot import Textures
from .wire import draw_wire, stroke

Tag = int | str
GRID = 24.0
AHEAD = 200.0  # canvas points beyond the screen in which nodes are drawn in advance


class DpgCanvas:
    """Draws a scene into a draw list. Changes are marked first; :meth:`refresh` redraws the marked items."""

    def __init__(self, parent: Tag, scene: Scene, minimap: Minimap, theme: Theme, textures: Textures) -> None:
        self.scene, self.minimap, self.theme, self.textures = scene, minimap, theme, textures
        self.gestures: Gestures | None = None
        self.nodes: dict[str, NodeItems] = {}
        self._wires: dict[WireKey, Tag] = {}
        self._notes: dict[str, Tag] = {}
        self._loads: dict[str, str] = {}
        self._badges: dict[str, str] = {}
        self._fit: frozenset[Pin] | None = None
        self.hovered: WireKey | None = None
        self._marked: set[str] = set()  # nodes to redraw
        self._moved: set[str] = set()
        self._marked_wires: set[WireKey] = set()  # wires to redraw
        self._note_marks: set[str] = set()
        self._everything = True
        self._overlay_due = self._camera_due = True
        self._drawn_zoom = 0.0
        self.drawlist = dpg.add_drawlist(width=100, height=100, parent=parent)
        self._grid = dpg.add_draw_node(parent=self.drawlist)
        self._world = dpg.add_draw_node(parent=self.drawlist)
        self._area_layer = dpg.add_draw_node(parent=self._world)
        self._wire_layer = dpg.add_draw_node(parent=self._world)
        self._note_layer = dpg.add_draw_node(parent=self._world)
        self._node_layer = dpg.add_draw_node(parent=self._world)
        self._crossing_layer = dpg.add_draw_node(parent=self._world)  # wires that have no way around the blocks
        self._over_layer = dpg.add_draw_node(parent=self._world)
        self._screen_layer = dpg.add_draw_node(parent=self.drawlist)

    # -- marks ---------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Redraw everything at the next refresh."""
        self._everything = True

    def node_changed(self, id: str) -> None:
        """Mark a node whose visual changed or that was removed."""
        self._marked.add(id)
        self._marked_wires.update(self.scene.wires_of(id))

    def node_moved(self, id: str) -> None:
        self._moved.add(id)

    def wire_changed(self, key: WireKey) -> None:
        self._marked_wires.add(key)

    def note_changed(self, id: str) -> None:
        self._note_marks.add(id)

    def overlay_changed(self) -> None:
        """Mark the gesture in progress."""
        self._overlay_due = True
        if self.gestures is not None:
            self._moved |= self.gestures.moving
            if self.gestures.moving:
                self._note_marks |= set(self.scene.notes)
            if self.gestures.pulled:
                self._marked_wires.add(self.gestures.pulled)

    def camera_changed(self) -> None:
        self._camera_due = True

    def set_value(self, node: str, port: str, value: Any) -> None:
        if node in self.nodes and node not in self._marked:
            self.nodes[node].set_value(port, value)

    def set_badge(self, node: str, reason: str) -> None:
        self._badges[node] = reason
        if node in self.nodes:
            self.nodes[node].set_badge(reason)

    def set_load(self, node: str, text: str) -> None:
        self._loads[node] = text
        if node in self.nodes:
            self.nodes[node].set_load(text)

    def selection_changed(self, previous: frozenset[WireKey]) -> None:
        chosen = self.scene.selection
        for id, items in self.nodes.items():
            items.set_selected(id in chosen.nodes)
            items.set_focus(chosen.focus if chosen.focus and chosen.focus.node == id else None)
        self._marked_wires |= previous ^ chosen.wires
        self._note_marks |= set(self.scene.notes)

    def hover(self, key: WireKey | None) -> None:
        if key != self.hovered:
            self._marked_wires.update(k for k in (key, self.hovered) if k is not None)
            self.hovered = key

    def mark_pins(self, fit: frozenset[Pin] | None) -> None:
        self._fit = fit
        for items in self.nodes.values():
            items.dim_pins(fit)

    def resize(self, width: float, height: float) -> None:
        self.scene.size = self.minimap.size = (width, height)
        dpg.configure_item(self.drawlist, width=round(width), height=round(height))
        self._draw_grid()
        self._camera_due = True

    # -- drawing -------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Redraw the marked items; called once per frame."""
        zoom = self.scene.zoom
        if self._everything or zoom != self._drawn_zoom:
            self._clear()
            self._drawn_zoom = zoom
            self._camera_due = self._overlay_due = True
            self._draw_grid()
            self._note_marks |= set(self.scene.notes)
            self._marked_wires |= set(self.scene.wires)
        if self._camera_due:
            camera = self.scene.camera
            shift = (round(-camera.x * zoom), round(-camera.y * zoom), 0.0)
            dpg.apply_transform(self._world, dpg.create_translation_matrix(shift))
            step = GRID * zoom
            dpg.apply_transform(
                self._grid, dpg.create_translation_matrix((shift[0] % step - step, shift[1] % step - step, 0.0))
            )
        if self._marked:
            self._draw_marked()
        if self._camera_due or self._marked or self._moved:
            self._draw_seen()
        for id in self._moved & self.nodes.keys():
            self.nodes[id].place()
        for id in self._moved:
            self._marked_wires.update(self.scene.wires_of(id))
        if self.gestures is None or not self.gestures.active:
            self._marked_wires |= self.scene.settle()
        if self._marked_wires:
            self._draw_wires()
        if self._note_marks:
            self._draw_notes()
        if self._overlay_due or self._camera_due or self._marked or self._moved or self._note_marks:
            self._draw_overlay()
        self._marked, self._moved, self._marked_wires, self._note_marks = set(), set(), set(), set()
        self._camera_due = self._overlay_due = self._everything = False

    def _clear(self) -> None:
        for items in self.nodes.values():
            items.remove()
        self.nodes.clear()
        for layer in (self._wire_layer, self._crossing_layer, self._area_layer, self._note_layer):
            dpg.delete_item(layer, children_only=True)
        self._wires.clear()
        self._notes.clear()

    def _draw_marked(self) -> None:
        for id in self._marked & self.nodes.keys():
            self.nodes.pop(id).remove()
            if id not in self.scene.nodes:
                self._loads.pop(id, None)
                self._badges.pop(id, None)

    def _draw_seen(self) -> None:
        """Create the draw items of visible nodes."""
        left, top, right, bottom = self.scene.seen
        seen = (left - AHEAD, top - AHEAD, right + AHEAD, bottom + AHEAD)
        chosen = self.scene.selection
        for id, shown in self.scene.nodes.items():
            if id in self.nodes or not geo.overlap(shown.box, seen):
                continue
            items = NodeItems(self._node_layer, shown, self.theme, self.scene.zoom, self.textures)
            self.nodes[id] = items
            if id in self._badges:
                items.set_badge(self._badges[id])
            if self._loads.get(id):
                items.set_load(self._loads[id])
            if id in chosen.nodes:
                items.set_selected(True)
            if chosen.focus and chosen.focus.node == id:
                items.set_focus(chosen.focus)
            if self._fit is not None:
                items.dim_pins(self._fit)

    def _draw_wires(self) -> None:
        pulled = self.gestures.pulled if self.gestures else None
        for key in self._marked_wires:
            old = self._wires.pop(key, None)
            if old is not None:
                dpg.delete_item(old)
            route = self.scene.route(key)
            if route is not None and key != pulled:
                chosen = key in self.scene.selection.wires
                self._wires[key] = draw_wire(
                    self._wire_layer if route.free else self._crossing_layer, self.scene.wires[key], route, self.theme,
                    self._drawn_zoom, chosen, key == self.hovered,
                )  # fmt: skip

    def _draw_notes(self) -> None:
        for id in self._note_marks:
            old = self._notes.pop(id, None)
            if old is not None:
                dpg.delete_item(old)
            if id in self.scene.notes:
                self._notes[id] = self._draw_note(id)

    def _draw_note(self, id: str) -> Tag:
        visual, z, theme = self.scene.notes[id], self._drawn_zoom, self.theme
        left, top, right, bottom = (v * z for v in self.scene.note_box(id))
        group = dpg.add_draw_node(parent=self._area_layer if visual.size else self._note_layer)
        colour, chosen = rgb(visual.colour), id in self.scene.selection.notes
        edge = theme.selected if chosen else faded(colour, 0.75)
        fill = faded(colour, 0.14) if visual.size else mixed(theme.canvas, colour, 0.12)
        dpg.draw_rectangle(
            (left, top), (right, bottom), fill=fill, color=edge, rounding=5 * z, thickness=1.6 if chosen else 1.0,
            parent=group,
        )  # fmt: skip
        size = geo.NOTE_SIZE * z
        if visual.size:
            dpg.draw_rectangle(
                (left, top), (right, top + geo.TITLE * z), fill=faded(colour, 0.4), color=CLEAR, rounding=5 * z,
                parent=group,
            )  # fmt: skip
            c = geo.CORNER * z
            dpg.draw_triangle(
                (right - 2, bottom - c), (right - 2, bottom - 2), (right - c, bottom - 2), fill=faded(colour, 0.6),
                color=CLEAR, parent=group,
            )  # fmt: skip
        y = top + ((geo.TITLE - geo.NOTE_SIZE) / 2 if visual.size else geo.GAP + 1) * z
        ink = theme.text if not visual.size else readable(theme.text, area_title_ground(theme, colour))
        room = visual.size[0] - 2 * geo.EDGE if visual.size else geo.NOTE_WIDE
        for line in geo.note_lines(supported_text(visual.text), room):
            dpg.draw_text((left + geo.EDGE * z, y), line, size=size, color=ink, parent=group)
            y += geo.NOTE_LINE * z
        return group

    def _draw_grid(self) -> None:
        dpg.delete_item(self._grid, children_only=True)
        zoom = self.scene.zoom
        step = GRID * zoom
        if step < 8:
            return
        width, height = self.scene.size
        colour = self.theme.grid
        for i in range(int(width / step) + 3):
            dpg.draw_line((i * step, 0), (i * step, height + 2 * step), color=colour, parent=self._grid)
        for i in range(int(height / step) + 3):
            dpg.draw_line((0, i * step), (width + 2 * step, i * step), color=colour, parent=self._grid)

    def _draw_overlay(self) -> None:
        """Draw the gesture in progress and the minimap."""
        for layer in (self._over_layer, self._screen_layer):
            dpg.delete_item(layer, children_only=True)
        gestures, theme, z = self.gestures, self.theme, self._drawn_zoom
        if gestures is not None and gestures.band is not None:
            left, top, right, bottom = (v * z for v in gestures.band)
            dpg.draw_rectangle(
                (left, top), (right, bottom), fill=faded(theme.accent, 0.15), color=theme.accent,
                parent=self._over_layer,
            )  # fmt: skip
        if gestures is not None and gestures.ghost is not None:
            self._draw_ghost(*gestures.ghost)
        if gestures is not None and gestures.drop_wire is not None:
            line = self.scene.wire_points(gestures.drop_wire)
            if line:
                stroke(self._over_layer, "signal", line, theme, z, theme.focus)
        if self.minimap.update(self.scene):
            self._draw_minimap()

    def _draw_ghost(self, start: Pin, at: Point) -> None:
        place = self.scene.pin_at(start)
        if place is None:
            return
        ends = (place, at) if start.output else (at, place)
        kind = self.scene.kind_of(start)
        colour = self.theme.kinds.get(kind, self.theme.faint)
        stroke(self._over_layer, kind, geo.points(*ends), self.theme, self._drawn_zoom, faded(colour, 0.85))

    def _draw_minimap(self) -> None:
        theme, layer = self.theme, self._screen_layer
        left, top, right, bottom = self.minimap.box
        dpg.draw_rectangle(
            (left, top), (right, bottom), fill=faded(theme.panel_deep, 0.85), color=theme.grid_strong, rounding=4,
            parent=layer,
        )  # fmt: skip
        frame = self.minimap.frame(self.scene)
        for id, shown in self.scene.nodes.items():
            a, b, c, d = self.minimap.to_map(shown.box, frame)
            colour = family_colour(shown.visual.family)
            if id in self.scene.selection.nodes:
                colour = theme.selected
            dpg.draw_rectangle((a, b), (max(c, a + 2), max(d, b + 2)), fill=colour, color=CLEAR, parent=layer)
        a, b, c, d = self.minimap.to_map(self.scene.seen, frame)
        dpg.draw_rectangle(
            (max(a, left), max(b, top)), (min(c, right), min(d, bottom)), color=faded(theme.selected, 0.6), fill=CLEAR,
            parent=layer,
        )  # fmt: skip
