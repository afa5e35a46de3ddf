"""Panels by keyboard: every item is reached and used by keys, and the focus returns to the canvas."""

from __future__ import annotations

import pytest

from nodegraph.editor.desk import Panel
from nodegraph.editor.events import Click, PanelFocused
from nodegraph.editor.panel import QuestionPanel
from nodegraph.editor.panel_focus import PanelFocus
from nodegraph.editor.view import Card, Item, PanelVisual
from nodegraph.files.demos import demo_patch
from nodegraph.patch import SetControl
from tests.editor.user import flat


class Everything(Panel):
    """A panel with items of each kind, which notes the events it gets."""

    key = "everything"

    def __init__(self):
        self.events = []
        self.values = {"slider": 0.5, "fader": 0.5, "toggle": False, "choice": "b"}

    def visual(self, desk):
        cards = (Card("one", "One"), Card("two", "Two", sound=True), Card("three", "Three"))
        items = (
            Item("text", "words", value="only read"),
            Item("row", "row", value=(Item("button", "left", "Left"), Item("button", "right", "Right"))),
            Item("slider", "slider", "Slider", (self.values["slider"], "")),
            Item("button", "off", "Off", enabled=False),
            Item("fader", "fader", "Fader", (self.values["fader"], "")),
            Item("fader", "second", "Second", (0.5, "")),
            Item("toggle", "toggle", "Toggle", self.values["toggle"]),
            Item("entry", "entry", "Entry", "text"),
            Item("choice", "choice", "Choice", (self.values["choice"], ("a", "b", "c"))),
            Item("cards", "cards", value=(2, cards)),
            Item("table", "table", value=(("A", "B"), (("1", "2"), ("3", "4")))),
        )
        return PanelVisual(self.key, "Everything", items)

    def react(self, desk, event):
        self.events.append((event.item, event.value))
        if event.item in self.values:
            self.values[event.item] = event.value

    def menu(self, desk, item):
        self.events.append((item, "menu"))


ORDER = ["left", "right", "slider", "fader", "second", "toggle", "entry", "choice", "cards:one", "cards:two",
         "cards:hear:two", "cards:three", "table:0", "table:1"]  # fmt: skip


@pytest.fixture
def everything(user):
    panel = Everything()
    user.add("sine")
    user.desk.open_panel(panel)
    user.press("f6")
    return panel


def test_tab_reaches_every_item_and_returns_to_the_first(user, everything):
    reached = []
    for _ in ORDER:
        reached.append(user.view.focus[1])
        user.press("tab")
    assert reached == ORDER and user.view.focus == ("everything", "left")
    user.press("shift+tab")
    assert user.view.focus == ("everything", "table:1")


def test_arrows_move_in_rows_and_to_the_nearest_item_of_the_next_row(user, everything):
    user.press("right")
    assert user.view.focus[1] == "right"
    user.press("right", "down")
    assert user.view.focus[1] == "slider"
    user.press("up")
    assert user.view.focus[1] == "left"
    user.send(PanelFocused("everything", "cards:hear:two"))
    user.press("down")
    assert user.view.focus[1] == "cards:three"
    user.press("down", "down", "down")
    assert user.view.focus[1] == "table:1"


@pytest.mark.parametrize(
    ("item", "keys", "event"),
    [
        ("left", ["enter"], ("left", None)),
        ("right", ["space"], ("right", None)),
        ("slider", ["right"], ("slider", pytest.approx(0.52))),
        ("slider", ["pagedown"], ("slider", pytest.approx(0.4))),
        ("slider", ["end"], ("slider", 1.0)),
        ("fader", ["up", "up"], ("fader", pytest.approx(0.54))),
        ("fader", ["shift+down"], ("fader", pytest.approx(0.498))),
        ("toggle", ["space"], ("toggle", True)),
        ("choice", ["right"], ("choice", "c")),
        ("choice", ["left", "left"], ("choice", "c")),
        ("choice", ["enter"], ("choice", "c")),
        ("cards:three", ["enter"], ("cards", "three")),
        ("cards:hear:two", ["enter"], ("cards", "hear:two")),
        ("table:1", ["enter"], ("table", (1, 0))),
        ("slider", ["shift+f10"], ("slider", "menu")),
    ],
)
def test_keys_use_an_item_as_the_mouse_does(user, everything, item, keys, event):
    user.send(PanelFocused("everything", item))
    user.press(*keys)
    assert everything.events[-1] == event


