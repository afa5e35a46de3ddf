"""Oversampling of a block or subpatch, chosen in its context menu."""

from __future__ import annotations

from nodegraph.node import OVERSAMPLING
from nodegraph.patch import ClearParam, SetParam

from ..command import command
from ..desk import Desk
from ..view import MenuItem


def oversampling_menu(desk: Desk, id: str) -> MenuItem | None:
    """Return the menu of the factors of a node, or None if it cannot be oversampled."""
    setting = desk.spec(id).oversampling
    if setting is None:
        return None
    current = desk.document.nodes[id].params.get(OVERSAMPLING, setting.default)
    items = [
        MenuItem(
            "off" if value == setting.default else f"{value} ×", "oversample", (id, value), checked=value == current
        )
        for value in setting.values
    ]
    return MenuItem("Oversampling", items=tuple(items))


@command("Oversample")
def oversample(desk: Desk, payload: object) -> None:
    """Compute a block at a multiple of the sample rate, to reduce aliasing."""
    assert isinstance(payload, tuple)
    id, value = payload
    setting = desk.spec(id).oversampling if id in desk.document.nodes else None
    if setting is not None:
        desk.do(ClearParam(id, OVERSAMPLING) if value == setting.default else SetParam(id, OVERSAMPLING, value))
