"""Snapshots of the patch and morphing between them."""

from __future__ import annotations

from nodegraph.graph.morph import morph, recall
from nodegraph.patch import Action, RemoveSnapshot, SetSnapshot
from nodegraph.patch.names import unused_id

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..view import Item, PanelVisual


class SnapshotPanel(Panel):
    """Panel that recalls, updates and removes snapshots, with a morph slider."""

    key = "snapshots"
    is_per_patch = True

    def __init__(self) -> None:
        self.position = 0.0
        self._dragging = False

    def visual(self, desk: Desk) -> PanelVisual:
        names = list(desk.patch.document.snapshots)
        items: list[Item] = [Item("button", "take", "Take snapshot")]
        for name in names:
            buttons = (
                Item("button", f"recall {name}", name, tip="recall this snapshot"),
                Item("button", f"store {name}", "update", tip="store the current values in this snapshot"),
                Item("button", f"remove {name}", "×", tip="delete this snapshot"),
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
        verb, _, name = event.item.partition(" ")
        snapshots = desk.patch.document.snapshots
        if verb == "take":
            desk.do_in((), SetSnapshot(unused_id("snapshot", snapshots)))
        elif verb == "store" and name in snapshots:
            desk.do_in((), SetSnapshot(name))
        elif verb == "remove" and name in snapshots:
            desk.do_in((), RemoveSnapshot(name))
        elif verb == "recall" and name in snapshots:
            self._do(desk, recall(desk.patch.document, name, desk.patch.path, desk.allow_outside))
        elif verb == "morph" and len(snapshots) > 1:
            self._morph(desk, float(event.value), event.done)

    def _morph(self, desk: Desk, position: float, finished: bool) -> None:
        self.position = min(max(position, 0.0), 1.0)
        names = list(desk.patch.document.snapshots)
        before = desk.patch.document
        at = self.position * (len(names) - 1)
        action = morph(before, names, at, desk.patch.path, desk.allow_outside, self._dragging)
        self._do(desk, action)
        self._dragging = not finished and (self._dragging or desk.patch.document is not before)
        desk.view.set_item(self.key, Item("slider", "morph", "Morph", (self.position, self._between(names))))

    def _do(self, desk: Desk, action: Action | None) -> None:
        if action is not None:
            desk.do_in((), action)

    def changed(self, desk: Desk) -> None:
        names = tuple(desk.patch.document.snapshots)
        if names != getattr(self, "_names", None):
            self._names = names
            desk.view.show_panel(self.visual(desk))


@command("Snapshots", "s", menu="Tools", section=1)
def snapshots(desk: Desk, payload: object) -> None:
    """Show or hide the snapshots: store, recall and morph all values of the patch."""
    if "snapshots" in desk.panels:
        desk.close_panel("snapshots")
    else:
        desk.open_panel(SnapshotPanel())


@command("Take snapshot", "shift+s", menu="Tools", section=1)
def take_snapshot(desk: Desk, payload: object) -> None:
    """Store all values of the patch in a new snapshot."""
    desk.do_in((), SetSnapshot(unused_id("snapshot", desk.patch.document.snapshots)))
