"""A lesson: the records of ``lesson.toml``, and the texts in its folder."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec import field as default

ENGLISH = "en"
VISIBLE = "visible"

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
Seconds = Annotated[float, Meta(ge=0.0, le=60.0)]
Text = str | dict[str, str]
"""A text in English, or one for each language: ``{en = "…", de = "…"}``."""


class Played(Struct, frozen=True, forbid_unknown_fields=True):
    """A sound that is played into all ``audio_in`` blocks.

    ``level`` is the peak in dBFS; noise is uniform. It lasts ``seconds``, by default three quarters of the stimulus, so
    that the response ends before the sound does.
    """

    wave: Literal["impulse", "noise", "sine", "saw", "sweep", "file"] = "impulse"
    hz: Annotated[float, Meta(ge=1.0, le=20_000.0)] = 440.0
    level: Annotated[float, Meta(ge=-100.0, le=0.0)] = -6.0
    seconds: Seconds | None = None
    file: str = ""


class PlayedNote(Struct, frozen=True, forbid_unknown_fields=True):
    """A note that is played into all ``midi_in`` blocks: MIDI ``note``, start and duration in seconds."""

    note: Annotated[int, Meta(ge=0, le=127)]
    at: Seconds = 0.0
    seconds: Seconds = 0.5
    velocity: Annotated[int, Meta(ge=1, le=127)] = 100


class Stimulus(Struct, frozen=True, forbid_unknown_fields=True):
    """What happens while the patch is heard: an input, notes, and values of controls, for ``seconds``."""

    seconds: Annotated[float, Meta(ge=0.05, le=30.0)] = 2.0
    input: Played | None = None
    notes: tuple[PlayedNote, ...] = ()
    controls: dict[str, float] = default(default_factory=dict)


class Check(Struct, frozen=True, forbid_unknown_fields=True):
    """A measure of the sound that must lie in a range.

    The sound is that under ``stimulus``, from ``start`` to ``end`` seconds. ``hint`` is shown if the check fails;
    ``low`` and ``high`` replace it for values below and above the range. ``covers`` names the blocks or inputs
    ("filter" or "filter.cutoff") of the target patch that the check is about.
    """

    id: Name
    measure: str
    range: tuple[float, float]
    hint: Text
    low: Text = ""
    high: Text = ""
    points: Annotated[float, Meta(ge=0.0, le=1000.0)] = 1.0
    visibility: Literal["visible", "hidden", "after_due"] = "visible"
    stimulus: str = ""
    options: dict[str, float | str] = default(default_factory=dict)
    start: Seconds = 0.0
    end: Seconds | None = None
    step: str = ""
    covers: tuple[str, ...] = ()

    @property
    def hint_names(self) -> tuple[str, ...]:
        """The names of its hints: "hint", and "low" and "high" if it has them."""
        return ("hint", *(name for name in ("low", "high") if getattr(self, name)))

    def hint_name(self, value: float | None) -> str:
        """Return the name of the hint for a value outside the range; None is no value."""
        side = "" if value is None else "low" if value < self.range[0] else "high" if value > self.range[1] else ""
        return side if side in self.hint_names else "hint"

    def hint_for(self, value: float | None, language: str = ENGLISH) -> str:
        """Return the hint for a value outside the range; None is no value."""
        return text_in(getattr(self, self.hint_name(value)), language)

    def range_text(self, unit: str) -> str:
        """Return the range as text: ``438 to 442 Hz``."""
        low, high = self.range
        if low == high:
            return f"{low:g} {unit}".rstrip()
        if math.isinf(low) and math.isinf(high):
            return "any value"
        number = f"at most {high:g}" if math.isinf(low) else f"at least {low:g}" if math.isinf(high) else ""
        return f"{number or f'{low:g} to {high:g}'} {unit}".rstrip()


class LessonFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The content of ``lesson.toml``.

    ``target`` is the patch whose sound is to be reached, ``wrong`` the check that each patch in ``wrong/`` must fail
    first ("pitch"), or the hint that it must get ("pitch.low"). Stimuli are by name; a check without one uses the
    first, and a lesson without any has one of 2 s of silence.
    """

    id: Name
    version: Annotated[int, Meta(ge=1)]
    minutes: Annotated[float, Meta(gt=0.0, le=1000.0)]
    objectives: Annotated[tuple[Text, ...], Meta(min_length=1)]
    checks: Annotated[tuple[Check, ...], Meta(min_length=1)]
    steps: tuple[Name, ...] = ()
    rate: Annotated[float, Meta(ge=8000.0, le=192_000.0)] = 44100.0
    target: str = ""
    stimuli: dict[str, Stimulus] = default(default_factory=dict)
    wrong: dict[str, str] = default(default_factory=dict)


