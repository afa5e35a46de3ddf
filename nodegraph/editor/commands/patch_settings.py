"""Patch settings: title, seed, sample rate, latency compensation, voices."""

from __future__ import annotations

import random

from nodegraph.patch import Action, SetSeed, SetSettings, SetTitle
from nodegraph.patch.document import FIRST_VIEWS
from nodegraph.patch.voices import MIXES

from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..quantity import QuantityError, parse_quantity
from ..view import Item, PanelVisual

DEVICE_RATE = "device rate"
RATES = (DEVICE_RATE, "22050", "44100", "48000", "96000")


class PatchPanel(Panel):
    """Panel of the patch settings."""

    key = "patch"
    is_per_patch = True

    def visual(self, desk: Desk) -> PanelVisual:
        document = desk.patch.document
        self._document = document
        rate = f"{document.settings.rate:g}" if document.settings.rate else DEVICE_RATE
        rates = RATES if rate in RATES else (*RATES, rate)
        settings = document.settings
        items = (
            Item("entry", "title", "Title", document.title),
            Item(
                "entry",
                "seed",
                "Seed",
                str(document.seed),
                "seed of all random values; the same seed gives the same sound",
            ),
            Item("choice", "rate", "Sample rate (Hz)", (rate, rates), "sample rate for rendering"),
            Item("toggle", "latency", "Latency compensation", settings.latency_compensation),
            Item("entry", "voices", "Voices", str(settings.voices), "number of voices of the whole patch"),
            Item("entry", "unison", "Unison", str(settings.unison), "detuned copies per voice"),
            Item("choice", "mix", "Voice mix", (settings.mix, MIXES), "sum, spread in stereo, or one lane per voice"),
            Item(
                "choice",
                "first",
                "Shows first",
                (settings.shows_first, FIRST_VIEWS),
                "the canvas, or the controls as faders",
            ),
        )
        return PanelVisual(self.key, "Patch", items)

    def react(self, desk: Desk, event: PanelEvent) -> None:
        action: Action | None = None
        if event.item == "title":
            action = SetTitle(str(event.value))
        elif event.item in ("seed", "voices", "unison"):
            try:
                number = max(int(parse_quantity(str(event.value))), 0)
            except QuantityError as error:
                desk.notify(str(error), alarm=True)
                return
            actions = {
                "seed": SetSeed(number),
                "voices": SetSettings(voices=number),
                "unison": SetSettings(unison=number),
            }
            action = actions[event.item]
        elif event.item == "mix":
            action = SetSettings(mix=str(event.value))
        elif event.item == "first":
            action = SetSettings(shows_first=str(event.value))
        elif event.item == "rate":
            action = SetSettings(rate=0.0 if event.value == DEVICE_RATE else float(event.value))
        elif event.item == "latency":
            action = SetSettings(latency_compensation=bool(event.value))
        if action is not None:
            desk.do_in((), action)

    def changed(self, desk: Desk) -> None:
        was, now = self._document, desk.patch.document
        if (was.title, was.seed, was.settings) != (now.title, now.seed, now.settings):
            desk.view.show_panel(self.visual(desk))


@command("Patch settings…", "ctrl+shift+e", menu="Edit", section=7)
def patch_settings(desk: Desk, payload: object) -> None:
    """Edit the title, seed, sample rate and voices of the patch."""
    desk.open_panel(PatchPanel())


@command("New random seed", menu="Edit", section=7)
def randomise_seed(desk: Desk, payload: object) -> None:
    """Set a new random seed for the patch."""
    desk.do_in((), SetSeed(random.randrange(2**31)))
