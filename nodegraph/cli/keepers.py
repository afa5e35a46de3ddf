"""``--flight``, ``--record``, ``--keep``, ``--moves``: what stays of a performance."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import CommandError

if TYPE_CHECKING:
    from nodegraph.engine.live import Live
    from nodegraph.patch import Patch
    from nodegraph.recording.keeping import KeptRing, MoveRecorder, Recording

MINUTES = 10.0

Flight = Annotated[
    Path | None,
    typer.Option("--flight", metavar="FILE", help="Log the performance, for `nodegraph replay`."),
]
Record = Annotated[
    Path | None, typer.Option("--record", metavar="OUT.wav", help="Record what is heard: .wav, .flac, .ogg …")
]
Keep = Annotated[
    float,
    typer.Option("--keep", metavar="MINUTES", min=0.0, help="Of the last minutes, for `nodegraph keep`; 0 keeps none."),
]
Moves = Annotated[
    Path | None,
    typer.Option("--moves", metavar="OUT.json", help="Save the patch with every turned knob as automation."),
]


@dataclass
class Keepers:
    """What the command line wants to have of a performance."""

    flight: Path | None = None
    record: Path | None = None
    minutes: float = MINUTES
    moves: Path | None = None
    problems: list[str] = field(default_factory=list)
    _ring: KeptRing | None = None
    _recording: Recording | None = None
    _recorder: MoveRecorder | None = None

    def check(self, patch: Patch) -> None:
        """Say now what could not be written at the end."""
        for path in (self.flight, self.record, self.moves):
            if path is not None and not path.absolute().parent.is_dir():
                raise CommandError(f"{path}: there is no folder {path.parent}. Make it first: mkdir -p {path.parent}")
        if self.record is not None:
            from nodegraph.files.sound_output import kind_of

            kind_of(self.record)
        if self.moves is not None and patch.path is not None and self.moves.absolute() == patch.path.absolute():
            raise CommandError(f"{self.moves}: is the patch itself. Give another name.")

    def open(self, patch: Patch, live: Live) -> None:
        """Begin, before the first sample is played."""
        from nodegraph.recording.keeping import KeptRing, MoveRecorder, Recording

        if self.minutes > 0:
            self._ring = KeptRing(live, self.minutes, patch.document.title or (patch.path.stem if patch.path else ""))
        if self.record is not None:
            self._recording = Recording(live, self.record)
        if self.moves is not None:
            self._recorder = MoveRecorder(live)

    def close(self, patch: Patch, live: Live) -> list[str]:
        """Finish, after the last one; returns the files that were written. ``problems`` says what was not."""
        from nodegraph.patch import PatchError

        kept = [self._ring, self._recording, live.log]
        self.problems = [f"{one.problem}." for one in kept if one is not None and one.problem]
        files = [self._recording.path] if self._recording else []
        files += [live.log.result] if live.log else []
        if self._recorder is not None and self.moves is not None:
            try:
                self._save_moves(patch, self._recorder, self.moves, live.rate)
                files.append(self.moves)
            except PatchError as error:
                self.problems.append(f"{self.moves}: {error}")
        return [str(file) for file in files if file is not None]

    def _save_moves(self, patch: Patch, recorder: MoveRecorder, path: Path, rate: float) -> None:
        from nodegraph.patch import Patch as Session
        from nodegraph.recording.automation import automated

        moves = recorder.moves()
        kept = Session(patch.document, patch.path)
        kept.do(automated(kept.document, moves, rate, recorder.smooth, _leader(kept, {node for node, _ in moves})))
        kept.save(path)


def _leader(patch: Patch, moved: set[str]) -> str:
    """The transport that leads what was recorded: the only one, if it ran all the time."""
    found = [id for id, record in patch.document.nodes.items() if record.type == "transport"]
    runs = len(found) == 1 and found[0] not in moved and patch.document.nodes[found[0]].params.get("play", 1.0) == 1.0
    return found[0] if runs else ""
