"""The error of training: one line for the user."""

from __future__ import annotations


class LearnError(Exception):
    """What cannot be trained as asked; ``str(error)`` is one line that says why and how to mend it."""
