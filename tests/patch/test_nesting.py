"""Nested documents: edits at a path, encapsulate and dissolve, lossless saving."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.patch import (
    AddNode,
    Connect,
    Dissolve,
    Document,
    Encapsulate,
    Group,
    Move,
    Patch,
    PatchError,
    RemoveNode,
    Rename,
    Replace,
    SetControl,
    SetLook,
    SetNote,
    SetParam,
    SetParams,
    SetPatch,
    SetSnapshot,
    Wire,
    Within,
    data_of,
    document_of,
    encode_patch,
    from_data,
    locate,
    node_migration,
    parse_patch,
    standalone,
    to_data,
    within,
)
from nodegraph.patch.migrations import node_migrations

from .arbitrary import actions, applied, documents, inner, paths, scaffold

NESTED = """\
{"format": "nodegraph", "version": 1, "nodes": [
  {"id": "voice", "type": "subpatch", "x-shape": [1.0e0], "patch": {  "wires": [],"nodes":[
        {"id":"osc",  "type":"sine", "params":{"frequency":2.20e2}},
     {"type":"subpatch","id":"core","patch":{"nodes":[{ "id":"f", "type":"ladder" }],"x-deep": 1E3 }}
   ], "x-inner": {"spelling": 1.50e3}}},
  {"id":"out","type":"audio_out"}], "wires": []}
