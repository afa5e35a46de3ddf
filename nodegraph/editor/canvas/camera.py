"""The canvas as numbers: boxes of nodes and notes, and the camera that looks at them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..desk import Desk
from ..view import Camera, Point
from . import geometry
from .arrangement import note_faces

Box = tuple[float, float, float, float]
LEAST_ZOOM, MOST_ZOOM, ZOOM_STEP = 0.5, 2.0, 1.1
LEAST_FIT = 0.1  # to see the whole of a large patch
LEVELS = (0.5, 0.75, 1.0, 1.5, 2.0)
MARGIN = 40.0


def node_box(desk: Desk, id: str) -> Box:
    """Left, top, right, bottom of a node."""
    face = desk.faces[id]
    (x, y), (wide, high) = face.at, geometry.size(face)
    return x, y, x + wide, y + high


def boxes(desk: Desk, ids: Iterable[str] | None = None) -> dict[str, Box]:
    """The boxes of these nodes, or of all."""
    return {id: node_box(desk, id) for id in (desk.faces if ids is None else ids) if id in desk.faces}


def note_boxes(desk: Desk) -> dict[str, Box]:
    """The boxes of all comments and areas."""
    found = {}
    for id, face in note_faces(desk.document).items():
        wide, high = geometry.note_size(face)
        found[id] = (face.at[0], face.at[1], face.at[0] + wide, face.at[1] + high)
    return found


def shifted(box: Box, way: Point) -> Box:
    """A box that has gone some way."""
    return box[0] + way[0], box[1] + way[1], box[2] + way[0], box[3] + way[1]


def gap(one: Box, other: Box) -> float:
    """How far two boxes are apart; 0 where they touch."""
    dx = max(other[0] - one[2], one[0] - other[2], 0.0)
    dy = max(other[1] - one[3], one[1] - other[3], 0.0)
    return math.hypot(dx, dy)


def around(found: Iterable[Box]) -> Box | None:
    """The box round boxes."""
    many = list(found)
    if not many:
        return None
    return min(b[0] for b in many), min(b[1] for b in many), max(b[2] for b in many), max(b[3] for b in many)


def inside_box(inner: Box, outer: Box) -> bool:
    """Does ``inner`` lie wholly in ``outer``?"""
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def overlap(one: Box, other: Box) -> bool:
    """Do two boxes have a point in common?"""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def visible(desk: Desk) -> Box:
    """The part of the canvas that is seen."""
    camera, (wide, high) = desk.camera, desk.canvas
    return camera.x, camera.y, camera.x + wide / camera.zoom, camera.y + high / camera.zoom


def middle(desk: Desk) -> Point:
    """The canvas point in the middle of what is seen."""
    left, top, right, bottom = visible(desk)
    return (left + right) / 2, (top + bottom) / 2


def zoom_to(desk: Desk, zoom: float, at: Point) -> None:
    """Zoom so that the canvas point ``at`` stays where it is on the screen."""
    old = desk.camera
    zoom = round(min(max(zoom, min(LEAST_ZOOM, old.zoom)), MOST_ZOOM), 4)
    ratio = old.zoom / zoom
    desk.camera = Camera(at[0] - (at[0] - old.x) * ratio, at[1] - (at[1] - old.y) * ratio, zoom)


def show_box(desk: Desk, box: Box | None) -> None:
    """See all of a box, as large as zoom 1 at most."""
    if box is None:
        desk.camera = Camera()
        return
    wide, high = max(box[2] - box[0], 1.0) + 2 * MARGIN, max(box[3] - box[1], 1.0) + 2 * MARGIN
    zoom = min(max(min(desk.canvas[0] / wide, desk.canvas[1] / high), LEAST_FIT), 1.0)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    desk.camera = Camera(x - desk.canvas[0] / zoom / 2, y - desk.canvas[1] / zoom / 2, zoom)


def show_point(desk: Desk, box: Box) -> None:
    """Pan as little as brings a box into sight."""
    seen, camera = visible(desk), desk.camera
    dx = min(box[0] - MARGIN - seen[0], 0.0) or max(box[2] + MARGIN - seen[2], 0.0)
    dy = min(box[1] - MARGIN - seen[1], 0.0) or max(box[3] + MARGIN - seen[3], 0.0)
    if dx or dy:
        desk.camera = Camera(camera.x + dx, camera.y + dy, camera.zoom)


def fit_camera(desk: Desk) -> None:
    """What is seen when a patch or a subpatch is opened: where it was left, else its beginning at zoom 1."""
    kept = desk.cameras.get(desk.level)
    if kept is not None:
        desk.camera = kept
        return
    places = list(desk.document.layout.values())
    if not places:
        desk.camera = Camera()
        return
    desk.camera = Camera(min(x for x, _ in places) - MARGIN, min(y for _, y in places) - MARGIN, 1.0)


def free_place(desk: Desk, at: Point, size: Point = (190.0, 160.0)) -> Point:
    """A place at or below ``at`` where a new node covers no other."""
    taken = list(boxes(desk).values())
    x, y = at
    for _ in range(50):
        hit = next((b for b in taken if overlap((x, y, x + size[0], y + size[1]), b)), None)
        if hit is None:
            break
        y = hit[3] + 16.0
    return round(x), round(y)
