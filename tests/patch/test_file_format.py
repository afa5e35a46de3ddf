"""The patch file format: lossless round trips and readable diffs."""

import difflib
import json
import pickle
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.patch import (
    Document,
    Patch,
    PatchError,
    RemoveBinding,
    SetBinding,
    SetControl,
    SetNote,
    SetTitle,
    encode_patch,
    parse_patch,
    read_patch,
    schema,
)
from nodegraph.patch.fileformat import PatchFile
from nodegraph.patch.parse import MAX_FAULTS

from .arbitrary import FOREIGN, actions, applied, documents


@given(documents)
def test_encode_and_parse_are_inverse(document):
    data = encode_patch(document)
    again = parse_patch(data)
    assert again == document
    assert encode_patch(again) == data
    assert encode_patch(replace(again, source=None)) == data
    msgspec.json.decode(data, type=PatchFile)
    assert pickle.loads(pickle.dumps(again)) == document


def test_unedited_patch_is_saved_byte_for_byte(tmp_path):
    for data in (FOREIGN.encode(), b"\xef\xbb\xbf" + FOREIGN.replace("\n", "\r\n").encode()):
        path = tmp_path / "a.json"
        path.write_bytes(data)
        patch = Patch.load(path)
        patch.set("a.frequency", 5)
        patch.undo()
        patch.save(tmp_path / "b.json")
        assert (tmp_path / "b.json").read_bytes() == data


@given(st.lists(actions, max_size=6))
def test_edit_rewrites_only_the_edited_records(some):
    document = parse_patch(FOREIGN.encode())
    after = applied(some, document)
    text = encode_patch(after).decode()
    assert parse_patch(text.encode()) == after
    assert '"x-tool": {"spelling": 1.50e3, "again": [ ]}' in text
    assert '"tempo": 1.2e2' in text
    for id, record in after.nodes.items():
        if document.nodes.get(id) is record:
            assert RECORDS[id] in text
    if any(wire is document.wires[0] for wire in after.wires):
        assert '{"to":"b.in", "from":"a.out", "gain": 1.0e0}' in text


RECORDS = {
    "a": '{ "type":"sine", "id":"a", "params":{"frequency":2.20e2,"x":1.0} }',
    "b": '{"id":"b","type":"from_the_future","version":9,"params":{"deep":{"er":[1,2.0,{"k":1E3}]}},'
    '"colour":"bl\\u00fce"}',
    "c": '{"id": "c", "type": "audio_out"\n    }',
}


@pytest.mark.parametrize(("unix_lines", "end"), [(0, b"\r\n"), (2, b"\r\n"), (10**6, b"\n")])
def test_edited_patch_keeps_the_line_ends_of_most_of_its_lines(unix_lines, end):
    lines = [line.rstrip() for line in FOREIGN.encode().split(b"\n")]
    data = b"".join(line + (b"\n" if k < unix_lines else b"\r\n") for k, line in enumerate(lines))
    after = encode_patch(applied([SetTitle("another")], parse_patch(data)))
    expected = encode_patch(applied([SetTitle("another")], parse_patch(b"\n".join(lines))))
    assert after == end.join(expected.split(b"\n"))


def test_unknown_fields_are_preserved_when_their_record_is_edited():
    patch = Patch(parse_patch(FOREIGN.encode()))
    patch.set("b.more", 1)
    patch.rename("b", "d")
    patch.do(SetNote("n", "ho"))
    patch.do(SetBinding("pitch", 8, takeover="pickup"))
    text = encode_patch(patch.document).decode()
    for field in ('"colour": "bl\\u00fce"', '"gain": 1.0e0', '"font": 12', '"cc": 1e0', '"led": 1.0e0'):
        assert field in text


def test_binding_is_one_short_field_of_its_control():
    patch = Patch()
    patch.add("low_pass", "lp1")
    patch.do(SetControl("bright", "lp1.cutoff", 100.0, 8000.0, "log", lane=2))
    before = patch.document
    patch.do(SetBinding("bright", 74, channel=3, takeover="scale"))
    line = '{"number": 74, "channel": 3, "takeover": "scale"}'
    assert any(line in changed for changed in changed_lines(before, patch.document))
    patch.do(SetControl("bright", "lp1.cutoff", 200.0, 8000.0, "log", lane=2))
    assert patch.document.controls["bright"].midi is not None
    patch.do(RemoveBinding("bright"))
    assert patch.document.controls["bright"].midi is None


def changed_lines(before: Document, after: Document) -> list[str]:
    old, new = (encode_patch(document).decode().splitlines() for document in (before, after))
    return [line for line in difflib.ndiff(old, new) if line[0] in "+-"]


