"""The knobs and settings of a node: looked up in the registry, checked against its block, defaults filled in."""

from __future__ import annotations

import difflib
import math
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.node import In, Spec
from nodegraph.patch import NodeRecord, resolve_file
from nodegraph.patch.errors import PatchError, listed

from .flat import FlatNode
from .model import GraphNode
from .ports import KNOB

MOST_LANES = 1024
MOST_MEMBERS = 65536  # of a bank


def typed_node(id: str, flat: FlatNode, allow_outside: bool, problems: list[str]) -> GraphNode:
    if flat.problem:
        return GraphNode(id, flat.record.type, None, problem=flat.problem)
    own = None
    if flat.knob is not None and (cls := node_types().get(flat.record.type)):
        own = replace(cls.spec, inputs={**cls.spec.inputs, KNOB: replace(flat.knob, name=KNOB)})
    node = _look_up(id, flat.record, flat.file, allow_outside, problems, own)
    node.voices = flat.voices
    return node


def _look_up(
    id: str, record: NodeRecord, patch_path: Path | None, allow_outside: bool, problems: list[str], own: Spec | None
) -> GraphNode:
    cls = node_types().get(record.type)
    if cls is None:
        return GraphNode(id, record.type, None, problem=_unknown_block(record.type, tuple(node_types())))
    if record.version > cls.version:
        reason = f"saved by a newer version of block '{record.type}' ({record.version}, here {cls.version})"
        return GraphNode(id, record.type, None, problem=f"{reason}. Update nodegraph.")
    node = GraphNode(id, record.type, cls, own_spec=own)
    spec = node.spec
    for name, value in record.params.items():
        if name in spec.inputs:
            node.values[name] = _values(node, spec.inputs[name], value, problems)
        elif name in spec.choices:
            node.settings[name] = _choice(node, name, value, problems)
        elif name in spec.options:
            node.settings[name] = _option(node, name, value, problems)
        else:
            known = [*spec.inputs, *spec.choices, *spec.options]
            problems.append(f"{node.title} has no input or setting '{name}'.{_suggest(name, known)}")
    for name, port in spec.inputs.items():
        node.values.setdefault(name, [float(port.default)])
    for name, choice in spec.choices.items():
        node.settings.setdefault(name, choice.default)
    for name, option in spec.options.items():
        node.settings.setdefault(name, option.default)
        if option.kind == "file":
            _find_file(node, name, patch_path, allow_outside)
    if cls.check is not None and not node.problem:
        node.problem = cls.check(node.settings)
    if cls.formula is not None and not node.problem:
        try:
            cls.formula(node.settings)
        except ValueError as error:
            node.problem = str(error)
    return node


@lru_cache(maxsize=1024)
def _unknown_block(type: str, known: tuple[str, ...]) -> str:
    """Why a block is missing. Comparing names is slow, and an unknown block is looked up at every edit."""
    close = difflib.get_close_matches(type, known, 1)
    hint = f" Did you mean '{close[0]}'?" if close else " Install the package that has it."
    return f"there is no block '{type}'.{hint}"


def _values(node: GraphNode, port: In, value: Any, problems: list[str]) -> list[float]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    fine = all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values)
    if isinstance(value, bool):
        values, fine = [float(value)], True
    if not fine or not values:
        problems.append(f"{node.title}: {port.name} must be a number or a list of numbers, got {_short(value)}.")
        return [port.default]
    most, of = (MOST_MEMBERS, "values") if port.bank else (MOST_LANES, "lanes")
    if len(values) > most:
        problems.append(f"{node.title}: {port.name} has {len(values)} {of}; at most {most} are possible.")
        return [port.default]
    for v in values:
        if not port.min <= v <= port.max:
            unit = f" {port.unit}" if port.unit else ""
            problems.append(
                f"{node.title}: {port.name} must lie in {port.min:g}–{port.max:g}{unit}, got {v:g}. "
                "Set it in the patch or wire a signal."
            )
            return [port.default]
    return [float(v) for v in values]


def _choice(node: GraphNode, name: str, value: Any, problems: list[str]) -> Any:
    choice = node.spec.choices[name]
    if value in choice.values:
        return value
    problems.append(f"{node.title}: {name} must be one of {', '.join(choice.values)}, got {_short(value)}.")
    return choice.default


def _option(node: GraphNode, name: str, value: Any, problems: list[str]) -> Any:
    option = node.spec.options[name]
    default: Any = option.default
    kind = type(default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is tuple and isinstance(value, list | tuple):
        value = tuple(tuple(v) if isinstance(v, list) else v for v in value)
        member: Any = type(default[0]) if default else float
        if all(_is_number(v) if member in (int, float) else isinstance(v, member) for v in value):
            return value
        problem = f"must be a list of { {str: 'texts', tuple: 'lists'}.get(member, 'numbers') }, got {_short(value)}"
    elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        problem = f"must be {_KINDS_IN_WORDS[kind]}, got {_short(value)}"
    elif kind is float and not math.isfinite(value):
        problem = "must be finite"
    elif kind in (int, float) and not _within(value, option.min, option.max):
        unit = f" {option.unit}" if option.unit else ""
        problem = f"must lie in {option.min:g}–{option.max:g}{unit}, got {value:g}"
    else:
        return value
    problems.append(f"{node.title}: {name} {problem}.")
    return default


_KINDS_IN_WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    tuple: "a list",
}


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _find_file(node: GraphNode, name: str, patch_path: Path | None, allow_outside: bool) -> None:
    """Make a file setting an absolute path, or the node a placeholder."""
    reference = node.settings[name]
    if not reference:
        return
    try:
        path = resolve_file(patch_path, reference, allow_outside)
    except PatchError as error:
        node.problem = str(error)
        return
    if not path.is_file():
        node.problem = f"file '{reference}' is missing. Put it beside the patch."
        return
    node.settings[name] = str(path)
    found = path.stat()
    node.settings[f"{name}_changed"] = (found.st_mtime_ns, found.st_size)  # a file written anew is read anew


def _suggest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f" Did you mean '{close[0]}'?"
    return f" It has {listed(known)}." if known else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 40 else text[:37] + "…"
