"""Palette commands: add blocks, insert them into wires, replace them, and run commands by name."""

from __future__ import annotations

from dataclasses import replace

from nodegraph.blocks.registry import load_file, node_types
from nodegraph.blocks.template import TemplateError, write_template
from nodegraph.patch import Action, PatchError

from ..canvas import camera as canvas
from ..command import COMMANDS, command
from ..desk import Desk
from ..palettes import Candidate, block_candidates, find_nearest, open_palette
from ..patch_blocks import DEMO, SAVED, patch_block, patch_candidates
from ..targets import wire_of
from ..view import Pin, Point, WireKey
from ..wiring import (
    Fit,
    fitting_blocks,
    fitting_pins,
    insert_on_wire,
    inserting_blocks,
    port_for,
    propose_wire,
    replacement_actions,
)
from ..wiring import add_block as adding
from .help_search import search_help

OFFSET = 12.0  # px from the pointer to a new block
HELP, OWN = "help:", "own block"  # entries of the palette that are no blocks
CANVAS = {  # commands that the palette offers as well, with their other words
    "add_note": "note, text, label, annotation, remark, write, Kommentar, commentaire",
    "add_area": "frame, group box, background, region, colour, panel",
}


@command("Add block…", "n", "insert", menu="Insert", section=0)
def add_block(desk: Desk, payload: object) -> None:
    """Open the palette and add a block at the pointer."""
    at = payload if isinstance(payload, tuple) else desk.pointer
    blocks = block_candidates()

    def choose(key: str, position: Point | None) -> None:
        if key.startswith(HELP):
            search_help(desk, key.removeprefix(HELP))
        elif key == OWN:
            own_block(desk, position or at)
        elif key in CANVAS:
            COMMANDS[key].run(desk, position or at)
        else:
            add(desk, key, position or at)

    def otherwise(query: str) -> list[Candidate]:
        return [
            *find_nearest(query, blocks),
            Candidate(f"{HELP}{query}", "Search the help texts…", "help", f"blocks whose help has “{query}”"),
            Candidate(
                OWN, "Make a block of your own…", "user blocks", "a working block as a Python file, to be edited"
            ),
        ]

    candidates = [*blocks, *canvas_candidates(), *patch_candidates(desk)]
    open_palette(desk, "Add block", candidates, choose, "No block matches.", otherwise)


def canvas_candidates() -> list[Candidate]:
    """Return the comment and the area, which are added to the canvas as blocks are."""
    commands = [(COMMANDS[name], tuple(words.split(", "))) for name, words in CANVAS.items()]
    return [Candidate(one.name, one.label.lower(), "canvas", one.doc, one.doc, words) for one, words in commands]


def add(desk: Desk, key: str, at: Point) -> str | None:
    """Add a block or a patch as a block and select it. Return its id, or None if none was added."""
    place = canvas.free_place(desk, at)
    try:
        action = patch_block(desk, key, place) if key.startswith((SAVED, DEMO)) else adding(desk.document, key, place)
    except PatchError as error:
        desk.notify(str(error), alarm=True)
        return None
    if action is None or not desk.do(action):
        return None
    desk.select([action.id])
    return action.id


@command("New block of your own…", menu="Insert", section=0, aliases=("python", "code", "equation", "write a block"))
def own_block(desk: Desk, payload: object) -> None:
    """Write a working block as a Python file in the folder of user blocks, and add it; edits of the file are heard."""
    at = payload if isinstance(payload, tuple) else desk.pointer

    def make(name: str) -> None:
        try:
            path, type = write_template("_".join(name.split()))
            load_file(path)
        except TemplateError as error:
            desk.notify(f"The name {error}." if error.is_name else str(error), alarm=True)
            return
        if add(desk, type, at):
            desk.notify(f"{type} is defined in {path}. Edit this file; it is loaded when it is saved.")

    desk.ask("own block", "Name of the block", "my_block", make)


def offer_for_wire(desk: Desk, start: Pin, at: Point) -> None:
    """Open a palette of the blocks that fit a dropped wire; add and wire the chosen one."""
    port = desk.wiring.port(start)
    if port is None:
        return
    fits = fitting_blocks(port, start.output, node_types().values(), desk.document.nodes[start.node].type)
    ports = {fit.block.type: fit.port for fit in fits}

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
    open_palette(desk, title, _fitting(fits), chosen, "No matching block fits this wire.")


def _fitting(fits: list[Fit]) -> list[Candidate]:
    blocks = block_candidates([fit.block for fit in fits])
    return [
        replace(block, doc=f"→ {fit.port}: {block.doc}", usual=fit.usual or 0.1 * block.usual)
        for block, fit in zip(blocks, fits)
    ]


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
