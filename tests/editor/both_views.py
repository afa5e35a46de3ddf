"""Two views in parallel: every call goes to both."""

from __future__ import annotations

from typing import Any

from nodegraph.editor.view import View


class BothViews:
    """Forwards every call to two views; returns the result of the first."""

    def __init__(self, first: View, second: View) -> None:
        self._views = (first, second)

    def __getattr__(self, method: str) -> Any:
        calls = [getattr(view, method) for view in self._views]

        def forward(*arguments: Any, **named: Any) -> Any:
            first, *_ = [call(*arguments, **named) for call in calls]
            return first

        return forward
