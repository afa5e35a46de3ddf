"""Three-way merges: independent edits are combined, conflicting ones are named."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given, settings

from nodegraph.patch import (
    AddNode,
    Connect,
    Disconnect,
    Document,
    Move,
    RemoveNode,
    SetControl,
    SetNote,
    SetParam,
    SetSeed,
    SetSettings,
    SetTitle,
    Within,
    encode_patch,
    parse_patch,
    read_patch,
)
from nodegraph.patch.merge import merge_documents
from nodegraph.patch.nested import standalone
from tests.patch.arbitrary import applied, documents, inner

PATCHES = Path(__file__).parent.parent.parent / "patches"

BASE = applied(
    [
        AddNode("osc", "saw", params={"frequency": 110.0}),
        AddNode("filter", "ladder", params={"cutoff": 800.0}),
        AddNode("voice", "subpatch", patch=inner),
        AddNode("out", "audio_out"),
        Connect("osc.out", "filter.audio"),
        Connect("filter.out", "out.audio"),
    ],
    Document(),
)


def merged(ours, theirs, base=BASE):
    """Return the merge of two lists of actions on the base."""
    return merge_documents(base, applied(ours, base), applied(theirs, base))


def test_independent_edits_are_combined():
    ours = [SetParam("filter", "cutoff", 1200.0), AddNode("lfo", "lfo"), Connect("lfo.out", "osc.fm"), SetTitle("Ours")]
    theirs = [
        SetParam("filter", "resonance", 0.5), SetParam("osc", "frequency", 55.0), SetSeed(7), SetNote("n", "hello"),
        Disconnect("osc.out", "filter.audio"), SetControl("cut", "filter.cutoff"), SetSettings(rate=48000.0),
        Within(("voice",), SetParam("a", "in", 0.25)),
    ]  # fmt: skip
    found = merged(ours, theirs)
    assert found.conflicts == ()
    assert found.document == applied([*ours, *theirs], BASE)
    assert merged(theirs, ours).document.nodes == found.document.nodes


def test_same_edit_of_both_is_no_conflict():
    edits = [SetParam("filter", "cutoff", 1200.0), RemoveNode("osc"), AddNode("lfo", "lfo")]
    found = merged(edits, edits)
    assert found.conflicts == () and found.document == applied(edits, BASE)


def test_conflicting_values_are_named_and_ours_is_kept():
    found = merged([SetParam("filter", "cutoff", 1200.0)], [SetParam("filter", "cutoff", 300.0)])
    assert found.conflicts == ("filter.cutoff: 1200.0 in ours, 300.0 in theirs",)
    assert found.document.nodes["filter"].params["cutoff"] == 1200.0


def test_conflict_in_a_subpatch_is_named_with_its_path():
    edits = [[Within(("voice",), SetParam("a", "in", value))] for value in (0.1, 0.2)]
    assert merged(*edits).conflicts == ("voice/a.in: 0.1 in ours, 0.2 in theirs",)


def test_removed_and_changed_node_is_a_conflict():
    found = merged([RemoveNode("filter")], [SetParam("filter", "cutoff", 300.0)])
    assert found.conflicts == ("filter: removed in ours, changed in theirs",)
    assert "filter" not in found.document.nodes


def test_wire_to_a_node_that_the_other_copy_removed_is_a_conflict():
    found = merged([RemoveNode("filter")], [AddNode("lfo", "lfo"), Connect("lfo.out", "filter.cutoff")])
    assert found.conflicts == ("lfo.out → filter.cutoff: wired in one copy, 'filter' removed in the other",)
    assert parse_patch(encode_patch(found.document), "merged")


def test_two_new_nodes_with_one_id_are_a_conflict():
    found = merged([AddNode("x", "sine")], [AddNode("x", "noise")])
    assert found.conflicts == ("x: changed in ours, changed in theirs",)
    assert found.document.nodes["x"].type == "sine"


def test_positions_of_ours_win_without_a_conflict():
    found = merged([Move("osc", 10.0, 10.0)], [Move("osc", 90.0, 90.0), Move("out", 50.0, 50.0)])
    assert found.conflicts == ()
    assert found.document.layout == {"osc": (10.0, 10.0), "out": (50.0, 50.0)}


@given(documents, documents)
@settings(max_examples=100, deadline=None)
def test_edits_of_one_copy_only_are_kept(base, edited):
    assert merge_documents(base, edited, base).document == edited
    assert merge_documents(base, base, edited).document == edited
    assert merge_documents(base, edited, edited).document == edited


@given(documents)
@settings(max_examples=100, deadline=None)
def test_edits_of_different_nodes_merge_without_conflict(base):
    assume({"a", "b"} <= base.nodes.keys())
    ours, theirs = [SetParam("a", "new", 1.0), SetTitle("t")], [SetParam("b", "new", 2.0), AddNode("new", "sine")]
    found = merged(ours, theirs, base)
    assert found.conflicts == ()
    assert found.document == applied([*ours, *theirs], base)


def random_edits(document, ids, random, prefix):
    """Return edits of the nodes ``ids`` only, and of new ones: values, blocks, wires."""
    edits = []
    for k in range(random.randint(1, 6)):
        id = random.choice(ids)
        kind = random.choice(["set", "add", "insert", "title" if prefix == "a" else "seed"])
        if kind == "set":
            edits.append(SetParam(id, random.choice(["cutoff", "gain", "frequency"]), random.random()))
        elif kind == "add":
            edits += [AddNode(f"{prefix}{k}", "sine"), Connect(f"{prefix}{k}.out", f"{id}.{prefix}in")]
        elif kind == "insert":
            edits += [AddNode(f"{prefix}{k}", "vca"), Connect(f"{id}.out", f"{prefix}{k}.audio"), Move(id, k, k)]
        else:
            edits.append(SetTitle(f"take {k}") if kind == "title" else SetSeed(k + 1))
    if random.random() < 0.3 and len(ids) > 1:
        edits.append(RemoveNode(ids[-1]))
    return edits


def merge_of_random_edits(number):
    """Check that edits of two halves of a demo merge to both, and that a shared value is a conflict."""
    random = Random(number)
    files = sorted(PATCHES.glob("*.json"))
    base = standalone(read_patch(files[number % len(files)]))
    ids = list(base.nodes)
    random.shuffle(ids)
    half = len(ids) // 2
    ours, theirs = random_edits(base, ids[:half], random, "a"), random_edits(base, ids[half:], random, "b")
    found = merged(ours, theirs, base)
    both = applied([*ours, *theirs], base)
    assert found.conflicts == ()
    assert found.document.nodes == both.nodes and set(found.document.wires) == set(both.wires)
    assert (found.document.title, found.document.seed, found.document.layout) == (both.title, both.seed, both.layout)
    assert parse_patch(encode_patch(found.document), "merged")
    shared = base.nodes.keys() & found.document.nodes.keys()
    id = random.choice(sorted(shared))
    found = merged([*ours, SetParam(id, "shared", 1.0)], [*theirs, SetParam(id, "shared", 2.0)], base)
    assert found.conflicts == (f"{id}.shared: 1.0 in ours, 2.0 in theirs",)


@pytest.mark.parametrize("number", range(45))
def test_edits_of_two_halves_of_a_demo_merge(number):
    merge_of_random_edits(number)
