"""Propagation of edits: which edits type the document again, and what is sent to the engine."""

from __future__ import annotations

import pytest

from nodegraph.editor import typed
from nodegraph.editor.events import Click, SetValue, Slide, WireDrag
from nodegraph.editor.following import Following
from nodegraph.editor.view import Pin
from nodegraph.graph import build
from nodegraph.patch import Patch, SetParam

from .fakes import FakeSound


@pytest.fixture
def builds(monkeypatch):
    """The typed documents, in order."""
    found = []
    original = build.graph_of

    def counting(flat, *rest):
        found.append(flat.document)
        return original(flat, *rest)

    monkeypatch.setattr(build, "graph_of", counting)
    return found


def counted(builds, edit):
    """Return how often an edit types a document."""
    before = len(builds)
    edit()
    return len(builds) - before


def test_structural_edit_types_the_document_once(user, builds):
    assert counted(builds, lambda: user.add("saw")) == 1
    assert user.sound.played[-1] is user.desk.typed.graph
    assert counted(builds, lambda: user.add("ladder")) == 1
    start, end = Pin("saw1", "out", True), Pin("ladder1", "audio", False)
    user.send(WireDrag(start, (5, 5), end, False))  # over the pin the editor checks whether the wire fits
    assert counted(builds, lambda: user.send(WireDrag(start, (5, 5), end, True))) == 1
    assert counted(builds, lambda: user.press("ctrl+z")) == 1
    assert counted(builds, lambda: user.press("ctrl+shift+z")) == 1
    assert user.sound.played[-1] is user.desk.typed.graph


def test_value_edit_sends_knobs_without_typing(user, builds):
    user.add("saw")
    played = len(user.sound.played)
    assert counted(builds, lambda: user.send(Slide("saw1", "frequency", 0.5, False, False))) == 0
    assert counted(builds, lambda: user.send(Slide("saw1", "frequency", 0.6, False, True))) == 0
    assert counted(builds, lambda: user.send(SetValue("saw1", "frequency", 200.0))) == 0
    assert counted(builds, lambda: user.press("ctrl+z")) == 0
    assert len(user.sound.played) == played
    knobs = [knobs for _, knobs in user.sound.changes]
    assert {(node, port) for found in knobs for node, port, _ in found} == {("saw1", "frequency")}
    assert [200.0] in [values for found in knobs for _, _, values in found]


def test_look_edit_causes_no_typing_and_sends_nothing(user, builds):
    user.add("saw")
    played = len(user.sound.played)
    assert counted(builds, lambda: user.desk.patch.move("saw1", 50, 60)) == 0
    assert counted(builds, lambda: user.send(Click((10, 10), None))) == 0
    assert (len(user.sound.played), user.sound.changes) == (played, [])


def test_setting_change_types_the_document(builds):
    patch, sound = Patch(), FakeSound()
    patch.add("biquad", "filter")
    Following(patch, sound)
    assert counted(builds, lambda: patch.do(SetParam("filter", "kind", "high"))) == 1


def test_document_with_a_problem_is_not_played(builds):
    patch, sound = Patch(), FakeSound()
    patch.add("sine", "osc")
    following = Following(patch, sound)
    patch.do(SetParam("osc", "frequency", "loud"))
    assert following.typed.problems and len(sound.played) == 1
    patch.undo()
    assert not following.typed.problems and len(sound.played) == 2


def test_closed_following_ignores_edits(builds):
    patch, sound = Patch(), FakeSound()
    following = Following(patch, sound)
    following.close()
    assert counted(builds, lambda: patch.add("sine")) == 0


def test_given_graph_is_not_typed_again(builds):
    patch, sound = Patch(), FakeSound()
    graph = typed.build_graph(patch.document, sound.rate)
    assert counted(builds, lambda: Following(patch, sound, graph=graph)) == 0
    assert sound.played == [graph]
