"""Options for recording a performance: ``--flight``, ``--record``, ``--keep``, ``--moves``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.files.depths import AUTO

from .errors import CommandError
from .output import print_warning
from .output_files import check_folder_of

if TYPE_CHECKING:
    from nodegraph.engine.live import Live
    from nodegraph.patch import Patch
    from nodegraph.recording.flight import FlightRecorder
    from nodegraph.recording.keeping import AutomationRecorder, Recording, RetrospectiveRecorder

MINUTES = 10.0

Flight = Annotated[
    Path | None,
    typer.Option("--flight", metavar="FILE", help="Write a flight log for `nodegraph replay`."),
]
Record = Annotated[
    Path | None, typer.Option("--record", metavar="OUT.wav", help="Record the output: .wav, .flac, .ogg …")
]
Keep = Annotated[
    float,
    typer.Option(
        "--keep", metavar="MINUTES", min=0.0, help="Minutes of output to store for `nodegraph keep`; 0: none."
    ),
]
Automation = Annotated[
    Path | None,
    typer.Option("--moves", metavar="OUT.json", help="Save the patch with all parameter changes as automation."),
]


@dataclass
class RecordingOptions:
    """The values of the recording options, and the recorders that they start."""

    flight: Path | None = None
    record: Path | None = None
    minutes: float = MINUTES
    automation: Path | None = None
    depth: str = AUTO
    problems: list[str] = field(default_factory=list)
    log: FlightRecorder | None = None
    _retrospective: RetrospectiveRecorder | None = None
    _recording: Recording | None = None
    _automation_recorder: AutomationRecorder | None = None

    def check(self, patch: Patch) -> None:
        """Check before playing that all files can be written. Raises CommandError."""
        for path in (self.flight, self.record, self.automation):
            check_folder_of(path)
        if self.flight is not None:
            from nodegraph.recording.flight import FlightRecorder

            self.log = FlightRecorder(self.flight)
        if self.record is not None:
            from nodegraph.files.sound_format import format_of

            format_of(self.record, self.depth)
        if (
            self.automation is not None
            and patch.path is not None
            and self.automation.absolute() == patch.path.absolute()
        ):
            raise CommandError(f"{self.automation}: the automation would overwrite the patch. Choose another name.")

    def open(self, patch: Patch, live: Live) -> None:
        """Start the recorders. Call it before playing."""
        from nodegraph.recording.keeping import AutomationRecorder, Recording, RetrospectiveRecorder

        if self.minutes > 0:
            self._retrospective = RetrospectiveRecorder(
                live, self.minutes, patch.document.title or (patch.path.stem if patch.path else "")
            )
            if self._retrospective.problem:  # known now, not after hours of playing
                print_warning(f"{self._retrospective.problem}.")
                self._retrospective = None
        if self.record is not None:
            self._recording = Recording(live, self.record, self.depth)
        if self.automation is not None:
            self._automation_recorder = AutomationRecorder(live)

    def close(self, patch: Patch, live: Live) -> list[str]:
        """Finish the recordings after playing; return the written files, and set ``problems``."""
        from nodegraph.patch import PatchError

        recorders = [self._retrospective, self._recording, self.log]
        self.problems = [f"{recorder.problem}." for recorder in recorders if recorder is not None and recorder.problem]
        if self._recording is not None and self._recording.clipping:
            print_warning(f"{self._recording.path}: {self._recording.clipping}")
        files = [self._recording.path] if self._recording else []
        files += [self.log.result] if self.log else []
        if self._automation_recorder is not None and self.automation is not None:
            try:
                self._save_automation(patch, self._automation_recorder, self.automation, live.rate)
                files.append(self.automation)
            except PatchError as error:
                self.problems.append(f"{self.automation}: {error}")
        return [str(file) for file in files if file is not None]

    def _save_automation(self, patch: Patch, recorder: AutomationRecorder, path: Path, rate: float) -> None:
        from nodegraph.patch import Patch as Session
        from nodegraph.recording.automation import add_automation

        tracks = recorder.tracks()
        automated = Session(patch.document, patch.path)
        automated.do(
            add_automation(
                automated.document,
                tracks,
                rate,
                recorder.smooth,
                _transport_of(automated, {node for node, _ in tracks}),
            )
        )
        automated.save(path)


def _transport_of(patch: Patch, moved: set[str]) -> str:
    """Return the transport to follow: the only one, if it ran during the whole recording; else ""."""
    found = [id for id, record in patch.document.nodes.items() if record.type == "transport"]
    runs = len(found) == 1 and found[0] not in moved and patch.document.nodes[found[0]].params.get("play", 1.0) == 1.0
    return found[0] if runs else ""
