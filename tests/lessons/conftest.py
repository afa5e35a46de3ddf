"""A small lesson in a temporary folder."""

from __future__ import annotations

import pytest

from nodegraph.lessons.template import write_template


@pytest.fixture
def folder(tmp_path):
    """The folder of the lesson that ``nodegraph lesson new`` writes: a sine of 330 Hz is asked for."""
    write_template(tmp_path / "tuning")
    return tmp_path / "tuning"


@pytest.fixture
def edit(folder):
    """A function that replaces text in ``lesson.toml``."""

    def edit(old, new):
        path = folder / "lesson.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return edit
