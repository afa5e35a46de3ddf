"""Late import of librosa, and a lock around what it compiles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodegraph.files.private import locked_folder


class LibrosaMissingError(Exception):
    """librosa is not installed; the message is one line with the command that installs it."""


def require_librosa() -> None:
    """Import librosa. Raises LibrosaMissingError if it is not installed."""
    try:
        import librosa  # noqa: F401
    except ImportError:
        raise LibrosaMissingError(
            "measures of content need librosa. Install it: pip install 'nodegraph[learn]'"
        ) from None


@contextmanager
def one_process_at_a_time() -> Iterator[None]:
    """Keep out other processes that use the same installation of librosa.

    Two that compile its peak picking at once leave a cache with which all later ones crash: a loop of one process and
    the wrapper of the other.
    """
    import librosa

    with locked_folder(Path(librosa.__file__).parent):
        yield
