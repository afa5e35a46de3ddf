"""MIDI learn and the named controls of the patch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nodegraph.patch import Control, Document, PatchError, RemoveControl, SetControl, SetSettings
from nodegraph.patch.document import locate

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..external import external_control
from ..menus import entry
from ..panel import top_centre
from ..quantity import format_quantity
from ..targets import target_of
from ..view import Item, PanelVisual

if TYPE_CHECKING:
    from nodegraph.control.parameters import Parameter

FADERS, FADER_WIDTH = 10, 96.0  # faders in a row of the play panel, and pixels for each


def _target(desk: Desk, key: tuple[str, str]) -> str:
    return f"{desk.flat_id(key[0])}.{key[1]}"


@command("Learn MIDI", "ctrl+shift+m", menu="Tools", section=2, possible=lambda desk: target_of(desk, None) is not None)
def learn_midi(desk: Desk, payload: object) -> None:
    """Bind the value to the next MIDI control that is moved."""
    key = target_of(desk, payload)
    if key is not None and key[0] in desk.document.nodes:
        _learn(desk, _target(desk, key))


def _learn(desk: Desk, target: str) -> None:
    """Bind a parameter to the next MIDI control that is moved."""
    from nodegraph.control.midi_learn import LearnRequest

    problem = external_control(desk).listen(desk)
    if problem:
        desk.notify(problem, alarm=True)
        return
    connections = external_control(desk).connections
    assert connections is not None
    try:
        connections.bindings.learn(LearnRequest(target))
    except PatchError as error:
        desk.notify(str(error), alarm=True)
        return
    desk.notify(f"MIDI learn: move a control to bind it to {target}. Esc cancels.")


def cancel_learn(desk: Desk) -> None:
    """Cancel a running MIDI learn."""
    connections = external_control(desk).connections
    if connections is not None and connections.bindings.learning is not None:
        connections.bindings.learn()
        desk.notify("MIDI learn cancelled.")


@command("Remove MIDI binding")
def unbind_midi(desk: Desk, payload: object) -> None:
    """Remove the MIDI binding of the value."""
    from nodegraph.control.midi_learn import unbind

    key = target_of(desk, payload)
    if key is None:
        return
    action = unbind(desk.patch.document, _target(desk, key))
    if action is None:
        desk.notify(f"{_target(desk, key)} has no MIDI binding.")
    else:
        desk.do_in((), action)


@command("Add control…")
def make_control(desk: Desk, payload: object) -> None:
    """Add a named control for the value, for use by the command line, OSC and hosts."""
    key = target_of(desk, payload)
    if key is None or key[0] not in desk.document.nodes:
        return
    port = desk.spec(key[0]).inputs.get(key[1])
    if port is None:
        return
    taper = "log" if port.taper == "log" else "linear"

    def named(name: str) -> None:
        desk.do_in((), SetControl(name.strip(), _target(desk, key), port.min, port.max, taper, port.doc))

    desk.ask("control", "Control name", f"{key[0]} {key[1]}", named)


class ControlsPanel(Panel):
    """The controls of the patch as sliders, each with its MIDI binding."""

    key = "controls"
    is_per_patch = True

    def __init__(self) -> None:
        self._dragged = ""  # name of the control that is being dragged: its changes are one undo step
        self._shown: tuple[Item, ...] = ()

    def visual(self, desk: Desk) -> PanelVisual:
        rows: list[Item] = []
        for title, members in _groups(desk).items():
            rows += [*([Item("heading", value=title)] if title else []), *(_control_row(desk, one) for one in members)]
        self._shown = tuple(rows)
        text = "Right-click a value to add a control." if rows else "No controls. Right-click a value to add one."
        return PanelVisual(self.key, "Controls", (*self._shown, Item("text", "help", value=text)), size=(560.0, 0.0))

    def react(self, desk: Desk, event: PanelEvent) -> None:
        kind, _, name = event.item.partition(" ")
        control = desk.patch.document.controls.get(name)
        if control is None:
            return
        if kind == "remove":
            desk.do_in((), RemoveControl(name))
        elif kind == "learn":
            _learn(desk, control.target)
        elif kind == "set":
            merge, self._dragged = self._dragged == name, "" if event.done else name
            _set_control(desk, control, float(event.value), merge)

    def menu(self, desk: Desk, item: str) -> None:
        kind, _, name = item.partition(" ")
        if kind == "set" and name in desk.patch.document.controls:
            commands = ("learn_control", "unlearn_control", "group_control", "reset_control", "remove_control")
            desk.menu(name, [replace(entry(desk, command, name), enabled=True) for command in commands])

    def changed(self, desk: Desk) -> None:
        shown = self._shown
        visual = self.visual(desk)
        if self._shown != shown:
            desk.view.show_panel(visual)


class PlayPanel(ControlsPanel):
    """The controls of the patch as large faders in groups, to be played with the mouse or by touch.

    ``is_first``: the patch shows it when it is opened, in the middle.
    """

    key = "play"

    def __init__(self, is_first: bool = False) -> None:
        super().__init__()
        self._is_first = is_first

    def visual(self, desk: Desk) -> PanelVisual:
        rows, widest = [], 4
        for i, groups in enumerate(_fader_rows(_groups(desk))):
            faders = {title: tuple(_fader(desk, control) for control in members) for title, members in groups.items()}
            blank = " " if any(groups) else ""  # faders without a title are as far down as those beside them
            items = [Item("group", f"group {i} {title}", title or blank, each) for title, each in faders.items()]
            rows.append(Item("row", f"row {i}", value=tuple(items)))
            widest = max(widest, sum(map(len, faders.values())))
        shows_first = desk.patch.document.settings.shows_first == "controls"
        show = Item("button", "close", "Show the patch")
        first = Item("toggle", "first", "Show this first when the patch is opened", shows_first)
        self._shown = (*rows, Item("row", "views", value=(show, first)))
        help = Item(
            "text", "help", value="Right-click a fader for MIDI and groups, or a value in the patch to add a fader."
        )
        width = FADER_WIDTH * widest + 20.0
        at = top_centre(desk, width) if self._is_first else None
        return PanelVisual(self.key, "Play", (*self._shown, help), at=at, size=(width, 0.0), touch=True)

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item == "first":
            desk.do_in((), SetSettings(shows_first="controls" if event.value else "canvas"))
        elif event.item == "close":
            desk.close_panel(self.key)
        else:
            super().react(desk, event)


def show_first(desk: Desk) -> None:
    """Open the play panel if the patch is to show it first."""
    document = desk.patch.document
    if document.settings.shows_first == "controls" and document.controls:
        desk.open_panel(PlayPanel(is_first=True))


def _groups(desk: Desk) -> dict[str, list[Control]]:
    """Return the controls by the title of their group, those without one first.

    Controls without a group that are of a subpatch are a group with its title.
    """
    document = desk.patch.document
    found: dict[str, list[Control]] = {"": []}
    for control in document.controls.values():
        found.setdefault(control.group or _subpatch_title(document, control), []).append(control)
    return {title: members for title, members in found.items() if members}


def _subpatch_title(document: Document, control: Control) -> str:
    try:
        path, _ = locate(document, control.target.rpartition(".")[0])
    except PatchError:
        return ""
    look = document.looks.get(path[0]) if path else None
    return (look.title if look else "") or (path[0] if path else "")


def _fader_rows(groups: dict[str, list[Control]]) -> list[dict[str, list[Control]]]:
    """Divide groups into rows of at most FADERS controls; a larger group continues in the next row."""
    rows: list[dict[str, list[Control]]] = []
    for title, members in groups.items():
        for first in range(0, len(members), FADERS):
            part = members[first : first + FADERS]
            if not rows or title in rows[-1] or sum(map(len, rows[-1].values())) + len(part) > FADERS:
                rows.append({})
            rows[-1][title] = part
    return rows


def _fader(desk: Desk, control: Control) -> Item:
    return replace(_control_slider(desk, control), kind="fader")


def _control_row(desk: Desk, control: Control) -> Item:
    """Return the slider of a control, with buttons to learn MIDI and to remove it."""
    from nodegraph.control.midi_learn import describe_binding

    key, binding = control.name, describe_binding(control.midi) if control.midi else "learn MIDI"
    learn = Item("button", f"learn {key}", binding, tip="move a MIDI control to bind it")
    remove = Item("button", f"remove {key}", "×", tip="remove the control")
    return Item("row", f"row {key}", value=(remove, learn, _control_slider(desk, control)))


def _control_slider(desk: Desk, control: Control) -> Item:
    """Return the slider of a control, greyed out if its parameter is missing."""
    key, found = control.name, _found(desk, control)
    if found is None:
        return Item("slider", f"set {key}", key, (0.0, "not in the patch"), enabled=False)
    parameter, value = found
    text = format_quantity(value, parameter.declared.unit)
    return Item("slider", f"set {key}", key, (parameter.position(value), text), tip=control.target)


def _found(desk: Desk, control: Control) -> tuple[Parameter, float] | None:
    """Return the parameter of a control and its value, or None if there is none."""
    from nodegraph.control.parameters import control_parameter, node_record

    document = desk.patch.document
    try:
        found = control_parameter(document, control, desk.patch.path, desk.allow_outside)
        value = node_record(document, found.node).params.get(found.port, found.declared.default)
    except PatchError:
        return None
    values = value if isinstance(value, list) else [value]
    lane = (found.lane or 0) % max(len(values), 1)
    return (found, float(values[lane])) if values and isinstance(values[lane], int | float) else None


def _set_control(desk: Desk, control: Control, position: float, merge: bool) -> None:
    """Set a control to a position 0…1; a control with steps to the nearest one."""
    from nodegraph.control.parameters import node_record, step_values_of

    found = _found(desk, control)
    if found is None:
        return
    parameter = found[0]
    value = parameter.value(position)
    if steps := step_values_of(parameter, control):
        value = min(steps, key=lambda step: abs(step - value))
    before = node_record(desk.patch.document, parameter.node).params.get(parameter.port)
    new: float | list[float] = value
    if isinstance(before, list):
        new = [value if parameter.lane in (None, lane) else old for lane, old in enumerate(before)]
    desk.run_edit(lambda: desk.patch.set(parameter.port_ref, new, merge))


def _named_control(desk: Desk, payload: object) -> Control | None:
    return desk.patch.document.controls.get(str(payload))


@command("Learn MIDI")
def learn_control(desk: Desk, payload: object) -> None:
    """Bind the control to the next MIDI control that is moved."""
    control = _named_control(desk, payload)
    if control is not None:
        _learn(desk, control.target)


@command("Remove MIDI binding")
def unlearn_control(desk: Desk, payload: object) -> None:
    """Remove the MIDI binding of the control."""
    from nodegraph.control.midi_learn import unbind

    control = _named_control(desk, payload)
    action = unbind(desk.patch.document, control.target) if control is not None else None
    if action is not None:
        desk.do_in((), action)


@command("Group…")
def group_control(desk: Desk, payload: object) -> None:
    """Name the group in which the control is shown."""
    control = _named_control(desk, payload)
    if control is None:
        return

    def named(title: str) -> None:
        fields = {name: getattr(control, name) for name in SetControl.__struct_fields__}
        desk.do_in((), SetControl(**{**fields, "group": title.strip()}))

    desk.ask("group", f"Group of {control.name}", control.group, named)


@command("Reset value")
def reset_control(desk: Desk, payload: object) -> None:
    """Set the control to the default of its parameter."""
    control = _named_control(desk, payload)
    found = _found(desk, control) if control is not None else None
    if control is not None and found is not None:
        _set_control(desk, control, found[0].position(found[0].declared.default), False)


@command("Remove control")
def remove_control(desk: Desk, payload: object) -> None:
    """Remove the control from the patch; the value stays."""
    control = _named_control(desk, payload)
    if control is not None:
        desk.do_in((), RemoveControl(control.name))


@command("Play panel", "shift+p", menu="Tools", section=2)
def play_panel(desk: Desk, payload: object) -> None:
    """Show the controls of the patch as large faders, in groups."""
    desk.open_panel(PlayPanel())


@command("Controls", menu="Tools", section=2)
def controls(desk: Desk, payload: object) -> None:
    """Show the controls of the patch as sliders."""
    desk.open_panel(ControlsPanel())


@command("MIDI on", menu="Tools", section=2, checked=lambda desk: external_control(desk).listening)
def midi(desk: Desk, payload: object) -> None:
    """Receive MIDI from all inputs, or close them."""
    external = external_control(desk)
    if external.listening:
        external.stop_midi()
        desk.notify("MIDI off.")
        return
    problem = external.listen(desk)
    desk.notify(problem or "MIDI on: all inputs, including devices connected later.", alarm=bool(problem))
