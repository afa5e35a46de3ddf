"""The knobs and settings of a typed node: checked against its block and completed with defaults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

from nodegraph.blocks.registry import node_types
from nodegraph.files.trust import untrusted_problem
from nodegraph.node import OVERSAMPLING, Spec
from nodegraph.patch import resolve_file
from nodegraph.patch.errors import PatchError, Problem, quote

from .flat import FlatNode
from .model import GraphNode
from .ports import KNOB
from .rules import block_problem, parameter_problem


def typed_node(id: str, flat: FlatNode, allow_outside: bool, problems: list[str], suggests: bool = True) -> GraphNode:
    """Return the typed node of a flat node; add a sentence to ``problems`` for each invalid parameter.

    ``suggests``: whether an unknown type is compared with the known ones.
    """
    if flat.problem:
        return GraphNode(id, flat.record.type, None, problem=flat.problem, path=flat.path)
    spec_override = None
    if flat.knob is not None and (cls := node_types().get(flat.record.type)):
        spec_override = replace(cls.spec, inputs={**cls.spec.inputs, KNOB: replace(flat.knob, name=KNOB)})
    sentences: list[str] = []
    node = _resolve_node(id, flat, allow_outside, sentences, spec_override, suggests)
    node.voices, node.path = flat.voices, flat.path
    problems += [Problem(text, flat.path) for text in sentences]
    return node


def _resolve_node(
    id: str, flat: FlatNode, allow_outside: bool, problems: list[str], spec_override: Spec | None, suggests: bool
) -> GraphNode:
    record = flat.record
    cls = node_types().get(record.type)
    if cls is None or record.version > cls.version:
        return GraphNode(id, record.type, None, problem=block_problem(record, suggests))
    node = GraphNode(id, record.type, cls, spec_override=spec_override)
    spec = node.spec
    node.values = {name: [value] for name, value in spec.default_values.items()}
    node.settings = dict(spec.default_settings)
    for name, value in record.params.items():
        declared = spec.parameters.get(name)
        if declared is None or not declared.accepts(value):
            problems.append(parameter_problem(node.title, spec, name, value))
        elif name in spec.inputs:
            node.values[name] = [float(v) for v in (value if isinstance(value, list | tuple) else [value])]
        else:
            node.settings[name] = spec.options[name].convert(value) if name in spec.options else value
    if flat.is_unison:
        node.settings |= {n: c.in_unison for n, c in spec.choices.items() if c.in_unison and n not in record.params}
    if spec.oversampling is not None:
        node.settings[OVERSAMPLING] = max(node.settings[OVERSAMPLING], flat.oversampling, key=int)
    for name, option in spec.options.items():
        if option.kind == "file":
            _resolve_file_setting(node, name, flat.file, allow_outside)
            if option.is_program and node.settings[name]:
                node.problem = node.problem or untrusted_problem(Path(node.settings[name]))
                node.settings[name] = "" if node.problem else node.settings[name]
    if cls.check is not None and not node.problem:
        node.problem = cls.check(node.settings)
    if cls.formula is not None and not node.problem:
        try:
            cls.formula(node.settings)
        except ValueError as error:
            node.problem = str(error)
    return node


def _resolve_file_setting(node: GraphNode, name: str, patch_path: Path | None, allow_outside: bool) -> None:
    """Make a file setting an absolute path, or set the node's problem."""
    reference = node.settings[name]
    if not reference:
        return
    try:
        path = resolve_file(patch_path, reference, allow_outside)
    except PatchError as error:
        node.problem = str(error)
        node.settings[name] = ""  # the functions of the block must not open it
        return
    try:
        found = path.stat()
    except OSError:
        found = None
    if found is None or not S_ISREG(found.st_mode):
        node.problem = f"file {quote(reference)} is missing. Put it in the patch's folder."
        node.settings[name] = ""
        return
    node.settings[name] = str(path)
    node.settings[f"{name}_changed"] = (found.st_mtime_ns, found.st_size)  # a changed file is read again
