"""Docstrings as plain text, for tips, help and comments."""

from __future__ import annotations

import re
from functools import lru_cache

ROLE = re.compile(r":\w+:`~?([^`<]*?)(?:\s*<[^`]*>)?`")


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return a text without the markup of reStructuredText: no roles, no quotes around code."""
    return ROLE.sub(r"\1", text).replace("``", "").replace("`", "")


def first_line(documented: object) -> str:
    """Return the first line of a docstring as plain text, "" without a docstring."""
    return plain((getattr(documented, "__doc__", None) or "").strip().partition("\n")[0])
