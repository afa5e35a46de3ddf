"""Command lines: commands with random options, values and files; they end with a status and print no traceback."""

from __future__ import annotations

import contextlib
import io
import random
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from nodegraph.cli import main
from nodegraph.cli.app import command

from .. import mutate
from ..attempt import REPOSITORY

WEIGHT = 4
ERRORS: tuple[type[Exception], ...] = ()
LINES = False
# commands that end soon and neither play, train nor start a window
COMMANDS = (
    "check",
    "show",
    "nodes",
    "render",
    "controllers",
    "compare",
    "invert",
    "replay",
    "mix",
    "texture",
    "estimate",
    "new-node",
)
VALUES = (
    "a.json",
    "a.wav",
    "b.wav",
    "missing.json",
    ".",
    "",
    "-",
    "0",
    "-1",
    "nan",
    "1e9",
    "osc.frequency=3",
    "x=y=z",
    "ø",
    "\x1b[31m",
)


def prepare() -> None:
    """Compare two sounds once: librosa then unpickles its compiled functions from its own cache."""
    with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        _write_sounds(Path(folder))
        status = main(["compare", f"{folder}/a.wav", f"{folder}/b.wav"])
    assert status == 0


def attempt(rng: random.Random, folder: Path) -> None:
    shutil.copy(REPOSITORY / "patches/pluck.json", folder / "a.json")
    _write_sounds(folder)
    name = rng.choice(COMMANDS)
    found = command().get_command(click.Context(command()), name)
    arguments = [name]
    options = [option for parameter in found.params for option in parameter.opts if option.startswith("-")]
    for _ in range(rng.randint(0, 5)):
        number = str(rng.choice(mutate.NUMBERS))
        arguments.append(rng.choice((rng.choice(options), rng.choice(VALUES), rng.choice(VALUES), number)))
    if name in ("render", "mix", "texture", "estimate"):
        arguments += {"render": ["-s", "0.01"], "estimate": ["--help"]}.get(name, ["--help"])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([argument.replace("\0", "") for argument in arguments])
    assert status in (0, 1, 2), f"status {status} of {arguments}"
    assert "Traceback" not in err.getvalue() and "a bug" not in err.getvalue(), f"{arguments}: {err.getvalue()[-300:]}"


def _write_sounds(folder: Path) -> None:
    import numpy as np
    import soundfile

    for name in ("a.wav", "b.wav"):
        soundfile.write(folder / name, 0.1 * np.sin(np.arange(2000) * 0.1), 22050)
