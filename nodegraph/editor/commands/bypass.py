"""Bypassing and muting blocks."""

from __future__ import annotations

from nodegraph.graph.bypass import BYPASS, BYPASSED, MUTED, bypass_of
from nodegraph.patch import ClearParam, SetParam

from ..command import command
from ..desk import Desk


def _has_blocks(desk: Desk) -> bool:
    return bool(desk.selection.nodes)


def _all_are(desk: Desk, state: str) -> bool:
    nodes = desk.document.nodes
    chosen = [id for id in desk.selection.nodes if id in nodes]
    return bool(chosen) and all(bypass_of(nodes[id], desk.spec(id)) == state for id in chosen)


def _toggle(desk: Desk, state: str) -> None:
    """Set all selected blocks to a state, or clear it if all have it; blocks with a parameter of this name are kept."""
    chosen = [id for id in sorted(desk.selection.nodes) if BYPASS not in desk.spec(id).parameters]
    if _all_are(desk, state):
        desk.do(*(ClearParam(id, BYPASS) for id in chosen))
    else:
        desk.do(*(SetParam(id, BYPASS, state) for id in chosen))


@command(
    "Bypass", "ctrl+b", menu="Edit", section=4, possible=_has_blocks, checked=lambda desk: _all_are(desk, BYPASSED)
)
def bypass(desk: Desk, payload: object) -> None:
    """Pass the audio around the selected blocks, without a click; again: through them."""
    _toggle(desk, BYPASSED)


@command(
    "Mute block", "ctrl+shift+b", menu="Edit", section=4, possible=_has_blocks,
    checked=lambda desk: _all_are(desk, MUTED),
)  # fmt: skip
def mute_block(desk: Desk, payload: object) -> None:
    """Silence the outputs of the selected blocks, without a click; again: let them sound."""
    _toggle(desk, MUTED)
