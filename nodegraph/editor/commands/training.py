"""Training an autoencoder on recordings or patches, while the patch plays on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodegraph.patch import SetParam

from ..command import command
from ..desk import Desk, Panel, State
from ..events import PanelEvent
from ..jobs import Job
from ..view import Drawing, Item, PanelVisual


class TrainingPanel(Panel):
    """Choose sound and recipe, watch the error fall, and use the model."""

    key = "training"

    def __init__(self) -> None:
        self.sound = ""
        self.model = ""
        self.recipe = "quick"
        self.width = "8"
        self.epochs = ""
        self.job: Job | None = None
        self.errors: list[tuple[float, float]] = []
        self.status_text = ""
        self.model_path: Path | None = None

    def visual(self, desk: Desk) -> PanelVisual:
        from nodegraph.learn import recipe_files

        free = self.job is None
        items: list[Item] = [
            Item("row", "sounds", value=(
                Item("entry", "sound", "Recordings", self.sound, "a sound file, a folder of them, or a patch", free),
                Item("button", "choose", "…", tip="choose a file", enabled=free),
            )),
            Item("entry", "model", "Model", self.model, "where the model is written: .safetensors", free),
            Item("choice", "recipe", "Recipe", (self.recipe, tuple(recipe_files())), enabled=free),
            Item("entry", "width", "Units", self.width, "of the innermost layer, or of all: 256-8", free),
            Item("entry", "epochs", "Epochs", self.epochs, "empty: the recipe's", free),
        ]  # fmt: skip
        if self.job is not None:
            items += [self._progress(), Item("button", "stop", "Stop and keep the best so far")]
        else:
            items.append(Item("button", "begin", "Train"))
        if self.errors:
            items.append(self._curve())
        if self.status_text:
            items.append(Item("text", "said", value=self.status_text))
        if self.model_path is not None and free:
            items.append(Item("button", "use", f"Use {self.model_path.name} in the patch"))
        return PanelVisual(self.key, "Train an autoencoder", tuple(items), size=(460.0, 0.0))

    def _progress(self) -> Item:
        assert self.job is not None
        return Item("progress", "progress", value=(self.job.part, self.job.text or "reading the sound"))

    def _curve(self) -> Item:
        import numpy as np

        data = np.ascontiguousarray(np.array(self.errors, np.float64).T)
        low, high = float(data.min()), float(data.max())
        drawing = Drawing("wave", data, low, high if high > low else low + 1.0, "error on training and validation")
        return Item("drawing", "curve", value=drawing)

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item in ("sound", "model", "recipe", "width", "epochs"):
            setattr(self, event.item, str(event.value))
        elif event.item == "choose":
            desk.ask_file("training sound", "Sound to learn from", lambda path: self._chosen(desk, path))
        elif event.item == "begin" and self.job is None:
            self.begin(desk)
        elif event.item == "stop" and self.job is not None:
            self.job.cancel()
        elif event.item == "use" and self.model_path is not None:
            use_model(desk, self.model_path)

    def _chosen(self, desk: Desk, path: Path) -> None:
        self.sound = str(path)
        desk.view.show_panel(self.visual(desk))

    def begin(self, desk: Desk) -> None:
        """Train in a thread of its own."""
        if not self.sound.strip():
            desk.notify("Name a recording, a folder of recordings, or a patch to learn from.", alarm=True)
            return
        output = Path(self.model) if self.model.strip() else desk.folder / "model.safetensors"
        output = output if output.suffix else output.with_suffix(".safetensors")
        epochs = int(self.epochs) if self.epochs.strip().isdigit() else None
        sound, recipe, width = self.sound.strip(), self.recipe, self.width.strip() or None
        self.errors, self.status_text, self.model_path = [], "", None
        self.job = desk.jobs.start(
            "training",
            lambda job: self._train(job, sound, output, recipe, width, epochs),
            lambda job: self._done(desk, job),
        )
        desk.view.show_panel(self.visual(desk))

    def _train(self, job: Job, sound: str, output: Path, recipe: str, width: str | None, epochs: int | None) -> Any:
        from nodegraph.learn import TrainingObserver, train

        def step(step: Any) -> None:
            self.errors.append((float(step.train), float(step.valid)))
            job.part, job.text = step.done, f"{step.stage}, epoch {step.epoch} of {step.epochs}, error {step.valid:.3g}"

        def frames(count: int, total: int) -> None:
            job.text = f"reading the sound, {count} of {total}"

        observer = TrainingObserver(progress=step, frames=frames, stop=lambda: job.cancelled)
        wide = int(width) if width and width.isdigit() else width
        output.parent.mkdir(parents=True, exist_ok=True)
        return train(sound, output, recipe=recipe, width=wide, epochs=epochs, observer=observer)

    def _done(self, desk: Desk, job: Job) -> None:
        self.job = None
        if job.error:
            self.status_text = f"Not trained: {job.error}"
            desk.notify(self.status_text, alarm=True)
        else:
            self.model_path = job.result.path
            self.status_text = "\n".join(
                ["Stopped; the best so far is kept." if job.result.stopped else "Trained.", *job.result.notes]
            )
            desk.notify(f"Trained {self.model_path.name if self.model_path else 'a model'}.")
        if self.key in desk.panels:
            desk.view.show_panel(self.visual(desk))

    def tick(self, desk: Desk, now: float) -> None:
        if self.job is None:
            return
        desk.view.set_item(self.key, self._progress())
        if len(self.errors) > 1:
            curve = self._curve()
            if len(self.errors) == 2:
                desk.view.show_panel(self.visual(desk))
            desk.view.draw(self.key, "curve", curve.value)

    def closed(self, desk: Desk) -> None:
        """A training goes on without its panel; the command shows it again."""
        desk.state(RunningTraining).panel = self if self.job is not None else None


@dataclass
class RunningTraining(State):
    """The panel of a training that goes on while the panel is closed."""

    panel: TrainingPanel | None = None
    lasting = True


def use_model(desk: Desk, path: Path) -> None:
    """Let the encoders and decoders of the patch that are selected (else all) play a model."""
    reference = desk.reference(path)
    coders = [id for id, record in desk.document.nodes.items() if record.type in ("encoder", "decoder")]
    chosen = [id for id in coders if id in desk.selection.nodes] or coders
    if not chosen:
        desk.notify("There is no encoder or decoder in this patch. Add them, then use the model.")
        return
    desk.do(*(SetParam(id, "file", reference) for id in chosen))


@command("Train a model…", menu="Tools")
def training(desk: Desk, payload: object) -> None:
    """Train an autoencoder on recordings, while the patch plays on."""
    panel = desk.state(RunningTraining).panel or desk.panels.get("training") or TrainingPanel()
    desk.open_panel(panel)
