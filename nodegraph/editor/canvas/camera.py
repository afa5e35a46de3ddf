"""Boxes of nodes and comments, and the camera."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..desk import AREA, Desk
from ..view import Camera, Point
from . import geometry, minimap
from .arrangement import note_visuals

Box = tuple[float, float, float, float]
MIN_ZOOM, MAX_ZOOM, ZOOM_STEP = 0.5, 2.0, 1.1
MIN_FIT_ZOOM = 0.1  # shows all of a large patch
LEVELS = (0.5, 0.75, 1.0, 1.5, 2.0)
READABLE = 0.56  # zoom at which text can still be read
MARGIN = 20.0
BREADCRUMB = 40.0  # height kept free for the names of the subpatches
MAP = (minimap.SIZE[0] + minimap.MARGIN, minimap.SIZE[1] + minimap.MARGIN)


def node_box(desk: Desk, id: str) -> Box:
    """Return left, top, right, bottom of a node."""
    visual = desk.visuals[id]
    (x, y), (width, height) = visual.at, geometry.size(visual)
    return x, y, x + width, y + height


def boxes(desk: Desk, ids: Iterable[str] | None = None) -> dict[str, Box]:
    """Return the boxes of these nodes, or of all."""
    return {id: node_box(desk, id) for id in (desk.visuals if ids is None else ids) if id in desk.visuals}


def note_boxes(desk: Desk) -> dict[str, Box]:
    """Return the boxes of all comments and areas."""
    found = {}
    for id, visual in note_visuals(desk.document).items():
        width, height = geometry.note_size(visual)
        found[id] = (visual.at[0], visual.at[1], visual.at[0] + width, visual.at[1] + height)
    return found


def shifted(box: Box, offset: Point) -> Box:
    """Return a box moved by ``offset``."""
    return box[0] + offset[0], box[1] + offset[1], box[2] + offset[0], box[3] + offset[1]


def gap(first: Box, second: Box) -> float:
    """Return the distance between two boxes; 0 if they touch."""
    dx = max(second[0] - first[2], first[0] - second[2], 0.0)
    dy = max(second[1] - first[3], first[1] - second[3], 0.0)
    return math.hypot(dx, dy)


def around(found: Iterable[Box]) -> Box | None:
    """Return the bounding box of boxes, or None without any."""
    many = list(found)
    if not many:
        return None
    return min(b[0] for b in many), min(b[1] for b in many), max(b[2] for b in many), max(b[3] for b in many)


def inside_box(inner: Box, outer: Box) -> bool:
    """Return whether ``outer`` contains ``inner``."""
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def overlap(first: Box, second: Box) -> bool:
    """Return whether two boxes have a common point."""
    return first[0] <= second[2] and second[0] <= first[2] and first[1] <= second[3] and second[1] <= first[3]


def visible(desk: Desk) -> Box:
    """Return the visible part of the canvas."""
    camera, (width, height) = desk.camera, desk.canvas
    return camera.x, camera.y, camera.x + width / camera.zoom, camera.y + height / camera.zoom


def middle(desk: Desk) -> Point:
    """Return the canvas point in the middle of the visible part."""
    left, top, right, bottom = visible(desk)
    return (left + right) / 2, (top + bottom) / 2


def zoom_to(desk: Desk, zoom: float, at: Point) -> None:
    """Zoom with the canvas point ``at`` fixed on the screen."""
    old = desk.camera
    zoom = round(min(max(zoom, min(MIN_ZOOM, old.zoom)), MAX_ZOOM), 4)
    ratio = old.zoom / zoom
    desk.camera = Camera(at[0] - (at[0] - old.x) * ratio, at[1] - (at[1] - old.y) * ratio, zoom)


def show_box(desk: Desk, box: Box | None) -> None:
    """Fit a box into the canvas, with zoom 1 at most."""
    if box is None:
        desk.camera = Camera()
        return
    zoom = min(max(min(_zooms(desk, box)), MIN_FIT_ZOOM), 1.0)
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    desk.camera = Camera(x - desk.canvas[0] / zoom / 2, y - desk.canvas[1] / zoom / 2, zoom)


def show_point(desk: Desk, box: Box) -> None:
    """Pan by the smallest distance that makes a box visible."""
    seen, camera = visible(desk), desk.camera
    dx = min(box[0] - MARGIN - seen[0], 0.0) or max(box[2] + MARGIN - seen[2], 0.0)
    dy = min(box[1] - MARGIN - seen[1], 0.0) or max(box[3] + MARGIN - seen[3], 0.0)
    if dx or dy:
        desk.camera = Camera(camera.x + dx, camera.y + dy, camera.zoom)


def fit_camera(desk: Desk) -> None:
    """Set the camera of an opened patch or subpatch: its last one, else one that shows all of it, if readable."""
    stored = desk.cameras.get(desk.subpatch_path)
    desk.fitted = None
    if stored is not None:
        desk.camera = stored
        return
    blocks = boxes(desk)
    places = [*blocks.values(), *note_boxes(desk).values()]
    whole = around(places)
    if whole is not None and desk.subpatch_path:
        whole = (whole[0], whole[1] - BREADCRUMB, *whole[2:])
    if whole is None:
        desk.camera = Camera()
    elif min(_zooms(desk, whole)) >= READABLE:
        show_box(desk, whole)
    else:
        texts = [box for id, box in note_boxes(desk).items() if not id.startswith(AREA)]
        desk.camera = _corner_view(desk, whole, [*blocks.values(), *texts])
    desk.fitted = desk.camera


def _zooms(desk: Desk, box: Box) -> tuple[float, float]:
    """Return the zooms at which a box with margins is as wide and as high as the canvas."""
    width, height = max(box[2] - box[0], 1.0) + 2 * MARGIN, max(box[3] - box[1], 1.0) + 2 * MARGIN
    return desk.canvas[0] / width, desk.canvas[1] / height


def _corner_view(desk: Desk, whole: Box, items: list[Box]) -> Camera:
    """Return the camera at the upper left corner at which the edges of the canvas cut the fewest items.

    Items below the minimap count, too. Of the best cameras, it returns the one that shows most.
    """
    edges = np.array(items, float)
    best, fewest = Camera(), math.inf
    for zoom in np.arange(READABLE, 1.001, 0.01):
        wide, high = desk.canvas[0] / zoom, desk.canvas[1] / zoom
        corner = (MAP[0] / zoom, MAP[1] / zoom) if desk.minimap else (0.0, 0.0)
        for before in np.arange(8.0, 200.0, 12.0):
            for above in np.arange(8.0, 200.0, 12.0):
                left, top = whole[0] - before, whole[1] - above
                hidden = _count_cut(edges, (left, top, left + wide, top + high), corner)
                if hidden < fewest:
                    best, fewest = Camera(float(left), float(top), round(float(zoom), 4)), hidden
        if fewest == 0:
            break
    return best


def _count_cut(edges: np.ndarray, seen: Box, corner: Point) -> int:
    """Return how many boxes are partly outside of ``seen``, or in its lower right corner of this size."""
    left, top, right, bottom = edges.T
    shown = (left < seen[2]) & (right > seen[0]) & (top < seen[3]) & (bottom > seen[1])
    whole = (left >= seen[0]) & (right <= seen[2]) & (top >= seen[1]) & (bottom <= seen[3])
    below = (right > seen[2] - corner[0]) & (bottom > seen[3] - corner[1])
    return int(np.count_nonzero(shown & (~whole | below)))


def free_place(desk: Desk, at: Point, size: Point = (190.0, 160.0)) -> Point:
    """Return a position at or below ``at`` where a new node covers no other."""
    taken = list(boxes(desk).values())
    x, y = at
    for _ in range(50):
        hit = next((b for b in taken if overlap((x, y, x + size[0], y + size[1]), b)), None)
        if hit is None:
            break
        y = hit[3] + 16.0
    return round(x), round(y)
