"""Palette commands: add blocks, insert them into wires, replace them, and run commands by name."""

from __future__ import annotations

from dataclasses import replace

from nodegraph.blocks.registry import node_types
from nodegraph.patch import Action

from ..canvas import camera as canvas
from ..command import COMMANDS, command
from ..desk import Desk
from ..palettes import Candidate, block_candidates, open_palette
from ..targets import wire_of
from ..view import Pin, Point, WireKey
from ..wiring import add_block as adding
from ..wiring import (
    fitting_blocks,
    fitting_pins,
    insert_on_wire,
    inserting_blocks,
    port_for,
    propose_wire,
    replacement_actions,
)
from .subpatches import file_block

OFFSET = 12.0  # px from the pointer to a new block


@command("Add block…", "n", "insert", menu="Insert", section=0)
def add_block(desk: Desk, payload: object) -> None:
    """Open the palette and add a block at the pointer."""
    at = payload if isinstance(payload, tuple) else desk.pointer
    candidates = block_candidates() + saved_patches(desk)
    open_palette(
        desk, "Add block", candidates, lambda key, position: add(desk, key, position or at), "No block matches."
    )


def saved_patches(desk: Desk) -> list[Candidate]:
    """Return the patches in the patch's folder, which can be added as blocks."""
    path = desk.patch.path
    if path is None:
        return []
    found = []
    for other in sorted(path.parent.glob("*.json"))[:200]:
        if other.name != path.name:
            found.append(
                Candidate(f"file:{other.name}", other.stem, "saved patch", f"the patch {other.name} as a block")
            )
    return found


def add(desk: Desk, key: str, at: Point) -> str | None:
    """Add a block, or a saved patch (``file:NAME``), and select it. Return its id, or None on failure."""
    place = canvas.free_place(desk, at)
    if key.startswith("file:"):
        action = file_block(desk, key.removeprefix("file:"), place)
    else:
        action = adding(desk.document, key, place)
    if not desk.do(action):
        return None
    desk.select([action.id])
    return action.id


def offer_for_wire(desk: Desk, start: Pin, at: Point) -> None:
    """Open a palette of the blocks that fit a dropped wire; add and wire the chosen one."""
    port = desk.wiring.port(start)
    if port is None:
        return
    ports = {cls.type: name for cls, name in fitting_blocks(port, start.output, node_types().values())}

    def chosen(key: str, position: Point | None) -> None:
        before = desk.document
        place = position or (at if start.output else (at[0] - 200.0, at[1]))
        action = adding(before, key, canvas.free_place(desk, place))
        drawn = propose_wire(desk.wiring.with_actions(action), start, Pin(action.id, ports[key], not start.output))
        if drawn.is_refused:
            desk.notify(drawn.words, alarm=True)
        if desk.do(action, *drawn.actions):
            desk.select([action.id])

    title = f"Connect {start.end} to" if start.output else f"Feed {start.end} from"
    open_palette(desk, title, _with_ports(ports), chosen, "No matching block fits this wire.")


def _with_ports(ports: dict[str, str]) -> list[Candidate]:
    types = node_types()
    found = block_candidates([types[type] for type in ports])
    return [replace(block, doc=f"→ {ports[block.key]}: {block.doc}") for block in found]


@command("Insert block into wire…", "i", menu="Insert", section=0, possible=lambda desk: len(desk.selection.wires) == 1)
def insert_block(desk: Desk, payload: object) -> None:
    """Insert a block into the selected wire."""
    key = wire_of(desk, payload)
    wire = next((w for w in desk.document.wires if (w.source_ref, w.target_ref) == key), None)
    if wire is None:
        return
    port = desk.spec(wire.source).output_ports.get(wire.source_port)
    if port is None:
        return
    fitting = {cls.type: ports for cls, *ports in inserting_blocks(port, node_types().values())}

    def chosen(type: str, position: Point | None) -> None:
        (x0, y0), (x1, y1) = desk.position_of(wire.source), desk.position_of(wire.target)
        place = position or canvas.free_place(desk, ((x0 + x1) / 2, (y0 + y1) / 2))
        action = adding(desk.document, type, place)
        if desk.do(action, *insert_on_wire(desk.document, wire, action.id, *fitting[type])):
            desk.select([action.id])

    types = node_types()
    open_palette(desk, f"Insert into {wire}", block_candidates([types[name] for name in fitting]), chosen)


