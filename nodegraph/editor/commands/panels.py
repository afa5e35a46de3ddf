"""Panels by keyboard: the focus moves to them and back, and closes them."""

from __future__ import annotations

from ..command import command
from ..desk import Desk
from ..events import NodeAt, NoteAt, Over
from ..panel_focus import QUESTION, PanelFocus, focus_panel
from .context_menus import menu_for


@command("Next panel", "f6", menu="View", section=1, possible=lambda desk: bool(desk.panels))
def next_panel(desk: Desk, payload: object) -> None:
    """Move the keyboard to the next panel, the newest first, and back to the canvas."""
    order = ["", *reversed(desk.panels)]
    at = order.index(desk.state(PanelFocus).panel) if desk.state(PanelFocus).panel in order else 0
    focus_panel(desk, order[(at + 1) % len(order)])


@command("Close panel", "ctrl+w", menu="View", section=1, possible=lambda desk: bool(desk.panels))
def close_panel(desk: Desk, payload: object) -> None:
    """Close the panel that has the keyboard, else the newest one."""
    key = desk.state(PanelFocus).panel or next(reversed(desk.panels))
    if key != QUESTION:
        desk.close_panel(key)


@command("Context menu", "shift+f10", "menu", menu="Edit", section=6)
def context_menu(desk: Desk, payload: object) -> None:
    """Show the menu of the focused pin, the selected block, comment or wire, or of the canvas."""
    chosen, pin = desk.selection, desk.selection.focus
    if pin is not None:
        is_setting = not pin.output and pin.port not in desk.spec(pin.node).input_ports
        menu_for(desk, NodeAt(pin.node, pin.port) if is_setting else pin, desk.pointer)
        return
    found: list[Over] = [*map(NodeAt, sorted(chosen.nodes)), *sorted(chosen.wires), *map(NoteAt, sorted(chosen.notes))]
    menu_for(desk, found[0] if found else None, desk.pointer)
