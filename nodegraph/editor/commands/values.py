"""The values of blocks: dragged, typed, reset, copied, turned by something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.control.taper import position_of, value_at
from nodegraph.node import In
from nodegraph.patch import Action, ClearParam, Connect, SetParam

from ..canvas import camera as canvas
from ..command import command, on
from ..desk import Desk
from ..events import SetValue, Slide
from ..quantity import QuantityError, exact_text, format_quantity, parse_lanes, parse_quantity
from ..view import Pin
from ..wiring import add_block, draw_wire

FINE = 0.1  # of the ordinary way, with Shift
NUDGE = 0.02  # of the range, for one press of a key
LFO_DEPTH = 0.25  # of the range round the present value

Where = tuple[str, str]


def value_of(desk: Desk, where: Where) -> Any:
    """The value that a parameter has, its default where none is set."""
    record, spec = desk.document.nodes[where[0]], desk.spec(where[0])
    if where[1] in record.params:
        return record.params[where[1]]
    port = spec.inputs.get(where[1]) or spec.choices.get(where[1]) or spec.options.get(where[1])
    return port.default if port else None


def _port(desk: Desk, where: Where) -> In | None:
    return desk.spec(where[0]).inputs.get(where[1]) if where[0] in desk.document.nodes else None


def _wired(desk: Desk, where: Where) -> bool:
    return any(wire.target == where[0] and wire.target_port == where[1] for wire in desk.document.wires)


# -- sliders -----------------------------------------------------------------------------------------------


@on(Slide)
def slid(desk: Desk, event: Slide) -> None:
    """A slider goes as far as the pointer went, with Shift a tenth of that; the whole drag is one step."""
    where = (event.node, event.port)
    port = _port(desk, where)
    if port is None or _wired(desk, where):
        return
    drag = desk.memory.get("slide")
    if drag is None or drag["where"] != where:
        values = value_of(desk, where)
        values = [float(v) for v in values] if isinstance(values, list) else [float(values)]
        positions = [position_of(v, port.min, port.max, port.taper) for v in values]
        drag = {"where": where, "at": event.position, "positions": positions, "merge": False, "moved": False}
        desk.memory["slide"] = drag
    way = (event.position - drag["at"]) * (FINE if event.fine else 1.0)
    drag["at"] = event.position
    if way:
        drag["moved"] = True
        drag["positions"] = [min(max(p + way, 0.0), 1.0) for p in drag["positions"]]
        values = [value_at(p, port.min, port.max, port.taper) for p in drag["positions"]]
        was = value_of(desk, where)
        value: Any = values if isinstance(was, list) else values[0]
        before = desk.patch.document
        desk.do(SetParam(*where, value, drag["merge"]))
        drag["merge"] = drag["merge"] or desk.patch.document is not before
    if event.done:
        desk.memory.pop("slide", None)


@command("Turn up", "]", menu="Edit", possible=lambda desk: _focused(desk) is not None)
def turn_up(desk: Desk, argument: object) -> None:
    """Turn the value under the keyboard up."""
    _nudge(desk, NUDGE)


@command("Turn down", "[", menu="Edit", possible=lambda desk: _focused(desk) is not None)
def turn_down(desk: Desk, argument: object) -> None:
    """Turn the value under the keyboard down."""
    _nudge(desk, -NUDGE)


@command("Turn up a little", "shift+]", "}")
def turn_up_fine(desk: Desk, argument: object) -> None:
    """Turn the value under the keyboard up by a tenth of a step."""
    _nudge(desk, NUDGE * FINE)


@command("Turn down a little", "shift+[", "{")
def turn_down_fine(desk: Desk, argument: object) -> None:
    """Turn the value under the keyboard down by a tenth of a step."""
    _nudge(desk, -NUDGE * FINE)


def _focused(desk: Desk) -> Where | None:
    focus = desk.selection.focus
    if focus is None or focus.output or focus.node not in desk.document.nodes:
        return None
    return focus.node, focus.port


def _nudge(desk: Desk, way: float) -> None:
    where = _focused(desk)
    port = _port(desk, where) if where else None
    if where is None or port is None or _wired(desk, where):
        return
    was = value_of(desk, where)
    values = was if isinstance(was, list) else [was]
    moved = [
        value_at(position_of(float(v), port.min, port.max, port.taper) + way, port.min, port.max, port.taper)
        for v in values
    ]
    desk.do(SetParam(*where, moved if isinstance(was, list) else moved[0], desk.memory.get("nudged") == where))
    desk.memory["nudged"] = where


# -- typed values ------------------------------------------------------------------------------------------


@on(SetValue)
def set_value(desk: Desk, event: SetValue) -> None:
    """A choice, a switch, a text or a file got another value."""
    set_typed(desk, (event.node, event.port), event.value)


@command("Type a value", "enter", "return", menu="Edit", possible=lambda desk: _focused(desk) is not None)
def type_value(desk: Desk, argument: object) -> None:
    """Type the value: a number with unit or arithmetic, such as 440*2, 1/16, A4, -6dB, 200ms."""
    where = argument if isinstance(argument, tuple) else _focused(desk)
    if where is None or where[0] not in desk.document.nodes:
        return
    spec = desk.spec(where[0])
    if not any(where[1] in group for group in (spec.inputs, spec.choices, spec.options)):
        return
    value = value_of(desk, where)
    port = spec.inputs.get(where[1])
    unit = f" ({port.unit})" if port and port.unit else ""
    text = exact_text(value)
    desk.ask(f"{where[0]}.{where[1]}", f"{where[1]}{unit}", text, lambda typed: set_typed(desk, where, typed))


def set_typed(desk: Desk, where: Where, value: Any) -> bool:
    """Set a parameter to what was typed or picked, in the terms of its port; says why not where it does not fit."""
    if where[0] not in desk.document.nodes:
        return False
    try:
        meant = meaning(desk, where, value)
    except QuantityError as error:
        desk.say(str(error), alarm=True)
        return False
    return desk.do(SetParam(*where, meant))


def meaning(desk: Desk, where: Where, value: Any) -> Any:
    """What a typed or picked value is for a parameter. Raises QuantityError with a sentence."""
    node, name = where
    spec, rate = desk.spec(node), desk.sounding.rate
    port = spec.inputs.get(name)
    if port is not None:
        return _number_for(port, name, value, value_of(desk, where), rate)
    choice = spec.choices.get(name)
    if choice is not None:
        if str(value) not in choice.values:
            raise QuantityError(f"{name} must be one of {', '.join(choice.values)}.")
        return str(value)
    option = spec.options.get(name)
    if option is None:
        raise QuantityError(f"{node} has no setting '{name}'.")
    if isinstance(option.default, bool):
        return value if isinstance(value, bool) else str(value).strip().lower() in ("1", "on", "true", "yes")
    if option.kind == "file":
        return desk.reference(Path(value)) if value else ""
    if isinstance(option.default, str):
        return str(value)
    if isinstance(option.default, tuple):
        return _listed(option.default, value, value_of(desk, where))
    now = value_of(desk, where)
    number = parse_quantity(str(value), option.unit, float(now or 0.0), rate)
    number = round(number) if isinstance(option.default, int) else number
    if (option.min is not None and number < option.min) or (option.max is not None and number > option.max):
        raise QuantityError(
            f"{name} must lie in {option.min:g}–{option.max:g}{f' {option.unit}' if option.unit else ''}."
        )
    return number


def _number_for(port: In, name: str, value: Any, now: Any, rate: float) -> float | list[float]:
    first = float(now[0]) if isinstance(now, list) and now else float(now) if isinstance(now, int | float) else 0.0
    found = parse_lanes(str(value), port.unit, first, rate)
    for number in found if isinstance(found, list) else [found]:
        if not port.min <= number <= port.max:
            low, high = format_quantity(port.min, port.unit), format_quantity(port.max, port.unit)
            raise QuantityError(f"{name} must lie in {low} … {high}, got {format_quantity(number, port.unit)}.")
    return found


def _listed(default: tuple[Any, ...], value: Any, now: Any) -> list[Any]:
    """A list: of numbers by arithmetic, else as JSON."""
    if isinstance(value, list | tuple):
        return list(value)
    if default and not isinstance(default[0], int | float):
        text = str(value).strip()
        try:
            found = json.loads(text if text.startswith("[") else f"[{text}]")
        except ValueError:
            if isinstance(default[0], str):
                return [part.strip() for part in text.split(",") if part.strip()]
            raise QuantityError(f"Write it like {json.dumps(default)[1:-1]}.") from None
        return list(found)
    found = parse_lanes(str(value))
    whole = bool(default) and all(isinstance(item, int) for item in default)
    numbers = found if isinstance(found, list) else [found]
    return [round(number) for number in numbers] if whole else numbers


# -- the menu of a value -----------------------------------------------------------------------------------


def where_of(desk: Desk, argument: object) -> Where | None:
    """The parameter that a command is for: the one given, or that under the keyboard."""
    return argument if isinstance(argument, tuple) and len(argument) == 2 else _focused(desk)


@command("Reset to default", "ctrl+backspace", menu="Edit", possible=lambda desk: _focused(desk) is not None)
def reset_value(desk: Desk, argument: object) -> None:
    """Set the value back to its default."""
    where = where_of(desk, argument)
    if where is not None and where[0] in desk.document.nodes:
        desk.do(ClearParam(*where))


@command("Reset all values", possible=lambda desk: bool(desk.selection.nodes))
def reset_values(desk: Desk, argument: object) -> None:
    """Set all values of the selected blocks back to their defaults."""
    desk.do(*(ClearParam(id, name) for id in sorted(desk.selection.nodes) for name in desk.document.nodes[id].params))


@command("Copy value")
def copy_value(desk: Desk, argument: object) -> None:
    """Copy the value as text."""
    where = where_of(desk, argument)
    if where is not None and where[0] in desk.document.nodes:
        desk.view.set_clipboard(exact_text(value_of(desk, where)))


@command("Paste value")
def paste_value(desk: Desk, argument: object) -> None:
    """Set the value to the text in the clipboard."""
    where = where_of(desk, argument)
    if where is not None:
        set_typed(desk, where, desk.view.clipboard().strip())


@command("Wire an LFO to it", "ctrl+l", menu="Insert", section=2, possible=lambda desk: _focused(desk) is not None)
def wire_lfo(desk: Desk, argument: object) -> None:
    """Wire an LFO to the value: it swings round where the value stands, a quarter of the range at most."""
    where = where_of(desk, argument)
    port = _port(desk, where) if where else None
    if where is None or port is None:
        return
    now = value_of(desk, where)
    middle = float(now[0]) if isinstance(now, list) else float(now)
    way = LFO_DEPTH * (port.max - port.min) if port.taper == "linear" else 0.5 * middle
    depth = max(min(way, middle - port.min, port.max - middle), 0.0) or 0.1 * (port.max - port.min)
    x, y = desk.place(where[0])
    at = canvas.free_place(desk, (x - 220.0, y))
    params = {"frequency": 1.0, "amplitude": float(f"{depth:.4g}"), "offset": float(f"{middle:.6g}")}
    spec = node_types()["lfo"].spec.inputs
    params = {name: min(max(v, spec[name].min), spec[name].max) for name, v in params.items()}
    action = add_block(desk.document, "lfo", at, params)
    actions: list[Action] = [action, Connect(f"{action.id}.out", f"{where[0]}.{where[1]}")]
    if desk.do(*actions):
        desk.select([action.id])


@command("Put a knob before it", possible=lambda desk: _focused(desk) is not None)
def wire_knob(desk: Desk, argument: object) -> None:
    """Wire a knob block with the range of the value to it, set to where the value stands."""
    where = where_of(desk, argument)
    port = _port(desk, where) if where else None
    if where is None or port is None:
        return
    now = value_of(desk, where)
    value = float(now[0]) if isinstance(now, list) else float(now)
    x, y = desk.place(where[0])
    taper = "log" if port.taper == "log" and port.min > 0 else "linear"
    params = {
        "value": round(position_of(value, port.min, port.max, taper), 4),
        "low": port.min,
        "high": port.max,
        "taper": taper,
        "label": where[1],
    }
    action = add_block(desk.document, "knob", canvas.free_place(desk, (x - 220.0, y)), params)
    drawn = draw_wire(desk.board.after(action), Pin(action.id, "out", True), Pin(*where, False))
    if drawn.refused:
        desk.say(drawn.words, alarm=True)
    elif desk.do(action, *drawn.actions):
        desk.select([action.id])
