"""A nanoKONTROL2 on patches with a gain bank: effect on the output, the table and the document."""

import numpy as np
import pytest

from nodegraph.control.connections import Connections
from nodegraph.control.controllers import find_controller, is_port_of
from nodegraph.control.gain_bank import GainBankController, SurfaceTargets, targets
from nodegraph.control.midi_learn import controller_input_of
from nodegraph.control.surface import rows, track
from nodegraph.files.sound_output import write_sound
from nodegraph.node import In, Node, Option, Out
from tests.controllers import Played
from tests.rendering import patch_of

NANO = find_controller("nanokontrol2")
PORT = "nanoKONTROL2:nanoKONTROL2 SLIDER/KNOB"


class Units(Node):
    """Outputs the factor of each unit of a bank, one lane per unit."""

    gain = In(1.0, min=0.0, max=1.0, bank="units", doc="of each unit")
    scale = In(1.0, min=0.0, max=2.0, bank="units", doc="of each unit")
    mute = In(0.0, min=0.0, max=1.0, smooth=False, bank="units", doc="of each unit")
    units = Option(20, min=1, max=64, doc="how many")
    out = Out(doc="units as lanes")

    def block(gain, scale, mute, gain_size, out):
        for i in range(out.shape[0]):
            for k in range(gain_size):
                out[i, k] = gain[i, k] * scale[i, k] * (0.0 if mute[i, k] > 0.5 else 1.0)

    def lanes(inputs, settings):
        return {"out": settings["units"]}


@pytest.fixture
def played(monkeypatch, tmp_path):
    from nodegraph.blocks.registry import node_types

    monkeypatch.setitem(node_types(), "units", Units)
    write_sound(tmp_path / "steps.wav", np.arange(44100, dtype=np.float32)[:, None] / 44100, 44100)
    patch = patch_of(
        "player.out switch.original",
        "silence.out switch.resynthesised",
        "switch.out out.audio",
        bank="units",
        player=("file_player", {"file": "steps.wav"}),
        silence=("constant", {"value": -1.0}),
        switch="resynthesis_switch",
        out="audio_out",
    )
    patch.save(tmp_path / "bank.json")
    return Played(patch, NANO)


def press(played, *numbers):
    """Press and release buttons."""
    for number in numbers:
        played.control(number, 127, PORT)
        played.control(number, 0, PORT)


def table(played):
    return rows(played.connections.player.surface)


def test_faders_knobs_and_mutes_change_output_table_and_document(played):
    played.control(2, 34, PORT)
    played.control(19, 101, PORT)
    press(played, 49)
    expected = [1.0, 0.0, 34 / 127, 2 * 101 / 127, *[1.0] * 16]
    assert played.output_values("bank") == pytest.approx(expected, abs=1e-6)
    assert table(played)[1] == ("1", "1.00000", "1.00000", "0.00000", "M")
    assert table(played)[3] == ("3", "1.00000", "1.59055", "1.59055", "")
    assert played.param("bank.gain") == [1.0, 1.0, 34 / 127, *[1.0] * 17]
    assert played.param("bank.scale")[3] == 202 / 127 and played.param("bank.mute")[1] == 1.0


def test_banks_of_eight_units_wrap(played):
    press(played, 59, 59)
    played.control(3, 0, PORT)
    played.control(4, 0, PORT)  # there is no unit 20
    assert played.output_values("bank") == [1.0] * 19 + [0.0]
    assert [row[0] for row in table(played)] == ["16", "17", "18", "19"]
    press(played, 59)
    assert table(played)[0][0] == "0"
    press(played, 58)
    assert table(played)[0][0] == "16"


def test_set_mutes_and_record_resets_all_units(played):
    played.control(0, 10, PORT)
    press(played, 60)
    assert played.output_values("bank") == [0.0] * 20
    press(played, 65)
    assert played.output_values("bank") == [0.0, 1.0] + [0.0] * 18
    press(played, 45)
    assert played.output_values("bank") == [1.0] * 20
    assert played.param("bank.gain") == [1.0] * 20


