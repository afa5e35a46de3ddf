"""Challenges by ear: a panel with the knobs of a patch, the sound that they must make, and the verdict."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from nodegraph.control.taper import position_of, value_at
from nodegraph.graph import GraphError
from nodegraph.patch import PatchError, SetParams, write_patch

from ..command import command
from ..desk import Desk, State
from ..events import PanelEvent
from ..jobs import Job
from ..panel import JobPanel
from ..quantity import format_quantity
from ..setting import apply_setting
from ..view import Item, PanelVisual
from .files import open_path

if TYPE_CHECKING:
    from nodegraph.challenges import Challenge, ChallengeResult

FOLDER = "challenges"  # of the user's copies
GRADES = ("1", "2", "3", "4", "5")
SEEDS = 10_000
MARKS = {True: "✓", False: "✗"}
KNOB = "knob"


class LastGrade(State):
    """The grade of the next challenge."""

    is_per_patch = False
    grade = 1


class ChallengePanel(JobPanel):
    """Panel of a challenge: sliders of its knobs, the hidden sound, and the verdict on each knob."""

    key = "challenge"
    is_per_patch = True

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self.values = challenge.start
        self.result: ChallengeResult | None = None
        self._dragged = -1  # knob whose drag has an undo step

    # -- items -----------------------------------------------------------------------------------------------

    def visual(self, desk: Desk) -> PanelVisual:
        challenge, free = self.challenge, self.job is None
        place = f"Grade {challenge.grade}, seed {challenge.seed}. Set the knobs until the patch sounds like the target."
        items = [
            Item("text", "place", value=place),
            *(self._slider(index) for index in range(len(challenge.knobs))),
            Item("row", "actions", value=(
                Item("button", "target", "Hear target", enabled=free),
                Item("button", "mine", "Hear mine", tip="the same two seconds of your patch", enabled=free),
                Item("button", "check", "Check", tip="listens to each knob", enabled=free),
                Item("button", "solution", "Show solution", tip="sets the knobs; undo restores yours", enabled=free),
            )),
            Item("row", "next", value=(
                Item("choice", "grade", "Grade", (str(desk.state(LastGrade).grade), GRADES)),
                Item("button", "new", "New challenge", enabled=free),
            )),
        ]  # fmt: skip
        if self.job is not None:
            items.append(Item("text", "state", value=self.job.title))
        elif self.result is not None:
            rows = tuple(
                (MARKS[one.right], one.knob.name, format_quantity(one.value, one.knob.unit), one.text)
                for one in self.result.verdicts
            )
            items += [
                Item("line"),
                Item("text", "state", value=self.result.summary),
                Item("table", "results", value=(("", "Knob", "Value", "Verdict"), rows)),
            ]
        return PanelVisual(self.key, f"Challenge: {challenge.title}", tuple(items), size=(480.0, 0.0))

    def _slider(self, index: int) -> Item:
        knob, value = self.challenge.knobs[index], float(self.values[index])
        parameter = knob.parameter
        place = position_of(value, parameter.low, parameter.high, parameter.taper)
        text = f"{format_quantity(value, knob.unit)}  ({knob.tolerance.describe()})"
        return Item("slider", f"{KNOB} {index}", knob.name, (place, text), knob.doc)

    def changed(self, desk: Desk) -> None:
        from nodegraph.challenges import ChallengeError, patch_values

        try:
            self.values = patch_values(self.challenge, desk.patch.document, desk.patch.path)
        except (ChallengeError, PatchError, GraphError):  # reported by Check
            return
        for index in range(len(self.challenge.knobs)):
            desk.view.set_item(self.key, self._slider(index))

    # -- events ----------------------------------------------------------------------------------------------

    def react(self, desk: Desk, event: PanelEvent) -> None:
        name, _, number = event.item.partition(" ")
        if name == KNOB:
            self._set(desk, int(number), float(event.value), event.done)
            return
        if name == "grade":
            desk.state(LastGrade).grade = int(event.value)
        elif name == "new":
            draw(desk)
        elif name == "target":
            self.begin(desk, "Rendering the target …", self._sound(desk, self.challenge.target), _preview)
        elif name in ("mine", "check", "solution"):
            self._use_values(desk, name)
        self.refresh(desk)

    def _set(self, desk: Desk, index: int, position: float, done: bool) -> None:
        from nodegraph.estimator.rendering import setting_action

        parameter = self.challenge.parameters[index]
        value = value_at(position, parameter.low, parameter.high, parameter.taper)
        before, graph = desk.patch.document, desk.typed.graph
        if graph is None:
            return
        action = setting_action(graph, [parameter], [value])
        desk.do_in((), SetParams(action.values, self._dragged == index))
        has_step = desk.patch.document is not before or self._dragged == index
        self._dragged = index if has_step and not done else -1

    def _use_values(self, desk: Desk, name: str) -> None:
        """Hear or judge the values of the open patch, or set them to the target."""
        from nodegraph.challenges import ChallengeError, ChallengeListener, patch_values

        challenge = self.challenge
        if name == "solution":
            apply_setting(desk, challenge.parameters, challenge.target)
            return
        try:
            values = patch_values(challenge, desk.patch.document, desk.patch.path)
        except (ChallengeError, PatchError, GraphError) as error:
            desk.notify(str(error), alarm=True)
            return
        if name == "mine":
            self.begin(desk, "Rendering your patch …", self._sound(desk, values), _preview)
            return

        def work(job: Job) -> ChallengeResult:
            with ChallengeListener(challenge) as listener:
                return listener.judge(values)

        self.begin(desk, "Listening to each knob …", work, self._judged)

    def _sound(self, desk: Desk, values: np.ndarray) -> Callable[[Job], tuple[np.ndarray, float]]:
        """Return the work of a job that renders values: the samples (samples,) and their rate in Hz."""
        challenge, rate = self.challenge, desk.sound.rate

        def work(job: Job) -> tuple[np.ndarray, float]:
            from nodegraph.challenges import ChallengeListener

            with ChallengeListener(challenge) as listener:
                return listener.sound(values, rate).mean(axis=1), rate

        return work

    def _judged(self, desk: Desk, job: Job) -> None:
        result: ChallengeResult = job.result
        self.result = result
        desk.notify(result.summary)


def _preview(desk: Desk, job: Job) -> None:
    desk.sound.preview(*job.result)


def draw(desk: Desk) -> None:
    """Draw a challenge of the chosen grade in the background, then open a copy of its patch and the panel."""
    grade, seed = desk.state(LastGrade).grade, random.randrange(SEEDS)

    def work(job: Job) -> Challenge:
        from nodegraph.challenges import make_challenge

        return make_challenge(grade, seed)

    desk.jobs.start("Preparing a challenge …", work, lambda job: _open(desk, job))
    desk.notify("Preparing a challenge …")


def _open(desk: Desk, job: Job) -> None:
    if job.error or job.cancelled:
        desk.notify(job.error or "Challenge cancelled.", alarm=bool(job.error))
        return
    challenge: Challenge = job.result
    path = desk.home / FOLDER / f"{challenge.path.stem}-{challenge.grade}-{challenge.seed}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_patch(challenge.document, path)
    except (PatchError, OSError) as error:
        desk.notify(str(error), alarm=True)
        return
    open_path(desk, path, lambda: desk.open_panel(ChallengePanel(challenge)))


@command("Challenge by ear…", menu="Help", section=1, aliases=("quiz", "ear training", "guess", "game", "learn"))
def challenge_by_ear(desk: Desk, payload: object) -> None:
    """Train the ear: set the knobs of a patch until it sounds like a hidden one."""
    draw(desk)
