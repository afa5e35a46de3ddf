"""The volume of what is heard, and mute."""

from __future__ import annotations

from dataclasses import dataclass

from ..command import command, on
from ..desk import Desk, State
from ..events import Slide, VolumeDragged
from ..quantity import QuantityError, parse_quantity
from ..sound.master import Master, volume_text

STEP = 0.05
FINE = 0.1  # factor of drags with Shift


@dataclass
class VolumeDrag(State):
    """The place of the pointer on the slider of the volume while it is dragged."""

    at: float | None = None


def set_volume(desk: Desk, position: float, muted: bool = False) -> None:
    """Set the slider of the volume, 0…1, or mute."""
    master = desk.state(Master)
    master.position, master.muted = min(max(position, 0.0), 1.0), muted
    desk.sound.set_volume(master.gain)


def _step(desk: Desk, change: float) -> None:
    set_volume(desk, desk.state(Master).position + change)
    desk.notify(f"Volume {volume_text(desk.state(Master).position, False)}.")


@on(VolumeDragged)
def volume_dragged(desk: Desk, event: VolumeDragged) -> None:
    """Set the volume; a muted output sounds again."""
    set_volume(desk, event.position)


def slide_volume(desk: Desk, event: Slide) -> None:
    """Move the volume by a slider in a block, ten times finer with Shift."""
    drag = desk.state(VolumeDrag)
    if drag.at is not None:
        change = (event.position - drag.at) * (FINE if event.fine else 1.0)
        if change:
            set_volume(desk, desk.state(Master).position + change)
    drag.at = None if event.done else event.position


@command("Set volume…", menu="Sound", section=0)
def type_volume(desk: Desk, payload: object) -> None:
    """Type the volume of what is heard in dB, at most 0."""

    def typed(text: str) -> None:
        try:
            set_volume(desk, 10.0 ** (min(parse_quantity(text, "dB"), 0.0) / 40.0))
        except QuantityError as error:
            desk.notify(str(error), alarm=True)

    position = desk.state(Master).position
    desk.ask("volume", "Volume (dB)", volume_text(position, False) if position else "-60 dB", typed)


@command("Mute output", "shift+m", menu="Sound", section=0, checked=lambda desk: desk.state(Master).muted)
def mute_output(desk: Desk, payload: object) -> None:
    """Silence the output, or let it sound again; recordings are not silent."""
    master = desk.state(Master)
    set_volume(desk, master.position, not master.muted)
    desk.notify("Output muted. Shift+M lets it sound." if master.muted else "Output sounds.")


@command("Louder", "alt+u", menu="Sound", section=0)
def louder(desk: Desk, payload: object) -> None:
    """Raise the volume of what is heard."""
    _step(desk, STEP)


@command("Quieter", "alt+y", menu="Sound", section=0)
def quieter(desk: Desk, payload: object) -> None:
    """Lower the volume of what is heard."""
    _step(desk, -STEP)
