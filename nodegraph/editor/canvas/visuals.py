"""Visuals of nodes, built from the document: rows, sliders, texts, pins."""

from __future__ import annotations

from typing import Any

from nodegraph.control.taper import position_of
from nodegraph.graph.bypass import BYPASSED, MUTED, bypass_of
from nodegraph.node import Choice, In, Option, Port, Spec
from nodegraph.patch import NodeRecord

from ..plain import first_line, plain
from ..quantity import exact_text, format_quantity
from ..typed import TypedDocument
from ..view import NodeRow, NodeVisual, PinVisual, Point, ValueVisual

WIDTH, MAX_WIDTH = 184.0, 260.0
LETTER, TITLE_REST = 7.2, 52.0  # pixels per letter of the title, and of the rest of the title bar
DISPLAYS = {
    "meter": (168.0, 22.0),
    "master": (168.0, 22.0),
    "faders": (260.0, 110.0),
    "bars": (168.0, 72.0),
    "response": (168.0, 76.0),
    "curve": (220.0, 96.0),
    "curves": (0.0, 48.0),
    "cycle": (0.0, 0.0),
    "steps": (0.0, 60.0),
    "tuner": (0.0, 40.0),
}
BESIDE = {"curves", "cycle", "steps", "tuner"}  # displays that share their room with the outputs
DISPLAY = (220.0, 110.0)
STATE_TITLES = {BYPASSED: "bypassed", MUTED: "muted"}
OFF = "#4a4f57"  # title of a block that is bypassed or muted
BAR_STEPS, MAX_BARS = 12, 24  # heights of the bars of lanes, and how many are drawn


def node_visual(
    id: str,
    record: NodeRecord,
    spec: Spec,
    at: Point,
    typed: TypedDocument,
    wired: frozenset[str] = frozenset(),
    badge: str = "",
    marks: dict[str, str] | None = None,
    title: str = "",
    folded: bool = False,
    level: tuple[str, ...] = (),
    colour: str = "",
    sources: frozenset[str] = frozenset(),
    drawings: bool = True,
) -> NodeVisual:
    """Return the visual of a node. ``wired`` are the wired inputs, ``sources`` the wired outputs, ``marks`` the bound
    MIDI messages by input. Without ``drawings``, the displays beside outputs are left out.
    """
    from nodegraph.blocks.registry import family_name, node_types

    marks, flat = marks or {}, "/".join((*level, id))
    cls = node_types().get(record.type)
    rows = [
        NodeRow(name, "out", name, _pin(flat, name, port, True, typed, name in sources), tip=plain(port.doc))
        for name, port in spec.output_ports.items()
    ]
    for group in (spec.frame_inputs, spec.event_inputs):
        rows += [
            NodeRow(name, "in", name, _pin(flat, name, port, False, typed, name in wired), tip=plain(port.doc))
            for name, port in group.items()
        ]
    for name, port in spec.inputs.items():
        value = value_visual(port, record.params.get(name, port.default), name in wired, marks.get(name, ""))
        rows.append(
            NodeRow(name, "in", name, _pin(flat, name, port, False, typed, name in wired), value, plain(port.doc))
        )
    for name, setting in spec.shown_settings(record.params).items():
        rows.append(NodeRow(name, "", name, None, setting_visual(setting, record.params.get(name)), plain(setting.doc)))
    display = cls.display if cls and (drawings or cls.display not in BESIDE) else ""
    shown = f"{id} · {record.type}" if not title and not id.startswith(record.type) else title or id
    state = bypass_of(record, spec)
    if state:
        shown, colour = f"{STATE_TITLES[state]}: {shown}", OFF
    return NodeVisual(
        id=id,
        title=shown,
        family=family_name(cls.family) if cls else "",
        at=at,
        width=min(max(WIDTH, round(len(shown) * LETTER + TITLE_REST)), MAX_WIDTH),
        rows=tuple(rows),
        display=display,
        display_size=DISPLAYS.get(display, DISPLAY) if display else (0.0, 0.0),
        beside=display in BESIDE,
        badge=badge,
        folded=folded,
        subpatch=record.type == "subpatch",
        tip=first_line(cls) if cls else "",
        colour=colour,
    )


def value_visual(port: In, value: Any, wired: bool = False, mark: str = "") -> ValueVisual:
    """Return the visual of an input's value: a slider, or an empty live value if it is wired."""
    if wired:
        return ValueVisual("live", "", -1.0, (), mark)
    if isinstance(value, list):
        if not value or not all(isinstance(v, int | float) for v in value):
            return ValueVisual("text", exact_text(value), mark=mark)
        shown = " ".join(format_quantity(v) for v in value[:4]) + (" …" if len(value) > 4 else "")
        unit = f" {port.unit}" if port.unit else ""
        return ValueVisual("slider", f"[{shown}]{unit}", _position(port, float(value[0])), (), mark)
    if not isinstance(value, int | float):
        return ValueVisual("text", exact_text(value), mark=mark)
    return ValueVisual("slider", format_quantity(float(value), port.unit), _position(port, float(value)), (), mark)


def live_value_visual(port: In, values: Any, mark: str = "") -> ValueVisual:
    """Return the visual of the received values of a wired input, one number per lane: the largest, and bars of all."""
    numbers = [float(value) for value in values] or [0.0]
    largest = max(numbers, key=abs)
    text = format_quantity(_round_for_display(largest), port.unit)
    if len(numbers) == 1:
        return ValueVisual("live", text, _position(port, largest), (), mark)
    top = max(abs(port.min), abs(port.max)) or 1.0
    heights = (min(abs(number) / top, 1.0) if port.min < 0.0 else _position(port, number) for number in numbers)
    lanes = tuple(round(BAR_STEPS * height) / BAR_STEPS for height in list(heights)[:MAX_BARS])
    return ValueVisual("live", f"{text} ×{len(numbers)}", -1.0, (), mark, lanes)


def setting_visual(setting: Choice | Option, value: Any) -> ValueVisual:
    """Return the visual of a setting: a choice, a toggle or a text."""
    value = setting.default if value is None else value
    if isinstance(setting, Choice):
        return ValueVisual("choice", str(value), options=setting.values)
    if isinstance(setting.default, bool):
        return ValueVisual("toggle", "on" if value else "off")
    if setting.kind == "file":
        return ValueVisual("file", str(value))
    if isinstance(value, int | float):
        return ValueVisual("text", format_quantity(float(value), setting.unit))
    return ValueVisual("text", exact_text(value))


def _position(port: In, value: float) -> float:
    return round(position_of(value, port.min, port.max, port.taper), 4)


def _round_for_display(value: float) -> float:
    """Round a moving value to three digits."""
    return float(f"{value:.3g}")


def _pin(node: str, name: str, port: Port, output: bool, typed: TypedDocument, wired: bool) -> PinVisual:
    lanes = typed.lanes(node, name, output)
    frame = typed.frame(node, name, output)
    count = "×".join(filter(None, [str(frame.bins) if frame else "", str(lanes) if lanes > 1 else ""]))
    carries = str(frame) if frame else port.carries
    many = f", {lanes} lanes" if lanes > 1 else ""
    doc = f": {plain(port.doc)}" if port.doc else ""
    return PinVisual(port.kind, count if frame or not count else f"×{count}", f"{name}{doc} ({carries}{many})", wired)
