"""Retrospective recording and automation recording of the editor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..desk import Desk, State
from ..jobs import Job

if TYPE_CHECKING:
    from nodegraph.recording.keeping import AutomationRecorder, RetrospectiveRecorder, RetrospectiveSession


class RetrospectiveRecording(State):
    """Recorders on the current engine; they are attached again when the device changes."""

    is_per_patch = False

    def __init__(self) -> None:
        self.recorder: AutomationRecorder | None = None
        self._engine: Any = None
        self._ring: RetrospectiveRecorder | None = None

    def tick(self, desk: Desk) -> None:
        """Attach a recorder to the current engine if it changed."""
        engine, minutes = desk.sound.engine, desk.preferences.keep_minutes
        if engine is self._engine:
            return
        self._engine, self._ring = engine, None
        if engine is not None and minutes > 0:
            from nodegraph.recording.keeping import RetrospectiveRecorder

            self._ring = RetrospectiveRecorder(engine, minutes, desk.patch.document.title)

    def last_minutes(self) -> RetrospectiveSession | None:
        """Return the recorded last minutes of this session, or None if there are none."""
        if self._ring is None:
            return None
        from nodegraph.recording.keeping import session_in

        session = session_in(self._ring.folder)
        return session if session is not None and session.seconds > 0 else None

    def start_automation(self) -> bool:
        """Start recording value changes; return False if there is no engine."""
        if self._engine is None:
            return False
        from nodegraph.recording.keeping import AutomationRecorder

        self.recorder = AutomationRecorder(self._engine)
        return True

    def stop_automation(self) -> AutomationRecorder | None:
        """Stop recording value changes and return the recorder, or None if there was none."""
        recorder, self.recorder = self.recorder, None
        if recorder is not None:
            recorder.close()
        return recorder


def write_last_minutes(session: RetrospectiveSession, seconds: float, path: Path, depth: str, job: Job) -> Path:
    """Write the last ``seconds`` of a session to a sound file and return its path."""
    from nodegraph.files.sound_output import SoundOutput

    total = max(round(seconds * session.rate), 1)
    with SoundOutput(path, session.rate, session.channels, seconds, depth) as file:
        for chunk in session.last(seconds):
            file.write(chunk[: total - file.samples])
            job.progress(file.samples / total)
    return path
