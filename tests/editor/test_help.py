"""Help: keyboard shortcuts, block pages, help patches, demos, menus; reloading of user blocks."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nodegraph.blocks.registry import load_failures, node_types
from nodegraph.editor.command import COMMANDS, key_table, load_commands
from nodegraph.editor.commands.help import block_page
from nodegraph.editor.help_patch import KEYS_HINT, add_help
from nodegraph.engine.offline import Offline
from nodegraph.graph import build_graph

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


def test_f1_shows_shortcuts_or_the_page_of_the_selected_block(hand):
    hand.presses("f1")
    _, rows = hand.item("keys", "keys").value
    assert ("Ctrl+Z", "Undo", "Undo the last step") in rows
    hand.adds("ladder")
    hand.presses("f1")
    page = {item.key: item.value for item in hand.items("help ladder")}
    assert "def tick(" in page["source"] or "def block(" in page["source"]
    assert any(row[0] == "cutoff" and row[3] == "Hz" and "20000" in row[2] for row in page["inputs"][1])
    assert "Moog" in page["doc"] or "ladder" in page["doc"].lower()


def test_block_page_opens_an_example_in_a_new_window(hand, monkeypatch):
    opened = []
    monkeypatch.setattr("nodegraph.editor.windows.subprocess.Popen", lambda command, **how: opened.append(command))
    hand.adds("ladder")
    hand.presses("f1")
    hand.presses_button("help ladder", "example")
    assert opened[0][-2] == "edit" and '"type": "ladder"' in Path(opened[0][-1]).read_text()
    assert list(hand.document.nodes) == ["ladder1"]


@pytest.mark.parametrize("type", sorted(name for name, cls in node_types().items() if not cls.hidden))
def test_block_has_a_page_and_a_help_patch_that_builds(hand, type):
    assert block_page(type)["doc"]
    add_help(hand.desk, type)
    hand.presenter.refresh()
    assert any(record.type == type for record in hand.document.nodes.values())
    assert len(hand.document.notes) == 1
    build_graph(hand.document)
    hand.presses("ctrl+z")
    assert not hand.document.nodes, "the help patch is one undo step"


def test_user_block_is_loaded_and_reloaded_when_saved(hand, tmp_path):
    folder = tmp_path / "blocks"
    folder.mkdir()
    file = folder / "mine_for_tests.py"
    try:
        file.write_text(BLOCK.format(name="Halved", doc="Half as loud.", equation="audio * 0.5"))
        hand.waits(1.0)
        assert "halved loaded." in hand.message
        hand.adds("halved")
        assert hand.view.nodes["halved1"].family == "user blocks"
        followed = len(hand.sound.played)
        file.write_text(BLOCK.format(name="Halved", doc="A third as loud.", equation="audio / 3.0"))
        os.utime(file, (1, 1))
        hand.waits(1.0)
        assert "halved reloaded." in hand.message and len(hand.sound.played) == followed + 1
        assert "third" in block_page("halved")["doc"] and "/ 3.0" in block_page("halved")["source"]
        file.write_text("class Halved(Node:\n")
        hand.waits(1.0)
        assert "mine_for_tests.py, line 1" in hand.message and "halved" in node_types()
    finally:
        node_types().pop("halved", None)
        load_failures().pop(str(file), None)


def test_command_palette_finds_commands_by_name(hand):
    hand.adds("sine")
    hand.presses("ctrl+p")
    hand.picks("minimap")
    assert hand.view.minimap is False
    hand.presses("ctrl+p")
    hand.picks("select all")
    assert hand.view.selected[0] == {"sine1"}


def test_demo_opens(hand):
    hand.presenter.run("demos")
    hand.picks("bells")
    assert hand.patch.path.stem == "bells" and hand.view.nodes


def test_menus_contain_all_commands_and_disable_impossible_ones(hand):
    shown = {item.command: item for menu in hand.view.menus for item in menu.items}
    assert {name for name, command in COMMANDS.items() if command.menu} <= shown.keys()
    assert not shown["undo"].enabled
    hand.adds("sine")
    shown = {item.command: item for menu in hand.view.menus for item in menu.items}
    assert shown["undo"].enabled and shown["undo"].key == "Ctrl+Z"


@pytest.mark.parametrize("block", ["notes", "transpose_notes", "arpeggiator", "chord", "note_filter", "note_out"])
def test_help_patches_of_midi_blocks_play_without_input(hand, block):
    add_help(hand.desk, block)
    hand.presenter.refresh()
    assert block in {record.type for record in hand.document.nodes.values()} and not hand.desk.typed.problems
    engine = Offline(hand.patch.document, 44100.0)
    assert np.abs(engine.run(1.5)).max() > 0.01
    engine.close()


def test_help_patch_of_midi_in_explains_and_plays_notes(hand):
    add_help(hand.desk, "midi_in")
    assert any(KEYS_HINT in note.text for note in hand.document.notes.values())
    engine = Offline(hand.patch.document, 44100.0)
    engine.send(bytes([0x90, 60, 100]))
    assert np.abs(engine.run(0.5)).max() > 0.01
    engine.close()