def test_diff_of_two_files_shows_only_the_change():
    patch = Patch()
    for _ in range(3):
        patch.add("sine", frequency=220)
    patch.add("sequence", steps=list(range(100)), mode="forward", gate=0.5)
    for number in (1, 2, 3):
        patch.connect(f"sine{number}.out", "sequence1.in")
    before = patch.document
    patch.set("sine2.frequency", 330)
    assert changed_lines(before, patch.document) == [
        '-     {"id": "sine2", "type": "sine", "params": {"frequency": 220}},',
        '+     {"id": "sine2", "type": "sine", "params": {"frequency": 330}},',
    ]
    before = patch.document
    patch.set("sequence1.gate", 0.25)
    assert changed_lines(before, patch.document) == ['-         "gate": 0.5', '+         "gate": 0.25']
    before = patch.document
    patch.disconnect("sine2.out", "sequence1.in")
    assert changed_lines(before, patch.document) == ['-     {"from": "sine2.out", "to": "sequence1.in"},']


NEWER = FOREIGN.replace('"version": 1,', '"version": 5,', 1).encode()


def test_newer_format_is_read_and_saved_unchanged(tmp_path):
    (tmp_path / "a.json").write_bytes(NEWER)
    patch = Patch.load(tmp_path / "a.json")
    assert patch.document.is_newer_format and patch.document.nodes["a"].params["frequency"] == 220
    patch.save(tmp_path / "b.json")
    assert (tmp_path / "b.json").read_bytes() == NEWER


def test_edited_patch_of_a_newer_format_is_saved_only_with_downgrade(tmp_path):
    (tmp_path / "a.json").write_bytes(NEWER)
    patch = Patch.load(tmp_path / "a.json")
    patch.set("a.frequency", 5)
    with pytest.raises(PatchError, match=r"format version 5 .* Update nodegraph"):
        patch.save()
    assert (tmp_path / "a.json").read_bytes() == NEWER
    patch.save(downgrade=True)
    patch.do(SetTitle("again"))
    patch.save()
    assert not read_patch(tmp_path / "a.json").is_newer_format
    assert RECORDS["b"] in (tmp_path / "a.json").read_text()


def test_schema_describes_the_patch_file():
    described = schema()
    json.dumps(described)
    patch = described["$defs"]["PatchFile"]
    assert patch["required"] == ["format", "version"]
    assert set(json.loads(FOREIGN)) - {"x-tool"} <= set(patch["properties"])
    assert described["$defs"]["WireFile"]["required"] == ["from", "to"]


def test_all_invalid_records_are_reported_at_once():
    data = {
        "format": "nodegraph",
        "version": 1,
        "nodes": [
            {"id": "", "type": "sine"},
            {"id": "osc", "type": 3},
            {"id": "voice", "type": "subpatch", "patch": {"nodes": [{"id": "a.b", "type": "sine"}, {"id": "x"}]}},
            {"id": "out", "type": "audio_out"},
        ],
        "wires": [
            {"from": "osc.out", "to": "out.audio"},
            {"from": "osk.out", "to": "out.audio"},
            {"from": "osc", "to": "out.audio"},
        ],
        "controls": [{"name": "c", "target": "osc.frequency", "min": []}],
    }
    with pytest.raises(PatchError) as caught:
        parse_patch(json.dumps(data).encode(), "faulty.json")
    places = [line.split(": ")[1] for line in caught.value.problems]
    assert places == [
        "$.nodes[0].id", "$.nodes[1].type", "$.nodes[2].patch.nodes[0].id", "$.nodes[2].patch.nodes[1]",
        "$.wires[1].from", "$.wires[2].from", "$.controls[0].min",
    ]  # fmt: skip
    assert all(line.startswith("faulty.json: ") and "\n" not in line for line in caught.value.problems)
    assert str(caught.value).startswith(caught.value.problems[0]) and "6 more problems" in str(caught.value)


def test_a_single_invalid_record_is_one_line():
    data = {"format": "nodegraph", "version": 1, "nodes": [{"id": "", "type": "sine"}]}
    with pytest.raises(PatchError) as caught:
        parse_patch(json.dumps(data).encode())
    assert caught.value.problems == [] and "more" not in str(caught.value)


def test_number_of_reported_records_is_limited():
    nodes = [{"id": "", "type": "sine"}] * 30_000
    with pytest.raises(PatchError) as caught:
        parse_patch(json.dumps({"format": "nodegraph", "version": 1, "nodes": nodes}).encode())
    assert len(caught.value.problems) == MAX_FAULTS
