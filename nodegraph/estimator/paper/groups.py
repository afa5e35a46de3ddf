"""The groups of parameters by function, in two readings.

The text of the paper names the frequencies of the gate in no group, and its plots fit its text only in part: errors of
"Amplitude LFO" are those of the gate. ``PLOTTED`` is the reading that fits the plots, ``WRITTEN`` that of the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ALL = "All"

Groups = Mapping[str, tuple[str, ...]]

_WAVES = ("sin", "saw", "sqr", "tri")


def _each_oscillator(letter: str) -> tuple[str, ...]:
    return tuple(f"{letter}_{wave}" for wave in _WAVES)


_COMMON = {
    "Filter": ("f_cut", "q"),
    "Notes": _each_oscillator("f"),
    "Oscillator amplitude": _each_oscillator("A"),
    "Amplitude ADSR": ("a", "d", "s", "r"),
}
PLOTTED: Groups = _COMMON | {
    "Amplitude LFO": ("f_gate",),
    "Frequency LFO": (*_each_oscillator("v"), *_each_oscillator("B")),
}
WRITTEN: Groups = _COMMON | {"Amplitude LFO": _each_oscillator("B"), "Frequency LFO": _each_oscillator("v")}
READINGS: Mapping[str, Groups] = {"as plotted": PLOTTED, "as written": WRITTEN}
NAMES = ("Filter", "Notes", "Amplitude LFO", "Frequency LFO", "Oscillator amplitude", "Amplitude ADSR", ALL)


def columns_of(group: str, parameters: Sequence[str], reading: str = "as plotted") -> list[int]:
    """Return the columns of a group among the names of all parameters; the group "All" has every column."""
    if group == ALL:
        return list(range(len(parameters)))
    names = READINGS[reading][group]
    return [column for column, name in enumerate(parameters) if name in names]
