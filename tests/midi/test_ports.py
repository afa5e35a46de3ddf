"""MIDI ports on JACK's dummy server: complete messages pass whatever comes between; devices come and go."""

import sys
import threading
import time

import pytest

from nodegraph.midi import ports
from nodegraph.midi.ports import MidiError, MidiInputs, MidiOutputs
from tests.controllers import Played
from tests.rendering import patch_of

jack = pytest.mark.needs("jack", "portaudio", "rtmidi")
NOTE = bytes((0x90, 60, 100))


class Heard:
    """Messages that were handed on, and lines that were told."""

    def __init__(self):
        self.messages, self.times, self.ports, self.lines = [], [], set(), []
        self._came = threading.Condition()

    def __call__(self, port, message, at):
        with self._came:
            self.messages.append(message)
            self.times.append((at, time.perf_counter()))
            self.ports.add(port)
            self._came.notify_all()

    def wait(self, count=1, seconds=20.0):
        """The messages, once there are so many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.messages) >= count, seconds), self.messages[-3:]
        return self.messages


class Device:
    """A port of another program: what it sends comes in at those who listen."""

    def __init__(self, name="Tester keys", kind="MidiOut"):
        import rtmidi

        self.midi = getattr(rtmidi, kind)(rtmidi.API_UNIX_JACK, name)
        self.midi.open_virtual_port("port")

    def send(self, *messages):
        for message in messages:
            self.midi.send_message(list(message))

    def play_until_heard(self, heard):
        """Send a note, again if JACK has lost it: it does when a program has no time for a cycle."""
        for _ in range(20):
            self.send(NOTE)
            end = time.monotonic() + 0.5
            while not heard.messages and time.monotonic() < end:
                time.sleep(0.01)
            if heard.messages:
                return
        raise AssertionError("nothing was heard")

    def unplug(self):
        if self.midi is not None:
            self.midi.close_port()
            self.midi.delete()
            self.midi = None


@pytest.fixture
def device(jack_dummy):
    found = Device()
    yield found
    found.unplug()


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def inputs(device, heard):
    """Listening to the device."""
    found = MidiInputs(heard, ["tester"], heard.lines.append)
    found.start()
    yield found
    found.close()


@jack
def test_ports_are_listed_without_our_own(inputs):
    assert [port.name for port in ports.inputs()] == ["Tester keys:port"]
    assert inputs.names == ["Tester keys:port"]
    assert {port.system for port in ports.outputs()} <= {"JACK"}


@jack
def test_messages_arrive_complete_in_order_and_with_their_time(inputs, device, heard):
    began = time.perf_counter()
    device.send(NOTE, (0xB0, 1, 2), (0xC0, 5), (0xF8,), (0x80, 60, 0))
    assert heard.wait(5) == [NOTE, b"\xb0\x01\x02", b"\xc0\x05", b"\xf8", b"\x80\x3c\x00"]
    assert heard.ports == {"Tester keys:port"}
    for stamped, handed in heard.times:
        assert began <= stamped <= handed


@jack
def test_running_status_and_messages_in_pieces(inputs, device, heard):
    device.send((0x90, 60, 100), (62, 90), (64,), (80,), (0x80, 60), (0xF8,), (0,))
    expected = [(0x90, 60, 100), (0x90, 62, 90), (0x90, 64, 80), (0xF8,), (0x80, 60, 0)]
    assert heard.wait(5) == [bytes(message) for message in expected]


@jack
@pytest.mark.parametrize("cut", [(0xF0, 1, 2), (0xF0,), (0x90, 61), (0xB0,), (0xF2, 1), (0xF7,), (0xF4, 1)])
def test_an_incomplete_message_costs_no_other_message(inputs, device, heard, cut):
    device.send(NOTE, cut, (0x91, 62, 90), (0xB1, 7, 1))
    while heard.wait(3)[-1] != b"\xb1\x07\x01":
        time.sleep(0.01)
    assert channel_messages(heard) == [NOTE, b"\x91\x3e\x5a", b"\xb1\x07\x01"]


@jack
def test_an_incomplete_message_is_reported_in_one_line(inputs, device, heard):
    device.send((0x90, 61), (0xB1, 7, 1))
    heard.wait(1)
    time.sleep(0.1)
    [line] = heard.lines
    assert "Tester keys:port" in line and "interrupted by b1" in line and len(line.splitlines()) == 1


def channel_messages(heard):
    """What has come, without sysex."""
    return [message for message in list(heard.messages) if message[0] < 0xF0]


def comes_whole(heard, send, expected, attempts=5):
    """Do all messages arrive? JACK itself loses those of a cycle for which some program had no time: once must do."""
    for _ in range(attempts):
        time.sleep(0.1)
        heard.messages.clear()
        send()
        end = time.monotonic() + 3
        while len(found := channel_messages(heard)) < len(expected) and time.monotonic() < end:
            time.sleep(0.02)
        if found == expected:
            return True
    return False


@jack
def test_no_message_is_lost_in_a_flood_of_sysex(inputs, device, heard):
    flood = bytes((0xF0, *[k % 128 for k in range(1000)], 0xF7))
    notes = [bytes((0x90, key, 100)) for key in range(60)]

    def send():
        for note in notes:
            device.send(flood, note)
            time.sleep(0.002)

    assert comes_whole(heard, send, notes)


@jack
def test_twenty_thousand_events_a_second_arrive_in_order(inputs, device, heard):
    events = [bytes((0xB0 + k % 16, k // 16 % 128, k % 128)) for k in range(4000)]

    def send():
        for first in range(0, len(events), 100):
            device.send(*events[first : first + 100])
            time.sleep(0.005)

    assert comes_whole(heard, send, events)
    assert heard.lines == []


def test_everything_in_the_queue_of_a_driver_is_read(monkeypatch, heard):
    events = [bytes((0xB0 + k % 16, k // 16 % 128, k % 128)) for k in range(60_000)]
    driver = Driver(events)
    monkeypatch.setitem(sys.modules, "rtmidi", driver)
    inputs = MidiInputs(heard, ["device"], heard.lines.append)
    inputs.start()
    try:
        assert heard.wait(len(events)) == events
        assert heard.ports == {"A device"} and heard.lines == []
    finally:
        inputs.close()
    assert driver.opened == 0


class Driver:
    """In rtmidi's place: one device on CoreMIDI whose messages wait already."""

    API_LINUX_ALSA, API_UNIX_JACK, API_MACOSX_CORE, API_WINDOWS_MM = 1, 2, 3, 4

    def __init__(self, messages):
        self.waiting = [(list(message), 0.0001) for message in reversed(messages)]
        self.opened = 0

    def get_compiled_api(self):
        return [self.API_MACOSX_CORE]

    def MidiIn(self, api, name, queue_size_limit=1024):
        self.opened += 1
        return self

    def get_ports(self):
        return ["A device"]

    def ignore_types(self, sysex, timing, active_sense):
        pass

    def open_port(self, index, name):
        pass

    def get_message(self):
        return self.waiting.pop() if self.waiting else None

    def close_port(self):
        pass

    def delete(self):
        self.opened -= 1


