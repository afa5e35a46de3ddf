"""Edits of the seed, title and settings of a patch."""

from __future__ import annotations

from dataclasses import replace

from ..change import LOOK, STRUCTURE, Change
from ..document import FIRST_VIEWS, Document
from ..errors import InvalidValue, PatchError, quote
from ..values import rate_problem
from ..voices import check_voices
from .base import Action, quoted_list


class SetSeed(Action, frozen=True, tag="set_seed"):
    """Set the seed of all random blocks."""

    seed: int

    def apply(self, document: Document) -> Document:
        if not isinstance(self.seed, int) or isinstance(self.seed, bool) or not 0 <= self.seed < 2**63:
            raise PatchError(f"the seed must be a whole number in 0 … 2⁶³ - 1, got {quote(self.seed)}.")
        return replace(document, seed=self.seed) if self.seed != document.seed else document


class SetTitle(Action, frozen=True, tag="set_title"):
    """Set the title of the patch."""

    kind = LOOK

    title: str

    def apply(self, document: Document) -> Document:
        if not isinstance(self.title, str):
            raise PatchError(f"the title must be text, got {quote(self.title)}.")
        return replace(document, title=self.title) if self.title != document.title else document


class SetSettings(Action, frozen=True, tag="set_settings"):
    """Change settings of the patch; ``None`` leaves a setting unchanged, ``rate=0`` means the rate of the device."""

    latency_compensation: bool | None = None
    rate: float | None = None
    voices: int | None = None
    unison: int | None = None
    mix: str | None = None
    width: float | None = None
    shows_first: str | None = None

    def apply(self, document: Document) -> Document:
        old = document.settings
        if self.rate and (problem := rate_problem(self.rate)):
            raise PatchError(problem)
        if self.shows_first is not None and self.shows_first not in FIRST_VIEWS:
            raise PatchError(f"shows_first must be {quoted_list(FIRST_VIEWS)}, got {quote(self.shows_first)}.")
        given = {name: getattr(self, name) for name in self.__struct_fields__ if getattr(self, name) is not None}
        if "rate" in given:
            given["rate"] = given["rate"] or None
        try:
            check_voices(given)
        except InvalidValue as fault:
            raise PatchError(f"{fault.path[1:]} {fault.text}.") from None
        return replace(document, settings=replace(old, **given))

    def change(self, document: Document) -> Change:
        after = self.apply(document)
        is_silent = replace(after.settings, shows_first=document.settings.shows_first) == document.settings
        return Change(document, after, LOOK if is_silent else STRUCTURE)
