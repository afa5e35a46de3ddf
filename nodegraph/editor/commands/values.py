"""Parameter values: drag, type, reset, copy, paste, and wire a modulator."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.control.taper import position_of, value_at
from nodegraph.graph.rules import title_of, unknown_parameter
from nodegraph.node import Choice, In, Option
from nodegraph.patch import Action, ClearParam, Connect, SetParam

from ..canvas import camera as canvas
from ..command import command, on
from ..desk import Desk, State
from ..drawn_bars import bars_of, nudge_bar
from ..events import SetValue, Slide
from ..quantity import QuantityError, exact_text, parse_lanes, parse_quantity
from ..sound.master import MUTE, VOLUME
from ..targets import PortKey, focused, target_of
from ..view import Pin
from ..wiring import add_block, propose_wire
from .volume import mute_output, slide_volume, type_volume

FINE = 0.1  # factor of slider drags with Shift
NUDGE = 0.02  # fraction of the range per key press
LFO_DEPTH = 0.25  # fraction of the range on each side of the current value


def value_of(desk: Desk, key: PortKey) -> Any:
    """Return the value of a parameter, or its default if none is set."""
    record, spec = desk.document.nodes[key[0]], desk.spec(key[0])
    if key[1] in record.params:
        return record.params[key[1]]
    port = spec.parameters.get(key[1])
    return port.default if port else None


def _port(desk: Desk, key: PortKey) -> In | None:
    return desk.spec(key[0]).inputs.get(key[1]) if key[0] in desk.document.nodes else None


def _wired(desk: Desk, key: PortKey) -> bool:
    return any(wire.target == key[0] and wire.target_port == key[1] for wire in desk.document.wires)


@dataclass
class SliderDrag(State):
    """State of a slider drag: positions (0–1) per lane; ``merge`` is set once the drag has an undo step."""

    key: PortKey | None = None
    at: float = 0.0
    positions: list[float] = field(default_factory=list)
    merge: bool = False


@dataclass
class KeyNudge(State):
    """Value that was last changed by keys; further key presses merge into the same undo step."""

    key: PortKey | None = None


# -- sliders -----------------------------------------------------------------------------------------------


@on(Slide)
def on_slide(desk: Desk, event: Slide) -> None:
    """Move a slider with the pointer, ten times finer with Shift; a drag is one undo step."""
    key = (event.node, event.port)
    if event.port == VOLUME:
        slide_volume(desk, event)
        return
    port = _port(desk, key)
    if port is None or _wired(desk, key):
        return
    drag = desk.state(SliderDrag)
    if drag.key != key:
        values = value_of(desk, key)
        values = [float(v) for v in values] if isinstance(values, list) else [float(values)]
        drag.positions = [position_of(v, port.min, port.max, port.taper) for v in values]
        drag.key, drag.at, drag.merge = key, event.position, False
    distance = (event.position - drag.at) * (FINE if event.fine else 1.0)
    drag.at = event.position
    if distance:
        drag.positions = [min(max(p + distance, 0.0), 1.0) for p in drag.positions]
        values = [value_at(p, port.min, port.max, port.taper) for p in drag.positions]
        was = value_of(desk, key)
        value: Any = values if isinstance(was, list) else values[0]
        before = desk.patch.document
        desk.do(SetParam(*key, value, drag.merge))
        drag.merge = drag.merge or desk.patch.document is not before
    if event.done:
        desk.drop_state(SliderDrag)


@command("Increase value", "]", "u", menu="Edit", possible=lambda desk: focused(desk) is not None)
def increase_value(desk: Desk, payload: object) -> None:
    """Increase the focused value."""
    _nudge(desk, NUDGE)


@command("Decrease value", "[", "y", menu="Edit", possible=lambda desk: focused(desk) is not None)
def decrease_value(desk: Desk, payload: object) -> None:
    """Decrease the focused value."""
    _nudge(desk, -NUDGE)


@command("Increase value (fine)", "}", "shift+u")
def increase_value_fine(desk: Desk, payload: object) -> None:
    """Increase the focused value by a tenth of a step."""
    _nudge(desk, NUDGE * FINE)


@command("Decrease value (fine)", "{", "shift+y")
def decrease_value_fine(desk: Desk, payload: object) -> None:
    """Decrease the focused value by a tenth of a step."""
    _nudge(desk, -NUDGE * FINE)


def _nudge(desk: Desk, direction: float) -> None:
    key = focused(desk)
    bars = bars_of(desk, key[0]) if key else None
    if key is not None and bars is not None and key[1] == bars.values:
        nudge_bar(desk, key[0], direction)
        return
    port = _port(desk, key) if key else None
    if key is None or port is None or _wired(desk, key):
        return
    was = value_of(desk, key)
    values = was if isinstance(was, list) else [was]
    moved = [
        value_at(position_of(float(v), port.min, port.max, port.taper) + direction, port.min, port.max, port.taper)
        for v in values
    ]
    nudge = desk.state(KeyNudge)
    desk.do(SetParam(*key, moved if isinstance(was, list) else moved[0], nudge.key == key))
    nudge.key = key


# -- typed values ------------------------------------------------------------------------------------------


@on(SetValue)
def set_value(desk: Desk, event: SetValue) -> None:
    """Set the value of a choice, toggle, text or file field."""
    if event.port == MUTE:
        mute_output(desk, None)
    else:
        set_typed(desk, (event.node, event.port), event.value)


@command("Type value", "enter", "return", menu="Edit", possible=lambda desk: focused(desk) is not None)
def type_value(desk: Desk, payload: object) -> None:
    """Type a value, with unit or arithmetic: 440*2, 1/16, A4, -6dB, 200ms."""
    key = payload if isinstance(payload, tuple) else focused(desk)
    if key is None or key[0] not in desk.document.nodes:
        return
    if key[1] == VOLUME:
        type_volume(desk, None)
        return
    spec = desk.spec(key[0])
    if key[1] not in spec.parameters:
        return
    value = value_of(desk, key)
    port = spec.inputs.get(key[1])
    unit = f" ({port.unit})" if port and port.unit else ""
    text = exact_text(value)
    desk.ask(f"{key[0]}.{key[1]}", f"{key[1]}{unit}", text, lambda typed: set_typed(desk, key, typed))


def set_typed(desk: Desk, key: PortKey, value: Any) -> bool:
    """Parse a typed or picked value and set the parameter; notify the user and return False if it is invalid."""
    if key[0] not in desk.document.nodes:
        return False
    try:
        parsed = parse_value(desk, key, value)
    except QuantityError as error:
        desk.notify(str(error), alarm=True)
        return False
    return desk.do(SetParam(*key, parsed))


def parse_value(desk: Desk, key: PortKey, value: Any) -> Any:
    """Return the value of a typed or picked text. Raises QuantityError if it is invalid."""
    node, name = key
    record, spec = desk.document.nodes[node], desk.spec(node)
    declared = spec.parameters.get(name)
    title = title_of(record.type, node)
    if declared is None:
        raise QuantityError(unknown_parameter(title, spec, name))
    found = _read(desk, key, declared, value)
    problem = declared.problem(found)
    if problem:
        raise QuantityError(f"{title}: {problem}")
    return found


def _read(desk: Desk, key: PortKey, declared: In | Choice | Option, value: Any) -> Any:
    """Convert a typed or picked text to the parameter's type, without a range check."""
    now, rate = value_of(desk, key), desk.sound_state.rate
    if isinstance(declared, In):
        first = now[0] if isinstance(now, list) and now else now
        return parse_lanes(str(value), declared.unit, float(first) if isinstance(first, int | float) else 0.0, rate)
    if isinstance(declared, Choice):
        return str(value)
    default = declared.default
    if isinstance(default, bool):
        return value if isinstance(value, bool) else str(value).strip().lower() in ("1", "on", "true", "yes")
    if declared.kind == "file":
        return desk.reference(Path(value)) if value else ""
    if isinstance(default, str):
        return str(value)
    if isinstance(default, tuple):
        return _listed(default, value, now)
    number = parse_quantity(str(value), declared.unit, float(now or 0.0), rate)
    return round(number) if isinstance(default, int) else number


