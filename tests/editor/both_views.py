"""Two views at once: what is shown on the one is shown on the other."""

from __future__ import annotations

from typing import Any

from nodegraph.editor.view import View


class BothViews:
    """Every order goes to both; the answer is that of the first."""

    def __init__(self, first: View, second: View) -> None:
        self._views = (first, second)

    def __getattr__(self, order: str) -> Any:
        calls = [getattr(view, order) for view in self._views]

        def give(*arguments: Any, **named: Any) -> Any:
            first, *_ = [call(*arguments, **named) for call in calls]
            return first

        return give
