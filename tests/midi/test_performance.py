"""Ten thousand notes from another program, through a MIDI port, to sixteen live voices."""

from __future__ import annotations

import time

import numpy as np
import pytest

from nodegraph.control.connections import Connections
from nodegraph.engine.live import Live
from tests.nodes.test_midi_notes import random_playing
from tests.rendering import patch_of

MAX_UNDELIVERED = 500  # messages, because ports have small buffers
ATTEMPTS = 4  # JACK drops messages in a period that its server skips, as on a busy machine
TIMEOUT = 3.0  # seconds to wait for delivery


class Dropped(Exception):
    """JACK did not deliver all messages."""


def wait_for(live, count):
    """Wait until ``count`` messages have arrived. Raises Dropped after a timeout."""
    end = time.monotonic() + TIMEOUT
    while live.arrivals.delivered_count < count:
        if time.monotonic() > end:
            raise Dropped(f"{live.arrivals.delivered_count} of {count} messages have arrived")
        time.sleep(0.001)


def play(live, connections, messages):
    """Send all messages; return those that arrived, the maximum number of sounding voices, and that at the end."""
    import rtmidi

    keyboard = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Ten thousand notes")
    keyboard.open_virtual_port("out")
    connections.open_midi(["ten thousand"])
    most = 0.0
    try:
        time.sleep(0.3)
        for k, message in enumerate(messages):
            keyboard.send_message(list(message))
            if k % MAX_UNDELIVERED == 0:
                wait_for(live, k - MAX_UNDELIVERED)
                most = max(most, live.value("notes", "gate").sum())
        wait_for(live, len(messages))
        time.sleep(0.1)
        for line in connections.update():
            if "disconnected" in line:  # its keys were released
                raise Dropped(line)
        return [message for _, message, _ in live.arrivals.delivered_since(0)], most, live.value("notes", "gate").sum()
    finally:
        connections.close()
        keyboard.close_port()
        keyboard.delete()


@pytest.mark.needs("jack", "portaudio", "rtmidi")
def test_no_note_hangs_or_is_lost(jack_dummy):
    patch = patch_of("keys.out notes.events", "notes.gate sum.audio", "sum.out out.audio",
                     keys="midi_in", notes=("notes", {"voices": 16}), sum="sum_lanes", out="audio_out")  # fmt: skip
    messages = [message for _, message in random_playing(np.random.default_rng(11), 20_000, channels=2)[0]]
    dropped = []
    for _ in range(ATTEMPTS):
        live = Live(patch.document, device="system", limiter=False)
        live.follow(patch)
        with live:
            try:
                received, most, hanging = play(live, Connections(patch, live), messages)
            except Dropped as reason:
                dropped.append(str(reason))
                continue
        assert received == messages
        assert most == 16.0 and hanging == 0.0
        return
    pytest.fail(f"JACK does not deliver: {'; '.join(dropped)}")
