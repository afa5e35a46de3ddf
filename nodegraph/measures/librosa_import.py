"""Late import of librosa, in one process at a time."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from nodegraph.files.private import locked_folder
from nodegraph.installation import install_command


class LibrosaMissingError(Exception):
    """librosa is not installed; the message is one line with the command that installs it."""


def import_librosa() -> ModuleType:
    """Return librosa with the modules that compile code while they are imported. Raises LibrosaMissingError.

    Other processes that import it through this function wait. Two that compile at once leave a cache with the inner
    loop of one process and the wrapper of the other, with which every later process crashes.
    """
    try:
        import librosa

        with locked_folder(Path(librosa.__file__).parent):
            importlib.import_module("librosa.onset")  # imports librosa.util, .core.audio and .core.pitch
    except ImportError:
        raise LibrosaMissingError(
            f"measures of content need librosa. Install it: {install_command('nodegraph[learn]')}"
        ) from None
    return librosa
