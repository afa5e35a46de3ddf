"""Connections: high event rates, a replaced engine, and no engine."""

import time

import pytest

from nodegraph.control.connections import Connections
from nodegraph.control.controllers import find_controller
from nodegraph.engine.live import Live
from nodegraph.patch import SetBinding, SetControl
from tests.rendering import engine_of, patch_of

FLOOD = 20_000  # events of one second


def sixteen_voices():
    patch = patch_of(
        "keys.out voices.events",
        "voices.frequency osc.frequency",
        "voices.gate amp.gain",
        "osc.out amp.audio",
        "amp.out sum.audio",
        "sum.out out.audio",
        keys="midi_in",
        voices=("notes", {"voices": 16}),
        osc="square",
        amp="vca",
        sum="sum_lanes",
        out="audio_out",
    )
    patch.do(SetControl("width", "osc.width", 0.1, 0.9))
    patch.do(SetBinding("width", 74))
    return patch


def event(k):
    """Return the ``k``-th message: a note-on, a note-off or a control change."""
    step, key = divmod(k, 3)
    if key == 2:
        return bytes((0xB0, 74, step % 128))
    return bytes((0x90 if key == 0 else 0x80, step % 128, 100))


def test_all_of_20_000_events_per_second_are_delivered():
    patch = sixteen_voices()
    live = Live(patch.document, null=True)
    live.follow(patch)
    connections = Connections(patch, live)
    lines, sent = [], 0
    with live:
        began = time.perf_counter()
        while sent < FLOOD:
            due = min(int((time.perf_counter() - began) * FLOOD) + 1, FLOOD)
            for k in range(sent, due):
                connections.on_message("keys", event(k), time.perf_counter())
            sent = due
            lines += connections.update()
            time.sleep(0.001)
        end = time.monotonic() + 10
        while live.arrivals.delivered_count < FLOOD and time.monotonic() < end:
            time.sleep(0.01)
        assert live.arrivals.delivered_count == FLOOD and lines == []
        time.sleep(0.1)
        assert live.value("voices", "gate").max() == 0.0
    step = (FLOOD - 1) // 3 - (1 if FLOOD % 3 else 0)
    assert patch.document.nodes["osc"].params["width"] == pytest.approx(0.1 + 0.8 * (step % 128) / 127, abs=1e-5)
    patch.undo()
    assert "width" not in patch.document.nodes["osc"].params


def test_replaced_engine_receives_later_events():
    patch = sixteen_voices()
    first, second = engine_of(patch), engine_of(patch)
    connections = Connections(patch, first)
    connections.on_message("keys", bytes((0xB0, 74, 127)), 0.0)
    connections.update()
    connections.engine = second
    connections.on_message("keys", bytes((0x90, 60, 100)), 0.0)
    for engine in (first, second):
        engine.run_samples(1024)
    assert (first.value("voices", "gate").sum(), second.value("voices", "gate").sum()) == (0.0, 1.0)


def test_control_change_sets_the_document_without_an_engine():
    patch = sixteen_voices()
    connections = Connections(patch)
    connections.use_controller(find_controller("nanokontrol2"))
    for message in ((0x90, 60, 100), (0xB0, 74, 127), (0xB0, 41, 127), (0xB0, 42, 127), (0xF8,), (0xF0, 1, 0xF7)):
        connections.on_message("keys", bytes(message), 0.0)
    assert connections.update() == []
    assert patch.document.nodes["osc"].params["width"] == 0.9


@pytest.mark.needs("jack", "portaudio", "rtmidi")
def test_ports_can_be_reopened_and_are_closed_with_connections(jack_dummy):
    from nodegraph.midi import ports

    connections = Connections(sixteen_voices())
    for name in ("one", "two"):
        connections.open_midi(virtual=name)
    connections.open_osc(0)
    first = connections.osc.port
    connections.open_osc(first)
    assert connections.osc.port == first
    connections.close()
    connections.close()
    assert not [port for port in ports.outputs() if "two" in port.name]
