"""A nanoKONTROL2 on patches with a gain bank: every message is heard, shown and written down."""

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
    """What the units of a bank are multiplied by, a lane each."""

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
    """Buttons go down and up."""
    for number in numbers:
        played.control(number, 127, PORT)
        played.control(number, 0, PORT)


def table(played):
    return rows(played.hands.player.surface)


def test_faders_knobs_and_mutes_reach_the_sound_the_table_and_the_patch(played):
    played.control(2, 34, PORT)
    played.control(19, 101, PORT)
    press(played, 49)
    expected = [1.0, 0.0, 34 / 127, 2 * 101 / 127, *[1.0] * 16]
    assert played.heard("bank") == pytest.approx(expected, abs=1e-6)
    assert table(played)[1] == ("1", "1.00000", "1.00000", "0.00000", "M")
    assert table(played)[3] == ("3", "1.00000", "1.59055", "1.59055", "")
    assert played.param("bank.gain") == [1.0, 1.0, 34 / 127, *[1.0] * 17]
    assert played.param("bank.scale")[3] == 202 / 127 and played.param("bank.mute")[1] == 1.0


def test_banks_of_eight_wrap_round(played):
    press(played, 59, 59)
    played.control(3, 0, PORT)
    played.control(4, 0, PORT)  # there is no unit 20
    assert played.heard("bank") == [1.0] * 19 + [0.0]
    assert [row[0] for row in table(played)] == ["16", "17", "18", "19"]
    press(played, 59)
    assert table(played)[0][0] == "0"
    press(played, 58)
    assert table(played)[0][0] == "16"


def test_set_reset_and_record(played):
    played.control(0, 10, PORT)
    press(played, 60)
    assert played.heard("bank") == [0.0] * 20
    press(played, 65)
    assert played.heard("bank") == [0.0, 1.0] + [0.0] * 18
    press(played, 45)
    assert played.heard("bank") == [1.0] * 20
    assert played.param("bank.gain") == [1.0] * 20


def test_rewind_and_forward_switch_what_is_heard(played):
    assert track(played.hands.player.surface).endswith("Resynthesized")
    assert played.heard("switch") == [-1.0]
    press(played, 43)
    assert track(played.hands.player.surface).endswith("Original")
    assert played.heard("switch")[0] > 0.0 and played.param("switch.resynthesis") == 0.0
    press(played, 44)
    assert played.heard("switch") == [-1.0]


def test_play_pauses_and_stop_goes_back_to_the_beginning(played):
    playing = played.heard("player", quanta=10)[0]
    assert played.heard("player", quanta=10)[0] - playing == pytest.approx(640 / 44100, rel=1e-3)
    press(played, 41)
    assert played.heard("player", quanta=2) == [0.0]
    assert played.param("player.play") == 0.0
    press(played, 41)
    assert played.heard("player", quanta=1)[0] > playing
    press(played, 42)
    assert played.heard("player", quanta=60) == [0.0]
    press(played, 41)
    assert played.heard("player", quanta=10)[0] == pytest.approx(639 / 44100, abs=2e-4)
    assert "restart" not in played.patch.document.nodes["player"].params


def test_cycle_quits_and_what_has_no_function_does_nothing(played):
    before = played.patch.document
    press(played, *range(32, 40), 61, 62, 100)
    played.hands.update()
    assert played.patch.document is before and not played.hands.quit_requested
    press(played, 46)
    assert played.hands.quit_requested


def test_a_flick_over_all_faders_is_one_undo_step(played):
    before = played.patch.document
    for value in range(0, 128, 8):
        for fader in range(8):
            played.control(fader, value, PORT)
            played.control(16 + fader, 127 - value, PORT)
        played.hands.update()
    played.patch.undo()
    assert played.patch.document is before
    played.hands.update()
    assert played.heard("bank") == [1.0] * 20
    assert table(played)[0] == ("0", "1.00000", "1.00000", "1.00000", "")


def test_turns_elsewhere_are_shown(played):
    played.patch.set("bank.gain", [0.5])
    assert table(played)[7][1] == "0.50000"
    played.patch.set("bank.mute", [0.0, 1.0])
    assert [row[4] for row in table(played)] == ["", "M", *[""] * 6]


def test_lamps_follow_and_are_lit_again_after_a_replug(played):
    shown = []
    player = GainBankController(NANO, played.hands.parameter_changes, shown.append)
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
    ("port", "asked", "plays"),
    [
        (PORT, [], True),
        (PORT, ["all"], True),
        ("Piano:keys", ["all"], False),
        ("Piano:keys", ["piano"], True),
        ("ours", [], True),
    ],
)
def test_only_its_own_ports_and_those_asked_for_by_name_play_the_bank(port, asked, plays):
    assert is_port_of(NANO, port, asked, "ours") is plays


def test_a_bank_that_is_removed_while_it_is_played_is_let_go(played):
    played.control(0, 0, PORT)
    played.patch.remove("bank")
    played.control(0, 127, PORT)
    played.hands.update()
    assert table(played) == []
    played.patch.undo()
    assert len(table(played)) == 8


def test_a_transport_is_played_and_what_it_plays_is_left_alone():
    patch = patch_of(
        "transport.run player.play", "transport.jump player.restart", transport="transport", player="file_player"
    )
    played = Played(patch, NANO)
    assert targets(patch.document).players == (("transport", "rewind"),)
    before = played.heard("transport", "beat")[0]
    press(played, 42)
    assert played.heard("transport", "beat") == [0.0] and before > 0.0
    press(played, 41)
    assert played.heard("transport", "beat")[0] > 0.0


def test_a_patch_without_a_player_is_paused_as_a_whole():
    from nodegraph.engine.live import Live

    patch = patch_of("osc.out out.audio", osc="sine", out="audio_out")
    live = Live(patch.document, null=True)
    hands = Connections(patch, live)
    hands.use_controller(NANO)
    with live:
        for expected in (True, False):
            hands.on_message(PORT, bytes((0xB0, 41, 127)), 0.0)
            assert live.paused is expected
    assert patch.document.nodes["osc"].params == {}


def test_patches_without_a_bank_or_a_player_are_played_as_far_as_they_go():
    played = Played(patch_of(osc="sine"), NANO)
    assert targets(played.patch.document) == SurfaceTargets()
    for number in range(128):
        played.control(number, 127, PORT)
    played.hands.update()
    assert table(played) == [] and played.patch.document.nodes["osc"].params == {}


@pytest.mark.parametrize("type", ["gain_bank", "latent_source"])
def test_the_banks_of_the_neural_blocks_are_found(type):
    assert targets(patch_of(code=type, switch="resynthesis_switch").document) == SurfaceTargets("code", "switch")


def test_nodes_in_subpatches_are_controlled_too_after_those_of_the_patch():
    patch = patch_of(inner="file_player", held="file_player", on="constant", code="latent_source")
    patch.connect("on.out", "held.play")
    patch.encapsulate(["inner", "held", "on", "code"], "box")
    assert targets(patch.document) == SurfaceTargets("box/code", None, (("box/inner", "restart"),))
    patch.add("gain_bank", id="bank")
    patch.add("file_player", id="outer")
    found = targets(patch.document)
    assert found.bank == "bank" and found.players == (("outer", "restart"), ("box/inner", "restart"))
