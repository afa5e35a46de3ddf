"""Copy and paste of parts of patches as text, which may be from any source."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.patch import (
    Encapsulate,
    Patch,
    PatchError,
    SetArea,
    SetLook,
    SetNote,
    Wire,
    encode_patch,
    from_data,
    parse_patch,
    to_data,
)
from nodegraph.patch.clipboard import MAX_BYTES, copy_text, duplicate_action, paste_action

from .arbitrary import documents


@given(documents, st.data())
def test_paste_equals_the_copied_part_with_new_ids(document, data):
    chosen = data.draw(st.lists(st.sampled_from(sorted(document.nodes)), unique=True)) if document.nodes else []
    paste = paste_action(copy_text(document, chosen, document.notes, document.areas), document)
    after = from_data(json.loads(json.dumps(to_data(paste.action)))).apply(document)
    assert set(paste.ids) == set(chosen)
    assert not set(paste.ids.values()) & set(document.nodes)
    assert list(after.nodes) == [*document.nodes, *(paste.ids[id] for id in document.nodes if id in chosen)]
    for id, new in paste.ids.items():
        assert after.nodes[new] == document.nodes[id]
    inner = {w for w in after.wires if w.source in paste.ids.values() or w.target in paste.ids.values()}
    assert {(w.source, w.source_port, w.target, w.target_port, w.feedback) for w in inner} == {
        (paste.ids[w.source], w.source_port, paste.ids[w.target], w.target_port, w.feedback)
        for w in document.wires
        if w.source in chosen and w.target in chosen
    }
    assert after.wires[: len(document.wires)] == document.wires
    assert len(after.notes) == 2 * len(document.notes) and len(after.areas) == 2 * len(document.areas)
    assert parse_patch(encode_patch(after)) == after


def chain() -> Patch:
    patch = Patch()
    for k, (id, type) in enumerate({"osc": "saw", "filter": "ladder", "out": "audio_out"}.items()):
        patch.add(type, id=id)
        patch.move(id, 100.0 * k, 50.0)
    patch.connect("osc.out", "filter.audio")
    patch.connect("filter.out", "out.audio")
    patch.connect("filter.out", "filter.cutoff", feedback=True)
    return patch


def test_duplicate_has_the_input_wires_of_the_original_unless_outer_is_false():
    patch = chain()
    patch.do(duplicate_action(patch.document, ["filter"]).action)
    assert Wire("osc", "out", "filter2", "audio") in patch.document.wires
    assert Wire("filter2", "out", "out", "audio") not in patch.document.wires, "the duplicate would double the level"
    assert Wire("filter2", "out", "filter2", "cutoff", True) in patch.document.wires
    patch.undo()
    patch.do(duplicate_action(patch.document, ["filter"], outer=False).action)
    assert len(patch.document.wires) == 4
    patch.undo()
    assert not patch.can_redo or patch.document.nodes.keys() == {"osc", "filter", "out"}


def test_paste_places_nodes_comments_and_areas_at_the_pointer():
    patch = chain()
    patch.do(SetLook("filter", "Tone", "#102030", True))
    patch.do(SetNote("n", "here", 90, 40))
    patch.do(SetArea("frame", "Voice", 80, 30, 300, 100, "#aabbcc"))
    text = copy_text(patch.document, ["osc", "filter"], ["n"], ["frame"])
    other = Patch()
    paste = paste_action(text, other.document, at=(1000, 500))
    other.do(paste.action)
    assert other.document.layout == {"osc": (1000, 520), "filter": (1100, 520)}
    assert other.document.notes["n"].at == (1090, 510) and other.document.areas["frame"].at == (1080, 500)
    assert other.document.areas["frame"].colour == "#aabbcc" and other.document.looks["filter"].folded
    other.undo()
    assert other.document == Patch().document


def test_duplicate_of_a_subpatch_includes_its_nested_document():
    patch = chain()
    patch.do(Encapsulate(("osc", "filter"), "voice"))
    patch.do(duplicate_action(patch.document, ["voice"]).action)
    assert patch.document.nodes["voice2"] == patch.document.nodes["voice"]


def test_clipboard_text_and_patch_files_are_interchangeable():
    patch = chain()
    other = Patch()
    other.do(paste_action(encode_patch(patch.document).decode(), other.document).action)
    assert other.document.nodes == patch.document.nodes
    assert parse_patch(copy_text(patch.document, ["osc", "filter"]).encode()).nodes.keys() == {"osc", "filter"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the clipboard does not contain part of a patch. Copy some nodes first."),
        ("hello", "the clipboard does not contain part of a patch"),
        ("\x00\ud800{", "the clipboard does not contain part of a patch"),
        ("{", "the clipboard: the file is truncated"),
        ('{"format": "other"}', "\"format\" is 'other'"),
        ('{"format": "nodegraph", "version": 1, "nodes": [{"id": "a.b", "type": "x"}]}', "without dots"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"format": "nodegraph", "version": 1, "x": "' + "x" * MAX_BYTES + '"}', "larger than"),
    ],
)
def test_paste_of_other_text_raises_one_line(text, message):
    with pytest.raises(PatchError, match=message) as caught:
        paste_action(text, chain().document)
    assert len(str(caught.value).splitlines()) == 1 and len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "outer",
    [
        "3",
        '[3, null, "x", {}]',
        '[{"from": "a", "to": "b"}]',
        '[{"from": "osc.out", "to": "out.audio"}]',
        '[{"from": "gone.out", "to": "x.in"}, {"from": ["osc"], "to": "x.in"}]',
        '[{"from": "x.out", "to": "x.in"}]',
    ],
)
def test_paste_skips_invalid_outer_wires(outer):
    text = '{"format": "nodegraph", "version": 1, "nodes": [{"id": "x", "type": "sine"}], "outer": ' + outer + "}"
    patch = chain()
    patch.do(paste_action(text, patch.document, outer=True).action)
    assert "x" in patch.document.nodes and len(patch.document.wires) == 3
