"""The drawing of a displayed block, of any kind that does not show the sound itself."""

from __future__ import annotations

from collections.abc import Callable

from nodegraph.node import Node

from .block_curves import curves_drawing, drawing_of_curves, tuner_drawing
from .desk import Desk
from .drawn_bars import bar_drawing
from .drawn_curve import curve_drawing
from .node_drawings import NodeDrawings
from .response import response_drawing
from .sound.master import master_drawing
from .view import Drawing

DRAWINGS: dict[str, Callable[[Desk, str], Drawing | None]] = {
    "response": response_drawing,
    "curve": curve_drawing,
    "curves": curves_drawing,
    "cycle": curves_drawing,
    "steps": bar_drawing,
    "tuner": tuner_drawing,
    "master": master_drawing,
}
"""Functions from a displayed node to its drawing, by the ``display`` of its block."""


def block_drawing(desk: Desk, id: str) -> Drawing | None:
    """Return the drawing of a node of the displayed document, or None."""
    cls = desk.block(id)
    draw = DRAWINGS.get(cls.display) if cls is not None else None
    return _made(desk, cls, lambda: draw(desk, id)) if cls is not None and draw is not None else None


def default_drawing(desk: Desk, cls: type[Node]) -> Drawing | None:
    """Return the curves of a block with its defaults, or None."""
    return _made(desk, cls, lambda: drawing_of_curves(cls, {}, {}, desk.sound.rate)) if cls.drawing else None


def _made(desk: Desk, cls: type[Node], draw: Callable[[], Drawing | None]) -> Drawing | None:
    """Return a drawing; an error in the rules of a block is shown once."""
    try:
        return draw()
    except Exception as error:  # rules of user blocks can raise anything, and are reloaded
        text = f"{cls.type} cannot be drawn: {type(error).__name__}: {error}. Correct its rules for drawing."
        failures = desk.state(NodeDrawings).failures
        if text not in failures:
            failures.add(text)
            desk.notify(text, alarm=True)
        return None