def test_enter_places_the_cursor_in_a_text_field_and_tab_leaves_it(user, everything):
    from nodegraph.editor.events import Key

    user.send(PanelFocused("everything", "entry"))
    user.press("enter")
    assert user.view.edited == ("everything", "entry") and not everything.events
    user.send(Key("left", typing=True), Key("escape", typing=True))
    assert user.view.focus == ("everything", "entry")
    user.send(Key("tab", typing=True))
    assert user.view.focus == ("everything", "choice")


def test_focus_returns_to_the_canvas_by_escape_click_and_close(user, everything):
    for leave in (lambda: user.press("escape"), lambda: user.send(Click((0.0, 0.0), None))):
        user.send(PanelFocused("everything", "left"))
        leave()
        assert user.view.focus == ("", "")
    user.press("f6", "ctrl+w")
    assert "everything" not in user.view.panels and user.view.focus == ("", "")


def test_other_keys_are_commands_while_a_panel_has_the_focus(user, everything):
    assert user.patch.can_undo
    user.press("ctrl+z")
    assert not user.document.nodes and user.view.focus == ("everything", "left")


def test_f6_moves_from_panel_to_panel_the_newest_first_and_back(user, everything):
    user.press("escape")
    user.presenter.run("osc")
    order = []
    for _ in range(3):
        user.press("f6")
        order.append(user.view.focus[0])
    assert order == ["osc", "everything", ""]


def test_question_has_the_focus_and_is_answered_or_cancelled_by_keys(user, everything):
    answers = []
    question = QuestionPanel("Quit", "Unsaved changes.", {"Save": lambda: answers.append("Save"), "Cancel": None})
    for keys in (["enter"], ["tab", "enter"], ["escape"]):
        user.desk.open_panel(question)
        user.wait(0.1, 1)
        assert user.view.focus == ("question", "Save")
        user.press(*keys)
        assert "question" not in user.view.panels
    assert answers == ["Save"]


def test_cards_of_the_start_page_are_reached_by_tab_and_arrows_and_opened_by_enter(user):
    user.presenter.run("start_page")
    user.press("tab")
    assert user.view.focus[0] == "start" and user.view.focus[1].startswith("lesson:")
    while not user.view.focus[1].startswith("demo:"):
        user.press("down")
    first = user.view.focus[1]
    user.press("right")
    assert user.view.focus[1] == f"demo:hear:{first.removeprefix('demo:')}"
    user.press("left", "enter")
    assert user.document.nodes and "start" not in user.view.panels and user.view.focus == ("", "")


PANELS = [
    "start_page", "controls", "play_panel", "patch_settings", "snapshots", "device", "export_sound", "training",
    "match_a_sound", "breed_variants", "osc", "keys", "gain_bank",
]  # fmt: skip


@pytest.mark.parametrize("command", PANELS)
def test_everything_that_the_mouse_can_use_in_a_panel_is_reached_by_keys(user, command):
    if command != "start_page":  # which is open until there is a block
        user.presenter.run("open_file", demo_patch("autoencoder_faders"))
        user.wait(0.1, 1)
    before = set(user.view.panels)
    user.presenter.run(command)
    (key,) = set(user.view.panels) - before
    expected = {item.key for item in flat(user.view.panels[key].items) if item.enabled and item.kind in USED}
    user.press("f6")
    reached = set()
    while user.view.focus[1] not in reached:
        reached.add(user.view.focus[1])
        user.press("tab")
    assert {name.partition(":")[0] for name in reached if name} == expected
    user.press("ctrl+w")
    assert key not in user.view.panels and user.desk.state(PanelFocus).panel == ""


USED = {"button", "slider", "fader", "toggle", "entry", "choice", "cards", "table"}


def test_control_with_steps_moves_to_the_next_step_by_one_key(user):
    user.add("ladder")
    user.patch.do(SetControl("tone", "ladder1.cutoff", 100.0, 10000.0, "log", steps=5))
    user.presenter.run("controls")
    user.send(PanelFocused("controls", "set tone"))
    user.press("home")
    values = []
    for _ in range(5):
        values.append(round(user.value("ladder1.cutoff")))
        user.press("right")
    assert values == [100, 316, 1000, 3162, 10000]


def test_context_menu_opens_by_keys_for_blocks_values_and_panel_items(user):
    user.add("ladder")
    user.press("shift+f10")
    assert user.view.menu[0] == "ladder1" and any(item.label == "Duplicate" for item in user.view.menu[1])
    while user.desk.selection.focus is None or user.desk.selection.focus.port != "cutoff":
        user.press("j")
    user.press("shift+f10")
    assert user.view.menu[0] == "ladder1.cutoff"
    user.patch.do(SetControl("tone", "ladder1.cutoff"))
    user.press("shift+p", "f6", "shift+f10")
    assert user.view.menu[0] == "tone"
