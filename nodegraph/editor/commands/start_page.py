"""The start page: lessons, demos, recent patches and tools as cards on the empty canvas."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nodegraph.files.demos import demo_files, demo_patch
from nodegraph.lessons import lessons_in

from ..command import COMMANDS, command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..jobs import Job
from ..panel import top_centre
from ..recent import RecentFiles
from ..view import Card, Item, PanelVisual
from .files import open_path
from .lessons import all_lessons, start

WIDTH = 880.0  # px at scale 1
LESSONS_SHOWN, RECENT_SHOWN = 6, 4
HEARD, PEAK = 6.0, 0.8  # seconds and level of a demo that is heard from its card
# demos that sound at once, each with what is to be tried in it
DEMOS = {
    "first_sound": ("First sound", "Turn brightness, tempo and space."),
    "pluck": ("Plucked strings", "Six strings, each a delay and a filter."),
    "unison_pad": ("Unison pad", "One voice, played as twenty."),
    "choir": ("Choir", "One sung voice becomes five."),
    "temple": ("Temple", "Bells in a just scale, with echoes."),
    "autoencoder_map": ("A map of sounds", "Walk through what a network knows."),
}
TOOLS = {
    "training": ("Train on my recordings", "A network learns their sound."),
    "match_a_sound": ("Match a sound", "Controls are set to sound like it."),
    "demos": ("All demos", ""),
    "lessons": ("All lessons", ""),
}


class StartPage(Panel):
    """The start page. It closes when the patch has a block."""

    key = "start"
    is_per_patch = True

    def __init__(self) -> None:
        self.job: Job | None = None
        self._sounds: dict[str, np.ndarray] = {}

    def visual(self, desk: Desk) -> PanelVisual:
        items = [Item("heading", value="Lessons, in order"), Item("cards", "lesson", value=(3, self._lessons()))]
        items += [Item("heading", value="Demos"), Item("cards", "demo", value=(3, self._demos()))]
        if recent := self._recent(desk):
            items += [Item("heading", value="Recent"), Item("cards", "recent", value=(4, recent))]
        items += [Item("heading", value="Tools"), Item("cards", "tool", value=(4, _tools()))]
        items.append(Item("text", value="Tab and arrows choose a card, Enter opens it."))
        return PanelVisual(self.key, "Start", tuple(items), at=top_centre(desk, WIDTH), size=(WIDTH, 0.0))

    def _lessons(self) -> tuple[Card, ...]:
        shown = all_lessons()[0][:LESSONS_SHOWN]
        return tuple(
            Card(str(lesson.folder), f"{i}  {lesson.text().title}", f"{lesson.file.minutes:g} minutes")
            for i, lesson in enumerate(shown, 1)
        )

    def _demos(self) -> tuple[Card, ...]:
        return tuple(Card(name, title, text, sound=True) for name, (title, text) in DEMOS.items())

    def _recent(self, desk: Desk) -> tuple[Card, ...]:
        files = desk.state(RecentFiles).files[:RECENT_SHOWN]
        return tuple(Card(str(path), path.stem, path.parent.name) for path in files)

    def react(self, desk: Desk, event: PanelEvent) -> None:
        key = str(event.value)
        if key.startswith("hear:"):
            self._hear(desk, key.removeprefix("hear:"))
        elif event.item == "lesson":
            start(desk, next(one for one in all_lessons()[0] if str(one.folder) == key))
        elif event.item == "demo":
            open_path(desk, demo_patch(key))
        elif event.item == "recent":
            open_path(desk, Path(key))
        elif event.item == "tool":
            COMMANDS[key].run(desk, None)

    def changed(self, desk: Desk) -> None:
        if desk.patch.document.nodes:
            desk.close_panel(self.key)

    def closed(self, desk: Desk) -> None:
        if self.job is not None:
            self.job.cancel()

    def _hear(self, desk: Desk, name: str) -> None:
        """Play the beginning of a demo; it is rendered in the background at the first time."""
        rate = desk.refresh_sound_state().rate or 44100.0
        if name in self._sounds:
            desk.sound.preview(self._sounds[name], rate)
            return
        if self.job is not None:
            self.job.cancel()

        def done(job: Job) -> None:
            if self.job is job:  # another demo may be rendered by now
                self.job = None
            if job.error and not job.cancelled:
                desk.notify(job.error, alarm=True)
            elif not job.cancelled:
                self._sounds[name] = job.result
                desk.sound.preview(job.result, rate)

        desk.notify(f"Rendering {DEMOS[name][0]} …")
        self.job = desk.jobs.start(f"render {name}", lambda job: _beginning(demo_patch(name), rate, job), done)


def _beginning(path: Path, rate: float, job: Job) -> np.ndarray:
    """Render the first seconds of a patch as a mono sound."""
    from nodegraph.engine.offline import Offline
    from nodegraph.patch import read_patch

    engine = Offline(read_patch(path), rate, path)
    try:
        parts = []
        for part in range(20):
            parts.append(engine.run_samples(round(HEARD * rate / 20)))
            job.progress(part / 20)
    finally:
        engine.close()
    sound = np.concatenate(parts).mean(axis=1)
    return (sound * min(PEAK / max(float(np.abs(sound).max()), 1e-9), 4.0)).astype(np.float32)


def _tools() -> tuple[Card, ...]:
    counts = {"demos": f"{len(demo_files())} patches", "lessons": f"{len(lessons_in())} lessons"}
    return tuple(Card(name, title, text or counts[name]) for name, (title, text) in TOOLS.items())


@command("Start page", menu="Help", section=1, aliases=("welcome", "first", "beginner", "home"))
def start_page(desk: Desk, payload: object) -> None:
    """Show lessons, demos, recent patches and tools as cards."""
    desk.open_panel(StartPage())
