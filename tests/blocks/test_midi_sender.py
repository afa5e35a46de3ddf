"""MIDI output: even timing, and a note-off for every note."""

from __future__ import annotations

import time

import numpy as np
import pytest

from nodegraph.blocks.helper import HelperContext
from nodegraph.blocks.midi_sender import MESSAGE, NOW, PUT, SAMPLE, TAKEN, MidiSender
from nodegraph.engine.live import Live
from nodegraph.midi import ports
from tests.rendering import patch_of

SR = 44100.0


class Wires:
    """A replacement for MIDI outputs that records messages and their times."""

    opened: list[Wires] = []

    def __init__(self, ports, report, virtual=""):
        self.ports, self.virtual, self.sent, self.closed = ports, virtual, [], False
        Wires.opened.append(self)

    def start(self):
        pass

    def send(self, message):
        self.sent.append((time.perf_counter(), message))

    def close(self):
        self.closed = True


@pytest.fixture
def wires(monkeypatch):
    monkeypatch.setattr(ports, "MidiOutputs", Wires)
    Wires.opened.clear()
    return Wires.opened


def sender_of(realtime=False, port=""):
    return MidiSender(HelperContext("out", {"port": port}, 1, SR, None, realtime))


def put(sender, sample, message):
    at = 2 * int(sender.marks[PUT])
    sender.ring[at + SAMPLE], sender.ring[at + MESSAGE] = sample, int.from_bytes(message, "little")
    sender.marks[PUT] += 1


@pytest.mark.parametrize("block", [64, 256, 1024])
def test_messages_computed_in_bursts_are_sent_evenly(block):
    """A clock of 919 samples, computed in blocks: every message leaves with the same delay after its sample."""
    sender, left = sender_of(), []
    sender._outputs = type("Out", (), {"send": lambda self, message: left.append(now)})()
    rng, clock = np.random.default_rng(1), 0
    for burst in range(600):
        began = burst * block / SR + rng.uniform(0, 0.0005)
        for sample in range(-(-clock // 919) * 919, clock + block, 919):
            put(sender, sample, b"\xf8")
        clock += block
        sender.marks[NOW] = clock
        for step in range(int(block / SR / 0.001) + 1):
            now = began + 0.001 * step
            sender.send_due(now)
        if sender.marks[PUT] > 4000:
            break
    late = np.array(left) - np.arange(len(left)) * 919 / SR
    steady = late[len(late) // 4 :]
    assert steady.max() - steady.min() < 0.0021  # polled every ms, and the bursts jitter by 0.5 ms
    assert steady.max() < block / SR + 0.002


def test_ring_is_emptied_without_an_output():
    sender = sender_of()
    put(sender, 0, b"\x90\x3c\x64")
    sender.service()
    assert sender.marks[TAKEN] == 1 and sender.take_sent() == [(0, b"\x90\x3c\x64")]


@pytest.mark.parametrize(("port", "names", "virtual"), [("synth", ["synth"], ""), ("", [], "out")])
def test_sender_opens_ports_by_name_or_a_virtual_port(wires, port, names, virtual):
    sender = sender_of(realtime=True, port=port)
    sender.close()
    (opened,) = wires
    assert (opened.ports, opened.virtual, opened.closed) == (names, virtual, True)


def test_sounding_notes_are_ended_at_close(wires):
    sender = sender_of(realtime=True)
    for message in (b"\x90\x3c\x64", b"\x91\x40\x64", b"\x80\x3c\x40"):
        put(sender, 0, message)
    deadline = time.monotonic() + 5
    while sender.marks[TAKEN] < 3 and time.monotonic() < deadline:
        sender.marks[NOW] += 64
        time.sleep(0.01)
    sender.close()
    assert [message.hex(" ") for _, message in wires[0].sent] == ["90 3c 64", "91 40 64", "80 3c 40", "81 40 40"]


def test_missing_midi_system_is_reported(monkeypatch):
    def refuse(*_):
        raise ports.MidiError("no MIDI system is available: no JACK server runs.")

    monkeypatch.setattr(ports, "MidiOutputs", refuse)
    sender = sender_of(realtime=True)
    sender.close()
    assert sender.problem == "no MIDI system is available: no JACK server runs"


def test_live_patch_forwards_received_messages(wires):
    patch = patch_of("keys.out out.events", keys="midi_in", out="midi_out")
    with Live(patch.document, null=True) as live:
        for key in range(60, 70):
            live.send(bytes((0x90, key, 100)), at=live.midi_time())
            time.sleep(0.01)
        deadline = time.monotonic() + 5
        while len(wires[0].sent) < 10 and time.monotonic() < deadline:
            time.sleep(0.01)
    played = [message[1] for _, message in wires[0].sent if message[0] == 0x90]
    assert played == list(range(60, 70))
    assert sorted(message[1] for _, message in wires[0].sent if message[0] == 0x80) == played and wires[0].closed
