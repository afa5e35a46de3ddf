"""The files that a plan reads: sounds, models and subpatches."""

from __future__ import annotations

from pathlib import Path

from .result import Plan


def files_of(plan: Plan) -> list[Path]:
    """Return the files of a plan: those of subpatches, those in settings, which may be missing, and those they name."""
    flat = plan.graph.flat
    files = [node.file for node in flat.nodes.values() if node.file != flat.file] if flat else []  # subpatch files
    for node in plan.graph.typed_nodes:
        files += [
            Path(str(node.settings.get(name) or ""))
            for name, option in node.spec.options.items()
            if option.kind == "file"
        ]
    for helper in plan.helpers.values():
        files += getattr(helper, "files", [])  # sounds that a file of a setting names
    return [file for file in dict.fromkeys(files) if file is not None and file.is_absolute()]


def files_in(plan: Plan, folder: Path) -> list[Path]:
    """Return the names, relative to ``folder``, of the files of a plan that are in it; ``folder`` is absolute."""
    return [file.relative_to(folder) for file in files_of(plan) if file.is_relative_to(folder)]
