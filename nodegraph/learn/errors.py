"""The error type of training."""

from __future__ import annotations


class LearnError(Exception):
    """A training that cannot run as requested; ``str(error)`` is one line with the reason and the fix."""
