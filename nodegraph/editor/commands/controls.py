"""MIDI learn and the named controls of the patch."""

from __future__ import annotations

from nodegraph.patch import PatchError, RemoveControl, SetControl

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..external import external_control
from ..quantity import format_quantity
from ..targets import target_of
from ..view import Item, PanelVisual


def _target(desk: Desk, key: tuple[str, str]) -> str:
    return f"{desk.flat_id(key[0])}.{key[1]}"


@command("Learn MIDI", "ctrl+shift+m", menu="Tools", section=2, possible=lambda desk: target_of(desk, None) is not None)
def learn_midi(desk: Desk, payload: object) -> None:
    """Bind the value to the next MIDI control that is moved."""
    from nodegraph.control.midi_learn import LearnRequest

    key = target_of(desk, payload)
    if key is None or key[0] not in desk.document.nodes:
        return
    problem = external_control(desk).listen(desk)
    if problem:
        desk.notify(problem, alarm=True)
        return
    connections = external_control(desk).connections
    assert connections is not None
    try:
        connections.bindings.learn(LearnRequest(_target(desk, key)))
    except PatchError as error:
        desk.notify(str(error), alarm=True)
        return
    desk.notify(f"MIDI learn: move a control to bind it to {_target(desk, key)}. Esc cancels.")


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
    """List of the patch's controls: target, range and MIDI binding."""

    key = "controls"
    is_per_patch = True

    def visual(self, desk: Desk) -> PanelVisual:
        from nodegraph.control.midi_learn import describe_binding

        rows = []
        for control in desk.patch.document.controls.values():
            low = "" if control.min is None else format_quantity(control.min)
            high = "" if control.max is None else format_quantity(control.max)
            binding = control.midi
            rows.append(
                (control.name, control.target, f"{low} … {high}", describe_binding(binding) if binding else "", "×")
            )
        columns = ("Name", "Target", "Range", "MIDI", "")
        items = (
            Item("table", "table", value=(columns, tuple(rows)), tip="click × to remove the control"),
            Item("text", "help", value="Right-click a value to learn MIDI or to add a control."),
        )
        return PanelVisual(self.key, "Controls", items, size=(560.0, 0.0))

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
            desk.view.show_panel(self.visual(desk))


@command("Controls", menu="Tools", section=2)
def controls(desk: Desk, payload: object) -> None:
    """Show the controls of the patch."""
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
