"""Late import of librosa."""

from __future__ import annotations


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