@dataclass(frozen=True)
class LessonText:
    """A text: its title, the introduction, and heading and text of each step, in Markdown."""

    title: str
    introduction: str
    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Lesson:
    """A lesson that was read from ``folder``, with its texts by language."""

    folder: Path
    file: LessonFile
    texts: dict[str, LessonText]
    stimuli: dict[str, Stimulus] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the lesson."""
        return self.file.id

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks, in the order in which they are reported."""
        return self.file.checks

    @property
    def start(self) -> Path:
        """The patch that a student starts from; files in patches of the lesson are relative to its folder."""
        return self.folder / "start.json"

    @property
    def target(self) -> Path | None:
        """The patch whose sound is to be reached."""
        return self.folder / self.file.target if self.file.target else None

    @property
    def is_hand_out(self) -> bool:
        """Whether it is a copy for students, without the folders ``solutions`` and ``wrong``."""
        return not (self.folder / "solutions").exists() and not (self.folder / "wrong").exists()

    @cached_property
    def solutions(self) -> tuple[Path, ...]:
        """Patches that pass all checks."""
        return tuple(sorted((self.folder / "solutions").glob("*.json")))

    @cached_property
    def wrong(self) -> tuple[Path, ...]:
        """Patches with a typical mistake."""
        return tuple(sorted((self.folder / "wrong").glob("*.json")))

    @property
    def max_score(self) -> float:
        """The sum of all points."""
        return sum(check.points for check in self.checks)

    def text(self, language: str = ENGLISH) -> LessonText:
        """Return the text in a language, else in English."""
        return self.texts.get(language) or self.texts[ENGLISH]

    def stimulus_of(self, check: Check) -> tuple[str, Stimulus]:
        """Return name and content of the stimulus of a check."""
        name = check.stimulus or next(iter(self.stimuli))
        return name, self.stimuli[name]


def text_in(text: Text, language: str = ENGLISH) -> str:
    """Return a text in a language, else in English, else in any."""
    if isinstance(text, str):
        return text
    return text.get(language) or text.get(ENGLISH) or next(iter(text.values()), "")


def parse_text(markdown: str) -> LessonText:
    """Return title ("# …"), introduction and steps ("## …") of a Markdown text. Raises ValueError, one line."""
    lines = markdown.strip().splitlines()
    if not lines or not lines[0].startswith("# "):
        raise ValueError("the first line must be the title, such as '# One sine'")
    parts: list[tuple[str, list[str]]] = [(lines[0][2:].strip(), [])]
    for line in lines[1:]:
        if line.startswith("## "):
            parts.append((line[3:].strip(), []))
        else:
            parts[-1][1].append(line)
    texts: list[tuple[str, str]] = [(heading, "\n".join(body).strip()) for heading, body in parts]
    return LessonText(*texts[0], tuple(texts[1:]))


def plain_check(check: Check) -> dict[str, Any]:
    """Return the declaration of a check as plain data, infinite limits as None."""
    low, high = (None if math.isinf(limit) else limit for limit in check.range)
    return {"id": check.id, "measure": check.measure, "range": [low, high], "points": check.points}
