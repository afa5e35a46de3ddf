"""Breeding: the panel that makes 16 variants of the patch, plays them at one level, and sets the chosen one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..breeding import RATE, BreedRequest, breed
from ..command import command
from ..desk import Desk, Panel
from ..events import PanelEvent
from ..jobs import Job
from ..setting import apply_setting
from ..view import Item, PanelVisual
from .files import SOUNDS

if TYPE_CHECKING:
    from nodegraph.estimator.breeding import Brood

COLUMNS = 4
SEEDS = 1_000_000


class BreedPanel(Panel):
    """Panel that breeds variants of ``nodes``, flat ids, or of the whole patch."""

    key = "breed"
    is_per_patch = True

    def __init__(self, nodes: tuple[str, ...]) -> None:
        self.nodes = nodes
        self.strength = 0.15
        self.sound = ""
        self.job: Job | None = None
        self.brood: Brood | None = None
        self.favourites: set[int] = set()
        self.chosen: int | None = None  # the variant that was heard last

    # -- items -----------------------------------------------------------------------------------------------

    def visual(self, desk: Desk) -> PanelVisual:
        free = self.job is None
        subject = f"Varies {', '.join(self.nodes)}." if self.nodes else "Varies the whole patch."
        items: list[Item] = [
            Item("text", "subject", value=subject),
            Item("slider", "strength", "Strength", (self.strength, f"{100.0 * self.strength:.0f} %"), enabled=free),
            Item("entry", "sound", "Sound", self.sound, "for Near sound; files can be dropped on the window", free),
            Item("row", "begin", value=(
                Item("button", "mutate", "Mutate", tip="16 variants of the present values", enabled=free),
                Item("button", "cross", "Breed favourites", tip="16 crossings of the favourites, or variants of one",
                     enabled=free and bool(self.favourites)),
                Item("button", "near", "Near sound", tip="the 16 variants nearest to the sound", enabled=free),
                Item("button", "choose_sound", "Choose sound…", enabled=free),
            )),
        ]  # fmt: skip
        if self.job is not None:
            items += [self._progress(), Item("button", "cancel", "Cancel")]
        if self.brood is not None:
            items += self._variants(self.brood, free)
        return PanelVisual(self.key, "Breed variants", tuple(items), size=(440.0, 0.0))

    def _progress(self) -> Item:
        assert self.job is not None
        return Item("progress", "progress", value=(self.job.part, self.job.text))

    def _variants(self, brood: Brood, free: bool) -> list[Item]:
        count = len(brood.settings)
        items = [Item("text", "hint", value="Click a number to hear it; tick favourites. The nearest come first.")]
        for first in range(0, count, COLUMNS):
            cells: list[Item] = []
            for k in range(first, min(first + COLUMNS, count)):
                label = f"[{k + 1:02d}]" if k == self.chosen else f" {k + 1:02d} "
                cells.append(Item("button", f"hear {k}", label, tip=f"distance {brood.distances[k]:.1f} dB"))
                cells.append(Item("toggle", f"favourite {k}", "", k in self.favourites, "favourite"))
            items.append(Item("row", f"variants {first}", value=tuple(cells)))
        accept = "Accept" if self.chosen is None else f"Accept {self.chosen + 1}"
        tip = "set the knobs to the variant heard last"
        items.append(Item("button", "accept", accept, tip=tip, enabled=free and self.chosen is not None))
        return items + [Item("text", f"note {i}", value=line) for i, line in enumerate(brood.notes)]

    def tick(self, desk: Desk, now: float) -> None:
        if self.job is not None:
            desk.view.set_item(self.key, self._progress())

    def closed(self, desk: Desk) -> None:
        if self.job is not None:
            self.job.cancel()

    # -- events ----------------------------------------------------------------------------------------------

    def react(self, desk: Desk, event: PanelEvent) -> None:
        name, _, number = event.item.partition(" ")
        if name == "strength":
            self.strength = min(max(float(event.value), 0.0), 1.0)
        elif name == "sound":
            self.sound = str(event.value)
            return
        elif name == "choose_sound":
            desk.ask_file("breed sound", "Sound", lambda path: self._set_sound(desk, path), " ".join(SOUNDS))
        elif name in ("mutate", "cross", "near"):
            self._begin(desk, name)
        elif name == "cancel" and self.job is not None:
            self.job.cancel()
        elif name == "hear" and self.brood is not None:
            self.chosen = int(number)
            desk.sound.preview(self.brood.sounds[self.chosen], RATE)
        elif name == "favourite":
            self.favourites ^= {int(number)}
        elif name == "accept" and self.brood is not None and self.chosen is not None:
            apply_setting(desk, self.brood.parameters, self.brood.settings[self.chosen])
        self.refresh(desk)

    def drop(self, desk: Desk, paths: tuple[Path, ...]) -> bool:
        sounds = [path for path in paths if path.suffix.lower() in SOUNDS]
        if sounds:
            self._set_sound(desk, sounds[0])
            self._begin(desk, "near")
        return bool(sounds)

    def _set_sound(self, desk: Desk, path: Path) -> None:
        self.sound = str(path)
        self.refresh(desk)

    # -- breeding --------------------------------------------------------------------------------------------

    def _begin(self, desk: Desk, way: str) -> None:
        """Breed in a background job: "mutate", "cross" or "near"."""
        if self.job is not None:
            return
        request = self._request(desk, way)
        if request is None:
            return
        self.job = desk.jobs.start("breed", lambda job: breed(request, job), lambda job: self._done(desk, job))
        self.refresh(desk)

    def _request(self, desk: Desk, way: str) -> BreedRequest | None:
        patch, seed = desk.patch, random.randrange(SEEDS)
        common = (patch.document, patch.path, desk.allow_outside, self.nodes, self.strength, seed)
        if way == "near":
            if not self.sound.strip():
                desk.notify("No sound is chosen. Choose or drop a sound file.", alarm=True)
                return None
            return BreedRequest(*common, sound=Path(self.sound.strip()).expanduser())
        if way == "mutate":
            return BreedRequest(*common)
        brood, rows = self.brood, sorted(self.favourites)
        if brood is None or not rows:
            desk.notify("No favourite is ticked. Tick two variants.", alarm=True)
            return None
        return BreedRequest(*common, brood.parameters, brood.settings[rows])

    def _done(self, desk: Desk, job: Job) -> None:
        self.job = None
        if job.cancelled:
            desk.notify("Breeding cancelled.")
        elif job.error:
            desk.notify(f"No variants: {job.error}", alarm=True)
        else:
            self.brood, self.favourites, self.chosen = job.result, set(), None
            count, knobs = len(np.asarray(job.result.settings)), len(job.result.parameters)
            desk.notify(f"{count} variants of {knobs} knobs. Click a number to hear one.")
        self.refresh(desk)


@command(
    "Breed variants…",
    "ctrl+alt+b",
    menu="Tools",
    aliases=("mutate", "evolve", "variations", "variants", "cross", "explore", "nearest"),
)
def breed_variants(desk: Desk, payload: object) -> None:
    """Make 16 variants of the selected blocks or of the patch, hear them, breed favourites, accept one."""
    ids = [id for id in desk.document.nodes if id in desk.selection.nodes]
    nodes = tuple(desk.flat_id(id) for id in ids)
    if not nodes and desk.subpatch_path:
        nodes = ("/".join(desk.subpatch_path),)
    panel = desk.panels.get(BreedPanel.key)
    if not isinstance(panel, BreedPanel) or panel.nodes != nodes:
        if panel is not None:
            panel.closed(desk)
        panel = BreedPanel(nodes)
    desk.open_panel(panel)
