"""MIDI ports on JACK's dummy server: complete messages are delivered, and devices are reopened."""

import itertools
import sys
import threading
import time
from types import ModuleType

import pytest

from nodegraph.midi import ports
from nodegraph.midi.ports import MidiError, MidiInputs, MidiOutputs
from tests.controllers import Played
from tests.rendering import patch_of

jack = pytest.mark.needs("jack", "portaudio", "rtmidi")
NOTE = bytes((0x90, 60, 100))


class Received:
    """The messages and reported lines received from ports."""

    def __init__(self):
        self.messages, self.times, self.ports, self.lines = [], [], set(), []
        self._arrival = threading.Condition()

    def __call__(self, port, message, at):
        with self._arrival:
            self.messages.append(message)
            self.times.append((at, time.perf_counter()))
            self.ports.add(port)
            self._arrival.notify_all()

    def wait(self, count=1, seconds=20.0):
        """Wait for ``count`` messages, and return all messages."""
        with self._arrival:
            assert self._arrival.wait_for(lambda: len(self.messages) >= count, seconds), self.messages[-3:]
        return self.messages


class Device:
    """A port of another program that sends to all connected ports."""

    def __init__(self, name="Tester keys", kind="MidiOut"):
        import rtmidi

        self.midi = getattr(rtmidi, kind)(rtmidi.API_UNIX_JACK, name)
        self.midi.open_virtual_port("port")

    def send(self, *messages):
        for message in messages:
            self.midi.send_message(list(message))

    def play_until_received(self, received):
        """Send a note until it arrives: JACK drops messages if a program misses a cycle."""
        for _ in range(20):
            self.send(NOTE)
            end = time.monotonic() + 0.5
            while not received.messages and time.monotonic() < end:
                time.sleep(0.01)
            if received.messages:
                return
        raise AssertionError("no message was received")

    def unplug(self):
        if self.midi is not None:
            self.midi.close_port()
            self.midi.delete()
            self.midi = None


@pytest.fixture
def device(jack_dummy):
    device = Device()
    yield device
    device.unplug()


@pytest.fixture
def received():
    return Received()


@pytest.fixture
def inputs(device, received):
    """Inputs that are connected to the device."""
    inputs = MidiInputs(received, ["tester"], received.lines.append)
    inputs.start()
    yield inputs
    inputs.close()


@jack
def test_ports_are_listed_without_those_of_this_process(inputs):
    assert [port.name for port in ports.inputs()] == ["Tester keys:port"]
    assert inputs.names == ["Tester keys:port"]
    assert {port.system for port in ports.outputs()} <= {"JACK"}


@jack
def test_messages_arrive_complete_in_order_and_with_their_time(inputs, device, received):
    began = time.perf_counter()
    device.send(NOTE, (0xB0, 1, 2), (0xC0, 5), (0xF8,), (0x80, 60, 0))
    assert received.wait(5) == [NOTE, b"\xb0\x01\x02", b"\xc0\x05", b"\xf8", b"\x80\x3c\x00"]
    assert received.ports == {"Tester keys:port"}
    for stamped, received_at in received.times:
        assert began <= stamped <= received_at


@jack
def test_running_status_and_split_messages_are_completed(inputs, device, received):
    device.send((0x90, 60, 100), (62, 90), (64,), (80,), (0x80, 60), (0xF8,), (0,))
    expected = [(0x90, 60, 100), (0x90, 62, 90), (0x90, 64, 80), (0xF8,), (0x80, 60, 0)]
    assert received.wait(5) == [bytes(message) for message in expected]


@jack
@pytest.mark.parametrize("cut", [(0xF0, 1, 2), (0xF0,), (0x90, 61), (0xB0,), (0xF2, 1), (0xF7,), (0xF4, 1)])
def test_incomplete_message_does_not_affect_other_messages(inputs, device, received, cut):
    device.send(NOTE, cut, (0x91, 62, 90), (0xB1, 7, 1))
    while received.wait(3)[-1] != b"\xb1\x07\x01":
        time.sleep(0.01)
    assert channel_messages(received) == [NOTE, b"\x91\x3e\x5a", b"\xb1\x07\x01"]


@jack
def test_incomplete_message_is_reported_in_one_line(inputs, device, received):
    device.send((0x90, 61), (0xB1, 7, 1))
    received.wait(1)
    time.sleep(0.1)
    [line] = received.lines
    assert "Tester keys:port" in line and "interrupted by b1" in line and len(line.splitlines()) == 1


