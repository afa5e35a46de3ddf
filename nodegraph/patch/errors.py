"""The one error of the document layer: a line that says what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable


class PatchError(Exception):
    """A patch that cannot be read, edited or written as asked; ``str(error)`` is always one line."""


class Problem(str):
    """A sentence about a patch. ``path`` names the node that it is about: the ids of the subpatches that hold the node,
    from the outside inwards, then its own id; ``()`` when the sentence is about no single node."""

    path: tuple[str, ...]

    def __new__(cls, text: str, path: tuple[str, ...] = ()) -> Problem:
        problem = super().__new__(cls, text)
        problem.path = path
        return problem


class InvalidValue(Exception):
    """What is wrong with a value, while the place where it stands is still being found on the way out."""

    def __init__(self, text: str, path: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.path = path

    def at(self, step: str) -> InvalidValue:
        """The same fault seen from one level further out; ``step`` is ``.key`` or ``[index]``."""
        return InvalidValue(self.text, step + self.path)


def quote(text: object, limit: int = 60) -> str:
    """``text`` in quotes on one line, unprintable characters escaped, cut at ``limit`` characters."""
    shown = str(text)
    return repr(shown if len(shown) <= limit else shown[: limit - 1] + "…")


def suggest(name: str, known: object) -> str:
    """``" Did you mean 'lp1'?"`` when a name in ``known`` is close to ``name``, else an empty string."""
    from difflib import get_close_matches

    names = [item for item in known if isinstance(item, str)]  # type: ignore[attr-defined]
    close = get_close_matches(name[:100], names[:1000], n=1)
    return f" Did you mean {quote(close[0])}?" if close else ""


def listed(words: Iterable[str], joiner: str = "and") -> str:
    """Words as a sentence lists them: ``a``, ``a and b``, ``a, b and c``."""
    words = list(words)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joiner} {words[-1]}"
