"""The kind of a change: look, values or structure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nodegraph.patch import (
    AddNode,
    ClearParam,
    Document,
    Group,
    Move,
    Patch,
    PatchError,
    Redo,
    SetParam,
    SetParams,
    SetSeed,
    SetTitle,
    Undo,
    Within,
)
from nodegraph.patch.change import LOOK, STRUCTURE, VALUES, ValueChange
from nodegraph.patch.document import FIRST_VIEWS

from .arbitrary import actions, applied, scaffold


def audible(document: Document) -> tuple:
    """Return the parts of a document that affect the sound, as plain data."""
    nodes = {
        id: (record.type, record.version, record.params, record.patch and audible(record.patch))
        for id, record in document.nodes.items()
    }
    return nodes, document.wires, document.seed, replace(document.settings, shows_first=FIRST_VIEWS[0])


def set_values(document: Document, values: tuple[ValueChange, ...]) -> Document:
    """Return the document with these parameters set; None means the default."""
    for path, node, port, value in values:
        action = ClearParam(node, port) if value is None else SetParam(node, port, value)
        document = (Within(path, action) if path else action).apply(document)
    return document


def check(change):
    if change.kind == LOOK:
        assert audible(change.before) == audible(change.after)
    if change.kind == VALUES:
        assert audible(set_values(change.before, change.values)) == audible(change.after)
    else:
        assert change.values == ()


@example([SetParam("a", "in", None)])
@given(st.lists(actions | st.sampled_from([Undo(), Redo()]), max_size=30))
def test_every_step_reports_its_kind_of_change(steps):
    patch = Patch(applied(scaffold, Document()))
    patch.subscribe(lambda step, change: check(change))
    for step in steps:
        try:
            patch.do(step)
        except PatchError:
            pass
    while patch.can_undo:
        patch.undo()


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (Move("osc", 3, 4), LOOK),
        (SetTitle("x"), LOOK),
        (SetSeed(9), STRUCTURE),
        (AddNode("b", "sine"), STRUCTURE),
        (SetParam("osc", "frequency", 3.0), VALUES),
        (SetParams({"osc.frequency": 3.0, "osc.phase": 0.5}), VALUES),
        (Group((SetParam("osc", "frequency", 3.0), Move("osc", 3, 4))), VALUES),
        (Group((SetParam("osc", "frequency", 3.0), AddNode("b", "sine"))), STRUCTURE),
        (Group(()), LOOK),
    ],
)
def test_group_has_the_strongest_kind_of_its_actions(action, kind):
    patch = Patch()
    patch.add("sine", "osc")
    change = action.change(patch.document)
    assert change.kind == kind
    check(change)


def test_undo_of_a_dragged_slider_sets_the_value_before_the_drag():
    patch, changes = Patch(), []
    patch.add("sine", "osc", frequency=100.0)
    patch.set("osc.frequency", 200.0)
    patch.set("osc.frequency", 300.0, merge=True)
    patch.subscribe(lambda step, change: changes.append(change))
    patch.undo()
    patch.redo()
    assert [change.values for change in changes] == [
        (ValueChange((), "osc", "frequency", 100.0),),
        (ValueChange((), "osc", "frequency", 300.0),),
    ]


def test_values_in_a_subpatch_have_its_path():
    patch = Patch()
    patch.add("sine", "osc")
    patch.encapsulate(["osc"], "voice")
    change = Within(("voice",), SetParam("osc", "frequency", 5.0)).change(patch.document)
    assert change.values == (ValueChange(("voice",), "osc", "frequency", 5.0),)
