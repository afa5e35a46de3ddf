"""OSC server: addresses of parameters, invalid and hostile input, queries, sent changes."""

import socket
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from nodegraph.control.osc import OscError, OscServer, addresses
from nodegraph.patch import AddNode, Patch, SetControl
from nodegraph.patch.nested import data_of
from tests.controllers import QUANTUM, Played
from tests.rendering import patch_of


def message(address, *arguments):
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build()


def bundle(at, *messages):
    builder = OscBundleBuilder(at)
    for content in messages:
        builder.add_content(content)
    return builder.build().dgram


class Osc(Played):
    """A patch with an OSC server; messages are received directly or through a socket."""

    def __init__(self, patch, **options):
        super().__init__(patch)
        self.connections.open_osc(0, **options)
        self.server = self.connections.osc

    def receive(self, address, *arguments):
        self.server.on_datagram(message(address, *arguments).dgram)

    def line(self):
        """Return the only notice."""
        lines = self.connections.update()
        assert len(lines) == 1, lines
        return lines[0]


@pytest.fixture
def played():
    patch = patch_of(
        "osc.out meter.audio",
        **{"lange Leitung": ("constant", {"value": 1.0})},
        osc=("sine", {"frequency": 220.0}),
        trio=("constant", {"value": [1.0, 2.0, 3.0]}),
        knob=("knob", {"taper": "linear"}),
        bank=("latent_source", {"units": 4}),
        meter="meter",
    )
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 10000.0, "log"))
    found = Osc(patch)
    yield found
    found.connections.close()


@pytest.fixture
def listener():
    """A bound UDP socket."""
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.bind(("127.0.0.1", 0))
    found.settimeout(5.0)
    yield found
    found.close()


def received(listener):
    """Return the next message at a socket: address and arguments."""
    [timed] = OscPacket(listener.recv(65536)).messages
    return timed.message.address, list(timed.message)


# -- in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "arguments", "end", "value"),
    [
        ("/osc/frequency", [330.0], "osc.frequency", 330.0),
        ("/osc/frequency", [330], "osc.frequency", 330.0),
        ("/osc/amplitude", [True], "osc.amplitude", 1.0),
        ("/control/pitch", [440.0], "osc.frequency", 440.0),
        ("/control/pitch/position", [0.5], "osc.frequency", 1000.0),
        ("/trio/value", [7.0], "trio.value", [7.0, 7.0, 7.0]),
        ("/trio/value", [4.0, 5.0, 6.0], "trio.value", [4.0, 5.0, 6.0]),
        ("/trio/value/1", [9.0], "trio.value", [1.0, 9.0, 3.0]),
        ("/bank/gain/2", [0.5], "bank.gain", [0.0, 0.0, 0.5, 0.0]),
        ("/lange%20Leitung/value", [2.0], "lange Leitung.value", 2.0),
        ("/knob/taper", ["log"], "knob.taper", "log"),
        ("/knob/low", [0.25], "knob.low", 0.25),
        ("/knob/label", ["cutoff"], "knob.label", "cutoff"),
        ("/bank/units", [8], "bank.units", 8),
        ("/o*/freq*", [330.0], "osc.frequency", 330.0),
        ("/{osc,other}/[a-f]requency", [330.0], "osc.frequency", 330.0),
    ],
)
def test_address_sets_its_parameter(played, address, arguments, end, value):
    played.receive(address, *arguments)
    assert played.param(end) == pytest.approx(value)
    assert played.lines == []


def test_parameters_in_subpatches_have_addresses(listener):
    inside = Patch()
    inside.add("inlet", "pitch", value=3.0)
    inside.add("constant", "osc", value=1.0)
    inside.add("outlet", "out")
    inside.connect("pitch.out", "osc.value")
    inside.connect("osc.out", "out.in")
    patch = patch_of(plain="constant")
    patch.do(AddNode("voice", "subpatch", patch=data_of(inside.document)))
    played = Osc(patch)
    try:
        known = list(addresses(patch.document))
        assert "/voice/pitch" in known and "/voice/osc/value" in known and "/voice/voices" in known
        played.server.on_datagram(message("/voice/pitch").dgram, listener.getsockname())
        assert received(listener) == ("/voice/pitch", [3.0])
        played.receive("/voice/pitch", 7.0)
        assert played.output_values("voice") == [7.0]
        assert played.param("voice.pitch") == 7.0
        played.receive("/voice/osc/value", 5.0)
        assert played.connections.update() == []
        assert patch.document.nested(("voice",)).nodes["osc"].params["value"] == 5.0
    finally:
        played.connections.close()


def test_message_takes_effect_immediately(played):
    played.receive("/trio/value/1", 9.0)
    assert played.output_values("trio") == [1.0, 9.0, 3.0]


def test_all_addresses_of_a_patch_answer_queries(played, listener):
    for address in addresses(played.patch.document):
        played.server.on_datagram(message(address).dgram, listener.getsockname())
        answered, arguments = received(listener)
        assert answered == address and len(arguments) >= 1
    assert played.connections.update() == []


