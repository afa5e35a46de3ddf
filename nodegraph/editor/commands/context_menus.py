"""Context menus of pins, values, blocks, comments, wires and the canvas."""

from __future__ import annotations

from dataclasses import replace

from ..desk import AREA, Desk
from ..events import NodeAt, NoteAt, Over
from ..menus import LINE, entry
from ..view import MenuItem, Pin, Point
from . import notes
from .oversampling import oversampling_menu
from .presets import preset_menu
from .sound_files import sound_node
from .trust import untrusted_of


def menu_for(desk: Desk, over: Over, at: Point) -> None:
    """Show the context menu of the item under the pointer."""
    node = over.node if isinstance(over, Pin) else over.id if isinstance(over, NodeAt) else None
    if node is not None and node not in desk.document.nodes:
        return
    if isinstance(over, Pin):
        if not over.output and over.port in desk.spec(over.node).inputs:
            desk.menu(over.end, _value_menu(desk, over.node, over.port))
        else:
            names = ["wire_from_pin", "unplug_pin", *(["record_wire"] if over.output else [])]
            desk.menu(over.end, [replace(entry(desk, name, over), enabled=True) for name in names])
    elif isinstance(over, NodeAt):
        has_value = over.port and _has_value(desk, over)
        desk.menu(over.id, _value_menu(desk, over.id, over.port) if has_value else _node_menu(desk, over.id))
    elif isinstance(over, NoteAt):
        items = [entry(desk, "edit_note", over.id, "Edit…")]
        if over.id.startswith(AREA):
            items.append(notes.colour_menu(over.id))
        desk.menu("Comment", [*items, entry(desk, "delete")])
    elif isinstance(over, tuple):
        desk.menu(f"{over[0]} → {over[1]}", _wire_menu(desk, over))
    else:
        names = ["add_block", "paste", "add_note", "add_area", "select_all", "tidy", "fit"]
        desk.menu("Patch", [entry(desk, name, at if name in ("add_block", "add_note") else None) for name in names])


def _has_value(desk: Desk, over: NodeAt) -> bool:
    spec = desk.spec(over.id)
    return over.port in spec.parameters


def _value_menu(desk: Desk, node: str, port: str) -> list[MenuItem]:
    key = (node, port)
    names = ["type_value", "reset_value", "copy_value", "paste_value"]
    items = [entry(desk, name, key) for name in names]
    if port in desk.spec(node).inputs:
        more = ("dice", "wire_lfo", "wire_knob", "learn_midi", "unbind_midi", "make_control")
        items += [LINE, *(entry(desk, name, key) for name in more)]
    return [replace(item, enabled=True) for item in items]


def _node_menu(desk: Desk, id: str) -> list[MenuItem]:
    names = ["help_block", "rename", "replace_block", "duplicate", "copy", "cut", "delete", "delete_and_heal"]
    items = [entry(desk, name, id if name in ("help_block", "rename") else None) for name in names]
    items.insert(2, preset_menu(desk, id))
    more = ("bypass", "mute_block", "fold", "unplug", "group", "reset_values", "dice")
    oversampling = oversampling_menu(desk, id)
    items += [LINE, *(entry(desk, name) for name in more), *([oversampling] if oversampling else [])]
    items.append(notes.colour_menu(id))
    if desk.document.nodes[id].type == "subpatch":
        items[1:1] = [entry(desk, name, id) for name in ("open_subpatch", "dissolve", "save_subpatch", "match_a_sound")]
    if any(option.is_program for option in desk.spec(id).options.values()) and untrusted_of(desk):
        items.insert(1, entry(desk, "trust_programs"))
    if sound_node(desk, id) is not None:
        items.insert(1, entry(desk, "sound_file", id))
    if desk.document.nodes[id].type in ("gain_bank", "latent_source"):
        items.insert(1, entry(desk, "gain_bank", id))
    return items


def _wire_menu(desk: Desk, key: tuple[str, str]) -> list[MenuItem]:
    names = ("insert_block", "pin_probe", "record_wire", "toggle_feedback", "delete_wire")
    return [replace(entry(desk, name, key), enabled=True) for name in names]
