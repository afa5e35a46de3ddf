"""A test of one's own machine: a tone, the level of the input, and the MIDI messages that arrive."""

from __future__ import annotations

from typing import Any

import numpy as np

from .desk import Desk
from .external import external_control
from .jobs import Job
from .view import Item

TONE, SECONDS, LEVEL, FADE = 440.0, 1.0, 0.2, 0.02  # Hz, s, peak, s
LISTENING = 3.0  # seconds of input whose level is measured
SILENT = -70.0  # dBFS


class MachineTest:
    """Items of a panel that test the selected device and the MIDI ports; ``key`` is the panel."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.text = ""
        self.job: Job | None = None
        self._shows_midi = False

    def items(self, desk: Desk, rates: tuple[float, ...]) -> tuple[Item, ...]:
        """Return the items of the test; ``rates`` are those to be tried."""
        supported = desk.sound.supported_rates(rates)
        names = ", ".join(f"{rate:g}" for rate in supported)
        return (
            Item("line"),
            Item("text", "rates", value=f"This device runs at {names} Hz." if names else "No device is in use."),
            Item("row", "tests", value=(
                Item("button", "tone", "Play a tone", tip=f"{TONE:g} Hz for {SECONDS:g} s, quietly"),
                Item("button", "arrives", "Show what arrives", tip="the level of the input, and MIDI messages"),
            )),
            Item("text", "test", value=self.text or "Test the sound and the MIDI devices:"),
        )  # fmt: skip

    def react(self, desk: Desk, item: str) -> bool:
        """Handle a button; return whether it is one of the test."""
        if item == "tone":
            self.text = self._play(desk)
        elif item == "arrives":
            self._show_arrivals(desk)
        else:
            return False
        self._update(desk)
        return True

    def tick(self, desk: Desk) -> None:
        """Update the text while messages may arrive."""
        if self._shows_midi:
            self._update(desk)

    def close(self, desk: Desk) -> None:
        """Stop listening."""
        if self.job is not None:
            self.job.cancel()

    def _play(self, desk: Desk) -> str:
        state = desk.refresh_sound_state()
        desk.sound.preview(tone(state.rate), state.rate)
        if state.device in ("", "none"):
            return "No device is in use, so no tone is heard. Select a device above."
        return f"A tone plays on {state.device}. If it is not heard, select another device or raise its volume."

    def _show_arrivals(self, desk: Desk) -> None:
        problem = external_control(desk).listen(desk)
        self._shows_midi = not problem
        self.text = f"MIDI: {problem}" if problem else ""
        if self.job is None:
            self.job = desk.jobs.start("listen", lambda job: _input_level(desk.sound, job), self._heard)

    def _heard(self, job: Job) -> None:
        self.job = None
        if not job.cancelled:
            self.text = "\n".join(filter(None, (job.error or job.result, self.text)))

    def _update(self, desk: Desk) -> None:
        lines = [self.text] if self.text else []
        if self.job is not None:
            lines.insert(0, f"Listening to the input for {LISTENING:g} s …")
        if self._shows_midi:
            lines.append(_midi_lines(desk))
        desk.view.set_item(self.key, Item("text", "test", value="\n".join(lines)))


def tone(rate: float) -> np.ndarray:
    """Return the tone of the test at a rate, mono, with faded ends."""
    clock = np.arange(round(SECONDS * rate)) / rate
    fade = np.clip(np.minimum(clock, SECONDS - clock) / FADE, 0.0, 1.0)
    return (LEVEL * fade * np.sin(2.0 * np.pi * TONE * clock)).astype(np.float32)


def _input_level(sound: Any, job: Job) -> str:
    samples, _ = sound.record_input(LISTENING, lambda: job.cancelled)
    peak = 20.0 * np.log10(max(float(np.abs(samples).max(initial=0.0)), 1e-9))
    if peak < SILENT:
        return "The input is silent. Check the microphone, and its level in the settings of the system."
    return f"The input has a peak of {peak:.0f} dBFS."


def _midi_lines(desk: Desk) -> str:
    """Return the open MIDI inputs and the latest messages in words."""
    from mido import Message

    connections = external_control(desk).attach(desk)
    lines = []
    for port, data in list(connections.arrived):
        try:
            lines.append(f"{port}: {Message.from_bytes(data)}")
        except ValueError:  # a part of a message
            lines.append(f"{port}: {data.hex(' ')}")
    names = ", ".join(connections.midi_inputs)
    return "\n".join(lines) or (f"No message yet from {names}. Press a key." if names else "No MIDI device found.")
