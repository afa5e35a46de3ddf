"""Each command builds the typed graph of its patch once."""

from __future__ import annotations

import pytest

from nodegraph.engine import live
from nodegraph.graph import build
from tests.test_patches import FOLDER


@pytest.mark.parametrize(
    "arguments",
    [
        ("render", "{patch}", "-o", "out.wav", "--seconds", "0.1"),
        ("check", "{patch}"),
        ("show", "{patch}"),
        ("run", "{patch}", "--null", "--seconds", "0.1", "--keep", "0"),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("name", ["demo", "fm_subtractive"])
def test_command_types_its_patch_once(cli, monkeypatch, arguments, name):
    typed = []
    original = build.graph_of

    def counting(flat, *rest):
        typed.append(flat.document)
        return original(flat, *rest)

    monkeypatch.setattr(build, "graph_of", counting)
    monkeypatch.setattr(live, "graph_of", counting)
    path = str(FOLDER / f"{name}.json")
    assert cli(*(argument.format(patch=path) for argument in arguments)).status == 0
    assert len(typed) == 1
