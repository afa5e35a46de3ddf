"""The gain bank under the hands: what faders, knobs and buttons do to the units of a code.

After Sarroff & Casey, Musical audio synthesis using autoencoding neural nets (Proc. ICMC, 2014), section 4.1. All is
pure: a :class:`Surface` is what can be set and shown, a function makes the next one of it. ``FUNCTIONS`` are
the names that controller files use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

WIDTH = 8  # units on the faders at a time


@dataclass(frozen=True)
class Surface:
    """A gain 0…1, a scale 0…2 and a mute for each unit; the first unit on the faders; what is heard.

    ``rewind_count`` and ``quit_count`` count the times that the player was sent to its beginning, or everybody home.
    """

    gains: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    mutes: tuple[bool, ...] = ()
    first: int = 0
    resynthesised: bool = True
    playing: bool = True
    rewind_count: int = 0
    quit_count: int = 0

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.gains)

    def adjusted(self, unit: int) -> float:
        """What a unit's activation is multiplied by: gain × scale, 0 if it is muted."""
        return 0.0 if self.mutes[unit] else self.gains[unit] * self.scales[unit]


def default_surface(units: int) -> Surface:
    """All units as they come from the encoder."""
    return Surface((1.0,) * units, (1.0,) * units, (False,) * units)


Function = Callable[[Surface, int, int], Surface]
"""``function(surface, which, value)``: fader, knob or button number ``which`` (from 0) came to ``value`` (0–127)."""


def gain(surface: Surface, index: int, value: int) -> Surface:
    """A fader: the unit's gain, value/127."""
    return _with_unit(surface, index, gains=value / 127)


def scale(surface: Surface, index: int, value: int) -> Surface:
    """A knob: the unit's scale, 2·value/127."""
    return _with_unit(surface, index, scales=2 * value / 127)


def mute(surface: Surface, index: int, value: int) -> Surface:
    """A button: mutes the unit, or lets it be heard again."""
    unit = surface.first + index
    return _with_unit(surface, index, mutes=not surface.mutes[unit]) if unit < surface.units else surface


def reset(surface: Surface, index: int, value: int) -> Surface:
    """A button: the unit as it comes, gain and scale 1, not muted."""
    return _with_unit(surface, index, gains=1.0, scales=1.0, mutes=False)


def bank_down(surface: Surface, index: int, value: int) -> Surface:
    """A button: the eight units before; before the first come the last."""
    return _shift_bank(surface, -1)


def bank_up(surface: Surface, index: int, value: int) -> Surface:
    """A button: the next eight units; after the last come the first."""
    return _shift_bank(surface, 1)


def silence(surface: Surface, index: int, value: int) -> Surface:
    """A button: the output of all units goes to 0; they are muted, and keep their gains and scales."""
    return replace(surface, mutes=(True,) * surface.units)


def toggle_mutes(surface: Surface, index: int, value: int) -> Surface:
    """A button: what is muted is heard, what is heard is muted."""
    return replace(surface, mutes=tuple(not muted for muted in surface.mutes))


def reset_all(surface: Surface, index: int, value: int) -> Surface:
    """A button: all units as they come."""
    return replace(surface, gains=(1.0,) * surface.units, scales=(1.0,) * surface.units, mutes=(False,) * surface.units)


def switch(surface: Surface, index: int, value: int) -> Surface:
    """A button: original or resynthesised."""
    return replace(surface, resynthesised=not surface.resynthesised)


def play(surface: Surface, index: int, value: int) -> Surface:
    """A button: plays, or pauses."""
    return replace(surface, playing=not surface.playing)


def stop(surface: Surface, index: int, value: int) -> Surface:
    """A button: stops, and goes back to the beginning."""
    return replace(surface, playing=False, rewind_count=surface.rewind_count + 1)


def quit(surface: Surface, index: int, value: int) -> Surface:
    """A button: ends the program."""
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
    "switch": lambda surface, index: surface.resynthesised,
    "silence": lambda surface, index: surface.units > 0 and all(surface.mutes),
}
"""Whether the lamp in a button with that function is lit."""


# -- what is shown -------------------------------------------------------------------------------------------

HEADS = ("Neuron", "Gain", "Scale", "Adj. Value", "Mute")


def rows(surface: Surface) -> list[tuple[str, ...]]:
    """The units on the faders, a row of texts each under :data:`HEADS`: the information window of figure 3."""
    shown = range(surface.first, min(surface.first + WIDTH, surface.units))
    return [
        (
            str(unit),
            f"{surface.gains[unit]:.5f}",
            f"{surface.scales[unit]:.5f}",
            f"{surface.adjusted(unit):.5f}",
            "M" if surface.mutes[unit] else "",
        )
        for unit in shown
    ]


def track(surface: Surface) -> str:
    """The line below the rows."""
    return f"Queued Track: {'Resynthesized' if surface.resynthesised else 'Original'}"


def text(surface: Surface) -> str:
    """Rows and the line below as plain text."""
    table: Sequence[Sequence[str]] = [HEADS, *rows(surface)]
    lines = ["  ".join(cell.rjust(10) for cell in row[:4]) + f"  {row[4]}" for row in table]
    return "\n".join(line.rstrip() for line in [*lines, "", track(surface)])


def _with_unit(surface: Surface, index: int, **values: float | bool) -> Surface:
    """The surface with other values of the unit on fader ``index``; itself where there is none."""
    unit = surface.first + index
    if unit >= surface.units:
        return surface
    changed = {name: _replaced(getattr(surface, name), unit, value) for name, value in values.items()}
    return replace(surface, **changed)  # type: ignore[arg-type]


def _replaced(values: tuple[float, ...], at: int, value: float) -> tuple[float, ...]:
    return (*values[:at], value, *values[at + 1 :])


def _shift_bank(surface: Surface, by: int) -> Surface:
    banks = max(-(-surface.units // WIDTH), 1)
    return replace(surface, first=(surface.first // WIDTH + by) % banks * WIDTH)
