"""Invalid, damaged and huge patch files: each gives a document or a one-line error, quickly."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.patch import PatchError, encode_patch, parse_patch, read_patch

from .arbitrary import FOREIGN


def refusal(data: bytes, **options) -> str:
    with pytest.raises(PatchError) as caught:
        parse_patch(data, "bad.json", **options)
    message = str(caught.value)
    assert message.startswith("bad.json: ") and message.endswith(".")
    assert message.isprintable() and len(message) < 400
    return message


def patch_with(rest: str) -> bytes:
    return ('{"format": "nodegraph", "version": 1, ' + rest + "}").encode()


def node_with(rest: str) -> bytes:
    return patch_with('"nodes": [{"id": "a", "type": "sine", ' + rest + "}]")


def wire_with(rest: str) -> bytes:
    return patch_with('"nodes": [{"id": "a", "type": "sine"}], "wires": [' + rest + "]")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (FOREIGN[:300].encode(), "the file is truncated"),
        (b'{"format": "nodegr', "the file is truncated"),
        (b"RIFF\x00\x00", "line 1, column 1: invalid JSON"),
        (b"\xff\xfe{", "not UTF-8 at byte 0"),
        (b'{"format": "nodegraph",\n "version": 1,}', "line 2, column 15: invalid JSON, "),
        (b'{"format": "nodegraph",\n "version": 1,5}', "line 2, column 15: comma in a number. Write 1.5."),
        (b'{"format": "nodegraph", "version": 1} {}', "something follows the end"),
        (b"[1]", r"\$: a patch must be a JSON object"),
        (b'{"nodes": []}', '"format" is missing'),
        (b'{"format": "pd", "version": 1}', "\"format\" is 'pd'"),
        (b'{"format": "nodegraph", "version": "1"}', r"\$\.version: must be a whole number"),
        (b'{"format": "nodegraph", "version": 1, "version": 2}', "duplicate key 'version'"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (patch_with('"nodes": ' + "[" * 100_000), "nested too deeply"),
        (node_with('"params": {"x": ' + "[" * 40 + "]" * 40 + "}"), "more than 32 deep"),
        (node_with('"params": {"x": [1, NaN]}'), r"\$\.nodes\[0\]: NaN is not a finite number"),
        (node_with('"params": {"x": [1, -Infinity]}'), "-Infinity is not a finite number"),
        (node_with('"params": {"x": [1, 1e999]}'), r"\$\.nodes\[0\]\.params\.x\[1\]: inf is not a finite"),
        (node_with('"params": {"x": ' + "9" * 30 + "}"), r"\$\.nodes\[0\]\.params\.x: .* 64 bits"),
        (node_with('"params": {"x": ' + "9" * 5000 + "}"), "thousands of digits"),
        (node_with('"params": [1]'), r"\$\.nodes\[0\]\.params: expected object, got array"),
        (node_with('"params": {"x": 1, "x": 2}'), r"\$\.nodes\[0\]: duplicate key 'x'"),
        (node_with('"version": 0'), r"\$\.nodes\[0\]\.version"),
        (node_with('"version": true'), r"\$\.nodes\[0\]\.version"),
        (patch_with('"nodes": [{"type": "sine"}]'), r"\$\.nodes\[0\]: .*missing required field id"),
        (patch_with('"nodes": [{"id": "a", "type": 3}]'), r"\$\.nodes\[0\]\.type: expected str, got int"),
        (patch_with('"nodes": [{"id": "a.b", "type": "x"}]'), r"\$\.nodes\[0\]\.id: .* without dots"),
        (patch_with('"nodes": [{"id": "", "type": "x"}]'), "the id is empty"),
        (patch_with('"nodes": [{"id": "a\\u0000", "type": "x"}]'), "printable"),
        (patch_with('"nodes": [{"id": "\\ud800", "type": "x"}]'), "printable"),
        (patch_with('"nodes": [{"id": "' + "a" * 1000 + '", "type": "x"}]'), "longer than 100"),
        (
            patch_with('"nodes": [{"id": "a", "type": "x"}, {"id": "a", "type": "y"}]'),
            "duplicate id 'a'",
        ),
        (patch_with('"nodes": {}'), r"\$\.nodes: must be a list"),
        (patch_with('"nodes": [' + "0, " * 100_000 + "0]"), r"\$\.nodes\[0\]: expected object"),
        (wire_with('{"from": "a.out", "to": "aa.in"}'), "unknown node 'aa'. Did you mean 'a'?|unknown node 'aa'"),
        (wire_with('{"from": "a", "to": "a.in"}'), r"\$\.wires\[0\]\.from: 'a' does not name a port"),
        (wire_with('{"from": "a.out", "to": 3}'), r"\$\.wires\[0\]\.to: expected str, got int"),
        (
            wire_with('{"from": "a.out", "to": "a.in"}, {"from": "a.out", "to": "a.in"}'),
            "duplicate wire 'a.out → a.in'",
        ),
        (wire_with('["a", "out", "a", "in"]'), r"\$\.wires\[0\]: expected object, got array"),
        (patch_with('"seed": -1'), r"\$\.seed: the seed must lie in"),
        (patch_with('"seed": 1e400'), r"\$\.seed"),
        (patch_with('"title": 5'), r"\$\.title: expected str, got int"),
        (patch_with('"layout": {"a": [1, 1e999]}'), r"\$\.layout\.a"),
        (patch_with('"layout": [1]'), r"\$\.layout"),
        (patch_with('"settings": {"rate": 0}'), r"\$\.settings\.rate"),
        (
            patch_with('"controls": [{"name": "x", "target": "a.b"}]'),
            r"\$\.controls\[0\]\.target: unknown",
        ),
        (patch_with('"notes": [{"id": "x"}]'), r"\$\.notes\[0\]: .*text"),
        (
            b'{"format": "nodegraph", "version": 0, "wires": [["a", "b"]]}',
            r"\$\.wires\[0\]: .* format version 0",
        ),
        (
            b'{"format": "nodegraph", "version": 9, "nodes": 5}',
            r"format version 9, newer .* Update nodegraph",
        ),
    ],
)
def test_invalid_patch_raises_one_line_with_the_position(data, message):
    line = refusal(data)
    assert re.search(message, line), line


def test_file_above_the_limit_is_refused(tmp_path):
    assert "larger than 100 bytes" in refusal(b" " * 101, limit=100)
    (tmp_path / "big.json").write_bytes(b" " * 101)
    with pytest.raises(PatchError, match="larger than 100 bytes"):
        read_patch(tmp_path / "big.json", limit=100)


def test_duplicate_key_among_a_hundred_thousand_is_found():
    many = ", ".join(f'"k{number}": 0' for number in range(100_000))
    assert "duplicate key 'k99999'" in refusal(node_with(f'"params": {{{many}, "k99999": 1}}'))


def test_too_many_records_are_refused():
    assert "more than 200000 entries" in refusal(patch_with('"nodes": [' + "{}, " * 1_000_000 + "{}]"))


def test_list_of_a_million_numbers_is_read():
    numbers = ", ".join(["0.5"] * 1_000_000)
    document = parse_patch(node_with(f'"params": {{"table": [{numbers}]}}'))
    assert len(document.nodes["a"].params["table"]) == 1_000_000


@given(st.data())
def test_damaged_patch_is_read_or_raises_one_line(data):
    text = bytearray(FOREIGN.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text[start:end] = data.draw(st.binary(max_size=4) | st.sampled_from(FRAGMENTS))
    try:
        document = parse_patch(bytes(text), "bad.json")
    except PatchError as error:
        assert len(str(error).splitlines()) == 1 and str(error).startswith("bad.json: ")
    else:
        assert encode_patch(document) == bytes(text) or document.source is None


FRAGMENTS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"',
    b"NaN",
    b"1e999",
    b"null",
    b"true",
    b'"a.out"',
    b"-",
    b"\\u",
]