@jack
def test_a_device_that_is_replugged_is_reopened(inputs, device, heard):
    device.play_until_heard(heard)
    device.unplug()
    inputs.scan()
    assert inputs.names == []
    again = Device()
    try:
        inputs.scan()
        heard.messages.clear()
        again.play_until_heard(heard)
    finally:
        again.unplug()
    assert [line.partition("' ")[2] for line in heard.lines] == [
        "was disconnected. It is reopened when it is back.",
        "is back.",
    ]


@jack
def test_keys_are_released_when_their_device_is_unplugged(device):
    played = Played(patch_of("keys.out voices.events", keys="midi_in", voices=("notes", {"voices": 4, "tail": 0.0})))
    played.connections.open_midi(["tester"])
    try:
        device.send((0x90, 60, 100), (0x90, 64, 100), (0xB0, 64, 127), (0x80, 64, 0))
        end = time.monotonic() + 10
        while sum(played.output_values("voices", "gate", 2)) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert sum(played.output_values("voices", "gate", 2)) == 2
        device.unplug()
        while sum(played.output_values("voices", "gate", 2)) and time.monotonic() < end:
            time.sleep(0.01)
        assert sum(played.output_values("voices", "gate", 2)) == 0
    finally:
        played.connections.close()


@jack
def test_a_device_that_is_plugged_in_later_is_opened_then(jack_dummy, heard):
    inputs = MidiInputs(heard, ["late one"], heard.lines.append)
    inputs.start()
    try:
        [line] = heard.lines
        assert "no MIDI input matches 'late one'" in line
        late = Device("Late one")
        try:
            end = time.monotonic() + 10
            while not inputs.names and time.monotonic() < end:
                time.sleep(0.05)
            late.play_until_heard(heard)
        finally:
            late.unplug()
    finally:
        inputs.close()


