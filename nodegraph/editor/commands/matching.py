"""Matching of a sound: the panel that sets the controls of a patch or subpatch so that it sounds like a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nodegraph.control.parameters import control_parameter
from nodegraph.patch import PatchError
from nodegraph.patch.document import Path as Place

from ..command import command
from ..desk import Desk, Panel, State
from ..events import PanelEvent
from ..jobs import Job
from ..quantity import QuantityError, format_quantity, parse_quantity
from ..setting import apply_setting
from ..sound_match import MatchRequest, MatchResult, Take, match_sound
from ..view import Item, PanelVisual
from .files import MODELS, SOUNDS
from .subpatches import subpatch_of

MAX_TAKE_SECONDS = 10.0
MAX_SEARCH_SECONDS = 3600.0
PAUSE = 0.3  # seconds between target and result


class MatchPanel(Panel):
    """Panel that matches a sound by the patch, or by the subpatch at ``place`` alone."""

    key = "match"
    is_per_patch = True

    def __init__(self, place: Place = ()) -> None:
        self.place = place
        self.sound = ""
        self.take: Take | None = None  # matched instead of a file
        self.model = ""
        self.seconds = "5 s"
        self.probe = False
        self.job: Job | None = None
        self.recording: Job | None = None
        self.target: tuple[np.ndarray, float] | None = None  # samples and rate in Hz
        self.result: MatchResult | None = None
        self._shown_target: object = None

    # -- items -----------------------------------------------------------------------------------------------

    def visual(self, desk: Desk) -> PanelVisual:
        free = self.job is None and self.recording is None
        sound = _take_text(self.take) if self.take else self.sound
        items: list[Item] = [
            Item("entry", "sound", "Sound", sound, "a sound file; files can be dropped on the window", free),
            Item("entry", "model", "Model", self.model, "an estimator trained for this patch; empty: none", free),
            Item("entry", "seconds", "Search", self.seconds, "length of the search", free),
            Item("toggle", "probe", "List all inaudible parameters (up to 30 s)", self.probe, enabled=free),
            Item("row", "choose", value=(
                Item("button", "choose_sound", "Choose sound…", enabled=free),
                Item("button", "record", "Stop" if self.recording else "Record", tip="record the audio input",
                     enabled=self.job is None),
                Item("button", "choose_model", "Choose model…", enabled=free),
            )),
        ]  # fmt: skip
        if self.job is not None:
            items += [self._progress(), Item("button", "cancel", "Cancel")]
        else:
            items.append(Item("button", "begin", "Match", enabled=free))
        if self.result is not None:
            items += self._result_items(desk, self.result)
        elif self.target is not None:
            items.append(Item("button", "hear_target", "Hear target"))
        title = f"Match a sound: {'/'.join(self.place)}" if self.place else "Match a sound"
        return PanelVisual(self.key, title, tuple(items), size=(480.0, 0.0))

    def _progress(self) -> Item:
        assert self.job is not None
        return Item("progress", "progress", value=(self.job.part, self.job.text))

    def _result_items(self, desk: Desk, result: MatchResult) -> list[Item]:
        from nodegraph.estimator.confidence import SURE

        match, rows = result.match, []
        for parameter, value, confidence, audible in zip(
            match.parameters, match.values, match.confidence, match.audible, strict=True
        ):
            sure = ", sure" if confidence >= SURE else ""
            certainty = f"{100.0 * confidence:.0f} %{sure}" if audible else "inaudible"
            rows.append((parameter.name, format_quantity(float(value), _unit(desk, parameter.name)), certainty))
        distance = f"Distance {match.distance:.2f} dB, {match.ratio:.2f} of the best of 200 random settings."
        return [
            Item("row", "use", value=(
                Item("button", "hear_target", "Hear target"),
                Item("button", "hear_result", "Hear result"),
                Item("button", "hear_both", "Hear both", tip="the target, then the result"),
                Item("button", "apply", "Apply", tip="set the controls to the values below"),
            )),
            Item("text", "distance", value=distance),
            *(Item("text", f"note {i}", value=line) for i, line in enumerate(result.notes)),
            Item("table", "values", value=(("Parameter", "Value", "Confidence"), tuple(rows))),
        ]  # fmt: skip

    def tick(self, desk: Desk, now: float) -> None:
        if self.target is not self._shown_target:
            self._show(desk)
        elif self.job is not None:
            desk.view.set_item(self.key, self._progress())

    def changed(self, desk: Desk) -> None:
        if not self.place:
            return
        try:
            desk.patch.document.nested(self.place[:-1]).node(self.place[-1])
        except PatchError:  # the subpatch was removed
            desk.close_panel(self.key)

    def closed(self, desk: Desk) -> None:
        for job in (self.job, self.recording):
            if job is not None:
                job.cancel()

    def _show(self, desk: Desk) -> None:
        self._shown_target = self.target
        self.refresh(desk)

    # -- events ----------------------------------------------------------------------------------------------

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item in ("sound", "model", "seconds"):
            self._typed(event.item, str(event.value))
        elif event.item == "probe":
            self.probe = bool(event.value)
        elif event.item == "choose_sound":
            desk.ask_file("match sound", "Sound to match", lambda path: self._chosen(desk, path), " ".join(SOUNDS))
        elif event.item == "choose_model":
            desk.ask_file("match model", "Model", lambda path: self._chosen(desk, path), " ".join(MODELS))
        elif event.item == "record":
            self._record(desk)
        elif event.item == "begin":
            self.begin(desk)
        elif event.item == "cancel" and self.job is not None:
            self.job.cancel()
        elif event.item.startswith("hear_"):
            self._play(desk, event.item)
        elif event.item == "apply":
            self._apply(desk)

    def drop(self, desk: Desk, paths: tuple[Path, ...]) -> bool:
        fitting = [path for path in paths if path.suffix.lower() in SOUNDS | MODELS]
        for path in fitting:
            self._chosen(desk, path)
        return bool(fitting)

    def _typed(self, name: str, text: str) -> None:
        if name == "sound" and self.take is not None and text == _take_text(self.take):
            return
        if name == "sound":
            self.take = None
        setattr(self, name, text)

    def _chosen(self, desk: Desk, path: Path) -> None:
        if path.suffix.lower() in MODELS:
            self.model = str(path)
        else:
            self.sound, self.take = str(path), None
        self._show(desk)

    # -- recording -------------------------------------------------------------------------------------------

    def _record(self, desk: Desk) -> None:
        """Record the input in a background job, or end the recording."""
        if self.recording is not None:
            self.recording.cancel()
            return
        sound = desk.sound

        def work(job: Job) -> Take:
            return Take(*sound.record_input(MAX_TAKE_SECONDS, lambda: job.cancelled))

        def done(job: Job) -> None:
            self.recording = None
            if job.error:
                desk.notify(f"Not recorded: {job.error}", alarm=True)
            else:
                self.take = job.result
            self._show(desk)

        self.recording = desk.jobs.start("recording", work, done)
        self._show(desk)

    # -- search ----------------------------------------------------------------------------------------------

    def begin(self, desk: Desk) -> None:
        """Start the search in a background job."""
        if self.job is not None or self.recording is not None:
            return
        try:
            request = self._request(desk)
        except QuantityError as error:
            desk.notify(str(error), alarm=True)
            return
        if request is None:
            desk.notify("No sound to match. Choose or drop a sound file, or record the input.", alarm=True)
            return
        self.target = self.result = None
        self.job = desk.jobs.start(
            "match", lambda job: match_sound(request, job, self._set_target), lambda job: self._done(desk, job)
        )
        self._show(desk)

    def _request(self, desk: Desk) -> MatchRequest | None:
        seconds = parse_quantity(self.seconds, "s")
        if not 0.0 <= seconds <= MAX_SEARCH_SECONDS:
            raise QuantityError(f"search must lie in 0–{MAX_SEARCH_SECONDS:g} s, got {seconds:g}. Change its length.")
        sound = self.take or (Path(self.sound.strip()).expanduser() if self.sound.strip() else None)
        if sound is None:
            return None
        model = Path(self.model.strip()).expanduser() if self.model.strip() else None
        patch = desk.patch
        return MatchRequest(sound, patch.document, patch.path, self.place, model, seconds, self.probe)

    def _set_target(self, samples: np.ndarray, rate: float) -> None:
        self.target = samples, rate  # the thread of the job; `tick` shows it

    def _done(self, desk: Desk, job: Job) -> None:
        self.job = None
        if job.cancelled:
            desk.notify("Match cancelled.")
        elif job.error:
            desk.notify(f"Not matched: {job.error}", alarm=True)
        else:
            self.result = job.result
            match = job.result.match
            desk.notify(
                f"Matched: distance {match.distance:.2f} dB, {match.ratio:.2f} of the best of 200 random settings."
            )
        self._show(desk)

    # -- result ----------------------------------------------------------------------------------------------

    def _play(self, desk: Desk, item: str) -> None:
        """Play the target, the result, or both by turns."""
        if self.target is None:
            return
        target, rate = self.target
        if item == "hear_target" or self.result is None:
            desk.sound.preview(target, rate)
        elif item == "hear_result":
            desk.sound.preview(self.result.match.sound, rate)
        else:
            pause = np.zeros(round(PAUSE * rate), np.float32)
            desk.sound.preview(np.concatenate([target, pause, self.result.match.sound]), rate)

    def _apply(self, desk: Desk) -> None:
        """Set the controls to the found values, as one undo step."""
        if self.result is not None:
            apply_setting(desk, self.result.match.parameters, self.result.match.values)


def _take_text(take: Take) -> str:
    return f"recording, {take.seconds:.1f} s"


def _unit(desk: Desk, name: str) -> str:
    """Return the unit of the input that a control of the patch sets, or "" if the control was removed."""
    document = desk.patch.document
    try:
        return control_parameter(document, document.controls[name], desk.patch.path).declared.unit
    except (KeyError, PatchError):
        return ""


class LastMatch(State):
    """The panel of the last match in this patch, for when it is opened again."""

    panel: MatchPanel | None = None


@command("Match a sound…", "ctrl+alt+m", menu="Tools", aliases=("nearest", "estimate", "similar", "imitate"))
def match_a_sound(desk: Desk, payload: object) -> None:
    """Set the controls of the patch, or of the selected subpatch, so that it sounds like a recording."""
    subpatch = subpatch_of(desk, payload)
    place = desk.subpatch_path if subpatch is None else (*desk.subpatch_path, subpatch)
    state = desk.state(LastMatch)
    if state.panel is None or state.panel.place != place:
        if state.panel is not None:
            state.panel.closed(desk)
        state.panel = MatchPanel(place)
    desk.open_panel(state.panel)
