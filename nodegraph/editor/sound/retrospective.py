"""What is kept of the sound without being asked: its last minutes, and the moves of a take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..desk import Desk, State
from ..jobs import Job

if TYPE_CHECKING:
    from nodegraph.recording.keeping import AutomationRecorder, RetrospectiveRecorder, RetrospectiveSession


class RetrospectiveRecording(State):
    """Follows the engine that plays: when the device changes, another one is kept."""

    lasting = True

    def __init__(self) -> None:
        self.recorder: AutomationRecorder | None = None
        self._engine: Any = None
        self._ring: RetrospectiveRecorder | None = None

    def tick(self, desk: Desk) -> None:
        """Keep what the present engine plays."""
        engine, minutes = desk.sound.engine, desk.preferences.keep_minutes
        if engine is self._engine:
            return
        self._engine, self._ring = engine, None
        if engine is not None and minutes > 0:
            from nodegraph.recording.keeping import RetrospectiveRecorder

            self._ring = RetrospectiveRecorder(engine, minutes, desk.patch.document.title)

    def last_minutes(self) -> RetrospectiveSession | None:
        """What is kept of this session; None while there is nothing."""
        if self._ring is None:
            return None
        from nodegraph.recording.keeping import session_in

        kept = session_in(self._ring.folder)
        return kept if kept is not None and kept.seconds > 0 else None

    def start_automation(self) -> bool:
        """Note all moves of values from now on; False without an engine."""
        if self._engine is None:
            return False
        from nodegraph.recording.keeping import AutomationRecorder

        self.recorder = AutomationRecorder(self._engine)
        return True

    def stop_automation(self) -> AutomationRecorder | None:
        """The moves of the take that ends."""
        recorder, self.recorder = self.recorder, None
        if recorder is not None:
            recorder.close()
        return recorder


def write_last_minutes(kept: RetrospectiveSession, seconds: float, path: Path, job: Job) -> Path:
    """Write the last ``seconds`` into a sound file."""
    from nodegraph.files.sound_output import SoundOutput

    total = max(round(seconds * kept.rate), 1)
    with SoundOutput(path, kept.rate, kept.channels, seconds) as file:
        for block in kept.last(seconds):
            file.write(block[: total - file.samples])
            job.progress(file.samples / total)
    return path