def test_rewind_and_forward_switch_between_original_and_resynthesis(played):
    assert track(played.connections.player.surface).endswith("Resynthesized")
    assert played.output_values("switch") == [-1.0]
    press(played, 43)
    assert track(played.connections.player.surface).endswith("Original")
    assert played.output_values("switch")[0] > 0.0 and played.param("switch.resynthesis") == 0.0
    press(played, 44)
    assert played.output_values("switch") == [-1.0]


def test_play_pauses_and_stop_rewinds_the_player(played):
    playing = played.output_values("player", quanta=10)[0]
    assert played.output_values("player", quanta=10)[0] - playing == pytest.approx(640 / 44100, rel=1e-3)
    press(played, 41)
    assert played.output_values("player", quanta=6) == [0.0]  # after a fade of 5 ms
    assert played.param("player.play") == 0.0
    press(played, 41)
    assert played.output_values("player", quanta=5)[0] > playing
    press(played, 42)
    assert played.output_values("player", quanta=60) == [0.0]
    press(played, 41)
    assert played.output_values("player", quanta=10)[0] == pytest.approx(639 / 44100, abs=2e-4)
    assert "restart" not in played.patch.document.nodes["player"].params


def test_cycle_quits_and_elements_without_function_do_nothing(played):
    before = played.patch.document
    press(played, *range(32, 40), 61, 62, 100)
    played.connections.update()
    assert played.patch.document is before and not played.connections.quit_requested
    press(played, 46)
    assert played.connections.quit_requested


def test_fast_moves_of_all_faders_are_one_undo_step(played):
    before = played.patch.document
    for value in range(0, 128, 8):
        for fader in range(8):
            played.control(fader, value, PORT)
            played.control(16 + fader, 127 - value, PORT)
        played.connections.update()
    played.patch.undo()
    assert played.patch.document is before
    played.connections.update()
    assert played.output_values("bank") == [1.0] * 20
    assert table(played)[0] == ("0", "1.00000", "1.00000", "1.00000", "")


def test_table_shows_values_set_in_the_patch(played):
    played.patch.set("bank.gain", [0.5])
    assert table(played)[7][1] == "0.50000"
    played.patch.set("bank.mute", [0.0, 1.0])
    assert [row[4] for row in table(played)] == ["", "M", *[""] * 6]


def test_lamps_follow_the_surface_and_are_sent_again_after_reconnection(played):
    shown = []
    player = GainBankController(NANO, played.connections.parameter_changes, shown.append)
    player.update_lamps()
    assert bytes((0xB0, 41, 127)) in shown and bytes((0xB0, 48, 0)) in shown
    shown.clear()
    player.update_lamps()
    assert shown == []
    player.on_input(controller_input_of(bytes((0xB0, 48, 127))))
    player.update_lamps()
    assert shown == [bytes((0xB0, 48, 127))]
    player.invalidate_lamps()
    player.update_lamps()
    assert bytes((0xB0, 48, 127)) in shown and bytes((0xB0, 49, 0)) in shown


@pytest.mark.parametrize(
    ("port", "requested", "plays"),
    [
        (PORT, [], True),
        (PORT, ["all"], True),
        ("Piano:keys", ["all"], False),
        ("Piano:keys", ["piano"], True),
        ("ours", [], True),
    ],
)
def test_only_controller_ports_and_named_ports_play_the_bank(port, requested, plays):
    assert is_port_of(NANO, port, requested, "ours") is plays


def test_removed_bank_is_ignored_until_undo(played):
    played.control(0, 0, PORT)
    played.patch.remove("bank")
    played.control(0, 127, PORT)
    played.connections.update()
    assert table(played) == []
    played.patch.undo()
    assert len(table(played)) == 8


def test_play_controls_the_transport_and_not_its_players():
    patch = patch_of(
        "transport.run player.play", "transport.jump player.restart", transport="transport", player="file_player"
    )
    played = Played(patch, NANO)
    assert targets(patch.document).players == (("transport", "rewind"),)
    before = played.output_values("transport", "beat")[0]
    press(played, 42)
    assert played.output_values("transport", "beat") == [0.0] and before > 0.0
    press(played, 41)
    assert played.output_values("transport", "beat")[0] > 0.0


