"""Random events: the editor survives them, the view matches the document, and undo restores the first document."""

from __future__ import annotations

import os

import pytest

from nodegraph.editor.canvas.arrangement import note_visuals
from nodegraph.editor.command import load_commands
from nodegraph.patch import parse_patch
from nodegraph.patch.encode import encode_patch

from .random_user import RandomUser

ACTIONS = int(os.environ.get("ACTIONS", 700))  # ACTIONS=5000 for a nightly run


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_undo_restores_the_initial_document_after_random_edits(hand, seed, monkeypatch, tmp_path):
    monkeypatch.setenv("NODEGRAPH_PRESETS", str(tmp_path / "presets"))
    load_commands()
    first = hand.patch.document
    user = RandomUser(hand.view, seed)
    for step in range(ACTIONS):
        hand.does(user.event())
        if step % 20 == 0:
            hand.waits(0.1, 6)
        if step % 100 == 0:
            check(hand)
    check(hand)
    assert parse_patch(encode_patch(hand.patch.document)) == hand.patch.document
    while hand.patch.can_undo:
        hand.patch.undo()
    hand.presenter.refresh()
    assert hand.patch.document == first
    assert not hand.view.nodes and not hand.view.wires and not hand.view.notes


def check(hand) -> None:
    """Assert that the view shows exactly the document."""
    document, view = hand.document, hand.view
    assert view.nodes.keys() == document.nodes.keys()
    assert view.wires.keys() == {(wire.source_ref, wire.target_ref) for wire in document.wires}
    assert view.notes.keys() == note_visuals(document).keys()
    for id, at in document.layout.items():
        assert view.nodes[id].at == at
    for wire in document.wires:
        assert view.wires[wire.source_ref, wire.target_ref].feedback == wire.feedback
    assert hand.presenter.screen.nodes.keys() == view.nodes.keys()
    for id, visual in hand.desk.visuals.items():
        for row in visual.rows:
            if row.value is not None and row.value.kind != "live":
                assert view.values[id, row.port] == row.value
        assert view.badges[id] == visual.badge