def test_message_without_arguments_is_a_query(played, listener):
    for address, arguments in (
        ("/osc/frequency", [220.0]),
        ("/trio/value", [1.0, 2.0, 3.0]),
        ("/knob/taper", ["linear"]),
    ):
        played.server.on_datagram(message(address).dgram, listener.getsockname())
        assert received(listener) == (address, arguments)


@pytest.mark.parametrize(
    ("address", "arguments", "expected"),
    [
        ("/osc/frequency", ["high"], "arguments must be finite numbers, got 'high'"),
        ("/osc/frequency", [float("nan")], "arguments must be finite numbers, got 'nan'"),
        ("/osc/frequency", [b"\0\1"], "arguments must be finite numbers, got a bytes"),
        ("/osc/frequency", [1.0, 2.0], "osc.frequency has 1 value."),
        ("/osc/frequency", [-3.0], "got -3; set to 0.01."),
        ("/osc/frequncy", [1.0], "Did you mean 'frequency'"),
        ("/osk/frequency", [1.0], "Did you mean 'osc'"),
        ("/osc", [1.0], "incomplete address. Use /node/port"),
        ("/osc/frequency/0/1", [1.0], "not a subpatch"),
        ("/osc/frequency/x", [1.0], "not a subpatch"),
        ("/trio/value/3", [1.0], "trio.value has 3 values."),
        ("/trio/value", [1.0, 2.0], "trio.value has 3 values."),
        ("/control/pich", [1.0], "Did you mean 'pitch'"),
        ("/control/pitch/speed", [1.0], "unknown part of a control. Use /control/name or /control/name/position"),
        ("/knob/taper", ["bent"], "one of linear, log, got 'bent'"),
        ("/knob/taper", ["log", "log"], "takes one value, got 2"),
        ("/knob/label", [1.0], "label must be text, got 1.0"),
        ("/bank/units", [0], "units must lie in 1–4096, got 0; set to 1."),
        ("/nothing*", [1.0], "no match in this patch"),
        ("/osc/[freq", [1.0], "Close its brackets"),
        ("/", [1.0], "incomplete address. Use /node/port"),
    ],
)
def test_invalid_message_is_reported_in_one_line(played, address, arguments, expected):
    before = played.patch.document
    played.receive(address, *arguments)
    line = played.line()
    assert expected in line and len(line.splitlines()) == 1
    if "set to" not in expected:
        assert played.patch.document is before


def test_bundle_is_applied_at_its_time(played):
    played.server.on_datagram(bundle(IMMEDIATELY, message("/trio/value", 5.0), message("/osc/frequency", 100.0)))
    assert played.param("trio.value") == [5.0, 5.0, 5.0] and played.param("osc.frequency") == 100.0
    played.server.on_datagram(bundle(time.time() + 0.5, message("/trio/value", 8.0)))
    played.connections.update()
    assert played.output_values("trio", quanta=300) == [5.0, 5.0, 5.0]
    assert played.param("trio.value") == [5.0, 5.0, 5.0]
    assert played.output_values("trio", quanta=100) == [8.0, 8.0, 8.0]
    assert played.param("trio.value") == [8.0, 8.0, 8.0]


def test_array_sets_one_lane_each(played):
    data = b"/trio/value\0,[fff]\0\0" + struct.pack(">fff", 4.0, 5.0, 6.0)
    played.server.on_datagram(data)
    assert played.param("trio.value") == [4.0, 5.0, 6.0] and played.lines == []


def test_impulse_presses_a_button():
    played = Osc(patch_of(button="button"))
    try:
        assert played.output_values("button") == [0.0]
        played.server.on_datagram(b"/button/pressed\0,I\0\0")
        assert played.output_values("button", quanta=5) == [1.0]
        assert played.output_values("button", quanta=100) == [0.0]
        assert played.connections.update() == []
    finally:
        played.connections.close()


@pytest.mark.parametrize("tags", [b",I", b",S", b",q", b"ff"])
def test_invalid_message_of_a_bundle_does_not_affect_the_others(played, tags):
    odd = b"/knob/taper\0" + tags + b"\0" * (4 - len(tags) % 4)
    good = message("/osc/frequency", 330.0).dgram
    parts = b"".join(struct.pack(">i", len(part)) + part for part in (odd, good))
    played.server.on_datagram(b"#bundle\0" + struct.pack(">II", 0, 1) + parts)
    played.line()
    assert played.param("osc.frequency") == 330.0


def test_bundle_of_the_far_future_does_not_stop_other_messages(played):
    played.server.on_datagram(bundle(time.time() + 3600, message("/osc/frequency", 500.0)))
    for k in range(20_000):
        played.receive("/osc/frequency", 300.0 + k % 50)
        if k % 1000 == 0:
            played.output_values("osc", quanta=1)
    assert played.connections.update() == []
    assert played.param("osc.frequency") == 349.0