def channel_messages(received):
    """Return the received channel messages."""
    return [message for message in list(received.messages) if message[0] < 0xF0]


def all_arrive(received, send, expected, attempts=5):
    """Return whether all messages arrive in one of several attempts, as JACK drops some if a program misses a cycle."""
    for _ in range(attempts):
        time.sleep(0.1)
        received.messages.clear()
        send()
        end = time.monotonic() + 3
        while len(found := channel_messages(received)) < len(expected) and time.monotonic() < end:
            time.sleep(0.02)
        if found == expected:
            return True
    return False


@jack
def test_no_message_is_lost_in_a_flood_of_sysex(inputs, device, received):
    flood = bytes((0xF0, *[k % 128 for k in range(1000)], 0xF7))
    notes = [bytes((0x90, key, 100)) for key in range(60)]

    def send():
        for note in notes:
            device.send(flood, note)
            time.sleep(0.002)

    assert all_arrive(received, send, notes)


@jack
def test_twenty_thousand_events_a_second_arrive_in_order(inputs, device, received):
    events = [bytes((0xB0 + k % 16, k // 16 % 128, k % 128)) for k in range(4000)]

    def send():
        for first in range(0, len(events), 100):
            device.send(*events[first : first + 100])
            time.sleep(0.005)

    assert all_arrive(received, send, events)
    assert received.lines == []


def test_all_messages_in_a_driver_queue_are_read(monkeypatch, received):
    events = [bytes((0xB0 + k % 16, k // 16 % 128, k % 128)) for k in range(60_000)]
    driver = Driver(events)
    monkeypatch.setitem(sys.modules, "rtmidi", driver)
    inputs = MidiInputs(received, ["device"], received.lines.append)
    inputs.start()
    try:
        assert received.wait(len(events)) == events
        assert received.ports == {"A device"} and received.lines == []
    finally:
        inputs.close()
    assert driver.opened == 0


class Driver:
    """A replacement for rtmidi: one CoreMIDI device whose messages are already in its queue."""

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


def test_no_jack_port_is_closed_soon_after_a_change_of_the_graph(monkeypatch, received):
    driver = JackDriver([])
    monkeypatch.setitem(sys.modules, "rtmidi", driver)
    inputs = MidiInputs(received, ["device"], received.lines.append)
    inputs.start()
    inputs.close()
    closed = [later - earlier for (earlier, _), (later, act) in itertools.pairwise(driver.changes) if act == "close"]
    assert len(closed) == 2 and min(closed) >= ports.JACK_SETTLE
    assert time.monotonic() - driver.changes[-1][0] >= ports.JACK_SETTLE


class JackDriver(Driver):
    """A replacement for rtmidi: one JACK device; it records when ports are opened and closed."""

    def __init__(self, messages):
        super().__init__(messages)
        self.changes = []

    def get_compiled_api(self):
        return [self.API_UNIX_JACK]

    def MidiOut(self, api, name):
        return self

    def get_ports(self):
        return ["A device", f"{ports.CLIENT}:A device"]

    def open_port(self, index, name):
        self.changes.append((time.monotonic(), "open"))

    def close_port(self):
        self.changes.append((time.monotonic(), "close"))

    def send_message(self, message):
        pass


@jack
def test_replugged_device_is_reopened(inputs, device, received):
    device.play_until_received(received)
    device.unplug()
    inputs.scan()
    assert inputs.names == []
    again = Device()
    try:
        inputs.scan()
        received.messages.clear()
        again.play_until_received(received)
    finally:
        again.unplug()
    assert [line.partition("' ")[2] for line in received.lines] == [
        "disconnected. It will be reopened when it is plugged in again.",
        "reconnected.",
    ]


@jack
def test_keys_of_an_unplugged_device_are_released(device):
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
def test_device_plugged_in_later_is_opened(jack_dummy, received):
    inputs = MidiInputs(received, ["late one"], received.lines.append)
    inputs.start()
    try:
        [line] = received.lines
        assert "no MIDI input matches 'late one'" in line
        late = Device("Late one")
        try:
            end = time.monotonic() + 10
            while not inputs.names and time.monotonic() < end:
                time.sleep(0.05)
            late.play_until_received(received)
        finally:
            late.unplug()
    finally:
        inputs.close()


@jack
def test_two_devices_of_the_same_name_are_opened(inputs, device, received):
    second = Device()
    try:
        inputs.scan()
        assert len(inputs.names) == 2
        device.send(NOTE)
        received.wait(1)
        second.send((0x90, 61, 1))
        assert received.wait(2) == [NOTE, b"\x90\x3d\x01"]
    finally:
        second.unplug()


@jack
def test_other_programs_can_connect_to_a_virtual_port(jack_dummy, received):
    import rtmidi

    inputs = MidiInputs(received, [], received.lines.append, virtual="stage")
    inputs.start()
    sender = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Wirer")
    try:
        [at] = [k for k, name in enumerate(sender.get_ports()) if name.endswith(":stage")]
        sender.open_port(at)
        sender.send_message(NOTE)
        assert received.wait(1) == [NOTE] and received.ports == {"stage"}
    finally:
        sender.close_port()
        sender.delete()
        inputs.close()


@jack
def test_outputs_send_to_matching_ports_also_after_a_disconnect(jack_dummy, received):
    lamp = Device("Lamps", "MidiIn")
    outputs = MidiOutputs(["lamps"], received.lines.append)
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
        assert outputs.names == [] and "' disconnected. It will be reopened" in received.lines[-1]
        outputs.send(b"\xb0\x01\x00")
    finally:
        outputs.close()


@jack
def test_failing_receiver_does_not_stop_the_reader(device):
    received = Received()

    def fail_at_first(port, message, at):
        received(port, message, at)
        if len(received.messages) == 1:
            raise ValueError("oh")

    inputs = MidiInputs(fail_at_first, ["tester"], received.lines.append)
    inputs.start()
    try:
        device.send(NOTE, NOTE)
        received.wait(2)
        assert "oh" in received.lines[0]
    finally:
        inputs.close()


class Rtmidi2Device:
    """A replacement for the classes of rtmidi2: one device, whose messages are already in its queue."""

    ports = ("A device",)

    def __init__(self, client, *arguments):
        self.waiting, self.sent, self.deltatime = [[0x90, 60, 100], [0x80, 60, 0]], [], 0.0001
        Rtmidi2Device.last = self

    def ignore_types(self, midi_sysex=True, midi_time=True, midi_sense=True):
        assert (midi_sysex, midi_time, midi_sense) == (True, False, True)

    def open_port(self, port=0):
        assert port == 0

    def get_message(self):
        return self.waiting.pop(0) if self.waiting else None

    def send_raw(self, *data):
        self.sent.append(data)

    def close_port(self):
        pass


@pytest.fixture
def only_rtmidi2(monkeypatch):
    """A module rtmidi2 with one device, and no python-rtmidi, on macOS."""
    driver = ModuleType("rtmidi2")
    driver.__dict__.update(API_LINUX_ALSA=2, API_UNIX_JACK=3, API_MACOSX_CORE=1, API_WINDOWS_MM=4)
    driver.MidiIn = driver.MidiOut = Rtmidi2Device
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    monkeypatch.setitem(sys.modules, "rtmidi2", driver)
    monkeypatch.setattr(sys, "platform", "darwin")


def test_rtmidi2_receives_and_sends_without_python_rtmidi(only_rtmidi2, received):
    inputs = MidiInputs(received, ["device"], received.lines.append)
    inputs.start()
    try:
        assert received.wait(2) == [NOTE, b"\x80\x3c\x00"]
        assert received.ports == {"A device"} and received.lines == []
    finally:
        inputs.close()
    outputs = MidiOutputs(["device"])
    outputs.scan()
    outputs.send(NOTE)
    assert Rtmidi2Device.last.sent == [tuple(NOTE)]
    outputs.close()


def test_missing_rtmidi_raises_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    monkeypatch.setitem(sys.modules, "rtmidi2", None)
    with pytest.raises(MidiError, match=r"pip install 'nodegraph\[midi\]'"):
        MidiInputs(lambda *_: None)


@pytest.mark.needs("rtmidi")
def test_missing_midi_system_raises_one_line(monkeypatch):
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
def test_plain_name_omits_numbers_that_change_at_a_replug(name, system, plain):
    assert ports.plain_name(name, system) == plain


@pytest.mark.parametrize(
    ("name_filter", "port", "expected"),
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
def test_ports_match_by_substring(name_filter, port, expected):
    assert ports.matches(name_filter, port) is expected
