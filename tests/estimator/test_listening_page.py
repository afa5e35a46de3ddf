"""Listening pages: content of the file, and order of play over listeners."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.estimator.listening_page import LISTENERS, Trial, hearings, listening_page, write_listening_page

RATE = 16384.0


def noise(samples, seed, level=0.5, channels=None):
    shape = samples if channels is None else (samples, channels)
    return np.random.default_rng(seed).uniform(-level, level, shape)


def trials_of(count, **changes):
    """Return trials with different sounds; ``changes`` apply to all of them."""
    return [
        Trial(
            **{
                "name": f"case {k}",
                "a": noise(300, 3 * k),
                "b": noise(400, 3 * k + 1),
                "label_a": "nearest neighbour",
                "label_b": "refined",
                "target": noise(500, 3 * k + 2),
            }
            | changes
        )
        for k in range(count)
    ]


class Page(HTMLParser):
    """The elements of a page: their attributes, the text of those with an id, and all text outside of scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.visible = [], {}, ""
        self._open = []
        self.feed(text)
        self.data = json.loads(self.texts["data"])
        self.key = json.loads(base64.b64decode(self.texts["key"]))

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "input"):
            self._open.append((tag, dict(attributes).get("id")))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, text):
        tag, id = self._open[-1] if self._open else ("", None)
        self.texts[id] = self.texts.get(id, "") + text
        if tag not in ("script", "style"):
            self.visible += text


def sound_at(page, index):
    return soundfile.read(io.BytesIO(base64.b64decode(page.data["sounds"][index])), always_2d=True)


# -- order of play -----------------------------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(0, 200), st.integers(0, 5))
def test_each_trial_is_heard_once_with_either_sound_first(trials, listener, seed):
    found = hearings(trials, listener, seed)
    assert sorted(found) == [(trial, first) for trial in range(trials) for first in (False, True)]


@given(st.integers(1, 40), st.integers(0, 200), st.integers(0, 5))
def test_half_of_the_trials_lie_between_two_hearings(trials, listener, seed):
    order = [hearing.trial for hearing in hearings(trials, listener, seed)]
    for trial in range(trials):
        first, second = (place for place, found in enumerate(order) if found == trial)
        assert second - first - 1 >= trials // 2


@given(st.integers(1, 40), st.integers(0, 100), st.integers(0, 5))
def test_pairs_of_listeners_hear_opposite_orders(trials, pair, seed):
    even, odd = (hearings(trials, listener, seed) for listener in (2 * pair, 2 * pair + 1))
    assert [(trial, not first) for trial, first in even] == odd


@given(st.integers(1, 40), st.integers(0, 200), st.integers(0, 5))
def test_either_sound_is_first_in_half_of_the_first_hearings(trials, listener, seed):
    first = sum(hearing.a_first for hearing in hearings(trials, listener, seed)[:trials])
    assert abs(2 * first - trials) <= 1


def test_order_of_play_is_uniform_over_listeners():
    trials, listeners = 8, 4000
    places = np.zeros((trials, trials))
    firsts = np.zeros(trials)
    for listener in range(0, listeners, 2):
        for place, (trial, a_first) in enumerate(hearings(trials, listener)[:trials]):
            places[trial, place] += 1
            firsts[trial] += a_first
    expected = listeners / 2 / trials
    assert np.abs(places - expected).max() < 5 * np.sqrt(expected)
    assert np.abs(firsts - listeners / 4).max() < 5 * np.sqrt(listeners / 8)


# -- page --------------------------------------------------------------------------------------------------


def test_page_plays_the_sounds_of_each_hearing():
    trials = trials_of(5)
    trials[2] = trials_of(1, target=None, a=noise(200, 50, channels=2))[0]
    page = Page(listening_page(trials, RATE, seed=3))
    assert len(page.data["sessions"]) == len(page.key["hearings"]) == LISTENERS
    for listener in (0, 1, 63):
        expected = hearings(5, listener, 3)
        assert page.key["hearings"][listener] == [[trial, int(first)] for trial, first in expected]
        for sounds, (trial, a_first) in zip(page.data["sessions"][listener], expected, strict=True):
            made = trials[trial]
            order = [made.target, made.a, made.b] if a_first else [made.target, made.b, made.a]
            for index, sound in zip(sounds, order, strict=True):
                if sound is None:
                    assert index is None
                    continue
                found, rate = sound_at(page, index)
                assert rate == RATE
                np.testing.assert_allclose(found, sound.reshape(len(sound), -1), atol=1 / 32768)


