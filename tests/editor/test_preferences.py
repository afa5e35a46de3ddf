"""The preferences of the editor in their file, also when it is damaged or was written by hand."""

from __future__ import annotations

import json

import pytest

from nodegraph.editor.preferences import FILE, Preferences


def test_preferences_are_read_as_they_were_saved(tmp_path):
    chosen = Preferences("light", 1.5, minimap=False, device="two", rate=48000.0, keep_minutes=3, depth="24")
    chosen.save(tmp_path / "home")
    assert Preferences.load(tmp_path / "home") == chosen


@pytest.mark.parametrize("text", ["", "[]", "3", "{", '"text"', "[" * 100_000])
def test_damaged_file_gives_the_defaults(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert Preferences.load(tmp_path) == Preferences()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("blocksize", 0), ("blocksize", 1e9), ("blocksize", True), ("blocksize", "256"), ("rate", -1.0), ("rate", "x"),
        ("rate", 1e300), ("scale", 0), ("scale", float("nan")), ("keep_minutes", -5), ("keep_minutes", 10**12),
        ("theme", 5), ("minimap", 1), ("depth", "32"), ("depth", []), ("device", 3), ("folder", None), ("none", 1),
    ],
)  # fmt: skip
def test_impossible_value_is_left_out(tmp_path, name, value):
    (tmp_path / FILE).write_text(json.dumps({name: value, "scroll_pans": True}))
    assert Preferences.load(tmp_path) == Preferences(scroll_pans=True)
