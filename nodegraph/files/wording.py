"""Words of messages: quoted names, near names, lists, arguments of commands."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable


def quote(text: object, limit: int = 60) -> str:
    """Return ``text`` in quotes on one line, unprintable characters escaped, truncated to ``limit`` characters."""
    shown = str(text)
    return repr(shown if len(shown) <= limit else shown[: limit - 1] + "…")


def suggest(name: str, known: object) -> str:
    """Return ``" Did you mean 'lp1'?"`` if a name in ``known`` resembles ``name``, else an empty string."""
    from difflib import get_close_matches

    names = [item for item in known if isinstance(item, str)]  # type: ignore[attr-defined]
    close = get_close_matches(name[:100], names[:1000], n=1)
    return f" Did you mean {quote(close[0])}?" if close else ""


def listed(words: Iterable[str], joiner: str = "and") -> str:
    """Return words joined as an English list: ``a``, ``a and b``, ``a, b and c``."""
    words = list(words)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joiner} {words[-1]}"


def argument(path: object) -> str:
    """Return a path as an argument of a command that a user copies: quoted if need be, and never an option."""
    text = str(path)
    text = f".{os.sep}{text}" if text.startswith("-") else text
    return subprocess.list2cmdline([text]) if os.name == "nt" else shlex.quote(text)
