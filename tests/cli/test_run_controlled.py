"""``nodegraph run`` with external control: MIDI, controllers, OSC, MIDI learn."""

import os
import pty
import re
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from nodegraph import Patch

PORT_NAME = "nanoKONTROL2 SLIDER/KNOB"


@pytest.fixture
def bank(tmp_path):
    """``bank.json``: a gain bank of 32 units, and a beep through the switch."""
    patch = Patch()
    patch.add("latent_source", "bank", units=32, gain=1.0)
    patch.add("sine", "osc", frequency=441.0, amplitude=0.5)
    patch.add("resynthesis_switch", "switch")
    patch.add("audio_out", "out")
    patch.connect("osc.out", "switch.original")
    patch.connect("switch.out", "out.audio")
    patch.save(tmp_path / "bank.json")
    return patch


class Terminal:
    """A ``run`` in a pseudo-terminal, with its output."""

    def __init__(self, folder, *arguments, columns=100):
        master, slave = pty.openpty()
        size = struct.pack("HHHH", 40, columns, 0, 0)
        import fcntl
        import termios

        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        command = [sys.executable, "-m", "nodegraph", "run", *arguments]
        self.process = subprocess.Popen(command, cwd=folder, stdout=slave, stderr=slave, stdin=slave)
        os.close(slave)
        self._master, self._read = master, b""
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self):
        while True:
            try:
                data = os.read(self._master, 4096)
            except OSError:
                return
            if not data:
                return
            self._read += data

    @property
    def text(self):
        """The output without escape sequences."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._read.decode(errors="replace"))

    def wait_for(self, words, seconds=60.0):
        end = time.monotonic() + seconds
        while words not in self.text and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.05)
        assert words in self.text, self.text[-3000:]


FIGURE_3 = """
24 1.00000 2.00000 2.00000
25 1.00000 1.00000 0.00000 M
26 0.26772 1.00000 0.26772
27 1.00000 1.59055 1.59055
28 1.00000 1.96850 1.96850
29 1.00000 0.51969 0.51969
30 0.68504 0.69291 0.00000 M
31 0.78740 1.00000 0.78740
"""
INPUTS = [(16, 127), (49, 127), (2, 34), (19, 101), (20, 125), (21, 33), (6, 87), (22, 44), (54, 127), (7, 100)]


@pytest.mark.needs("jack", "portaudio", "rtmidi")
def test_nanokontrol2_plays_the_bank_and_the_terminal_shows_figure_3(bank, tmp_path, jack_dummy):
    import rtmidi

    nano = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "nanoKONTROL2")
    nano.open_virtual_port(PORT_NAME)
    try:
        terminal = Terminal(tmp_path, "bank.json", "--null", "--controller", "nanokontrol2", "--seconds", "60")
        terminal.wait_for("Queued Track: Resynthesized")
        for number, value in [(59, 127), (59, 0)] * 3 + INPUTS + [(44, 127)]:
            nano.send_message((0xB0, number, value))
        terminal.wait_for("Queued Track: Original")
        table = terminal.text[terminal.text.rindex("Neuron") :]
        for row in FIGURE_3.strip().splitlines():
            assert row.split() in [line.split() for line in table.splitlines()]
        nano.send_message((0xB0, 46, 127))
        assert terminal.process.wait(timeout=20) == 0
        terminal.wait_for("callbacks", 5.0)
    finally:
        nano.close_port()
        nano.delete()


@pytest.mark.needs("jack", "portaudio", "rtmidi")
def test_learned_binding_is_saved(bank, tmp_path, jack_dummy):
    import rtmidi

    keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Keys of the test")
    keys.open_virtual_port("out")
    try:
        terminal = Terminal(tmp_path, "bank.json", "--null", "--midi", "keys of", "--learn", "osc.frequency", "-s", "4")
        terminal.wait_for("playing bank.json")
        while terminal.process.poll() is None and "sets osc.frequency" not in terminal.text:
            keys.send_message((0xB0, 74, 64))
            time.sleep(0.05)
        terminal.process.wait(timeout=30)
        assert "CC 74, channel 1 of 'Keys of the test:out' sets osc.frequency." in terminal.text
        assert "saved the learned bindings in bank.json" in terminal.text
    finally:
        keys.close_port()
        keys.delete()
    [control] = Patch.load(tmp_path / "bank.json").document.controls.values()
    assert control.target == "osc.frequency" and control.midi.number == 74
    assert Patch.load(tmp_path / "bank.json").document.nodes["osc"].params["frequency"] == 441.0


def test_osc_sets_parameters_and_answers_queries(bank, tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind(("127.0.0.1", 0))
    client.settimeout(0.3)
    builder = OscMessageBuilder("/osc/amplitude")
    query = builder.build().dgram
    builder.add_arg(0.25)
    command = [sys.executable, "-m", "nodegraph", "run", "bank.json", "--null", "--osc", str(port), "-s", "120"]
    errors = tmp_path / "errors.txt"

    def ignored():
        return [line for line in errors.read_text().splitlines() if "OSC" in line and "ignored" in line]

    with open(errors, "w") as output:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=output, text=True)
    try:
        answer = b""
        end = time.monotonic() + 60
        while b"/osc/amplitude" not in answer and time.monotonic() < end and process.poll() is None:
            client.sendto(builder.build().dgram, ("127.0.0.1", port))
            client.sendto(query, ("127.0.0.1", port))
            try:
                answer = client.recv(1000)
            except (TimeoutError, ConnectionRefusedError):
                continue
        assert answer.endswith(struct.pack(">f", 0.25))
        client.sendto(b"nonsense", ("127.0.0.1", port))
        while not ignored() and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        process.terminate()
        process.communicate(timeout=30)
        client.close()
    assert process.returncode == 0
    assert ignored()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--controller", "nanokontrol"], 1, "Did you mean 'nanokontrol2'"),
        (["--controller", "here.toml"], 1, "here.toml: cannot be read (No such file"),
        (["--learn", "osc.frequncy", "--midi", "all"], 1, "Did you mean 'frequency'"),
        (["--osc", "70000"], 2, "--osc"),
        (["--osc-send", "somewhere"], 2, "HOST:PORT"),
        (["--osc", "0", "--osc-host", "192.0.2.1"], 1, "Choose another port"),
    ],
)
def test_invalid_input_is_reported_in_one_line(cli, bank, arguments, status, words):
    outcome = cli("run", "bank.json", "--null", "-s", 0.1, *arguments)
    assert outcome.status == status and words in outcome.line


def test_missing_midi_is_reported_in_one_line(cli, bank, monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    monkeypatch.setitem(sys.modules, "rtmidi2", None)
    outcome = cli("run", "bank.json", "--null", "-s", 0.1, "--midi", "all")
    assert outcome.status == 1 and "pip install 'nodegraph[midi]'" in outcome.line


@pytest.mark.needs("jack", "portaudio", "rtmidi")
def test_devices_lists_midi_ports(cli, jack_dummy):
    import rtmidi

    keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "Keys of the test")
    keys.open_virtual_port("out")
    try:
        outcome = cli("devices")
        assert outcome.status == 0 and "Keys of the test:out" in outcome.out
        kinds = {found["kind"] for found in cli("devices", "--json").json}
        assert {"sound", "MIDI input"} <= kinds
    finally:
        keys.close_port()
        keys.delete()
