"""The last minutes into a file, and moves of values into blocks that repeat them."""

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
    """What keeps the sound of this session."""
    return desk.state(RetrospectiveRecording)


@command("Keep the last minutes…", "ctrl+k", menu="Sound", section=1)
def keep_last(desk: Desk, payload: object) -> None:
    """Write what was just heard, up to ten minutes of it, into a sound file; the sound goes on."""
    if retrospective(desk).last_minutes() is None:
        desk.notify("Nothing has been heard yet that could be kept.")
        return

    def write(path: Path) -> None:
        kept = retrospective(desk).last_minutes()
        if kept is None:
            return
        path = path if path.suffix else path.with_suffix(".wav")
        seconds = kept.seconds

        def done(job: Job) -> None:
            failed = f"Not kept: {job.error}"
            desk.notify(failed if job.error else f"Kept {seconds:.0f} s in {path.name}.", alarm=bool(job.error))

        desk.jobs.start("keeping", lambda job: write_last_minutes(kept, seconds, path, job), done)

    desk.ask_file("keep", "Keep the last minutes in", write, ".wav", save=True, name=sound_name(desk, "kept"))


@command(
    "Record moves",
    "ctrl+shift+r",
    menu="Sound",
    section=1,
    checked=lambda desk: retrospective(desk).recorder is not None,
)
def record_automation(desk: Desk, payload: object) -> None:
    """Note how values are turned; pressed again, blocks that repeat the moves are wired to them."""
    recorder = retrospective(desk).stop_automation()
    if recorder is None:
        if retrospective(desk).start_automation():
            desk.notify("Moves of values are recorded until this is chosen again.")
        else:
            desk.notify("There is no sound that moves could be heard in.", alarm=True)
        return
    document = desk.patch.document
    led = next((id for id, record in document.nodes.items() if record.type == "transport"), "")
    try:
        action = add_automation(document, recorder.tracks(), desk.refresh_sound_state().rate, recorder.smooth, led)
    except PatchError as error:
        desk.notify(str(error), alarm=True)
        return
    desk.do_in((), action)
