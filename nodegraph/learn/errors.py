"""The error of training: one line for the user."""

from __future__ import annotations


class LearnError(Exception):
    """What cannot be trained as asked; ``str(error)`` is one line that says why and how to mend it."""


def require_torch() -> None:
    """Raises LearnError where torch is not installed."""
    try:
        import torch  # noqa: F401
    except ImportError:
        raise LearnError("training needs torch. Install it: pip install 'nodegraph[learn]'") from None
