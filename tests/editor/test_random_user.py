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
def test_undo_restores_the_initial_document_after_random_edits(user, seed, monkeypatch, tmp_path):
    monkeypatch.setenv("NODEGRAPH_PRESETS", str(tmp_path / "presets"))
    load_commands()
    first = user.patch.document
    random_user = RandomUser(user.view, seed)
    for step in range(ACTIONS):
        user.send(random_user.event())
        if step % 20 == 0:
            user.wait(0.1, 6)
        if step % 100 == 0:
            check(user)
    check(user)
    assert parse_patch(encode_patch(user.patch.document)) == user.patch.document
    while user.patch.can_undo:
        user.patch.undo()
    user.presenter.refresh()
    assert user.patch.document == first
    assert not user.view.nodes and not user.view.wires and not user.view.notes


def check(user) -> None:
    """Assert that the view shows exactly the document."""
    document, view = user.document, user.view
    assert view.nodes.keys() == document.nodes.keys()
    assert view.wires.keys() == {(wire.source_ref, wire.target_ref) for wire in document.wires}
    assert view.notes.keys() == note_visuals(document).keys()
    for id, at in document.layout.items():
        assert view.nodes[id].at == at
    for wire in document.wires:
        assert view.wires[wire.source_ref, wire.target_ref].feedback == wire.feedback
    assert user.presenter.screen.nodes.keys() == view.nodes.keys()
    for id, visual in user.desk.visuals.items():
        for row in visual.rows:
            if row.value is not None and row.value.kind != "live":
                assert view.values[id, row.port] == row.value
        assert view.badges[id] == visual.badge
