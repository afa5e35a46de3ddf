"""The dialogue of ``nodegraph challenge``: lines that set knobs, play sounds, and check."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CommandError
from .output import columns, print_line, printable
from .output_files import make_folder

if TYPE_CHECKING:
    import numpy as np

    from nodegraph.challenges import Challenge, ChallengeKnob, ChallengeListener, ChallengeResult
    from nodegraph.engine.live import Live

RATE = 44100.0  # Hz
PAUSE = 0.3  # seconds between target and own sound
HELP = "KNOB=VALUE sets a knob. t target, m mine, b both, c check, s solution, q quit."


class ChallengeLoop:
    """Reads lines until the challenge is solved, shown or left. Sounds are played, or written to ``folder``."""

    def __init__(self, listener: ChallengeListener, folder: Path | None) -> None:
        self.listener, self.challenge, self.folder = listener, listener.challenge, folder
        self.values = self.challenge.start.copy()
        self._live: Live | None = None

    def run(self) -> int:
        """Run the dialogue on stdin; return 0 if it ends with all knobs right, else 1."""
        try:
            if self.folder is None:
                print_line(HELP)
                self._hear(target=True, mine=True)
            else:
                print_line(f"{', '.join(str(path) for path in self.write_files())}. {HELP}")
            while (line := self._line()) is not None:
                if (status := self._react(line.strip())) is not None:
                    return status
            return 1
        finally:
            if self._live is not None:
                self._live.stop()

    def write_files(self) -> list[Path]:
        """Write the target, the own sound and the own patch to the folder; return their paths, [] without a folder."""
        if self.folder is None:
            return []
        from nodegraph.files.sound_output import write_sound
        from nodegraph.patch import write_patch

        paths = [make_folder(self.folder) / name for name in ("target.wav", "mine.wav", "mine.json")]
        for path, values in zip(paths, (self.challenge.target, self.values)):
            write_sound(path, self.listener.sound(values, RATE), RATE)
        write_patch(self.listener.document(self.values), paths[-1])
        return paths

    def _line(self) -> str | None:
        if sys.stdin.isatty():
            print("> ", end="", flush=True)
        return sys.stdin.readline() or None

    def _react(self, line: str) -> int | None:
        """Carry out a line; return an exit status if it ends the dialogue."""
        if line in ("q", "quit", "exit"):
            return 1
        if line in ("t", "target", "m", "mine", "b", "both"):
            self._hear(line[0] in "tb", line[0] in "mb")
        elif line in ("c", "check"):
            result = self.listener.judge(self.values)
            print_result(result)
            return 0 if result.solved else None
        elif line in ("s", "solution"):
            print_knobs(self.challenge, self.challenge.target)
            return 1
        elif "=" in line:
            self._set(line)
        else:
            print_knobs(self.challenge, self.values)
            print_line(HELP)
        return None

    def _set(self, line: str) -> None:
        from nodegraph.challenges import ChallengeError

        before = {knob.name: float(value) for knob, value in zip(self.challenge.knobs, self.values, strict=True)}
        try:
            self.values = self.challenge.values(before | answers_of(self.challenge, line, before))
        except (ChallengeError, CommandError) as error:
            print_line(printable(str(error)))
            return
        print_knobs(self.challenge, self.values)
        self._hear(target=False, mine=True)

    def _hear(self, target: bool, mine: bool) -> None:
        if self.folder is not None:
            self.write_files()
            return
        chosen = [self.challenge.target] * target + [self.values] * mine
        for values in chosen:
            self._play(self.listener.sound(values, RATE))
            time.sleep(PAUSE)

    def _play(self, sound: np.ndarray) -> None:
        if self._live is None:
            from nodegraph.engine.live import Live
            from nodegraph.patch import Document

            self._live = Live(Document(), rate=RATE).start()
        self._live.preview(sound.mean(axis=1))
        time.sleep(len(sound) / RATE)


def answers_in(challenge: Challenge, text: str) -> dict[str, float]:
    """Return the values of ``--check``: of a text, of a file with such lines, or of a patch file."""
    path = Path(text)
    if not path.is_file():
        if path.suffix in (".json", ".txt") and "=" not in path.name:
            raise CommandError(f"{path}: file not found. Check the name, or write KNOB=VALUE.")
        return answers_of(challenge, text)
    if path.suffix == ".json":
        return _answers_of_patch(challenge, path)
    return answers_of(challenge, path.read_text(encoding="utf-8", errors="replace"))


def answers_of(challenge: Challenge, text: str, now: dict[str, float] | None = None) -> dict[str, float]:
    """Return the values of ``KNOB=VALUE`` in a text, separated by commas or lines. Raises CommandError."""
    from nodegraph.editor.quantity import QuantityError, parse_quantity

    units = {knob.name: knob.unit for knob in challenge.knobs}
    found: dict[str, float] = {}
    for part in text.replace(",", "\n").splitlines():
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not part.strip():
            continue
        if not sign:
            fix = f"Name one of {', '.join(units)}."
            if found and part.strip()[0].isdigit():
                fix = "A comma separates knobs: write decimals with a point, such as 1.5."
            raise CommandError(f"'{part.strip()}' is not KNOB=VALUE. {fix}")
        try:
            found[name] = parse_quantity(value, units.get(name, ""), (now or {}).get(name, 0.0))
        except QuantityError as error:
            raise CommandError(f"knob '{name}': {error}") from None
    return found


def _answers_of_patch(challenge: Challenge, path: Path) -> dict[str, float]:
    from nodegraph.challenges import patch_values
    from nodegraph.patch import read_patch

    values = patch_values(challenge, read_patch(path), path)
    return {knob.name: float(value) for knob, value in zip(challenge.knobs, values, strict=True)}


def print_knobs(challenge: Challenge, values: np.ndarray) -> None:
    """Print a line for each knob: value, range, tolerance and meaning."""
    columns(
        (knob.name, _text(knob, value), _range(knob), knob.tolerance.describe(), knob.doc)
        for knob, value in zip(challenge.knobs, values, strict=True)
    )


def print_result(result: ChallengeResult) -> None:
    """Print the verdict on each knob, and the summary."""
    columns(
        ("right" if one.right else "WRONG", one.knob.name, _text(one.knob, one.value), one.text)
        for one in result.verdicts
    )
    print_line(result.summary)


def _text(knob: ChallengeKnob, value: float) -> str:
    from nodegraph.editor.quantity import format_quantity

    return format_quantity(float(value), knob.unit)


def _range(knob: ChallengeKnob) -> str:
    return f"{_text(knob, knob.parameter.low)} … {_text(knob, knob.parameter.high)}"
