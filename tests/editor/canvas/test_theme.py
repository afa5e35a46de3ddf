"""Colours of block families."""

from nodegraph.blocks.registry import family_name, node_types
from nodegraph.editor.canvas.theme import FAMILIES, family_colour, rgb


def test_every_coloured_family_has_blocks():
    assert set(FAMILIES) <= {family_name(cls.family) for cls in node_types().values()}


def test_family_without_a_colour_gets_a_fixed_colour():
    assert family_colour("filters") == rgb(FAMILIES["filters"])
    assert family_colour("some package") == family_colour("some package")
