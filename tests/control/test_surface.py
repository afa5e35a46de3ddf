"""The surface of Sarroff & Casey (2014) on a nanoKONTROL2, message by message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.control.controllers import apply_input, element_of, find_controller, lamp_messages
from nodegraph.control.midi_learn import controller_input_of
from nodegraph.control.surface import HEADS, Surface, default_surface, rows, text, track

NANO = find_controller("nanokontrol2")
FADER, KNOB, SOLO, MUTE, RESET = 0, 16, 32, 48, 64
TRACK_LEFT, TRACK_RIGHT, CYCLE, SET, MARKERS = 58, 59, 46, 60, (61, 62)
PLAY, STOP, REWIND, FORWARD, RECORD = 41, 42, 43, 44, 45


def sent(surface: Surface, *messages: tuple[int, int]) -> Surface:
    """Return the surface after control changes (number, value)."""
    for number, value in messages:
        element_input = element_of(NANO, controller_input_of(bytes((0xB0, number, value))))
        surface = surface if element_input is None else apply_input(NANO, surface, element_input)
    return surface


def pressed(surface: Surface, *numbers: int) -> Surface:
    """Return the surface after buttons were pressed and released."""
    return sent(surface, *((number, value) for number in numbers for value in (127, 0)))


@pytest.mark.parametrize("value", [0, 1, 34, 64, 100, 127])
@pytest.mark.parametrize("index", range(8))
def test_fader_sets_the_gain_and_knob_the_scale_of_its_unit(index, value):
    surface = sent(default_surface(16), (FADER + index, value), (KNOB + index, value))
    assert surface.gains[index] == value / 127 and surface.scales[index] == 2 * value / 127
    assert surface.adjusted(index) == value / 127 * (2 * value / 127)
    assert [surface.adjusted(unit) for unit in range(16) if unit != index] == [1.0] * 15


@pytest.mark.parametrize("index", range(8))
def test_m_mutes_and_r_resets_the_unit(index):
    changed = sent(default_surface(8), (FADER + index, 64), (KNOB + index, 100))
    muted = pressed(changed, MUTE + index)
    assert muted.mutes == tuple(unit == index for unit in range(8)) and muted.adjusted(index) == 0.0
    assert muted.gains == changed.gains and muted.scales == changed.scales
    assert pressed(muted, MUTE + index) == changed
    assert pressed(muted, RESET + index) == default_surface(8)


def test_track_buttons_select_banks_of_eight_and_wrap():
    surface = default_surface(20)
    seen = [surface.first]
    for _ in range(3):
        surface = pressed(surface, TRACK_RIGHT)
        seen.append(surface.first)
    assert seen == [0, 8, 16, 0]
    assert pressed(surface, TRACK_LEFT).first == 16
    assert sent(pressed(surface, TRACK_RIGHT), (FADER + 2, 0)).gains[10] == 0.0


def test_faders_without_units_do_nothing():
    last = pressed(default_surface(20), TRACK_LEFT)
    assert len(rows(last)) == 4
    for number in (FADER + 4, KNOB + 7, MUTE + 5, RESET + 6):
        assert sent(last, (number, 127)) == last


def test_set_mutes_all_units_and_record_resets_them():
    changed = sent(pressed(default_surface(12), MUTE + 3), (FADER, 64), (KNOB + 1, 12))
    silent = pressed(changed, SET)
    assert [silent.adjusted(unit) for unit in range(12)] == [0.0] * 12
    assert pressed(silent, SET) == silent
    assert pressed(silent, RECORD) == default_surface(12)


def test_set_can_invert_mutes_by_another_function_in_the_file(tmp_path):
    from nodegraph.control.controllers import read_controller

    user_file = tmp_path / "user_file.toml"
    with open(NANO.path, encoding="utf-8") as file:
        user_file.write_text(file.read().replace('"silence"', '"toggle_mutes"'), encoding="utf-8")
    controller = read_controller(user_file)
    surface = pressed(default_surface(8), MUTE + 3)
    for number, value in ((SET, 127), (SET, 0)):
        surface = apply_input(
            controller, surface, element_of(controller, controller_input_of(bytes((0xB0, number, value))))
        )
    assert surface.mutes == tuple(unit != 3 for unit in range(8))


def test_rewind_and_forward_switch_between_original_and_resynthesis():
    surface = default_surface(8)
    for number, expected in ((REWIND, "Original"), (FORWARD, "Resynthesized"), (FORWARD, "Original")):
        surface = pressed(surface, number)
        assert track(surface) == f"Queued Track: {expected}"


def test_play_pauses_and_stop_rewinds():
    assert default_surface(8).playing and pressed(default_surface(8), PLAY, PLAY).playing
    assert not pressed(default_surface(8), PLAY).playing
    stopped = pressed(default_surface(8), STOP)
    assert not stopped.playing and stopped.rewind_count == 1
    assert pressed(stopped, STOP).rewind_count == 2 and not pressed(stopped, STOP).playing
    assert pressed(stopped, PLAY).playing


def test_cycle_quits():
    assert (default_surface(8).quit_count, pressed(default_surface(8), CYCLE).quit_count) == (0, 1)


@pytest.mark.parametrize("number", [*range(SOLO, SOLO + 8), *MARKERS, 8, 47, 63, 72, 127])
def test_element_without_function_does_nothing(number):
    assert pressed(default_surface(8), number) == default_surface(8)


@given(st.lists(st.tuples(st.sampled_from([*range(32, 72)]), st.integers(0, 126))))
def test_buttons_act_on_value_127_only(messages):
    assert sent(default_surface(16), *messages) == default_surface(16)


@given(st.integers(0, 40), st.lists(st.tuples(st.integers(0, 127), st.integers(0, 127)), max_size=60))
def test_surface_stays_in_its_ranges_for_any_messages(units, messages):
    surface = sent(default_surface(units), *messages)
    assert surface.units == len(surface.scales) == len(surface.mutes) == units
    assert all(0 <= gain <= 1 for gain in surface.gains) and all(0 <= scale <= 2 for scale in surface.scales)
    assert surface.first % 8 == 0 and (surface.first < units or surface.first == 0)
    assert len(rows(surface)) == min(8, units - surface.first)


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


def test_messages_reproduce_figure_3():
    surface = pressed(default_surface(64), TRACK_RIGHT, TRACK_RIGHT, TRACK_RIGHT)
    surface = sent(surface, (KNOB, 127), (FADER + 2, 34), (KNOB + 3, 101), (KNOB + 4, 125), (KNOB + 5, 33))
    surface = sent(surface, (FADER + 6, 87), (KNOB + 6, 44), (FADER + 7, 100))
    surface = pressed(surface, MUTE + 1, MUTE + 6)
    printed = [line.split() for line in FIGURE_3.strip().splitlines()]
    assert [list(filter(None, row)) for row in rows(surface)] == printed
    assert HEADS == ("Neuron", "Gain", "Scale", "Adj. Value", "Mute")
    shown = text(surface).splitlines()
    assert shown[1].split() == printed[0]
    assert shown[-1] == "Queued Track: Resynthesized"


def test_lamps_show_mutes_playback_and_resynthesis():
    lit = lamp_messages(NANO, pressed(default_surface(8), MUTE + 2))
    assert [lit[bytes((0xB0, MUTE + k, 127))] for k in range(8)] == [k == 2 for k in range(8)]
    assert lit[bytes((0xB0, PLAY, 127))] and lit[bytes((0xB0, REWIND, 127))]
    lit = lamp_messages(NANO, pressed(default_surface(8), STOP, FORWARD, SET))
    assert not lit[bytes((0xB0, PLAY, 127))] and not lit[bytes((0xB0, REWIND, 127))]
    assert lit[bytes((0xB0, SET, 127))]
