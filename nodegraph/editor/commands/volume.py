"""The volume of what is heard, and mute."""

from __future__ import annotations

from ..command import command, on
from ..desk import Desk
from ..events import VolumeDragged
from ..sound.master import Master, volume_text

STEP = 0.05


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
