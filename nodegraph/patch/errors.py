"""The errors of the document layer: one line with the problem and its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence


class PatchError(Exception):
    """A patch cannot be read, edited or written as requested; ``str(error)`` is one line.

    ``problems`` has a line for each problem if there are several.
    """

    def __init__(self, text: str, problems: list[str] | None = None) -> None:
        super().__init__(text)
        self.problems = problems or []


class Problem(str):
    """A message about a patch.

    ``path`` identifies the node concerned: the ids of its subpatches, outermost first, then its id. It is ``()`` if
    the message does not concern a single node.
    """

    path: tuple[str, ...]

    def __new__(cls, text: str, path: tuple[str, ...] = ()) -> Problem:
        problem = super().__new__(cls, text)
        problem.path = path
        return problem


class InvalidValue(Exception):
    """An invalid value; its JSON path is completed while the exception propagates.

    ``others`` are further invalid values of the same file.
    """

    def __init__(self, text: str, path: str = "", others: Sequence[InvalidValue] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.path = path
        self.others = tuple(others)

    def at(self, step: str) -> InvalidValue:
        """Return this error with ``step`` (``.key`` or ``[index]``) prepended to its path."""
        return self.moved(lambda path: step + path)

    def moved(self, path_of: Callable[[str], str]) -> InvalidValue:
        """Return this error with another path for each invalid value."""
        return InvalidValue(self.text, path_of(self.path), [other.moved(path_of) for other in self.others])


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