def test_play_pauses_the_engine_of_a_patch_without_players():
    from nodegraph.engine.live import Live

    patch = patch_of("osc.out out.audio", osc="sine", out="audio_out")
    live = Live(patch.document, null=True)
    connections = Connections(patch, live)
    connections.use_controller(NANO)
    with live:
        for expected in (True, False):
            connections.on_message(PORT, bytes((0xB0, 41, 127)), 0.0)
            assert live.paused is expected
    assert patch.document.nodes["osc"].params == {}


def test_patch_without_bank_and_player_ignores_the_controller():
    played = Played(patch_of(osc="sine"), NANO)
    assert targets(played.patch.document) == SurfaceTargets()
    for number in range(128):
        played.control(number, 127, PORT)
    played.connections.update()
    assert table(played) == [] and played.patch.document.nodes["osc"].params == {}


@pytest.mark.parametrize("type", ["gain_bank", "latent_source"])
def test_banks_of_neural_blocks_are_found(type):
    assert targets(patch_of(code=type, switch="resynthesis_switch").document) == SurfaceTargets("code", "switch")


def test_nodes_of_the_patch_precede_nodes_in_subpatches():
    patch = patch_of(inner="file_player", held="file_player", on="constant", code="latent_source")
    patch.connect("on.out", "held.play")
    patch.encapsulate(["inner", "held", "on", "code"], "box")
    assert targets(patch.document) == SurfaceTargets("box/code", None, (("box/inner", "restart"),))
    patch.add("gain_bank", id="bank")
    patch.add("file_player", id="outer")
    found = targets(patch.document)
    assert found.bank == "bank" and found.players == (("outer", "restart"), ("box/inner", "restart"))


def modulated():
    """Return a played patch whose four gains are wired from a knob of two lanes, and its table."""
    patch = patch_of(
        "lfo.out bank.gain", lfo=("constant", {"value": [0.25, 0.5]}), bank=("latent_source", {"units": 4})
    )
    played = Played(patch, NANO)
    played.engine.run_samples(640)
    return played


def test_wired_gains_are_shown_as_they_sound():
    played = modulated()
    assert [row[1] for row in table(played)] == ["0.25000", "0.50000", "0.00000", "0.00000"]
    assert [row[3] for row in table(played)] == ["0.25000", "0.50000", "0.00000", "0.00000"]
    played.patch.set("lfo.value", [0.75, 0.5])
    played.engine.run_samples(6400)
    assert table(played)[0][1] == "0.75000"


def test_knobs_of_a_bank_with_wired_gains_still_move():
    played = modulated()
    played.control(16, 127, PORT)
    played.control(0, 0, PORT)  # the wire wins
    assert table(played)[0][1:4] == ("0.25000", "2.00000", "0.50000")


def test_names_of_the_model_replace_numbers(tmp_path):
    from dataclasses import replace

    from tests.nodes.frame_helpers import random_model

    model = random_model((3,), ("linear",))
    axes = [{"name": f"{k + 1} {word}", "low": -1.0, "high": 1.0} for k, word in enumerate(("noisy", "bass", "bright"))]
    replace(model, card={"axes": axes}).save(tmp_path / "m.safetensors")
    patch = patch_of(bank=("latent_source", {"file": "m.safetensors", "size": 64, "hop": 16}))
    patch.save(tmp_path / "p.json")
    played = Played(patch, NANO)
    assert [row[0] for row in table(played)] == ["1 noisy", "2 bass", "3 bright"]
    patch.set("bank.file", "")
    assert [row[0] for row in table(played)] == [str(unit) for unit in range(8)]


def test_rewind_does_nothing_without_a_switch():
    played = Played(patch_of(bank=("latent_source", {"units": 4})), NANO)
    assert track(played.connections.player.surface) == ""
    press(played, 43, 44)
    assert track(played.connections.player.surface) == ""
