"""Edits of the canvas: positions, comments, areas, looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from ..change import LOOK
from ..document import Area, Document, Look, Note
from ..errors import PatchError, quote
from .base import Action, colour_of, named, place_at, without

T = TypeVar("T")
Place = tuple[float, float]


class Move(Action, frozen=True, tag="move"):
    """Move a node to ``x``, ``y`` (pixels at zoom 1, rounded to 0.01)."""

    kind = LOOK

    id: str
    x: float
    y: float

    def apply(self, document: Document) -> Document:
        document.node(self.id)
        place = place_at(self.x, self.y)
        if document.layout.get(self.id) == place:
            return document
        return replace(document, layout={**document.layout, self.id: place})


class MoveMany(Action, frozen=True, tag="move_many"):
    """Move nodes, comments and areas, given by id, as one step (pixels at zoom 1)."""

    kind = LOOK

    nodes: dict[str, Place] = {}
    notes: dict[str, Place] = {}
    areas: dict[str, Place] = {}

    def apply(self, document: Document) -> Document:
        layout, notes, areas = dict(document.layout), dict(document.notes), dict(document.areas)
        for id, place in self.nodes.items():
            document.node(id)
            layout[id] = place_at(*place)
        for id, place in self.notes.items():
            notes[id] = replace(_existing(id, "comment", notes), at=place_at(*place))
        for id, place in self.areas.items():
            areas[id] = replace(_existing(id, "area", areas), at=place_at(*place))
        changed: dict[str, Any] = {}
        for name, items in (("layout", layout), ("notes", notes), ("areas", areas)):
            if items != getattr(document, name):
                changed[name] = items
        return replace(document, **changed) if changed else document


class SetLook(Action, frozen=True, tag="set_look"):
    """Set the look of a node; fields that are ``None`` are not changed. Fields as in :class:`Look`."""

    kind = LOOK

    id: str
    title: str | None = None
    colour: str | None = None
    folded: bool | None = None

    def apply(self, document: Document) -> Document:
        document.node(self.id)
        old = document.looks.get(self.id, Look())
        title = old.title if self.title is None else self.title
        colour = old.colour if self.colour is None else colour_of(self.colour, self.id)
        look = Look(title, colour, old.folded if self.folded is None else self.folded, old.extra)
        if look == old:
            return document
        if look == Look():
            return replace(document, looks=without(document.looks, self.id))
        return replace(document, looks={**document.looks, self.id: look})


class SetArea(Action, frozen=True, tag="set_area"):
    """Add an area, or replace the one with this id. Fields as in :class:`Area`."""

    kind = LOOK

    id: str
    title: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = 200.0
    height: float = 150.0
    colour: str = ""

    def apply(self, document: Document) -> Document:
        old = document.areas.get(named(self.id))
        size = place_at(self.width, self.height)
        if min(size) <= 0:
            raise PatchError(f"area {quote(self.id)}: its size must be above 0, got {size[0]:g} × {size[1]:g}.")
        colour, extra = colour_of(self.colour, f"area {quote(self.id)}"), old.extra if old else {}
        area = Area(self.id, self.title, place_at(self.x, self.y), size, colour, extra)
        return document if area == old else replace(document, areas={**document.areas, self.id: area})


class MoveArea(Action, frozen=True, tag="move_area"):
    """Move an area with the nodes, comments and areas in it (pixels at zoom 1)."""

    kind = LOOK

    id: str
    x: float
    y: float

    def apply(self, document: Document) -> Document:
        area = _existing(self.id, "area", document.areas)
        place = place_at(self.x, self.y)
        dx, dy = place[0] - area.at[0], place[1] - area.at[1]

        def shifted(at: Place) -> Place:
            return at[0] + dx, at[1] + dy

        inside = {id: other for id, other in document.areas.items() if id != self.id and _is_inside(other, area)}
        return MoveMany(
            {id: shifted(at) for id, at in document.layout.items() if area.contains(at)},
            {id: shifted(note.at) for id, note in document.notes.items() if area.contains(note.at)},
            {self.id: place} | {id: shifted(other.at) for id, other in inside.items()},
        ).apply(document)


class RemoveArea(Action, frozen=True, tag="remove_area"):
    """Remove an area, but not its contents."""

    kind = LOOK

    id: str

    def apply(self, document: Document) -> Document:
        _existing(self.id, "area", document.areas)
        return replace(document, areas=without(document.areas, self.id))


class SetNote(Action, frozen=True, tag="set_note"):
    """Add a comment, or replace the one with this id (pixels at zoom 1)."""

    kind = LOOK

    id: str
    text: str
    x: float = 0.0
    y: float = 0.0

    def apply(self, document: Document) -> Document:
        old = document.notes.get(named(self.id))
        note = Note(self.id, self.text, place_at(self.x, self.y), old.extra if old else {})
        return replace(document, notes={**document.notes, self.id: note})


class RemoveNote(Action, frozen=True, tag="remove_note"):
    """Remove a comment."""

    kind = LOOK

    id: str

    def apply(self, document: Document) -> Document:
        _existing(self.id, "comment", document.notes)
        return replace(document, notes=without(document.notes, self.id))


def _existing(id: str, noun: str, items: dict[str, T]) -> T:
    if id not in items:
        raise PatchError(f"unknown {noun} {quote(id)}. See the patch's {noun}s.")
    return items[id]


def _is_inside(inner: Area, outer: Area) -> bool:
    corner = inner.at[0] + inner.size[0], inner.at[1] + inner.size[1]
    end = outer.at[0] + outer.size[0], outer.at[1] + outer.size[1]
    return outer.contains(inner.at) and corner[0] <= end[0] and corner[1] <= end[1]
