"""Functions of faders, knobs and buttons on a gain bank.

After Sarroff & Casey, Musical audio synthesis using autoencoding neural nets (Proc. ICMC, 2014), section 4.1. All
functions are pure: each takes a :class:`Surface` and returns the next one. ``FUNCTIONS`` maps the names in controller
files to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

WIDTH = 8  # units on the faders at a time


@dataclass(frozen=True)
class Surface:
    """Gain 0…1, scale 0…2 and mute of each unit, the first unit on the faders, and the state of the player.

    ``names`` are those of the units, or () to show their numbers. ``resynthesised`` is None if the patch has no switch
    between the original and the resynthesised sound. ``rewind_count`` and ``quit_count`` count the presses of the
    buttons that rewind the player and quit the program.
    """

    gains: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    mutes: tuple[bool, ...] = ()
    first: int = 0
    resynthesised: bool | None = True
    playing: bool = True
    rewind_count: int = 0
    quit_count: int = 0
    names: tuple[str, ...] = ()

    @property
    def units(self) -> int:
        """The number of units."""
        return len(self.gains)

    def adjusted(self, unit: int) -> float:
        """Return the factor of a unit's activation: gain × scale, or 0 if it is muted."""
        return 0.0 if self.mutes[unit] else self.gains[unit] * self.scales[unit]


def default_surface(units: int) -> Surface:
    """Return a surface that leaves all units unchanged."""
    return Surface((1.0,) * units, (1.0,) * units, (False,) * units)


Function = Callable[[Surface, int, int], Surface]
"""``function(surface, index, value)``: fader, knob or button ``index`` (from 0) moved to ``value`` (0–127)."""


def gain(surface: Surface, index: int, value: int) -> Surface:
    """A fader: the unit's gain, value/127."""
    return _with_unit(surface, index, gains=value / 127)


def scale(surface: Surface, index: int, value: int) -> Surface:
    """A knob: the unit's scale, 2·value/127."""
    return _with_unit(surface, index, scales=2 * value / 127)


def mute(surface: Surface, index: int, value: int) -> Surface:
    """A button: mutes or unmutes the unit."""
    unit = surface.first + index
    return _with_unit(surface, index, mutes=not surface.mutes[unit]) if unit < surface.units else surface


def reset(surface: Surface, index: int, value: int) -> Surface:
    """A button: resets the unit to gain 1, scale 1, not muted."""
    return _with_unit(surface, index, gains=1.0, scales=1.0, mutes=False)


def bank_down(surface: Surface, index: int, value: int) -> Surface:
    """A button: selects the previous eight units; wraps to the last."""
    return _shift_bank(surface, -1)


def bank_up(surface: Surface, index: int, value: int) -> Surface:
    """A button: selects the next eight units; wraps to the first."""
    return _shift_bank(surface, 1)


def silence(surface: Surface, index: int, value: int) -> Surface:
    """A button: mutes all units; gains and scales are unchanged."""
    return replace(surface, mutes=(True,) * surface.units)


def toggle_mutes(surface: Surface, index: int, value: int) -> Surface:
    """A button: inverts all mutes."""
    return replace(surface, mutes=tuple(not muted for muted in surface.mutes))


def reset_all(surface: Surface, index: int, value: int) -> Surface:
    """A button: resets all units to gain 1, scale 1, not muted."""
    return replace(surface, gains=(1.0,) * surface.units, scales=(1.0,) * surface.units, mutes=(False,) * surface.units)


def switch(surface: Surface, index: int, value: int) -> Surface:
    """A button: switches between original and resynthesised sound, if the patch has a switch."""
    return surface if surface.resynthesised is None else replace(surface, resynthesised=not surface.resynthesised)


def play(surface: Surface, index: int, value: int) -> Surface:
    """A button: starts or pauses the player."""
    return replace(surface, playing=not surface.playing)


def stop(surface: Surface, index: int, value: int) -> Surface:
    """A button: stops and rewinds the player."""
    return replace(surface, playing=False, rewind_count=surface.rewind_count + 1)


def quit(surface: Surface, index: int, value: int) -> Surface:
    """A button: quits the program."""
    return replace(surface, quit_count=surface.quit_count + 1)


FUNCTIONS: dict[str, Function] = {
    function.__name__: function
    for function in (
        gain,
        scale,
        mute,
        reset,
        bank_down,
        bank_up,
        silence,
        toggle_mutes,
        reset_all,
        switch,
        play,
        stop,
        quit,
    )
}

LAMPS: dict[str, Callable[[Surface, int], bool]] = {
    "mute": lambda surface, index: surface.first + index < surface.units and surface.mutes[surface.first + index],
    "play": lambda surface, index: surface.playing,
    "switch": lambda surface, index: bool(surface.resynthesised),
    "silence": lambda surface, index: surface.units > 0 and all(surface.mutes),
}
"""For each function with a lamp: True if the lamp of a button is lit."""


# -- the information window ----------------------------------------------------------------------------------

HEADS = ("Neuron", "Gain", "Scale", "Adj. Value", "Mute")


def rows(surface: Surface) -> list[tuple[str, ...]]:
    """Return one row of cells under :data:`HEADS` for each unit on the faders, as in figure 3 of the paper.

    A unit has its name, or its number from 0.
    """
    shown = range(surface.first, min(surface.first + WIDTH, surface.units))
    return [
        (
            surface.names[unit] if unit < len(surface.names) else str(unit),
            f"{surface.gains[unit]:.5f}",
            f"{surface.scales[unit]:.5f}",
            f"{surface.adjusted(unit):.5f}",
            "M" if surface.mutes[unit] else "",
        )
        for unit in shown
    ]


def track(surface: Surface) -> str:
    """Return the line below the rows; "" if the patch has no switch."""
    if surface.resynthesised is None:
        return ""
    return f"Queued Track: {'Resynthesized' if surface.resynthesised else 'Original'}"


def text(surface: Surface) -> str:
    """Return the rows and the line below as plain text."""
    table: Sequence[Sequence[str]] = [HEADS, *rows(surface)]
    widest = max(10, *(len(row[0]) for row in table))
    lines = ["  ".join([row[0].rjust(widest), *(cell.rjust(10) for cell in row[1:4]), row[4]]) for row in table]
    below = ["", track(surface)] if track(surface) else []
    return "\n".join(line.rstrip() for line in [*lines, *below])


def _with_unit(surface: Surface, index: int, **values: float | bool) -> Surface:
    """Return the surface with new values for the unit on fader ``index``, or unchanged if there is no such unit."""
    unit = surface.first + index
    if unit >= surface.units:
        return surface
    changed = {name: _replaced(getattr(surface, name), unit, value) for name, value in values.items()}
    return replace(surface, **changed)  # type: ignore[arg-type]


def _replaced(values: tuple[float, ...], at: int, value: float) -> tuple[float, ...]:
    return (*values[:at], value, *values[at + 1 :])


def _shift_bank(surface: Surface, by: int) -> Surface:
    """Return the surface with the faders on the next or previous eight units; the ends are joined."""
    banks = max(-(-surface.units // WIDTH), 1)
    return replace(surface, first=(surface.first // WIDTH + by) % banks * WIDTH)
