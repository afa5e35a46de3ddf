"""The problems of the patch: all of them, with the block of each."""

from __future__ import annotations

from nodegraph.patch import PatchError

from ..canvas.camera import node_box, show_point
from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..view import Item, PanelVisual
from .subpatches import go_to


class ProblemsPanel(Panel):
    """All problems of the patch; a click selects the block."""

    key = "problems"
    is_per_patch = True

    def __init__(self) -> None:
        self._shown: tuple[str, ...] = ()

    def visual(self, desk: Desk) -> PanelVisual:
        self._shown = desk.typed.problems
        table = Item("table", "table", value=(("Problem",), tuple((text,) for text in self._shown)))
        item = table if self._shown else Item("text", "none", value="The patch has no problems.")
        return PanelVisual(self.key, "Problems", (item,), size=(560.0, 0.0))

    def tick(self, desk: Desk, now: float) -> None:
        if desk.typed.problems != self._shown:
            self.refresh(desk)

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item != "table" or event.value is None or event.value[0] >= len(self._shown):
            return
        path = tuple(getattr(self._shown[event.value[0]], "path", ()))
        try:
            found = bool(path) and path[-1] in desk.patch.document.nested(path[:-1]).nodes
        except PatchError:  # the subpatch is a file, or was removed
            found = False
        if found:
            go_to(desk, path[:-1])
            desk.select([path[-1]])
            if path[-1] in desk.visuals:
                show_point(desk, node_box(desk, path[-1]))


@command("Problems", menu="View", section=9, possible=lambda desk: bool(desk.typed.problems))
def problems(desk: Desk, payload: object) -> None:
    """List all problems of the patch; a click selects the block."""
    desk.open_panel(ProblemsPanel())