def test_bundle_of_the_future_is_applied_at_its_time(played):
    start = played.engine.clock
    played.server.on_datagram(bundle(time.time() + 3.0, message("/trio/value", 8.0)))
    while played.param("trio.value") != [8.0] * 3 and played.engine.clock < start + 5.0 * played.engine.rate:
        late = played.output_values("trio", quanta=10)
    assert (played.engine.clock - start) / played.engine.rate == pytest.approx(3.0, abs=0.1)
    assert late == pytest.approx([8.0] * 3)


# -- hostile ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 8,
        b"/osc/frequency",
        b"/osc/frequency\0\0,f\0\0",
        b"/osc/frequency\0\0,f\0\0\0\0",
        b"#bundle\0" + b"\xff" * 12,
        b"#bundle\0" + b"\0" * 7 + b"\1" + struct.pack(">i", -4),
        b"/\xff\xfe\0,f\0\0\0\0\0\0",
        b"/osc/frequency\0\0,[[[[f\0\0\0\0\0\0",
        b"/osc/frequency\0\0,S\0\0abc\0",
        b"/osc/frequency\0\0,]f\0\0\0\0\0",
        b"/osc/frequency\0\0,b\0\0\xff\xff\xff\xf0",
        b"A" * 60000,
    ],
)
def test_invalid_packet_is_reported_in_one_line(played, capfd, data):
    before = played.patch.document
    played.server.on_datagram(data, ("10.0.0.7", 9))
    assert "10.0.0.7" in played.line()
    assert played.patch.document is before and capfd.readouterr().err == ""


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda data: b"#bundle\0" + data))
def test_server_survives_any_bytes(data):
    played = fuzzed
    played.server.on_datagram(data)
    played.server.on_datagram(message("/osc/frequency", 330.0).dgram)
    assert all(len(line.splitlines()) <= 1 for line in played.connections.update())
    assert played.param("osc.frequency") == 330.0


@pytest.fixture(autouse=True, scope="module")
def fuzzed_server():
    global fuzzed
    fuzzed = Osc(patch_of(osc="sine"))
    yield
    fuzzed.connections.close()


def test_many_invalid_messages_cause_few_notices(played):
    for k in range(20_000):
        played.receive(f"/unknown{k}/value", float(k))
    lines = played.connections.update()
    assert 1 <= len(lines) <= 12
    assert "more" in lines[-1]
    assert played.connections.update() == []


def test_many_messages_leave_the_last_value(played):
    for k in range(20_000):
        played.receive("/trio/value", float(k))
        if k % 500 == 0:
            played.engine.run_samples(QUANTUM)
    assert played.param("trio.value") == [19999.0] * 3
    assert played.output_values("trio") == [19999.0] * 3


# -- the network -----------------------------------------------------------------------------------------------


def test_server_uses_loopback_and_answers(played, listener):
    assert played.server.host == "127.0.0.1"
    listener.sendto(message("/osc/frequency", 330.0).dgram, ("127.0.0.1", played.server.port))
    listener.sendto(message("/osc/frequency").dgram, ("127.0.0.1", played.server.port))
    assert received(listener) == ("/osc/frequency", [330.0])


def test_unavailable_port_and_address_are_reported_in_one_line(played):
    for port, host, expected in (
        (played.server.port, "127.0.0.1", "Choose another port"),
        (0, "192.0.2.1", "Choose another port"),
        (0, "no.such.host.invalid", "not an address of this machine"),
    ):
        with pytest.raises(OscError, match=expected) as error:
            OscServer(played.connections.parameter_changes, port, host)
        assert len(str(error.value).splitlines()) == 1
    with pytest.raises(OscError, match=r"peer 'no\.such\.host\.invalid:9' not found"):
        OscServer(played.connections.parameter_changes, 0, send_to=("no.such.host.invalid", 9))


def test_missing_python_osc_is_reported_with_the_install_command(played, monkeypatch):
    import sys

    for name in [name for name in sys.modules if name.startswith("pythonosc")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pythonosc", None)
    with pytest.raises(OscError, match=r"pip install 'nodegraph\[osc\]'"):
        OscServer(played.connections.parameter_changes, 0)


# -- out -------------------------------------------------------------------------------------------------------


def test_changes_controls_and_meter_levels_are_sent(listener):
    patch = patch_of("osc.out meter.audio", osc=("sine", {"frequency": 220.0, "amplitude": 1.0}), meter="meter")
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 10000.0, "log"))
    played = Osc(patch, send_to=listener.getsockname())
    try:
        played.connections.update()
        first = drained(listener)
        assert first["/osc/frequency"] == [220.0] and first["/control/pitch"] == [220.0]
        played.connections.update()
        assert drained(listener) == {}
        patch.set("osc.frequency", 440.0)
        played.output_values("meter", "rms", quanta=1500)
        played.connections.update()
        found = drained(listener)
        assert found["/osc/frequency"] == found["/control/pitch"] == [440.0]
        assert found["/meter/meter/rms"] == pytest.approx([2**-0.5], abs=0.01)
        assert "/osc/amplitude" not in found
    finally:
        played.connections.close()


def drained(listener):
    """Return all waiting messages, by address."""
    found = {}
    listener.settimeout(0.2)
    try:
        while True:
            address, arguments = received(listener)
            found[address] = arguments
    except TimeoutError:
        return found
