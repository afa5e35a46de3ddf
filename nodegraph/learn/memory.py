"""The memory of the machine."""

from __future__ import annotations

import os


def memory_bytes() -> int | None:
    """Return the memory of the machine in bytes, or None if the system does not tell it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