def drop_on_wire(desk: Desk, id: str, key: WireKey) -> tuple[Action, ...]:
    """Return the actions that insert an unwired node into a wire; empty if it does not fit."""
    wire = next((w for w in desk.document.wires if (w.source_ref, w.target_ref) == key), None)
    if wire is None or id not in desk.document.nodes or id in (wire.source, wire.target):
        return ()
    port = desk.spec(wire.source).output_ports.get(wire.source_port)
    if port is None or any(id in (w.source, w.target) for w in desk.document.wires):
        return ()
    way_in, way_out = port_for(desk.spec(id), port, False), port_for(desk.spec(id), port, True)
    if way_in is None or way_out is None:
        return ()
    return insert_on_wire(desk.document, wire, id, way_in, way_out)


@command("Replace with…", "r", menu="Insert", section=0, possible=lambda desk: bool(desk.selection.nodes))
def replace_block(desk: Desk, payload: object) -> None:
    """Replace the selected blocks and keep compatible values and wires."""
    chosen = [payload] if isinstance(payload, str) else sorted(desk.selection.nodes)
    if not chosen:
        return

    def replace_with(type: str, position: Point | None) -> None:
        wiring, actions = desk.wiring, list[Action]()
        for id in chosen:
            if id in wiring.document.nodes:
                found = replacement_actions(wiring, id, type)
                actions += found
                wiring = wiring.with_actions(*found)
        desk.do(*actions)

    subject = chosen[0] if len(chosen) == 1 else f"{len(chosen)} blocks"
    open_palette(desk, f"Replace {subject} with", block_candidates(), replace_with)


def pick_pin(desk: Desk) -> None:
    """Choose two pins by name and connect them."""
    if len(desk.selection.nodes) != 1:
        desk.notify("Select the block at which the wire starts.")
        return
    (id,) = desk.selection.nodes
    starts = [
        *(Pin(id, name, True) for name in desk.spec(id).output_ports),
        *(Pin(id, name, False) for name in desk.spec(id).input_ports),
    ]
    by_key = {_pin_key(pin): pin for pin in starts}

    def pick_second_pin(start: Pin) -> None:
        ends = sorted(fitting_pins(desk.wiring, start) - {start}, key=_pin_key)
        others = {_pin_key(pin): pin for pin in ends}

        def wire(key: str, position: Point | None) -> None:
            drawn = propose_wire(desk.wiring, start, others[key])
            if drawn.is_refused:
                desk.notify(drawn.words, alarm=True)
            else:
                desk.do(*drawn.actions)

        open_palette(desk, f"Connect {start.end} to", [Candidate(key, key) for key in others], wire, "No pin matches.")

    open_palette(
        desk,
        "Connect from",
        [Candidate(key, key) for key in by_key],
        lambda key, position: pick_second_pin(by_key[key]),
        "No pin matches.",
    )


def _pin_key(pin: Pin) -> str:
    return f"{pin.end} {'→' if pin.output else '←'}"


@command("Command palette…", "ctrl+p", "ctrl+shift+p", menu="Tools", section=0)
def all_commands(desk: Desk, payload: object) -> None:
    """Find a command by name and run it."""
    possible = [one for one in COMMANDS.values() if one.name != "all_commands"]
    candidates = [
        Candidate(one.name, one.label, one.menu or "command", one.doc, one.doc, one.aliases)
        for one in possible
        if one.possible is None or one.possible(desk)
    ]

    def run(key: str, position: Point | None) -> None:
        COMMANDS[key].run(desk, None)

    open_palette(desk, "Run command", candidates, run, "No command matches.")
