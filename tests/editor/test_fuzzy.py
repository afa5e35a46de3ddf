"""Fuzzy search of blocks."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.blocks.registry import node_types
from nodegraph.editor.fuzzy import match, search

BLOCKS = [(name, inspect.getdoc(cls) or "", cls.family) for name, cls in node_types().items()]


def found(query: str) -> list[str]:
    return [BLOCKS[i][0] for i, _ in search(query, BLOCKS)]


@pytest.mark.parametrize(
    ("query", "block"),
    [
        ("sin", "sine"),
        ("sine", "sine"),
        ("sv", "state_variable"),
        ("istft", "inverse_stft"),
        ("ladr", "ladder"),
        ("snie", "sine"),
        ("delya", "delay"),
        ("mag", "magnitude"),
        ("step seq", "step_sequencer"),
        ("rtisi", "rtisi_la"),
        ("estimator", "cnn_estimator"),
    ],
)
def test_best_match_is_first(query, block):
    assert found(query)[0] == block


def test_family_name_finds_its_blocks():
    assert {"sine", "saw", "lfo"} <= set(found("osc")[:12])


@given(st.sampled_from([name for name, _, _ in BLOCKS]), st.data())
def test_any_prefix_finds_its_block(name, data):
    length = data.draw(st.integers(1, len(name)))
    assert name in found(name[:length])
    assert match(name, name).score >= match(name[:length], name).score


@given(st.sampled_from([name for name, _, _ in BLOCKS if len(name) >= 5]), st.data())
def test_search_accepts_one_typo(name, data):
    at = data.draw(st.integers(1, len(name) - 2))
    kind = data.draw(st.sampled_from(["left out", "swapped", "wrong"]))
    typo = {
        "left out": name[:at] + name[at + 1 :],
        "swapped": name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        "wrong": name[:at] + "q" + name[at + 1 :],
    }[kind]
    assert name in found(typo)


@given(st.text(max_size=20))
def test_highlighted_positions_are_within_the_name(query):
    for i, hit in search(query, BLOCKS):
        assert all(0 <= at < len(BLOCKS[i][0]) for at in hit.hits)