def _listed(default: tuple[Any, ...], value: Any, now: Any) -> list[Any]:
    """Parse a list: numbers by arithmetic, other items as JSON."""
    if isinstance(value, list | tuple):
        return list(value)
    if default and not isinstance(default[0], int | float):
        text = str(value).strip()
        try:
            found = json.loads(text if text.startswith("[") else f"[{text}]")
        except (ValueError, RecursionError):
            if isinstance(default[0], str):
                return [part.strip() for part in text.split(",") if part.strip()]
            raise QuantityError(f"invalid list. Write it like {json.dumps(default)[1:-1]}.") from None
        return list(found)
    found = parse_lanes(str(value))
    is_integer = bool(default) and all(isinstance(item, int) for item in default)
    numbers = found if isinstance(found, list) else [found]
    return [round(number) for number in numbers] if is_integer else numbers


# -- value menu --------------------------------------------------------------------------------------------


@command("Reset to default", "ctrl+backspace", menu="Edit", possible=lambda desk: focused(desk) is not None)
def reset_value(desk: Desk, payload: object) -> None:
    """Reset the value to its default."""
    key = target_of(desk, payload)
    if key is not None and key[0] in desk.document.nodes:
        desk.do(ClearParam(*key))


@command("Reset all values", possible=lambda desk: bool(desk.selection.nodes))
def reset_values(desk: Desk, payload: object) -> None:
    """Reset all values of the selected blocks to their defaults."""
    desk.do(*(ClearParam(id, name) for id in sorted(desk.selection.nodes) for name in desk.document.nodes[id].params))


