"""Update of readouts at every display frame: displays in blocks, probes, readout at the pointer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from ..view import Drawing, WireKey
from . import readout
from .live import LiveSound
from .protocol import Reading

PERIOD = 1.0 / 25.0  # seconds between two drawings of the same readout
BUDGET = 0.002  # seconds of a display frame for the drawings in nodes
HOVER_AFTER = 0.15  # seconds of hovering before the readout of a wire appears


class ReadoutView(Protocol):
    """The part of the view that shows readouts."""

    probe_wires: dict[str, WireKey]
    hover_wire: WireKey | None

    @property
    def displays(self) -> dict[str, str]: ...
    def read_hover(self, readout: readout.Readout) -> None: ...
    def read_probe(self, key: str, readout: readout.Readout) -> None: ...
    def read_display(self, node: str, drawing: Drawing) -> None: ...


class ReadoutUpdater:
    """Updater of the visible readouts. ``flat`` maps a node id or port_ref to its flat form.

    ``drawings`` has a function for each kind of display that shows no sound, from a displayed node to its drawing.
    """

    def __init__(
        self,
        view: ReadoutView,
        sound: LiveSound,
        flat: Callable[[str], str],
        drawings: Mapping[str, Callable[[str], Drawing | None]],
    ) -> None:
        self._view, self._sound, self._flat, self._drawings = view, sound, flat, drawings
        self._probes: dict[str, tuple[WireKey, str]] = {}  # probes stay on their wire when another subpatch is shown
        self._hover: tuple[WireKey | None, float] = (None, 0.0)
        self._hover_drawn = 0.0
        self._outputs: dict[str, str] = {}  # watched output of each node that displays its output
        self._drawn: dict[tuple[str, str], float] = {}

    def tick(self, now: float) -> None:
        """Update the readouts that are due; ``now`` in seconds."""
        view, sound = self._view, self._sound
        wires = view.probe_wires
        self._probes = {key: self._probes.get(key, (wire, self._flat(wire[0]))) for key, wire in wires.items()}
        wire = view.hover_wire
        if wire != self._hover[0]:
            self._hover = (wire, now)
        is_hovering = wire is not None and now - self._hover[1] >= HOVER_AFTER
        displays = view.displays
        self._outputs = {node: end for node, end in self._outputs.items() if node in displays}
        port_refs = {end for _, end in self._probes.values()}
        if is_hovering and wire is not None:
            port_refs.add(self._flat(wire[0]))
        port_refs |= {self._outputs[node] for node in displays if node in self._outputs}
        sound.watch(frozenset(port_refs))
        count = readout.samples_needed(sound.engine.rate)
        due = self._due_now([*(("probe", key) for key in self._probes), *(("node", node) for node in displays)], now)
        for key in (key for kind, key in due if kind == "probe"):
            self._drawn["probe", key] = now
            reading = sound.read(self._probes[key][1], count)
            if reading is not None:
                view.read_probe(key, readout.readout(reading))
        if is_hovering and wire is not None and now - self._hover_drawn >= PERIOD:
            self._hover_drawn = now
            reading = sound.read(self._flat(wire[0]), count)
            if reading is not None:
                view.read_hover(readout.readout(reading))
        began = time.perf_counter()
        for node in (key for kind, key in due if kind == "node"):
            if time.perf_counter() - began > BUDGET:
                break
            self._drawn["node", node] = now
            drawing = self._display(node, displays[node], readout.SPECTRUM_SIZE)
            if drawing is not None:
                view.read_display(node, drawing)

    def _due_now(self, targets: list[tuple[str, str]], now: float) -> list[tuple[str, str]]:
        """Return the targets to draw in this display frame, at most half of them: each once per ``PERIOD``, in turn."""
        self._drawn = {target: self._drawn.get(target, 0.0) for target in targets}
        late = sorted((one for one in targets if now - self._drawn[one] >= PERIOD), key=self._drawn.__getitem__)
        return late[: -(-len(targets) // 2)]

    def _display(self, node: str, kind: str, count: int) -> Drawing | None:
        """Return the drawing of a node's display, from its own buffer or its first output."""
        if kind in self._drawings:
            return self._drawings[kind](node)
        sound, flat = self._sound, self._flat(node)
        if kind == "meter":
            return _meter(sound.value(f"{flat}.rms"), sound.value(f"{flat}.peak"))
        reading = sound.display(flat, count)
        if reading is None:
            end = sound.first_output(flat)
            if end is None:
                return None
            self._outputs[node] = end
            reading = sound.read(end, count)
        return make_drawing(kind, reading) if reading is not None else None


def make_drawing(kind: str, reading: Reading) -> Drawing | None:
    """Return the drawing of a reading in this style, or None if the reading is empty."""
    if reading.samples is not None:
        samples = np.nan_to_num(reading.samples)
        if kind == "spectrum":
            return readout.spectrum(samples, reading.rate)
        if kind == "meter":
            return readout.meter(samples[:, -2048:])
        return readout.wave(samples, round(readout.WAVE_SECONDS * reading.rate), reading.rate)
    if reading.frames is None or not len(reading.frames):
        return None
    if kind in ("bars", "faders"):
        return readout.bars(reading.frames[-1], reading.names)
    return readout.spectrogram(reading.frames, reading.kind)


def _meter(rms: np.ndarray | None, peak: np.ndarray | None) -> Drawing | None:
    """Return the drawing of a meter block from its outputs, in dBFS per lane."""
    if rms is None or peak is None:
        return None
    both = np.column_stack([rms, peak]).astype(float)
    return Drawing("meter", 20.0 * np.log10(np.maximum(np.nan_to_num(np.abs(both)), 1e-6)), -60.0, 6.0)
