"""Checks of a single edit against the blocks: the names must exist, and the values and wires must fit.

The document layer is independent of the blocks and accepts any names and values. The public :class:`nodegraph.Patch`
applies these checks before an edit, so that a script fails in the line with the mistake. They inspect only the nodes
that the edit names, so their cost does not depend on the size of the patch; lanes, loops and frame sizes are checked
when the graph is built.

The ports of a placeholder (an unknown block, a subpatch whose file is missing) are unknown, so any name is accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nodegraph.node import Spec
from nodegraph.patch import (
    Action,
    AddNode,
    ClearParam,
    Connect,
    Disconnect,
    Document,
    NodeRecord,
    PatchError,
    Replace,
    SetParam,
)
from nodegraph.patch.actions import parse_port_ref
from nodegraph.patch.actions.base import plain_value
from nodegraph.patch.document import SUBPATCH

from .ports import PatchLocation, nested_document, spec_in, spec_of
from .rules import WireEnd, block_problem, parameter_problem, port_problems, title_of, unknown_parameter, wire_problems

Path = tuple[str, ...]


def check_edit(action: Action, document: Document, path: Path = (), home: PatchLocation | None = None) -> None:
    """Raise :class:`PatchError` if an edit of the nested document at ``path`` has an unknown name or a wrong value.

    ``home`` is the location of ``document``. Actions other than those on blocks, ports and values are not checked.
    """
    check = _CHECKS.get(type(action))
    if check is not None:
        home = home or PatchLocation()
        check(
            action, _Level(document.nested(path), path, PatchLocation(home.file, home.allow_outside, depth=len(path)))
        )


@dataclass(frozen=True)
class _Level:
    """The nested document that an edit changes."""

    document: Document
    path: Path
    home: PatchLocation

    def title(self, id: str, record: NodeRecord) -> str:
        return title_of(record.type, self.name(id))

    def name(self, id: str) -> str:
        return "/".join((*self.path, id))

    def spec(self, id: str) -> Spec | None:
        """Return the spec of a node of the document; None for a placeholder."""
        if _is_placeholder(self.document.nodes[id], self.home):
            return None
        return spec_in(self.document, id, self.home)

    def end(self, text: str) -> WireEnd | None:
        """Return an end of a wire; None if its node does not exist, which the action reports."""
        id, port = parse_port_ref(text)
        record = self.document.nodes.get(id)
        return None if record is None else WireEnd(self.name(id), record.type, port, self.spec(id))


def _is_placeholder(record: NodeRecord, home: PatchLocation) -> bool:
    if block_problem(record):
        return True
    if record.type != SUBPATCH:
        return False
    try:
        nested_document(record, home)
    except PatchError:
        return True
    return False


def _check_add(action: AddNode, level: _Level) -> None:
    _check_record(action.id, NodeRecord(action.type, action.version, action.params), level)


def _check_replace(action: Replace, level: _Level) -> None:
    _check_record(action.id, NodeRecord(action.type, action.version, action.params or {}), level)


def _check_record(id: str, record: NodeRecord, level: _Level) -> None:
    problem = block_problem(record)
    if problem:
        raise PatchError(problem)
    if not _is_placeholder(record, level.home):
        _check_values(level.title(id, record), spec_of(record, level.home), record.params)


def _check_set(action: SetParam, level: _Level) -> None:
    record = level.document.nodes.get(action.node)
    spec = level.spec(action.node) if record else None
    if record is not None and spec is not None:
        _check_values(level.title(action.node, record), spec, {action.port: action.value})


def _check_values(title: str, spec: Spec, params: Mapping[str, Any]) -> None:
    for name, value in params.items():
        problem = parameter_problem(title, spec, name, plain_value(value, f"{title}: {name}"))
        if problem:
            raise PatchError(problem)


def _check_clear(action: ClearParam, level: _Level) -> None:
    record = level.document.nodes.get(action.node)
    if record is None or action.port in record.params:
        return
    spec = level.spec(action.node)
    if spec is not None and action.port not in spec.parameters:
        raise PatchError(unknown_parameter(level.title(action.node, record), spec, action.port))


def _check_connect(action: Connect, level: _Level) -> None:
    source, target = level.end(action.source), level.end(action.target)
    if source is not None and target is not None:
        _raise_first(wire_problems(source, target, action.feedback))


def _check_disconnect(action: Disconnect, level: _Level) -> None:
    if any((wire.source_ref, wire.target_ref) == (action.source, action.target) for wire in level.document.wires):
        return
    for end in (action.source, action.target):
        level.document.node(parse_port_ref(end)[0])
    source, target = level.end(action.source), level.end(action.target)
    if source is not None and target is not None:
        _raise_first(port_problems(source, target))


def _raise_first(problems: list[str]) -> None:
    if problems:
        raise PatchError(problems[0])


_CHECKS: dict[type[Action], Callable[[Any, _Level], None]] = {
    AddNode: _check_add,
    Replace: _check_replace,
    SetParam: _check_set,
    ClearParam: _check_clear,
    Connect: _check_connect,
    Disconnect: _check_disconnect,
}
