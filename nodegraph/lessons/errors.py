"""The error of lessons."""

from __future__ import annotations


class LessonError(Exception):
    """A lesson or a folder of hand-ins cannot be used; the message is one line for the user.

    ``problems`` has a line for each problem if there are several.
    """

    def __init__(self, text: str, problems: list[str] | None = None) -> None:
        super().__init__(text)
        self.problems = problems or []
