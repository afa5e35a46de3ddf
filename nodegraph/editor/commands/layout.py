"""Layout of blocks, comments and areas: move, align, distribute, tidy, fold."""

from __future__ import annotations

from nodegraph.patch import Action, Move, MoveArea, SetArea, SetLook, SetNote

from ..canvas import camera as canvas
from ..canvas.tidy import layout_layers
from ..command import command, on
from ..desk import AREA, Desk
from ..events import NodesMoved, NoteMoved
from ..view import Point
from . import palette
from .notes import area_around

NUDGE, FAR = 8.0, 64.0
NEAR = 100.0  # px, largest gap between a comment and the block that it belongs to


@on(NodesMoved)
def on_nodes_moved(desk: Desk, event: NodesMoved) -> None:
    """Move dragged blocks; insert a single block into the wire that it is dropped on."""
    document = desk.document
    actions: list[Action] = [Move(id, *at) for id, at in event.places.items() if id in document.nodes]
    if event.onto is not None and len(event.places) == 1:
        actions += palette.drop_on_wire(desk, next(iter(event.places)), event.onto)
    desk.do(*_move_selected_notes(desk, event), *actions)


def _move_selected_notes(desk: Desk, event: NodesMoved) -> list[Action]:
    """Return the actions that move selected comments and areas along with the dragged blocks."""
    first = next((id for id in event.places if id in desk.document.nodes), None)
    if first is None or first not in desk.selection.nodes:
        return []
    (x, y), (old_x, old_y) = event.places[first], desk.position_of(first)
    return _move_notes(desk, x - old_x, y - old_y)


def _move_notes(desk: Desk, dx: float, dy: float) -> list[Action]:
    actions: list[Action] = []
    for key in sorted(desk.selection.notes):
        if key.startswith(AREA):
            actions.append(_area_to(desk, key, dx, dy))
        else:
            note = desk.document.notes[key]
            actions.append(SetNote(key, note.text, note.at[0] + dx, note.at[1] + dy))
    return actions


def _area_to(desk: Desk, key: str, dx: float, dy: float, size: Point | None = None) -> Action:
    area = desk.document.areas[key.removeprefix(AREA)]
    width, height = size or area.size
    return SetArea(area.id, area.title, area.at[0] + dx, area.at[1] + dy, width, height, area.colour)


@on(NoteMoved)
def note_moved(desk: Desk, event: NoteMoved) -> None:
    """Move a dragged comment, or move an area with its contents, or resize the area."""
    document = desk.document
    if not event.id.startswith(AREA):
        note = document.notes.get(event.id)
        if note is not None:
            desk.do(SetNote(note.id, note.text, *event.at))
        return
    area = document.areas.get(event.id.removeprefix(AREA))
    if area is None:
        return
    if event.size is not None:
        desk.do(_area_to(desk, event.id, event.at[0] - area.at[0], event.at[1] - area.at[1], event.size))
    else:
        desk.do(MoveArea(area.id, *event.at))


def nudge(desk: Desk, dx: float, dy: float) -> None:
    """Move the selected blocks and comments by (dx, dy) px."""
    actions: list[Action] = _move_notes(desk, dx, dy)
    for id in sorted(desk.selection.nodes):
        x, y = desk.position_of(id)
        actions.append(Move(id, x + dx, y + dy))
    desk.do(*actions)


def _has_several_nodes(desk: Desk) -> bool:
    return len(desk.selection.nodes) > 1


def _align(desk: Desk, edge: str) -> None:
    """Align an edge or the middle of the selected blocks."""
    found = canvas.boxes(desk, sorted(desk.selection.nodes))
    outer = canvas.around(found.values())
    if outer is None:
        return
    actions = []
    for id, (left, top, right, bottom) in found.items():
        x, y = left, top
        if edge == "left":
            x = outer[0]
        elif edge == "right":
            x = outer[2] - (right - left)
        elif edge == "centre":
            x = (outer[0] + outer[2] - (right - left)) / 2
        elif edge == "top":
            y = outer[1]
        elif edge == "bottom":
            y = outer[3] - (bottom - top)
        elif edge == "middle":
            y = (outer[1] + outer[3] - (bottom - top)) / 2
        actions.append(Move(id, round(x), round(y)))
    desk.do(*actions)


@command("Align left", "alt+left", menu="Arrange", possible=_has_several_nodes)
def align_left(desk: Desk, payload: object) -> None:
    """Align the left edges of the selected blocks."""
    _align(desk, "left")


@command("Align right", "alt+right", menu="Arrange", possible=_has_several_nodes)
def align_right(desk: Desk, payload: object) -> None:
    """Align the right edges of the selected blocks."""
    _align(desk, "right")


@command("Align top", "alt+up", menu="Arrange", possible=_has_several_nodes)
def align_top(desk: Desk, payload: object) -> None:
    """Align the top edges of the selected blocks."""
    _align(desk, "top")