def test_results_name_trials_and_labels():
    trials = trials_of(3)
    page = Page(listening_page(trials, RATE, title="Match", question="Which one?"))
    assert page.key["names"] == ["case 0", "case 1", "case 2"]
    assert page.key["labels"] == [["nearest neighbour", "refined"]] * 3
    assert (page.key["title"], page.key["question"]) == ("Match", "Which one?")


def test_page_does_not_show_labels_names_or_the_order_of_sounds():
    text = listening_page(trials_of(6), RATE)
    for hidden in ("nearest neighbour", "refined", "case "):
        assert hidden not in text
    page = Page(text)
    indices = np.array(page.data["sessions"][0])
    firsts = np.array([first for _, first in hearings(6, 0)])
    a, b = (np.where(firsts == want, indices[:, 1], indices[:, 2]) for want in (1, 0))
    assert 0 < np.mean(a < b) < 1  # the index of a sound does not tell which system made it


def test_page_needs_no_network():
    page = Page(listening_page(trials_of(2), RATE))
    assert not [attributes for _, attributes in page.elements if {"src", "href", "action"} & attributes.keys()]
    (policy,) = (a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "http" not in policy
    script = page.texts[None]
    assert not any(call in script for call in ("fetch(", "XMLHttpRequest", "import(", "http:", "https:"))


def test_every_button_has_a_key_or_saves_results():
    page = Page(listening_page(trials_of(2), RATE))
    buttons = [attributes["id"] for tag, attributes in page.elements if tag == "button"]
    assert Counter(buttons) == Counter(
        ["begin", "target", "first", "second", "choose-first", "choose-none", "choose-second", "csv", "json"]
    )
    script = page.texts[None]
    for key in ('"0": "target"', '"1": "first"', '"2": "second"', "ArrowLeft", "ArrowRight", "ArrowDown", "Enter"):
        assert key in script


def test_markup_in_texts_is_shown_as_text():
    title, question = "</script><b>&{{data}}", "Is <i>a</i> nearer?"
    page = Page(listening_page(trials_of(1, name=title, label_a=title), RATE, title, question))
    assert title in page.visible and question in page.visible
    assert not [tag for tag, _ in page.elements if tag in ("b", "i")]
    assert page.key["names"] == [title]


def test_loud_trial_is_attenuated_as_a_whole():
    a, b, target = noise(300, 0, 4.0), noise(300, 1, 0.5), noise(300, 2, 1.0)
    page = Page(listening_page([Trial("loud", a, b, "a", "b", target)], RATE))
    peak = np.abs(a).max()
    for index, sound in zip(
        page.data["sessions"][0][0], (target, a, b) if hearings(1, 0)[0].a_first else (target, b, a)
    ):
        np.testing.assert_allclose(sound_at(page, index)[0][:, 0], sound / peak, atol=1 / 32768)


def test_equal_sounds_are_stored_once():
    target = noise(300, 99)
    page = Page(listening_page(trials_of(4, target=target), RATE))
    assert len(page.data["sounds"]) == 9


@pytest.mark.parametrize("name", ["a", "b", "target"])
@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros((2, 2, 2)), np.array([0.0, np.nan])], ids=str)
def test_invalid_sound_is_refused_with_the_name_of_its_trial(name, sound):
    subject = "the target" if name == "target" else f"sound {name}"
    with pytest.raises(ValueError, match=f"trial 'case 0': {subject} must be finite samples"):
        listening_page(trials_of(1, **{name: sound}), RATE)


def test_page_without_trials_is_refused():
    with pytest.raises(ValueError, match="at least one trial"):
        listening_page([], RATE)


def test_page_is_written_as_a_file_and_is_repeatable(tmp_path):
    write_listening_page(tmp_path / "page.html", trials_of(2), RATE, title="Match", seed=1)
    assert (tmp_path / "page.html").read_text() == listening_page(trials_of(2), RATE, "Match", seed=1)
    assert listening_page(trials_of(2), RATE, "Match", seed=2) != listening_page(trials_of(2), RATE, "Match", seed=1)
