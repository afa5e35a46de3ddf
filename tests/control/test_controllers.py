"""Controller files: found by name, in the user's folder or by path; what is wrong with one is one line."""

import pytest

from nodegraph.control.controllers import (
    ControllerError,
    apply_input,
    controller_files,
    element_of,
    find_controller,
    read_controller,
)
from nodegraph.control.midi_learn import controller_input_of
from nodegraph.control.surface import FUNCTIONS, LAMPS, default_surface

PADS = """
name = "Eight pads"
ports = "MPD"

[[control]]
name = "pad"
kind = "button"
note = [36, 37, 38, 39]
channel = 10
function = "mute"
"""


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_CONTROLLERS", str(tmp_path))
    return tmp_path


def test_every_controller_that_comes_along_can_be_read():
    files = controller_files()
    assert "nanokontrol2" in files
    for name in files:
        assert find_controller(name).parts


def test_what_lights_a_lamp_is_a_function():
    assert set(LAMPS) <= set(FUNCTIONS)


def test_another_controller_is_another_file(own_folder):
    (own_folder / "pads.toml").write_text(PADS)
    pads = find_controller("pads")
    touch = element_of(pads, controller_input_of(bytes((0x99, 38, 100))))
    assert touch is not None and touch.name == "pad 3"
    assert apply_input(pads, default_surface(8), touch).mutes[2]
    assert element_of(pads, controller_input_of(bytes((0x98, 38, 100)))) is None
    assert element_of(pads, controller_input_of(bytes((0xB9, 38, 100)))) is None
    released = element_of(pads, controller_input_of(bytes((0x89, 38, 0))))
    assert released is not None and apply_input(pads, default_surface(8), released) == default_surface(8)


def test_the_users_own_file_comes_before_ours_and_a_path_before_all(own_folder):
    (own_folder / "nanokontrol2.toml").write_text(PADS)
    assert find_controller("nanokontrol2").name == "Eight pads"
    (own_folder / "elsewhere.toml").write_text(PADS.replace("Eight", "Four"))
    assert find_controller(str(own_folder / "elsewhere.toml")).name == "Four pads"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nanokontrol", "Did you mean 'nanokontrol2'"),
        ("", "There are nanokontrol2"),
        ("none/here.toml", "no such file"),
    ],
)
def test_a_controller_that_is_not_there(own_folder, name, said):
    with pytest.raises(ControllerError, match=said) as error:
        find_controller(name)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('name = "Eight pads"', "name = Eight", "not TOML"),
        ('kind = "button"', 'kind = "lever"', "Invalid enum value 'lever'"),
        ("channel = 10", "channel = 17", "<= 16"),
        ("note = [36, 37, 38, 39]", "note = [36, 200]", "<= 127"),
        ("note = [36, 37, 38, 39]", "note = [36, 36]", "number 36 stands there twice"),
        ("note = [36, 37, 38, 39]", "", "either cc or note"),
        ("note =", "notes =", "unknown field"),
        ('function = "mute"', 'function = "muet"', "Did you mean 'mute'"),
        ("[[control]]", "[control]", "Expected `array`".replace("`", "")),
        (PADS, "", "missing required field"),
    ],
)
def test_a_file_with_a_fault_is_one_line_that_says_where(own_folder, before, after, said):
    path = own_folder / "pads.toml"
    path.write_text(PADS.replace(before, after))
    with pytest.raises(ControllerError, match=said) as error:
        read_controller(path)
    assert len(str(error.value).splitlines()) == 1 and str(path) in str(error.value)


def test_a_file_of_bytes_and_a_huge_one_are_refused(own_folder):
    path = own_folder / "bytes.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ControllerError, match="not TOML"):
        read_controller(path)
    path.write_bytes(b"#" * (1 << 21))
    with pytest.raises(ControllerError, match="larger than"):
        read_controller(path)
