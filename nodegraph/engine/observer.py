"""What can be attached to an engine: services beside the audio thread, and an observer of everything it is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from nodegraph.patch import Change, Document
from nodegraph.plan import Plan


class EngineService(Protocol):
    """Records what the engine plays, or does other work beside it."""

    @property
    def problem(self) -> str:
        """Why the service has stopped, "" while it works."""

    def service(self) -> None:
        """Do a bounded piece of work; called every few milliseconds, never by the audio thread."""

    def close(self) -> None:
        """Finish: files are complete after this. A second call does nothing."""


class EngineObserver(EngineService, Protocol):
    """A service that is notified of every edit and every plan, such as a flight log."""

    def attach(self, engine: Any) -> None:
        """Begin to observe an engine that has not played yet. Raises OSError where a file cannot be written."""

    def on_edit(self, step: Any, change: Change) -> None:
        """A step of the session that is played; called by the thread that edits."""

    def on_plan(self, document: Document, path: Path | None, plan: Plan, names: Mapping[str, str]) -> None:
        """A plan of this document is about to be offered to the audio thread.

        ``names`` maps ids of the plan before to the ids of the same nodes in this one.
        """
