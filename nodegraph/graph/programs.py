"""The programs that a patch would run if the user trusted them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from nodegraph.blocks.registry import node_types
from nodegraph.files.trust import untrusted_problem
from nodegraph.patch import Document, PatchError, resolve_file

from .ports import PatchLocation, every_node_and_location
from .rules import title_of

MAX_LISTED = 10_000  # nodes that are searched: files can contain each other many times


def untrusted_programs(document: Document, location: PatchLocation) -> dict[Path, str]:
    """Return the files of untrusted programs, each with the name of the first node that would run it."""
    found: dict[Path, str] = {}
    for place, record, home in islice(every_node_and_location(document, location), MAX_LISTED):
        cls = node_types().get(record.type)
        for name, option in cls.spec.options.items() if cls else ():
            reference = record.params.get(name)
            if not option.is_program or not isinstance(reference, str) or not reference:
                continue
            try:
                path = resolve_file(home.file, reference, home.allow_outside)
            except PatchError:
                continue  # typing reports it
            if path.is_file() and path not in found and untrusted_problem(path):
                found[path] = title_of(record.type, "/".join(place))
    return found
