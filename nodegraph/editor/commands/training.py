"""Training of an autoencoder on recordings or patches, in the background."""

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
    """Panel that sets up a training, shows its error curve and loads the model into the patch."""

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
                Item("entry", "sound", "Recordings", self.sound, "a sound file, a folder, or a patch", free),
                Item("button", "choose", "…", tip="choose a file", enabled=free),
            )),
            Item("entry", "model", "Model", self.model, "output file (.safetensors)", free),
            Item("choice", "recipe", "Recipe", (self.recipe, tuple(recipe_files())), enabled=free),
            Item("entry", "width", "Units", self.width, "size of the innermost layer, or of all layers: 256-8", free),
            Item("entry", "epochs", "Epochs", self.epochs, "empty: as in the recipe", free),
        ]  # fmt: skip
        if self.job is not None:
            items += [self._progress(), Item("button", "stop", "Stop and save best")]
        else:
            items.append(Item("button", "begin", "Train"))
        if self.errors:
            items.append(self._curve())
        if self.status_text:
            items.append(Item("text", "status", value=self.status_text))
        if self.model_path is not None and free:
            items.append(Item("button", "use", f"Use {self.model_path.name} in the patch"))
        return PanelVisual(self.key, "Train an autoencoder", tuple(items), size=(460.0, 0.0))

    def _progress(self) -> Item:
        assert self.job is not None
        return Item("progress", "progress", value=(self.job.part, self.job.text or "reading audio"))

    def _curve(self) -> Item:
        import numpy as np

        data = np.ascontiguousarray(np.array(self.errors, np.float64).T)
        low, high = float(data.min()), float(data.max())
        drawing = Drawing("wave", data, low, high if high > low else low + 1.0, "training and validation error")
        return Item("drawing", "curve", value=drawing)

    def react(self, desk: Desk, event: PanelEvent) -> None:
        if event.item in ("sound", "model", "recipe", "width", "epochs"):
            setattr(self, event.item, str(event.value))
        elif event.item == "choose":
            desk.ask_file("training sound", "Training audio", lambda path: self._chosen(desk, path))
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
        """Start the training in a background job."""
        if not self.sound.strip():
            desk.notify("No training data. Choose a recording, a folder of recordings, or a patch.", alarm=True)
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
            job.text = f"reading audio, {count} of {total}"

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
                ["Stopped. The best model so far was saved." if job.result.stopped else "Trained.", *job.result.notes]
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
        """Store the panel of a running training, so that the command can show it again."""
        desk.state(RunningTraining).panel = self if self.job is not None else None


@dataclass
class RunningTraining(State):
    """Panel of a training that is still running after the panel was closed."""

    panel: TrainingPanel | None = None
    is_per_patch = False


def use_model(desk: Desk, path: Path) -> None:
    """Load a model into the selected encoders and decoders, or into all if none is selected."""
    reference = desk.reference(path)
    coders = [id for id, record in desk.document.nodes.items() if record.type in ("encoder", "decoder")]
    chosen = [id for id in coders if id in desk.selection.nodes] or coders
    if not chosen:
        desk.notify("The patch has no encoder or decoder. Add one, then use the model.")
        return
    desk.do(*(SetParam(id, "file", reference) for id in chosen))


@command("Train model…", menu="Tools")
def training(desk: Desk, payload: object) -> None:
    """Train an autoencoder on recordings or a patch."""
    panel = desk.state(RunningTraining).panel or desk.panels.get("training") or TrainingPanel()
    desk.open_panel(panel)
