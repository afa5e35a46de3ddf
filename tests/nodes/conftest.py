"""Fixtures for the contracts of blocks."""

import pytest

from nodegraph.blocks.registry import node_types


@pytest.fixture
def hidden_blocks_can_be_named(monkeypatch):
    """Let documents name the blocks that only the program adds, so that they are tested like all others."""
    for cls in node_types().values():
        monkeypatch.setattr(cls, "hidden", False)