@jack
def test_two_devices_of_the_same_name_are_both_opened(inputs, device, heard):
    second = Device()
    try:
        inputs.scan()
        assert len(inputs.names) == 2
        device.send(NOTE)
        heard.wait(1)
        second.send((0x90, 61, 1))
        assert heard.wait(2) == [NOTE, b"\x90\x3d\x01"]
    finally:
        second.unplug()


@jack
def test_other_programs_can_connect_to_a_virtual_port(jack_dummy, heard):
    import rtmidi

    inputs = MidiInputs(heard, [], heard.lines.append, virtual="stage")
    inputs.start()
    sender = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Wirer")
    try:
        [at] = [k for k, name in enumerate(sender.get_ports()) if name.endswith(":stage")]
        sender.open_port(at)
        sender.send_message(NOTE)
        assert heard.wait(1) == [NOTE] and heard.ports == {"stage"}
    finally:
        sender.close_port()
        sender.delete()
        inputs.close()


@jack
def test_outputs_send_to_all_matching_ports_and_survive_their_end(jack_dummy, heard):
    lamp = Device("Lamps", "MidiIn")
    outputs = MidiOutputs(["lamps"], heard.lines.append)
    outputs.start()
    try:
        outputs.send(b"\xb0\x01\x7f")
        end = time.monotonic() + 10
        got = None
        while got is None and time.monotonic() < end:
            got = lamp.midi.get_message()
            time.sleep(0.01)
        assert got is not None and got[0] == [0xB0, 1, 0x7F]
        lamp.unplug()
        outputs.send(b"\xb0\x01\x00")
        outputs.scan()
        assert outputs.names == [] and "was disconnected" in heard.lines[-1]
        outputs.send(b"\xb0\x01\x00")
    finally:
        outputs.close()


@jack
def test_a_failing_receiver_does_not_end_the_reading(device):
    heard = Heard()

    def fails_first(port, message, at):
        heard(port, message, at)
        if len(heard.messages) == 1:
            raise ValueError("oh")

    inputs = MidiInputs(fails_first, ["tester"], heard.lines.append)
    inputs.start()
    try:
        device.send(NOTE, NOTE)
        heard.wait(2)
        assert "oh" in heard.lines[0]
    finally:
        inputs.close()


def test_without_rtmidi_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(MidiError, match=r"pip install 'nodegraph\[midi\]'"):
        MidiInputs(lambda *_: None)


@pytest.mark.needs("rtmidi")
def test_without_a_midi_system_one_line_says_so(monkeypatch):
    monkeypatch.setattr(ports, "_systems", dict)
    with pytest.raises(MidiError, match="no MIDI system is available"):
        ports.inputs()


@pytest.mark.parametrize(
    ("name", "system", "plain"),
    [
        ("nanoKONTROL2:nanoKONTROL2 SLIDER/KNOB 20:0", "ALSA", "nanoKONTROL2:nanoKONTROL2 SLIDER/KNOB"),
        ("nanoKONTROL2 1", "WinMM", "nanoKONTROL2"),
        ("a2j:Launchpad 3 [24]", "JACK", "a2j:Launchpad 3 [24]"),
    ],
)
def test_numbers_that_change_at_a_replug_are_not_part_of_a_name(name, system, plain):
    assert ports.plain_name(name, system) == plain


@pytest.mark.parametrize(
    ("wanted", "port", "fits"),
    [
        ("nano", "nanoKONTROL2:SLIDER", True),
        ("NANO", "nanoKONTROL2:SLIDER", True),
        ("piano", "nanoKONTROL2:SLIDER", False),
        ("all", "nanoKONTROL2:SLIDER", True),
        ("all", "Midi Through:Midi Through Port-0", False),
        ("through", "Midi Through:Midi Through Port-0", True),
        ("all", "nodegraph 17:out", False),
    ],
)
def test_a_port_is_selected_by_a_part_of_its_name(wanted, port, fits):
    assert ports.matches(wanted, port) is fits
