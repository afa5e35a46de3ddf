"""Steps of a control: checked in actions and in files, saved as they were written."""

from __future__ import annotations

import json

import pytest

from nodegraph.patch import Patch, PatchError, SetControl, encode_patch, parse_patch


def document_with(**control) -> bytes:
    fields = {"name": "bright", "target": "osc.frequency", "min": 100, "max": 1600} | control
    patch = {"format": "nodegraph", "version": 1, "nodes": [{"id": "osc", "type": "sine"}], "controls": [fields]}
    return json.dumps(patch).encode()


@pytest.mark.parametrize("steps", [2, 16, [100, 200.5, 1600]])
def test_steps_survive_a_round_trip(steps):
    document = parse_patch(document_with(steps=steps))
    assert document.controls["bright"].steps == (tuple(steps) if isinstance(steps, list) else steps)
    saved = json.loads(encode_patch(document))
    assert saved["controls"][0]["steps"] == steps
    assert parse_patch(encode_patch(document)) == document


def test_control_without_steps_is_saved_without_them():
    assert b"steps" not in encode_patch(parse_patch(document_with()))


INVALID = [
    (1, "steps must be 2–1024 classes, got 1"),
    (2000, "steps must be 2–1024 classes, got 2000"),
    ([100], "steps must be 2–1024 classes, got 1"),
    ([200, 200], "steps must increase. Sort them and remove duplicates"),
    ([300, 200], "steps must increase. Sort them and remove duplicates"),
    ([50, 200], "steps must lie in the range of the control, got 50"),
    ([100, 1601], "steps must lie in the range of the control, got 1601"),
]


@pytest.mark.parametrize(("steps", "message"), INVALID)
def test_invalid_steps_are_refused_with_one_line(steps, message):
    with pytest.raises(PatchError, match=message.replace(".", r"\.")) as in_file:
        parse_patch(document_with(steps=steps))
    assert "steps" in str(in_file.value)
    patch = Patch(parse_patch(document_with()))
    with pytest.raises(PatchError, match=f"control 'bright': {message}"):
        patch.do(SetControl("bright", "osc.frequency", 100.0, 1600.0, steps=steps))
    assert "\n" not in str(in_file.value)


def test_steps_of_a_reversed_range_increase():
    document = parse_patch(document_with(min=1600, max=100, steps=[200, 300]))
    assert document.controls["bright"].steps == (200.0, 300.0)
