"""The patch that a model was trained for: hashes of what can be heard, and the check that a document is this patch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from nodegraph.models.estimator import Estimator, PatchRecord
from nodegraph.models.model_file import ModelError
from nodegraph.models.parameters import Parameter
from nodegraph.patch import Document
from nodegraph.patch.document import nodes_of

HASH_DIGITS = 16


def record_of(document: Document, parameters: Sequence[Parameter]) -> PatchRecord:
    """Return the record of a document. The values of ``parameters`` do not count: they are what varies."""
    varied = {parameter.target for parameter in parameters}
    nodes = {}
    for name, node in nodes_of(document):
        params = {port: value for port, value in node.params.items() if f"{name}.{port}" not in varied}
        nodes[name] = _hash([node.type, node.version, params])
    settings = document.settings
    voices = [settings.voices, settings.unison, settings.mix, settings.width, settings.latency_compensation]
    return PatchRecord(document.title, _hash([nodes, _wires(document), voices]), nodes)


def check_patch(model: Estimator, document: Document) -> None:
    """Raise ModelError unless a document is the patch that a model was trained for."""
    trained, found = model.patch, record_of(document, model.parameters)
    if found.fingerprint == trained.fingerprint:
        return
    names = trained.nodes.keys() | found.nodes.keys()
    changed = sorted(name for name in names if trained.nodes.get(name) != found.nodes.get(name))
    targets = {parameter.target.rpartition(".")[0] for parameter in model.parameters}
    if not targets <= found.nodes.keys() or 2 * len(changed) > len(names):
        raise ModelError(
            f"the model was trained for another patch, '{trained.title or 'untitled'}'. Choose a model of this one, or "
            "train it with `nodegraph train estimator`."
        )
    subject = "wires or voices have"
    if changed:
        subject = f"node '{changed[0]}' has" if len(changed) == 1 else f"{len(changed)} nodes have"
    raise ModelError(
        f"the model was trained for another version of the patch: {subject} changed since. Train it again with "
        "`nodegraph train estimator`."
    )


def _wires(document: Document) -> list[Any]:
    """Return the wires of a document, then those of each subpatch."""
    own = sorted([str(wire), wire.feedback] for wire in document.wires)
    return [own, *(_wires(node.patch) for node in document.nodes.values() if node.patch is not None)]


def _hash(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:HASH_DIGITS]