@command("Copy value")
def copy_value(desk: Desk, payload: object) -> None:
    """Copy the value to the clipboard as text."""
    key = target_of(desk, payload)
    if key is not None and key[0] in desk.document.nodes:
        desk.view.set_clipboard(exact_text(value_of(desk, key)))


@command("Paste value")
def paste_value(desk: Desk, payload: object) -> None:
    """Set the value from the text in the clipboard."""
    key = target_of(desk, payload)
    if key is not None:
        set_typed(desk, key, desk.view.clipboard().strip())


@command("Add LFO", "ctrl+l", menu="Insert", section=2, possible=lambda desk: focused(desk) is not None)
def wire_lfo(desk: Desk, payload: object) -> None:
    """Wire a new LFO to the value, centred on the current value."""
    key = target_of(desk, payload)
    port = _port(desk, key) if key else None
    if key is None or port is None:
        return
    now = value_of(desk, key)
    middle = float(now[0]) if isinstance(now, list) else float(now)
    swing = LFO_DEPTH * (port.max - port.min) if port.taper == "linear" else 0.5 * middle
    depth = max(min(swing, middle - port.min, port.max - middle), 0.0) or 0.1 * (port.max - port.min)
    x, y = desk.position_of(key[0])
    at = canvas.free_place(desk, (x - 220.0, y))
    params = {"frequency": 1.0, "amplitude": float(f"{depth:.4g}"), "offset": float(f"{middle:.6g}")}
    spec = node_types()["lfo"].spec.inputs
    params = {name: spec[name].clamp(v) for name, v in params.items()}
    action = add_block(desk.document, "lfo", at, params)
    actions: list[Action] = [action, Connect(f"{action.id}.out", f"{key[0]}.{key[1]}")]
    if desk.do(*actions):
        desk.select([action.id])


@command("Add knob", possible=lambda desk: focused(desk) is not None)
def wire_knob(desk: Desk, payload: object) -> None:
    """Wire a new knob block to the value, with its range and current position."""
    key = target_of(desk, payload)
    port = _port(desk, key) if key else None
    if key is None or port is None:
        return
    now = value_of(desk, key)
    value = float(now[0]) if isinstance(now, list) else float(now)
    x, y = desk.position_of(key[0])
    taper = "log" if port.taper == "log" and port.min > 0 else "linear"
    params = {
        "value": round(position_of(value, port.min, port.max, taper), 4),
        "low": port.min,
        "high": port.max,
        "taper": taper,
        "label": key[1],
    }
    action = add_block(desk.document, "knob", canvas.free_place(desk, (x - 220.0, y)), params)
    drawn = propose_wire(desk.wiring.with_actions(action), Pin(action.id, "out", True), Pin(*key, False))
    if drawn.is_refused:
        desk.notify(drawn.words, alarm=True)
    elif desk.do(action, *drawn.actions):
        desk.select([action.id])
