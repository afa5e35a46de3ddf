"""The errors of the document layer: one line with the problem and its fix."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nodegraph.files.wording import listed, quote, suggest

__all__ = ["InvalidValue", "PatchError", "Problem", "listed", "quote", "suggest"]


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
