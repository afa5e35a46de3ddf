"""Training of an autoencoder on recordings or patches, in the background."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodegraph.models.model_file import ModelError
from nodegraph.patch import SetParam

from ..command import command
from ..desk import Desk, Panel, State
from ..events import PanelEvent
from ..jobs import Job
from ..panel import QuestionPanel
from ..view import Drawing, Item, PanelVisual
from .files import confirm_discard, show_patch

ENDING = ".safetensors"


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
        self.has_curve = False  # whether the panel shows the curve
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
            Item("entry", "model", "Model", self.model, "output file, by default named after the recordings", free),
            Item("choice", "recipe", "Recipe", (self.recipe, tuple(recipe_files())), enabled=free),
            Item("entry", "width", "Units", self.width, "size of the innermost layer, or of all layers: 256-8", free),
            Item("entry", "epochs", "Epochs", self.epochs, "empty: as in the recipe", free),
        ]  # fmt: skip
        if self.job is not None:
            items += [self._progress(), Item("button", "stop", "Stop and save best")]
        else:
            items.append(Item("button", "begin", "Train"))
        if curve := self._curve():
            items.append(curve)
        if self.status_text:
            items.append(Item("text", "status", value=self.status_text))
        if self.model_path is not None and free:
            buttons = [Item("button", "play", "Play it", tip="opens a new patch with a fader for each unit")]
            if _coders(desk):
                buttons.append(Item("button", "use", f"Use {self.model_path.name} in the patch"))
            items.append(Item("row", "model actions", value=tuple(buttons)))
        return PanelVisual(self.key, "Train an autoencoder", tuple(items), size=(460.0, 0.0))

    def _progress(self) -> Item:
        assert self.job is not None
        return Item("progress", "progress", value=(self.job.part, self.job.text or "reading audio"))

    def _curve(self) -> Item | None:
        """Return the drawing of the errors so far; None before there are two points to draw."""
        import numpy as np

        errors = np.array(self.errors.copy(), np.float64).reshape(-1, 2)  # the training appends to the list
        errors = errors[np.isfinite(errors).all(axis=1)]  # the error before the first epoch is not measured
        if len(errors) < 2:
            return None
        low, high = float(errors.min()), float(errors.max())
        text = f"training and validation error, now {errors[-1, 1]:.3g}"
        drawing = Drawing("wave", np.ascontiguousarray(errors.T), low, high if high > low else low + 1.0, text)
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
        elif event.item == "play" and self.model_path is not None:
            play_model(desk, self.model_path)

    def _chosen(self, desk: Desk, path: Path) -> None:
        self.sound = str(path)
        desk.view.show_panel(self.visual(desk))

    def begin(self, desk: Desk) -> None:
        """Start the training in a background job."""
        if not self.sound.strip():
            desk.notify("No training data. Choose a recording, a folder of recordings, or a patch.", alarm=True)
            return
        output = self._output(desk)
        if output.exists():
            answers: dict[str, object] = {"Replace": lambda: self._begin(desk, output), "Cancel": None}
            desk.open_panel(QuestionPanel("Train", f"{output.name} already exists.", answers))
        else:
            self._begin(desk, output)

    def _output(self, desk: Desk) -> Path:
        """Return the file of the model: in the folder of the patch, named after the recordings unless it is given."""
        words = [Path(self.sound.strip()).stem or "model", self.width.strip()]
        given = Path(self.model.strip() or "-".join(filter(None, words))).expanduser()
        named = given if given.suffix == ENDING else given.with_name(f"{given.name}{ENDING}")
        return (desk.folder / named).absolute()

    def _begin(self, desk: Desk, output: Path) -> None:
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
            state = "Stopped. The best model so far was saved" if job.result.stopped else "Trained"
            self.status_text = "\n".join([f"{state}: {_error_text(job.result.errors)}.", *job.result.notes])
            desk.notify(f"Trained {self.model_path.name if self.model_path else 'a model'}.")
        if self.key in desk.panels:
            desk.view.show_panel(self.visual(desk))

    def tick(self, desk: Desk, now: float) -> None:
        if self.job is None:
            return
        desk.view.set_item(self.key, self._progress())
        if curve := self._curve():
            if not self.has_curve:
                desk.view.show_panel(self.visual(desk))
            desk.view.draw(self.key, "curve", curve.value)
        self.has_curve = curve is not None

    def closed(self, desk: Desk) -> None:
        """Store the panel of a running training, so that the command can show it again."""
        desk.state(RunningTraining).panel = self if self.job is not None else None


def _error_text(errors: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return the error of a model on frames that it was not trained on, beside that of as many components."""
    found = errors["magnitudes"]["test"]
    return (
        f"{100.0 * found['relative']:.1f} % of the variance of unseen frames is lost, "
        f"{100.0 * found['pca_relative']:.1f} % by as many principal components"
    )


@dataclass
class RunningTraining(State):
    """Panel of a training that is still running after the panel was closed."""

    panel: TrainingPanel | None = None
    is_per_patch = False


def use_model(desk: Desk, path: Path) -> None:
    """Load a model into the selected encoders and decoders, or into all if none is selected."""
    reference = desk.reference(path)
    coders = _coders(desk)
    chosen = [id for id in coders if id in desk.selection.nodes] or coders
    if not chosen:
        desk.notify("The patch has no encoder or decoder. Add one, then use the model.")
        return
    desk.do(*(SetParam(id, "file", reference) for id in chosen))


def _coders(desk: Desk) -> list[str]:
    """Return the encoders and decoders of the displayed document."""
    return [id for id, record in desk.document.nodes.items() if record.type in ("encoder", "decoder")]


def play_model(desk: Desk, path: Path) -> None:
    """Open a new patch beside a model that plays it by a fader for each unit; it is not saved yet."""
    from nodegraph.learn.model_patch import model_patch

    def show() -> None:
        try:
            patch = model_patch(path, rate=desk.refresh_sound_state().rate, path=_unused(path.with_suffix(".json")))
        except ModelError as error:
            desk.notify(str(error), alarm=True)
            return
        show_patch(desk, patch)

    confirm_discard(desk, f"Play {path.name}", show)


def _unused(path: Path) -> Path:
    """Return the path of a file that does not exist yet, such as ``voice-16-2.json``."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_stem(f"{path.stem}-{number}")
    return found


@command("Train model…", menu="Tools")
def training(desk: Desk, payload: object) -> None:
    """Train an autoencoder on recordings or a patch."""
    panel = desk.state(RunningTraining).panel or desk.panels.get("training") or TrainingPanel()
    desk.open_panel(panel)
