"""Controller files: the built-in ones, changed."""

from __future__ import annotations

import random
from pathlib import Path

from nodegraph.control.controllers import ControllerError, controller_files, read_controller

from .. import mutate

WEIGHT = 10
ERRORS = (ControllerError,)
LINES = False


def attempt(rng: random.Random, folder: Path) -> None:
    source = rng.choice(sorted(controller_files().values())).read_text("utf-8")
    path = folder / "mine.toml"
    path.write_bytes(mutate.text_of(source, rng).encode())
    read_controller(path)
