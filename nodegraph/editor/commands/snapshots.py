"""Snapshots of the whole patch, and the slider that goes from one to the next."""

from __future__ import annotations

from nodegraph.graph.morph import morph, recall
from nodegraph.patch import Action, RemoveSnapshot, SetSnapshot
from nodegraph.patch.names import unused_id

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..view import Item, PanelVisual


class SnapshotPanel(Panel):
    """The snapshots of the patch: recalled by a click, and blended by a slider along their row."""

    key = "snapshots"
    of_patch = True

    def __init__(self) -> None:
        self.position = 0.0
        self._dragging = False

    def visual(self, desk: Desk) -> PanelVisual:
        names = list(desk.patch.document.snapshots)
        items: list[Item] = [Item("button", "take", "Take a snapshot")]
        for name in names:
            buttons = (
                Item("button", f"recall {name}", name, tip="go to these values"),
                Item("button", f"store {name}", "store", tip="put the present values into it"),
                Item("button", f"remove {name}", "×", tip="forget it"),
            )
            items.append(Item("row", f"row {name}", value=buttons))
        if len(names) > 1:
            items.append(Item("slider", "morph", "Morph", (self.position, self._between(names))))
        return PanelVisual(self.key, "Snapshots", tuple(items))

    def _between(self, names: list[str]) -> str:
        at = self.position * (len(names) - 1)
        k = min(int(at), len(names) - 2)
        return f"{names[k]} {round(100 * (1 - at + k))} : {round(100 * (at - k))} {names[k + 1]}"

    def react(self, desk: Desk, event: PanelEvent) -> None:
        what, _, name = event.item.partition(" ")
        snapshots = desk.patch.document.snapshots
        if what == "take":
            desk.do_in((), SetSnapshot(unused_id("snapshot", snapshots)))
        elif what == "store" and name in snapshots:
            desk.do_in((), SetSnapshot(name))
        elif what == "remove" and name in snapshots:
            desk.do_in((), RemoveSnapshot(name))
        elif what == "recall" and name in snapshots:
            self._carry_out(desk, recall(desk.patch.document, name, desk.patch.path, desk.allow_outside))
        elif what == "morph" and len(snapshots) > 1:
            self._morph(desk, float(event.value), event.done)

    def _morph(self, desk: Desk, position: float, finished: bool) -> None:
        self.position = min(max(position, 0.0), 1.0)
        names = list(desk.patch.document.snapshots)
        before = desk.patch.document
        at = self.position * (len(names) - 1)
        action = morph(before, names, at, desk.patch.path, desk.allow_outside, self._dragging)
        self._carry_out(desk, action)
        self._dragging = not finished and (self._dragging or desk.patch.document is not before)
        desk.view.set_item(self.key, Item("slider", "morph", "Morph", (self.position, self._between(names))))

    def _carry_out(self, desk: Desk, action: Action | None) -> None:
        if action is not None:
            desk.do_in((), action)

    def changed(self, desk: Desk) -> None:
        names = tuple(desk.patch.document.snapshots)
        if names != getattr(self, "_names", None):
            self._names = names
            desk.view.show_panel(self.visual(desk))


@command("Snapshots", "s", menu="Tools", section=1)
def snapshots(desk: Desk, payload: object) -> None:
    """Keep the values of the whole patch, come back to them, and morph between them."""
    if "snapshots" in desk.panels:
        desk.close_panel("snapshots")
    else:
        desk.open_panel(SnapshotPanel())


@command("Take a snapshot", "shift+s", menu="Tools", section=1)
def take_snapshot(desk: Desk, payload: object) -> None:
    """Keep the values of the whole patch under a new name."""
    desk.do_in((), SetSnapshot(unused_id("snapshot", desk.patch.document.snapshots)))
