"""The minimap in the corner of the canvas: its geometry and coordinates."""

from __future__ import annotations

from ..view import Point
from . import geometry as geo
from .scene import Scene

SIZE = (180.0, 120.0)
MARGIN = 14.0  # to the border of the canvas
PAD = 8.0  # inside


class Minimap:
    """The minimap at the lower right of a canvas of ``size`` pixels."""

    def __init__(self) -> None:
        self.shown = True
        self.needed = True  # something lies outside of the canvas
        self.size: Point = (1280.0, 720.0)

    @property
    def box(self) -> geo.Box:
        right, bottom = self.size[0] - MARGIN, self.size[1] - MARGIN
        return (right - SIZE[0], bottom - SIZE[1], right, bottom)

    def inside(self, screen: Point) -> bool:
        return self.shown and self.needed and geo.inside(self.box, screen)

    def update(self, scene: Scene) -> bool:
        """Return whether the minimap is to be drawn: it is hidden while the canvas shows the whole patch."""
        left, top, right, bottom = scene.seen
        places = [*(shown.box for shown in scene.nodes.values()), *map(scene.note_box, scene.notes)]
        self.needed = any(a < left or b < top or c > right or d > bottom for a, b, c, d in places)
        return self.shown and self.needed

    def frame(self, scene: Scene) -> tuple[float, Point]:
        """Return the scale (screen pixels per canvas point) and the screen position of canvas point (0, 0)."""
        seen = scene.seen
        world = geo.bounding_box([seen, *(shown.box for shown in scene.nodes.values())]) or seen
        left, top, right, bottom = self.box
        scale = min(
            (right - left - 2 * PAD) / max(world[2] - world[0], 1.0),
            (bottom - top - 2 * PAD) / max(world[3] - world[1], 1.0),
        )
        x = (left + right) / 2 - scale * (world[0] + world[2]) / 2
        y = (top + bottom) / 2 - scale * (world[1] + world[3]) / 2
        return scale, (x, y)

    def to_map(self, box: geo.Box, frame: tuple[float, Point]) -> geo.Box:
        """Convert a box of the canvas to the minimap."""
        scale, (x, y) = frame
        return (x + scale * box[0], y + scale * box[1], x + scale * box[2], y + scale * box[3])

    def camera_for(self, screen: Point, scene: Scene) -> Point:
        """Return the camera corner that centres the canvas point under a position of the minimap."""
        scale, (x, y) = self.frame(scene)
        seen = scene.seen
        at = ((screen[0] - x) / scale, (screen[1] - y) / scale)
        return at[0] - (seen[2] - seen[0]) / 2, at[1] - (seen[3] - seen[1]) / 2
