"""Retrospective recording and automation recording."""

from __future__ import annotations

from pathlib import Path

from nodegraph.patch import PatchError
from nodegraph.recording.automation import add_automation

from ..command import command
from ..desk import Desk
from ..jobs import Job
from ..sound.retrospective import RetrospectiveRecording, write_last_minutes
from .sound import sound_name


def retrospective(desk: Desk) -> RetrospectiveRecording:
    """Return the retrospective recording of this session."""
    return desk.state(RetrospectiveRecording)


@command("Save last minutes…", "ctrl+k", menu="Sound", section=1)
def keep_last(desk: Desk, payload: object) -> None:
    """Save the last minutes of output to a sound file."""
    if retrospective(desk).last_minutes() is None:
        desk.notify("Nothing has been recorded yet.")
        return

    def write(path: Path) -> None:
        session = retrospective(desk).last_minutes()
        if session is None:
            return
        path = path if path.suffix else path.with_suffix(".wav")
        seconds, depth = session.seconds, desk.preferences.depth

        def done(job: Job) -> None:
            failed = f"Not saved: {job.error}"
            desk.notify(failed if job.error else f"Saved {path.name} ({seconds:.0f} s).", alarm=bool(job.error))

        desk.jobs.start("saving", lambda job: write_last_minutes(session, seconds, path, depth, job), done)

    desk.ask_file("keep", "Save last minutes as", write, ".wav", save=True, name=sound_name(desk, "kept"))


@command(
    "Record automation",
    "ctrl+shift+r",
    menu="Sound",
    section=1,
    checked=lambda desk: retrospective(desk).recorder is not None,
)
def record_automation(desk: Desk, payload: object) -> None:
    """Record value changes; run again to add automation blocks that play them."""
    recorder = retrospective(desk).stop_automation()
    if recorder is None:
        if retrospective(desk).start_automation():
            desk.notify("Automation recording started. Run the command again to stop.")
        else:
            desk.notify("Automation cannot be recorded: the engine is not running.", alarm=True)
        return
    document = desk.patch.document
    transport = next((id for id, record in document.nodes.items() if record.type == "transport"), "")
    try:
        action = add_automation(
            document, recorder.tracks(), desk.refresh_sound_state().rate, recorder.smooth, transport
        )
    except PatchError as error:
        desk.notify(str(error), alarm=True)
        return
    desk.do_in((), action)