"""


@given(documents, st.lists(st.builds(Within, paths, actions), max_size=8))
def test_edits_of_nested_documents_are_saved_undone_and_redone(document, edits):
    patch = Patch(applied(scaffold, document))
    first = patch.document
    for edit in edits:
        try:
            patch.do(edit)
        except PatchError:
            pass
    last = patch.document
    assert parse_patch(encode_patch(last)) == last
    while patch.can_undo:
        patch.undo()
    assert patch.document is first
    while patch.can_redo:
        patch.redo()
    assert patch.document is last


@given(documents)
def test_data_of_and_document_of_are_inverse(document):
    assert document_of(json.loads(json.dumps(data_of(document))), "nested") == document
    assert standalone(document) == document


def test_unedited_nested_document_is_saved_byte_for_byte():
    document = parse_patch(NESTED.encode())
    assert encode_patch(document) == NESTED.encode()
    patch = Patch(document)
    patch.set("voice/core/f.cutoff", 300.0)
    patch.undo()
    assert encode_patch(patch.document) == NESTED.encode()


def test_edit_of_a_nested_document_rewrites_only_the_edited_record():
    patch = Patch(parse_patch(NESTED.encode()))
    patch.set("voice/core/f.cutoff", 300.0)
    text = encode_patch(patch.document).decode()
    for unedited in (
        '{"id":"osc",  "type":"sine", "params":{"frequency":2.20e2}}',
        '"x-inner": {"spelling": 1.50e3}',
        '"x-deep": 1E3',
        '"x-shape": [1.0e0]',
    ):
        assert unedited in text
    assert parse_patch(text.encode()) == patch.document


def test_nested_document_is_indented():
    patch = Patch()
    patch.add("sine", id="osc", frequency=220)
    patch.do(Encapsulate(("osc",), "voice"))
    patch.do(Within(("voice",), AddNode("gain", "multiply")))
    assert encode_patch(patch.document).decode() == (
        '{\n  "format": "nodegraph",\n  "version": 1,\n  "nodes": [\n    {\n      "id": "voice",\n'
        '      "type": "subpatch",\n      "patch": {\n        "nodes": [\n'
        '          {"id": "osc", "type": "sine", "params": {"frequency": 220}},\n'
        '          {"id": "gain", "type": "multiply"}\n        ]\n      }\n    }\n  ],\n  "wires": []\n}\n'
    )


def voice() -> Patch:
    """Return a patch osc → filter → amp → out, with positions."""
    patch = Patch()
    for k, (id, type) in enumerate({"osc": "saw", "filter": "ladder", "amp": "vca", "out": "audio_out"}.items()):
        patch.add(type, id=id)
        patch.move(id, 100.0 * k, 50.0)
    for wire in ("osc.out filter.audio", "filter.out amp.audio", "amp.out out.audio"):
        patch.connect(*wire.split())
    return patch


def test_encapsulate_names_inlets_after_inputs_and_shares_them():
    patch = voice()
    patch.add("lfo", id="lfo")
    patch.connect("lfo.out", "filter.cutoff")
    patch.connect("lfo.out", "amp.gain")
    patch.do(Encapsulate(("filter", "amp"), "sub"))
    inside = patch.document.nodes["sub"].patch
    assert [id for id, one in inside.nodes.items() if one.type == "inlet"] == ["audio", "cutoff"]
    assert [id for id, one in inside.nodes.items() if one.type == "outlet"] == ["out"]
    assert [str(wire) for wire in patch.document.wires] == [
        "osc.out → sub.audio",
        "sub.out → out.audio",
        "lfo.out → sub.cutoff",
    ]
    assert "cutoff.out → amp.gain" in [str(wire) for wire in inside.wires]


def test_encapsulate_adds_node_names_to_ports_of_the_same_name():
    patch = Patch()
    for id in ("a", "b", "x", "y", "p", "q"):
        patch.add("multiply", id=id)
    for wire in ("x.out a.a", "y.out b.a", "a.out p.a", "b.out q.a"):
        patch.connect(*wire.split())
    patch.do(Encapsulate(("a", "b"), "sub"))
    assert list(patch.document.nodes["sub"].patch.nodes) == ["a_a", "b_a", "a", "b", "a_out", "b_out"]


def test_controls_snapshots_looks_and_comments_follow_encapsulated_nodes():
    patch = voice()
    patch.do(SetLook("filter", "Tone", "#112233"))
    patch.do(SetNote("n", "squelch", 150, 20))
    patch.do(SetControl("bright", "filter.cutoff", 100, 8000, "log"))
    patch.do(SetSnapshot("dark", {"filter.cutoff": 200, "osc.frequency": 55}))
    before = patch.document
    patch.do(Encapsulate(("osc", "filter"), "voice", notes=("n",)))
    inside = patch.document.nodes["voice"].patch
    assert inside.looks["filter"].title == "Tone" and inside.notes["n"].text == "squelch"
    assert inside.layout["filter"] == (100, 50) and patch.document.layout["voice"] == (50, 50)
    assert patch.document.controls["bright"].target == "voice/filter.cutoff"
    assert patch.document.snapshots["dark"].values == {"voice/filter.cutoff": 200, "voice/osc.frequency": 55}
    patch.do(Rename("voice", "lead"))
    patch.do(Within(("lead",), Encapsulate(("filter",), "core")))
    patch.do(Within(("lead", "core"), Rename("filter", "low")))
    assert patch.document.controls["bright"].target == "lead/core/low.cutoff"
    patch.do(Move("lead", 60, 60))
    patch.do(Within(("lead",), Dissolve("core")))
    patch.do(Dissolve("lead"))
    assert patch.document.controls["bright"].target == "low.cutoff"
    assert patch.document.layout["low"] == (110, 60)
    patch.do(RemoveNode("low"))
    assert not patch.document.controls
    assert patch.document.snapshots["dark"].values == {"osc.frequency": 55}
    while patch.can_undo and patch.document is not before:
        patch.undo()
    assert patch.document is before


def test_control_follows_a_node_into_a_subpatch_of_the_same_name():
    patch = voice()
    patch.do(SetControl("bright", "filter.cutoff"))
    patch.do(Encapsulate(("filter",), "filter"))
    assert patch.document.controls["bright"].target == "filter/filter.cutoff"


def test_replacing_a_subpatch_removes_controls_of_its_nodes():
    patch = voice()
    patch.do(Encapsulate(("filter",), "sub"))
    patch.do(SetControl("bright", "sub/filter.cutoff"))
    patch.do(Replace("sub", "ladder"))
    assert not patch.document.controls


def test_dissolve_numbers_ids_that_already_exist():
    patch = voice()
    patch.do(Encapsulate(("filter",), "sub"))
    patch.add("sine", id="filter")
    patch.do(Dissolve("sub"))
    assert patch.document.nodes["filter2"].type == "ladder"
    assert Wire("osc", "out", "filter2", "audio") in patch.document.wires


def test_slider_drag_in_a_subpatch_is_one_undo_step():
    patch = voice()
    patch.do(Encapsulate(("filter",), "sub"))
    before = patch.document
    for step, value in enumerate(range(100, 200, 10)):
        patch.set("sub/filter.cutoff", float(value), merge=step > 0)
    for step, value in enumerate(range(10)):
        patch.do(SetParams({"sub/filter.cutoff": value, "osc.frequency": value}, merge=step > 0))
    patch.undo()
    assert patch.document.nodes["sub"].patch.nodes["filter"].params["cutoff"] == 190.0
    patch.undo()
    assert patch.document is before


def test_locate_finds_ids_that_contain_slashes():
    patch = voice()
    patch.do(Encapsulate(("filter",), "sub"))
    patch.do(AddNode("sub/filter", "sine"))
    assert locate(patch.document, "sub/filter") == ((), "sub/filter")
    patch.do(AddNode("x/y", "subpatch", patch={"nodes": [{"id": "a/b", "type": "sine"}]}))
    assert locate(patch.document, "x/y/a/b") == (("x/y",), "a/b")


def test_within_an_empty_path_returns_the_action():
    action = SetParam("a", "b", 1)
    assert within((), action) is action
    nested = within(("a", "b"), action)
    assert from_data(json.loads(json.dumps(to_data(nested)))) == nested == Within(("a", "b"), action)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (Encapsulate((), "sub"), "no nodes selected"),
        (Encapsulate(("osc",), "amp"), "node 'amp' already exists"),
        (Encapsulate(("osc", "out"), "sub"), "audio_out 'out' belongs to this patch"),
        (Encapsulate(("ocs",), "sub"), "unknown node 'ocs'. Did you mean 'osc'"),
        (Encapsulate(("osc",), "sub", notes=("n",)), "unknown comment 'n'"),
        (Dissolve("osc"), "'osc' is a saw, not a subpatch"),
        (Dissolve("file"), "'file' is the patch in the file 'voice.json'. Open that file, or embed it"),
        (Dissolve("poly"), "subpatch 'poly' has several voices"),
        (Within(("ghost",), RemoveNode("x")), "unknown node 'ghost'"),
        (Within(("poly",), RemoveNode("x")), "unknown node 'x'"),
        (Within(("poly", "a"), RemoveNode("x")), "'poly/a' is a sine, not a subpatch"),
        (SetPatch("osc", {}), "'osc' is a saw, not a subpatch"),
        (SetPatch("poly"), "give either a patch or a file name"),
        (SetPatch("poly", {"nodes": [{"id": "a"}]}), r"poly: \$.nodes\[0\]: .*missing required field type"),
        (AddNode("new", "subpatch", patch={"nodes": 3}), r"new: \$.nodes: must be a list"),
        (SetParams({"poly/x.y": 1}), "unknown node 'x'"),
        (SetParams({"poly": 1}), "'poly' does not name a port"),
        (SetControl("c", "file/x.y"), "'file' is the patch in the file"),
    ],
)
def test_invalid_action_raises_one_line_and_changes_nothing(action, message):
    patch = voice()
    patch.add("subpatch", id="file", file="voice.json")
    patch.do(AddNode("poly", "subpatch", params={"voices": 2}, patch=inner))
    before = patch.document
    with pytest.raises(PatchError, match=message) as caught:
        patch.do(action)
    assert patch.document is before and len(str(caught.value).splitlines()) == 1


def test_nodes_of_nested_documents_are_migrated(monkeypatch, tmp_path):
    monkeypatch.setitem(node_migrations, ("old_one", 1), None)
    node_migration("old_one", 1, params=lambda old: {"new": old["old"]}, renamed="new_one")
    text = '{"nodes": [{"id": "a", "type": "old_one", "params": {"old": 3}}]}'
    (tmp_path / "a.json").write_text(
        '{"format": "nodegraph", "version": 1, "nodes": [{"id": "s", "type": "subpatch", "patch": ' + text + "}]}"
    )
    record = Patch.load(tmp_path / "a.json").document.nodes["s"].patch.nodes["a"]
    assert (record.type, record.version, record.params) == ("new_one", 2, {"new": 3})


@pytest.mark.parametrize(
    ("nested", "message"),
    [
        ('{"nodes": [{"id": "a", "type": 3}]}', r"\$\.nodes\[0\]\.patch\.nodes\[0\]\.type: expected str"),
        ('{"wires": [{"from": "a.b", "to": "c.d"}]}', r"\$\.nodes\[0\]\.patch\.wires\[0\]\.from: unknown node 'a'"),
        ("[]", r"\$\.nodes\[0\]\.patch: expected object"),
        ('{"areas": [{"id": "a", "size": [0, 1]}]}', r"patch\.areas\[0\]\.size: must be above 0"),
        ('{"looks": [{"id": "a"}]}', r"patch\.looks\[0\]\.id: unknown node 'a'"),
        ('{"looks": [], "areas": [{"id": "a", "colour": "red"}]}', "a colour is written as '#rrggbb', got 'red'"),
    ],
)
def test_errors_in_nested_documents_contain_their_path(nested, message):
    text = '{"format": "nodegraph", "version": 1, "nodes": [{"id": "s", "type": "subpatch", "patch": ' + nested + "}]}"
    with pytest.raises(PatchError, match=message) as caught:
        parse_patch(text.encode())
    assert len(str(caught.value).splitlines()) == 1


def test_large_deeply_nested_patches_are_refused():
    body = '{"nodes": [{"id": "pad", "type": "sine", "params": {"x": "' + "x" * 2**23 + '"}}]}'
    for _ in range(12):
        body = '{"nodes": [{"id": "s", "type": "subpatch", "patch": ' + body + "}]}"
    text = '{"format": "nodegraph", "version": 1, ' + body[1:]
    with pytest.raises(PatchError, match="the nested patches are too large"):
        parse_patch(text.encode())


def test_log_of_nested_edits_replays_to_the_same_document():
    patch, log = voice(), []
    start = patch.document
    patch.subscribe(lambda step, change: log.append(json.dumps(to_data(step))))
    patch.do(Encapsulate(("osc", "filter"), "voice"))
    patch.do(Within(("voice",), Group((AddNode("lfo", "lfo"), Connect("lfo.out", "filter.cutoff")))))
    patch.do(Dissolve("voice"))
    replayed = Patch(start)
    for line in log:
        replayed.do(from_data(json.loads(line)))
    assert replayed.document == patch.document


def test_empty_subpatch_is_saved_and_read():
    assert parse_patch(encode_patch(Document(nodes={}))).nodes == {}
    patch = Patch()
    patch.do(AddNode("s", "subpatch", patch={}))
    assert parse_patch(encode_patch(patch.document)).nodes["s"].patch == Document()
