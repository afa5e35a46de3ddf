"""Changes: the effect of an edit on the look, the parameter values or the structure of a patch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from .document import Document, Path

Kind = Literal["look", "values", "structure"]
LOOK: Kind = "look"
VALUES: Kind = "values"
STRUCTURE: Kind = "structure"
_ORDER: tuple[Kind, ...] = (LOOK, VALUES, STRUCTURE)


class ValueChange(NamedTuple):
    """The new value of a parameter in the nested document at ``path``; None means the default."""

    path: Path
    node: str
    port: str
    value: Any


@dataclass(frozen=True)
class Change:
    """A completed edit, with the documents before and after it.

    ``kind`` is "look" (inaudible: positions, comments, titles, controls, snapshots), "values" (parameters only, all
    listed in ``values``) or "structure" (anything else).
    """

    before: Document
    after: Document
    kind: Kind = STRUCTURE
    values: tuple[ValueChange, ...] = ()

    def then(self, later: Change) -> Change:
        """Return this change and the next one merged into one."""
        kind = max(self.kind, later.kind, key=_ORDER.index)
        merged = {value[:3]: value for value in (*self.values, *later.values)}
        return Change(self.before, later.after, kind, tuple(merged.values()) if kind == VALUES else ())

    def within(self, path: Path, before: Document, after: Document) -> Change:
        """Return this change of the nested document at ``path`` as a change of the enclosing document."""
        values = tuple(value._replace(path=(*path, *value.path)) for value in self.values)
        return Change(before, after, self.kind, values)

    def reversed(self) -> Change:
        """Return the change that undoes this one."""
        if self.kind != VALUES:
            return Change(self.after, self.before, self.kind)
        return Change.of_values(self.after, self.before, [value[:3] for value in self.values])

    @staticmethod
    def of_values(before: Document, after: Document, parameters: Iterable[tuple[Path, str, str]]) -> Change:
        """Return a change of parameters (path, node, port) to their values in ``after``.

        A stored ``None``, which no input accepts, is a change of structure: typing the document reports it.
        """
        found = []
        for path, node, port in parameters:
            params = after.nested(path).nodes[node].params
            if port in params and params[port] is None:
                return Change(before, after)
            found.append(ValueChange(path, node, port, params.get(port)))
        return Change(before, after, VALUES, tuple(found))
