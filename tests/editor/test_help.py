"""Help: keyboard shortcuts, block pages, help patches, demos, menus; reloading of user blocks."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from nodegraph.blocks.registry import load_failures, node_types
from nodegraph.editor.canvas.geometry import note_size, overlap, size
from nodegraph.editor.command import COMMANDS, key_table, load_commands
from nodegraph.editor.commands.files import show_patch
from nodegraph.editor.commands.help import block_page
from nodegraph.editor.help_patch import KEYS_HINT, help_patch, silence_of, sweep_of
from nodegraph.engine.offline import Offline
from nodegraph.graph import build_graph
from nodegraph.patch import Patch, read_patch

BLOCKS = sorted(name for name, cls in node_types().items() if not cls.hidden)
BLOCK = '''
from nodegraph.node import In, Node, Out

class {name}(Node):
    """{doc}"""
    audio = In(0.0, doc="signal")
    out = Out(doc="signal")

    def tick(audio):
        return {equation}
'''


def test_keys_are_unique_and_commands_have_label_and_doc():
    load_commands()
    keys = [key for command in COMMANDS.values() for key in command.keys]
    assert len(keys) == len(set(keys))
    assert all(command.doc and command.label for command in COMMANDS.values())
    assert len(key_table()) == sum(bool(command.keys) for command in COMMANDS.values())


def test_f1_shows_shortcuts_or_the_page_of_the_selected_block(user):
    user.press("f1")
    _, rows = user.item("keys", "keys").value
    assert ("Ctrl+Z", "Undo", "Undo the last step") in rows
    user.add("ladder")
    user.press("f1")
    page = {item.key: item.value for item in user.items("help ladder")}
    assert "def tick(" in page["source"] or "def block(" in page["source"]
    assert any(row[0] == "cutoff" and row[3] == "Hz" and "20000" in row[2] for row in page["inputs"][1])
    assert "Moog" in page["doc"] or "ladder" in page["doc"].lower()


def test_block_page_opens_an_example_in_a_new_window(user, monkeypatch):
    opened = []
    monkeypatch.setattr("nodegraph.editor.windows.subprocess.Popen", lambda command, **how: opened.append(command))
    user.add("ladder")
    user.press("f1")
    user.press_button("help ladder", "example")
    assert opened[0][-2] == "edit" and '"type": "ladder"' in Path(opened[0][-1]).read_text()
    assert list(user.document.nodes) == ["ladder1"]


def test_help_patch_opens_in_a_new_window_and_leaves_the_patch_alone(user, monkeypatch):
    opened = []
    monkeypatch.setattr("nodegraph.editor.windows.subprocess.Popen", lambda command, **how: opened.append(command))
    user.add("ladder")
    before = user.document
    user.press("f1")
    user.press_button("help ladder", "try")
    assert "ladder" in {record.type for record in read_patch(Path(opened[0][-1])).nodes.values()}
    assert user.document is before


@pytest.mark.parametrize("type", BLOCKS)
def test_block_has_a_page_and_a_help_patch_that_builds(user, type):
    assert block_page(type)["doc"]
    show_patch(user.desk, Patch(help_patch(type)))
    user.presenter.refresh()
    assert any(record.type == type for record in user.document.nodes.values())
    assert len(user.document.notes) == 1
    build_graph(user.document)
    shown = [(item.at, size(item)) for item in user.view.nodes.values()]
    shown += [(note.at, note_size(note)) for note in user.view.notes.values()]
    boxes = [(x, y, x + width, y + height) for (x, y), (width, height) in shown]
    assert not any(overlap(first, second) for first, second in combinations(boxes, 2))


def test_user_block_is_loaded_and_reloaded_when_saved(user, tmp_path):
    folder = tmp_path / "blocks"
    folder.mkdir()
    file = folder / "mine_for_tests.py"
    try:
        file.write_text(BLOCK.format(name="Halved", doc="Half as loud.", equation="audio * 0.5"))
        user.wait(1.0)
        assert "halved loaded." in user.message
        user.add("halved")
        assert user.view.nodes["halved1"].family == "user blocks"
        followed = len(user.sound.played)
        file.write_text(BLOCK.format(name="Halved", doc="A third as loud.", equation="audio / 3.0"))
        os.utime(file, (1, 1))
        user.wait(1.0)
        assert "halved reloaded." in user.message and len(user.sound.played) == followed + 1
        assert "third" in block_page("halved")["doc"] and "/ 3.0" in block_page("halved")["source"]
        file.write_text("class Halved(Node:\n")
        user.wait(1.0)
        assert "mine_for_tests.py, line 1" in user.message and "halved" in node_types()
    finally:
        node_types().pop("halved", None)
        load_failures().pop(str(file), None)


def test_command_palette_finds_commands_by_name(user):
    user.add("sine")
    user.press("ctrl+p")
    user.pick("minimap")
    assert user.view.minimap is False
    user.press("ctrl+p")
    user.pick("select all")
    assert user.view.selected[0] == {"sine1"}


def test_demo_opens(user):
    user.presenter.run("demos")
    user.pick("bells")
    assert user.patch.path.stem == "bells" and user.view.nodes


def test_menus_contain_all_commands_and_disable_impossible_ones(user):
    shown = {item.command: item for menu in user.view.menus for item in menu.items}
    assert {name for name, command in COMMANDS.items() if command.menu} <= shown.keys()
    assert not shown["undo"].enabled
    user.add("sine")
    shown = {item.command: item for menu in user.view.menus for item in menu.items}
    assert shown["undo"].enabled and shown["undo"].key == "Ctrl+Z"


@pytest.mark.parametrize("type", BLOCKS)
def test_help_patch_sounds_or_says_why_not_and_names_what_varies(type):
    document, cls = help_patch(type), node_types()[type]
    (note,) = document.notes.values()
    sweep, silence = sweep_of(cls), silence_of(cls)
    if sweep:
        assert f"varies {sweep.port.name}" in note.text
        assert any(document.nodes[w.source].type == "lfo" for w in document.wires if w.target_port == sweep.port.name)
    engine = Offline(document, 44100.0)
    peak = np.abs(engine.run(1.5)).max()
    engine.close()
    assert silence in note.text if silence else 0.01 < peak < 1.0


@pytest.mark.parametrize(("type", "low", "high"), [("saw", 110.0, 1760.0), ("drive", 6.0, 18.0), ("pan", -0.5, 0.5)])
def test_a_sweep_is_two_octaves_around_a_logarithmic_value_and_half_of_the_room_else(type, low, high):
    sweep = sweep_of(node_types()[type])
    assert (sweep.low, sweep.high) == (low, high)


def test_help_patch_of_midi_in_explains_and_plays_notes(user):
    show_patch(user.desk, Patch(help_patch("midi_in")))
    user.presenter.refresh()
    assert any(KEYS_HINT in note.text for note in user.document.notes.values())
    engine = Offline(user.patch.document, 44100.0)
    engine.send(bytes([0x90, 60, 100]))
    assert np.abs(engine.run(0.5)).max() > 0.01
    engine.close()
