"""``nodegraph edit``: open the editor."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodegraph.files.folders import user_folder

from ..errors import CommandError
from ..kernels import compile_kernels, kernels_of_engine, kernels_of_graph
from ..options import Outside, Rate, Trust
from ..output_files import check_folder_of
from ..recording_options import Flight
from ..shutdown import catch_stop_signals
from ..silence_stderr import silence_native_stderr
from .run import _device

if TYPE_CHECKING:
    from nodegraph.editor.sound.live import LiveSound
    from nodegraph.editor.spoken import Say


def edit(
    patch: Annotated[
        Path | None, typer.Argument(metavar="PATCH", show_default=False, help="Patch file to open or to create.")
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--device", "-d", metavar="D", help="Sound device: number or part of its name; see `nodegraph devices`."
        ),
    ] = None,
    blocksize: Annotated[
        int | None,
        typer.Option(
            "--blocksize", "-b", metavar="N", min=16, max=8192, help="Samples per callback, requested from the device."
        ),
    ] = None,
    rate: Rate = None,
    null: Annotated[bool, typer.Option("--null", help="Play in real time without a device.")] = False,
    no_limiter: Annotated[bool, typer.Option("--no-limiter", help="Disable the safety limiter.")] = False,
    flight: Flight = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="Folder of preferences and recovery copies.", hidden=True)
    ] = None,
    speak: Annotated[
        str | None,
        typer.Option(
            "--speak", metavar="TO", help="Say what happens: - writes lines, spd-say speaks, else a file or pipe."
        ),
    ] = None,
    allow_outside: Outside = False,
    trust: Trust = None,
) -> int:
    """Edit a patch in a window while it plays."""
    from nodegraph.editor.dpg.display_check import display_problem

    if reason := display_problem():
        raise CommandError(reason)
    from nodegraph.graph import GraphError, build_graph
    from nodegraph.patch import Patch

    check_folder_of(flight)
    patch = patch.absolute() if patch is not None else None
    opened = Patch(path=patch) if patch is None or not patch.exists() else Patch.load(patch)
    compile_kernels(kernels_of_engine(live=True))

    from nodegraph.editor.app import App

    home = home or _home()
    requested_rate = rate or opened.document.settings.rate
    with silence_native_stderr():
        try:
            device_name = "none" if null else device
            sound = _sound(home, device_name, requested_rate, blocksize, allow_outside, not no_limiter, flight)
        except OSError as error:
            raise CommandError(f"{flight}: not writable ({error.strerror}). Choose another file.") from None
    graph = None
    with suppress(GraphError):  # the editor shows the problems
        graph = build_graph(opened.document, sound.rate, opened.path, allow_outside, tolerant=True)
        compile_kernels(kernels_of_graph(graph))
    app = App(sound, opened, home, allow_outside, graph, _say(speak))
    if patch is None:
        app.presenter.run("start_page")
    with catch_stop_signals() as stop:  # unsaved changes are offered at the next start
        app.run(each_frame=lambda app: app.view.quit() if stop.requested else None)
    for line in sound.state().notices[-1:] if flight is not None else ():
        typer.echo(line)
    return 0


def _say(target: str | None) -> Say | None:
    """Return the function that gets what happens in the editor as text, or None."""
    from nodegraph.editor.spoken import SPEECH, line_writer

    if target is None:
        return None
    try:
        return line_writer(target)
    except OSError as error:
        fix = "Install speech-dispatcher" if target == SPEECH else "Name a file or a pipe"
        raise CommandError(f"{target}: {error.strerror}. {fix}, or use - for the terminal.") from None


def _sound(
    home: Path,
    device: str | None,
    rate: float | None,
    blocksize: int | None,
    allow_outside: bool,
    limiter: bool,
    flight: Path | None,
) -> LiveSound:
    """Open the requested device, else the last one used if it is available, else the default."""
    from nodegraph.editor.preferences import Preferences
    from nodegraph.editor.sound.live import DeviceRequest, LiveSound
    from nodegraph.engine.core import EngineError

    preferences = Preferences.load(home)
    if device is None and preferences.device is not None:
        try:
            last = DeviceRequest(preferences.device, rate or preferences.rate, blocksize or preferences.blocksize)
            return LiveSound(last, allow_outside, limiter, flight)
        except EngineError:
            pass  # the device is disconnected
    request = DeviceRequest(_device(device), rate or preferences.rate, blocksize or preferences.blocksize)
    return LiveSound(request, allow_outside, limiter, flight)


def _home() -> Path:
    return user_folder("state")
