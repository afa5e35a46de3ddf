"""Controller files: lookup by name or path, and one-line errors."""

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
def user_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_CONTROLLERS", str(tmp_path))
    return tmp_path


def test_built_in_controller_files_are_valid():
    files = controller_files()
    assert "nanokontrol2" in files
    for name in files:
        assert find_controller(name).parts


def test_every_lamp_belongs_to_a_function():
    assert set(LAMPS) <= set(FUNCTIONS)


def test_controller_in_user_folder_is_found(user_folder):
    (user_folder / "pads.toml").write_text(PADS)
    pads = find_controller("pads")
    element_input = element_of(pads, controller_input_of(bytes((0x99, 38, 100))))
    assert element_input is not None and element_input.name == "pad 3"
    assert apply_input(pads, default_surface(8), element_input).mutes[2]
    assert element_of(pads, controller_input_of(bytes((0x98, 38, 100)))) is None
    assert element_of(pads, controller_input_of(bytes((0xB9, 38, 100)))) is None
    released = element_of(pads, controller_input_of(bytes((0x89, 38, 0))))
    assert released is not None and apply_input(pads, default_surface(8), released) == default_surface(8)


def test_user_file_and_path_replace_a_built_in_controller(user_folder):
    (user_folder / "nanokontrol2.toml").write_text(PADS)
    assert find_controller("nanokontrol2").name == "Eight pads"
    (user_folder / "elsewhere.toml").write_text(PADS.replace("Eight", "Four"))
    assert find_controller(str(user_folder / "elsewhere.toml")).name == "Four pads"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nanokontrol", "Did you mean 'nanokontrol2'"),
        ("", "Use one of nanokontrol2"),
        ("none/here.toml", "none/here.toml: cannot be read"),
    ],
)
def test_missing_controller_is_reported_in_one_line(user_folder, name, expected):
    with pytest.raises(ControllerError, match=expected) as error:
        find_controller(name)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('name = "Eight pads"', "name = Eight", 'line 2: text without quotes. Write "Eight".'),
        ('kind = "button"', 'kind = "lever"', "kind: must be one of fader, knob, button, got 'lever'"),
        ("channel = 10", "channel = 17", "<= 16"),
        ("note = [36, 37, 38, 39]", "note = [36, 200]", "<= 127"),
        ("note = [36, 37, 38, 39]", "note = [36, 36]", "duplicate number 36, also used by 'pad'"),
        ("note = [36, 37, 38, 39]", "", "either cc or note"),
        ("note =", "notes =", "unknown entry 'notes'. Did you mean 'note'?"),
        ('function = "mute"', 'function = "muet"', "Did you mean 'mute'"),
        ("[[control]]", "[control]", "control: must be a list, got a table"),
        (PADS, "", "missing entry 'name'. Add it."),
    ],
)
def test_invalid_file_is_reported_in_one_line_with_its_path(user_folder, before, after, expected):
    path = user_folder / "pads.toml"
    path.write_text(PADS.replace(before, after))
    with pytest.raises(ControllerError, match=expected) as error:
        read_controller(path)
    assert len(str(error.value).splitlines()) == 1 and str(path) in str(error.value)


def test_binary_and_huge_files_are_rejected(user_folder):
    path = user_folder / "bytes.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ControllerError, match="not UTF-8"):
        read_controller(path)
    path.write_bytes(b"#" * (1 << 21))
    with pytest.raises(ControllerError, match="larger than"):
        read_controller(path)
    path.write_text(f"name = 'x'\nports = {'[' * 100_000}")
    with pytest.raises(ControllerError, match="nested too deeply"):
        read_controller(path)
