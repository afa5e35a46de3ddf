"""Colours of block families, and the contrast of all texts to their ground."""

import pytest

from nodegraph.blocks.registry import family_name, node_types
from nodegraph.editor.canvas.theme import (
    CONTRAST,
    FAMILIES,
    OTHERS,
    THEMES,
    area_title_ground,
    contrast,
    family_colour,
    mixed,
    readable,
    rgb,
    title_colour,
)
from nodegraph.editor.commands.notes import COLOURS

ON_PANELS = ("text", "faint", "warn", "alarm", "good", "focus")


def test_every_coloured_family_has_blocks():
    assert set(FAMILIES) <= {family_name(cls.family) for cls in node_types().values()}


def test_family_without_a_colour_gets_a_fixed_colour():
    assert family_colour("filters") == rgb(FAMILIES["filters"])
    assert family_colour("some package") == family_colour("some package")


def test_contrast_is_that_of_the_guidelines():
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21.0)
    assert contrast(rgb("#777777"), rgb("#ffffff")) == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("name", THEMES)
def test_every_text_has_enough_contrast_to_its_ground(name):
    theme = THEMES[name]
    grounds = ("canvas", "node", "track", "fill", "control", "display", "panel", "panel_deep")
    pairs = [(getattr(theme, ink), getattr(theme, ground)) for ink in ON_PANELS for ground in grounds]
    value = theme.title_text if theme.node[0] < 128 else theme.text  # on sliders
    pairs += [(colour, theme.display) for colour in theme.trace]
    pairs += [(value, theme.fill), (value, theme.track), (value, theme.control)]
    pairs += [(colour, ground) for colour in theme.kinds.values() for ground in (theme.canvas, theme.node, theme.track)]
    families = [rgb(colour) for colour in (*FAMILIES.values(), *OTHERS, *COLOURS.values())]
    pairs += [(theme.title_text, title_colour(colour)) for colour in families]
    pairs += [(theme.panel_deep, theme.alarm), (theme.panel_deep, theme.warn)]  # lights of the master strip, badges
    for colour in map(rgb, COLOURS.values()):
        ground = area_title_ground(theme, colour)
        pairs += [(readable(theme.text, ground), ground), (theme.text, mixed(theme.canvas, colour, 0.12))]
    assert [(ink, ground) for ink, ground in pairs if contrast(ink, ground) < CONTRAST] == []


def test_colour_that_is_readable_already_stays():
    assert readable(rgb("#ffffff"), rgb("#000000")) == rgb("#ffffff")
