"""Interfaces that can be attached to an engine: background services and an observer of edits and plans."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from nodegraph.patch import Change, Document
from nodegraph.plan import Plan


class EngineService(Protocol):
    """A background service of an engine, such as a recording."""

    @property
    def problem(self) -> str:
        """The reason the service stopped, or ""."""

    def service(self) -> None:
        """Do a bounded amount of work. Called every few milliseconds, never by the audio thread."""

    def close(self) -> None:
        """Stop and complete all files. A second call has no effect."""


class EngineObserver(EngineService, Protocol):
    """A service that is notified of every edit and every plan, such as a flight log."""

    def attach(self, engine: Any) -> None:
        """Start to observe an engine before its first sample. Raises OSError if a file cannot be written."""

    def on_edit(self, step: Any, change: Change) -> None:
        """Handle an edit of the playing patch. Called by the editing thread."""

    def on_plan(self, document: Document, path: Path | None, plan: Plan, names: Mapping[str, str]) -> None:
        """Handle a new plan of a document, before the audio thread can swap to it.

        ``names`` maps ids of the previous plan to the ids of the same nodes in this plan.
        """