@command("Align bottom", "alt+down", menu="Arrange", possible=_has_several_nodes)
def align_bottom(desk: Desk, payload: object) -> None:
    """Align the bottom edges of the selected blocks."""
    _align(desk, "bottom")


@command("Align horizontal centres", "alt+c", menu="Arrange", possible=_has_several_nodes)
def align_centre(desk: Desk, payload: object) -> None:
    """Align the centres of the selected blocks on a vertical line."""
    _align(desk, "centre")


@command("Align vertical centres", "alt+m", menu="Arrange", possible=_has_several_nodes)
def align_middle(desk: Desk, payload: object) -> None:
    """Align the centres of the selected blocks on a horizontal line."""
    _align(desk, "middle")


@command("Distribute horizontally", "alt+h", menu="Arrange", possible=lambda desk: len(desk.selection.nodes) > 2)
def spread_across(desk: Desk, payload: object) -> None:
    """Make the horizontal gaps between the selected blocks equal."""
    _spread(desk, 0)


@command("Distribute vertically", "alt+v", menu="Arrange", possible=lambda desk: len(desk.selection.nodes) > 2)
def spread_down(desk: Desk, payload: object) -> None:
    """Make the vertical gaps between the selected blocks equal."""
    _spread(desk, 1)


def _spread(desk: Desk, axis: int) -> None:
    found = sorted(canvas.boxes(desk, desk.selection.nodes).items(), key=lambda item: (item[1][axis], item[0]))
    if len(found) < 3:
        return
    used = sum(box[axis + 2] - box[axis] for _, box in found)
    gap = (max(box[axis + 2] for _, box in found) - found[0][1][axis] - used) / (len(found) - 1)
    at, actions = found[0][1][axis], []
    for id, box in found:
        place = [box[0], box[1]]
        place[axis] = round(at)
        actions.append(Move(id, *place))
        at += box[axis + 2] - box[axis] + gap
    desk.do(*actions)


@command("Tidy up", "ctrl+shift+t", menu="Arrange", section=1, possible=lambda desk: bool(desk.document.nodes))
def tidy(desk: Desk, payload: object) -> None:
    """Arrange the selected blocks, or all, in columns along the signal flow."""
    document = desk.document
    chosen = desk.selection.nodes if len(desk.selection.nodes) > 1 else frozenset(document.nodes)
    blocks = canvas.boxes(desk, [id for id in document.nodes if id in chosen])
    outer = canvas.around(blocks.values())
    if outer is None:
        return
    notes = canvas.note_boxes(desk)
    nearest = _nearest_blocks(blocks, {id: box for id, box in notes.items() if not id.startswith(AREA)})
    own = {id: [notes[note] for note, block in nearest.items() if block == id] for id in blocks}
    groups = {id: canvas.around([box, *own[id]]) or box for id, box in blocks.items()}
    sizes = {id: (box[2] - box[0], box[3] - box[1]) for id, box in groups.items()}
    wires = [(wire.source, wire.target) for wire in document.wires if not wire.feedback]
    offsets = {
        id: (x - groups[id][0], y - groups[id][1])
        for id, (x, y) in layout_layers(sizes, wires, (outer[0], outer[1])).items()
    }
    moved = {id: canvas.shifted(blocks[id], offset) for id, offset in offsets.items()}
    actions: list[Action] = [Move(id, round(box[0]), round(box[1])) for id, box in moved.items()]
    for note, block in nearest.items():
        left, top, *_ = canvas.shifted(notes[note], offsets[block])
        actions.append(SetNote(note, document.notes[note].text, round(left), round(top)))
    for area in document.areas.values():
        held = [moved[id] for id, box in blocks.items() if area.contains((box[0], box[1]))]
        box = canvas.around(held)
        if box is not None:
            left, top, right, bottom = area_around(box)
            actions.append(SetArea(area.id, area.title, left, top, right - left, bottom - top, area.colour))
    desk.do(*actions)


def _nearest_blocks(blocks: dict[str, canvas.Box], notes: dict[str, canvas.Box]) -> dict[str, str]:
    """Return the nearest block of each comment; comments without a block within ``NEAR`` are left out."""
    found = {}
    for note, box in notes.items():
        gaps = {id: canvas.gap(box, other) for id, other in blocks.items()}
        nearest = min(gaps, key=gaps.__getitem__, default=None)
        if nearest is not None and gaps[nearest] <= NEAR:
            found[note] = nearest
    return found


@command("Fold", "ctrl+m", menu="Arrange", section=1, possible=lambda desk: bool(desk.selection.nodes))
def fold(desk: Desk, payload: object) -> None:
    """Fold the selected blocks to their title bars, or unfold them."""
    looks = desk.document.looks
    chosen = sorted(desk.selection.nodes)
    folded = all(id in looks and looks[id].folded for id in chosen)
    desk.do(*(SetLook(id, folded=not folded) for id in chosen))
