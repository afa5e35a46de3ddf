"""The error type of mixtures."""

from __future__ import annotations


class MixtureError(Exception):
    """A mixture that cannot be made as requested; ``str(error)`` is one line with the reason and the fix."""
