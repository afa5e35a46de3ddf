"""Hands from outside: MIDI learnt by values, named controls, OSC."""

from __future__ import annotations

from nodegraph.patch import PatchError, RemoveControl, SetControl

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..outside import outside
from ..quantity import format_quantity
from ..targets import where_of
from ..view import Item, PanelFace


def _target(desk: Desk, where: tuple[str, str]) -> str:
    return f"{desk.flat(where[0])}.{where[1]}"


@command("Learn MIDI", "ctrl+shift+m", menu="Tools", section=2, possible=lambda desk: where_of(desk, None) is not None)
def learn_midi(desk: Desk, argument: object) -> None:
    """Bind the value to the next knob, key or wheel that is moved on a MIDI device."""
    from nodegraph.control.midi_learn import Learning

    where = where_of(desk, argument)
    if where is None or where[0] not in desk.document.nodes:
        return
    problem = outside(desk).listen(desk)
    if problem:
        desk.say(problem, alarm=True)
        return
    connections = outside(desk).connections
    assert connections is not None
    try:
        connections.bindings.learn(Learning(_target(desk, where)))
    except PatchError as error:
        desk.say(str(error), alarm=True)
        return
    desk.say(f"Move the control that is to turn {_target(desk, where)}. Esc gives up.")


def give_up_learning(desk: Desk) -> None:
    """Wait for no MIDI control any more."""
    connections = outside(desk).connections
    if connections is not None and connections.bindings.learning is not None:
        connections.bindings.learn()
        desk.say("MIDI learn cancelled.")


@command("Forget its MIDI control")
def forget_midi(desk: Desk, argument: object) -> None:
    """Let no MIDI device turn the value any more."""
    from nodegraph.control.midi_learn import unbind

    where = where_of(desk, argument)
    if where is None:
        return
    action = unbind(desk.patch.document, _target(desk, where))
    if action is None:
        desk.say(f"No MIDI control turns {_target(desk, where)}.")
    else:
        desk.do_in((), action)


@command("Make it a control of the patch")
def make_control(desk: Desk, argument: object) -> None:
    """Give the value a name by which the command line, OSC and hosts turn it."""
    where = where_of(desk, argument)
    if where is None or where[0] not in desk.document.nodes:
        return
    port = desk.spec(where[0]).inputs.get(where[1])
    if port is None:
        return
    taper = "log" if port.taper == "log" else "linear"

    def named(name: str) -> None:
        desk.do_in((), SetControl(name.strip(), _target(desk, where), port.min, port.max, taper, port.doc))

    desk.ask("control", "Name of the control", f"{where[0]} {where[1]}", named)


class ControlsPanel(Panel):
    """The controls of the patch: what they turn, between what, and by which MIDI message."""

    key = "controls"
    of_patch = True

    def face(self, desk: Desk) -> PanelFace:
        from nodegraph.control.midi_learn import said

        rows = []
        for control in desk.patch.document.controls.values():
            low = "" if control.min is None else format_quantity(control.min)
            high = "" if control.max is None else format_quantity(control.max)
            binding = control.midi
            rows.append((control.name, control.target, f"{low} … {high}", said(binding) if binding else "", "×"))
        columns = ("Name", "Turns", "Range", "MIDI", "")
        items = (
            Item("table", "table", value=(columns, tuple(rows)), tip="click × to remove a control"),
            Item("text", "help", value="Right click on a value to learn MIDI or to make it a control."),
        )
        return PanelFace(self.key, "Controls", items, size=(560.0, 0.0))

    def react(self, desk: Desk, event: PanelEvent) -> None:
        names = list(desk.patch.document.controls)
        if event.item == "table" and event.value is not None:
            row, column = event.value
            if column == 4 and row < len(names):
                desk.do_in((), RemoveControl(names[row]))

    def changed(self, desk: Desk) -> None:
        controls = desk.patch.document.controls
        if controls is not getattr(self, "_controls", None):
            self._controls = controls
            desk.view.show_panel(self.face(desk))


@command("Controls", menu="Tools", section=2)
def controls(desk: Desk, argument: object) -> None:
    """List the controls of the patch."""
    desk.open_panel(ControlsPanel())


@command("MIDI on", menu="Tools", section=2, checked=lambda desk: outside(desk).listening)
def midi(desk: Desk, argument: object) -> None:
    """Listen to all MIDI inputs, or to none."""
    there = outside(desk)
    if there.listening:
        there.stop_midi()
        desk.say("MIDI is off.")
        return
    problem = there.listen(desk)
    desk.say(problem or "Listening to all MIDI inputs, those that are plugged in later too.", alarm=bool(problem))
