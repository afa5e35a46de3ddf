"""The start page: cards of lessons, demos, recent patches and tools, and the line on the empty canvas."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from nodegraph.editor.commands.start_page import DEMOS, LESSONS_SHOWN, TOOLS
from nodegraph.editor.events import PanelEvent
from nodegraph.files.demos import demo_patch
from nodegraph.patch import Patch


@pytest.fixture
def page(user):
    user.presenter.run("start_page")
    return user


def cards(user, key):
    return {card.key: card for card in user.item("start", key).value[1]}


def click(user, item, value):
    user.send(PanelEvent("start", item, value))


def test_empty_canvas_says_how_to_begin_until_a_block_is_added(user):
    assert "double-click or N" in user.view.canvas_text and "F1" in user.view.canvas_text
    user.add("sine")
    assert user.view.canvas_text == ""
    user.press("ctrl+z")
    assert "double-click or N" in user.view.canvas_text


def test_lessons_are_in_order_and_open_a_copy(page):
    titles = [card.title for card in cards(page, "lesson").values()]
    assert [title.split()[0] for title in titles] == [str(i) for i in range(1, LESSONS_SHOWN + 1)]
    click(page, "lesson", next(iter(cards(page, "lesson"))))
    assert "lesson" in page.view.panels and "start" not in page.view.panels
    assert page.patch.path.is_relative_to(page.desk.home)


def test_demo_opens_and_closes_the_page(page):
    click(page, "demo", "first_sound")
    assert page.patch.document.title.startswith("First sound") and "start" not in page.view.panels


def test_demo_is_heard_from_its_card_without_opening_it(page):
    click(page, "demo", "hear:first_sound")
    end = time.monotonic() + 120.0
    while not page.sound.previews and time.monotonic() < end:
        page.wait(0.1, 2)
        time.sleep(0.02)
    samples, rate = page.sound.previews[-1]
    assert 5.0 < len(samples) / rate < 7.0 and 0.3 < np.abs(samples).max() <= 0.9
    assert not page.document.nodes


def test_recent_patches_are_cards(page, tmp_path):
    patch = Patch()
    patch.add("sine", "tone")
    patch.save(tmp_path / "mine.json")
    page.presenter.run("open_file", tmp_path / "mine.json")
    page.presenter.run("new")
    page.presenter.run("start_page")
    click(page, "recent", next(iter(cards(page, "recent"))))
    assert set(page.document.nodes) == {"tone"}


@pytest.mark.parametrize(("tool", "panel"), [("training", "training"), ("match_a_sound", "match")])
def test_tools_open_their_panels(page, tool, panel):
    assert set(cards(page, "tool")) == set(TOOLS)
    click(page, "tool", tool)
    assert any(key.startswith(panel) for key in page.view.panels)


def test_demos_of_the_page_exist_and_the_first_has_few_blocks_and_three_controls():
    for name in DEMOS:
        assert demo_patch(name).is_file()
    data = json.loads(demo_patch("first_sound").read_text())
    assert 12 <= len(data["nodes"]) <= 15 and len(data["controls"]) == 3
    assert sum(node["type"] == "subpatch" for node in data["nodes"]) >= 2
    x, y = zip(*data["layout"].values())
    assert max(x) - min(x) < 1100 and max(y) - min(y) < 500
