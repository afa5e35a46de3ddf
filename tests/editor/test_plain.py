"""Docstrings are shown without their markup."""

from nodegraph.blocks.registry import node_types
from nodegraph.editor.canvas.visuals import node_visual
from nodegraph.editor.plain import first_line, plain
from nodegraph.editor.typed import TypedDocument
from nodegraph.patch import NodeRecord


def test_roles_and_quotes_of_code_are_removed():
    assert plain("``y = |x|`` as in :class:`~nodes.adsr.Adsr` and :mod:`x`") == "y = |x| as in nodes.adsr.Adsr and x"


def test_no_tip_of_a_block_shows_markup():
    for name, cls in node_types().items():
        visual = node_visual("x", NodeRecord(name, cls.version), cls.spec, (0.0, 0.0), TypedDocument())
        tips = [visual.tip, *(row.tip for row in visual.rows), *(row.pin.tip for row in visual.rows if row.pin)]
        assert not [tip for tip in tips if "`" in tip or ".. " in tip], name
        assert visual.tip == first_line(cls)
