"""The last minutes into a file, and moves of values into blocks that repeat them."""

from __future__ import annotations

from pathlib import Path

from nodegraph.patch import PatchError
from nodegraph.recording.automation import automated

from ..command import command
from ..desk import Desk
from ..jobs import Job
from ..sound.keeping import Keeping, write_kept
from .sounding import sound_name


def keeping(desk: Desk) -> Keeping:
    """What keeps the sound of this session."""
    return desk.state(Keeping)


@command("Keep the last minutes…", "ctrl+k", menu="Sound", section=1)
def keep_last(desk: Desk, argument: object) -> None:
    """Write what was just heard, up to ten minutes of it, into a sound file; the sound goes on."""
    if keeping(desk).last_minutes() is None:
        desk.say("Nothing has been heard yet that could be kept.")
        return

    def write(path: Path) -> None:
        kept = keeping(desk).last_minutes()
        if kept is None:
            return
        path = path if path.suffix else path.with_suffix(".wav")
        seconds = kept.seconds

        def done(job: Job) -> None:
            failed = f"Not kept: {job.error}"
            desk.say(failed if job.error else f"Kept {seconds:.0f} s in {path.name}.", alarm=bool(job.error))

        desk.jobs.start("keeping", lambda job: write_kept(kept, seconds, path, job), done)

    desk.ask_file("keep", "Keep the last minutes in", write, ".wav", save=True, name=sound_name(desk, "kept"))


@command(
    "Record moves", "ctrl+shift+r", menu="Sound", section=1, checked=lambda desk: keeping(desk).recorder is not None
)
def record_moves(desk: Desk, argument: object) -> None:
    """Note how values are turned; pressed again, blocks that repeat the moves are wired to them."""
    recorder = keeping(desk).end_moves()
    if recorder is None:
        if keeping(desk).begin_moves():
            desk.say("Moves of values are recorded until this is chosen again.")
        else:
            desk.say("There is no sound that moves could be heard in.", alarm=True)
        return
    document = desk.patch.document
    led = next((id for id, record in document.nodes.items() if record.type == "transport"), "")
    try:
        action = automated(document, recorder.moves(), desk.listen().rate, recorder.smooth, led)
    except PatchError as error:
        desk.say(str(error), alarm=True)
        return
    desk.do_in((), action)
