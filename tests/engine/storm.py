"""Random edits of a random patch, for tests and for `make storm`."""

from __future__ import annotations

import random
from collections.abc import Iterator

from nodegraph.api import Patch
from nodegraph.blocks.registry import node_types
from nodegraph.graph import GraphError, build_graph
from nodegraph.node import Node
from nodegraph.patch import PatchError
from nodegraph.patch.document import RECEIVE, SEND


def blocks() -> dict[str, type[Node]]:
    """Return the blocks that need no file, no device and no other block."""
    return {
        name: cls
        for name, cls in node_types().items()
        if name not in (SEND, RECEIVE)
        and not cls.spec.helpers
        and not cls.device
        and not cls.spec.frame_inputs
        and not cls.spec.frame_outputs
    }


def sounding_patch(nodes: int, seed: int = 0) -> Patch:
    """Return a patch of the given number of nodes: a sine through random blocks."""
    chance = random.Random(seed)
    patch = Patch()
    patch.add("audio_out", id="out")
    patch.add("sine", id="root", frequency=110.0, amplitude=0.1)
    patch.connect("root.out", "out.audio")
    types = sorted(blocks())
    unsubscribe = patch.subscribe(lambda step, change: build_graph(change.after))  # raises as an engine would
    while len(patch.document.nodes) < nodes:
        _try_edit(patch, chance, types, "add")
    unsubscribe()
    return patch


def random_edits(patch: Patch, count: int, seed: int = 0, size: int = 40) -> Iterator[str]:
    """Apply ``count`` random edits that the graph accepts; yield the kind of each."""
    chance = random.Random(seed)
    types = sorted(blocks())
    done = 0
    while done < count:
        remove = 4 if len(patch.document.nodes) > size else 2
        kind = chance.choices(["add", "remove", "wire", "unwire", "set", "undo"], [3, remove, 4, 3, 8, 1])[0]
        if _try_edit(patch, chance, types, kind):
            done += 1
            yield kind


def _try_edit(patch: Patch, chance: random.Random, types: list[str], kind: str) -> bool:
    """Try one edit; return False if it was refused and the patch is unchanged."""
    before = patch.document
    try:
        _edit(patch, chance, types, kind)
    except GraphError:
        patch.undo()
        return False
    except (PatchError, IndexError, ValueError):
        return False
    return patch.document is not before


def _edit(patch: Patch, chance: random.Random, types: list[str], kind: str) -> None:
    document, known = patch.document, node_types()
    ids = [id for id in document.nodes if id != "out"]
    if kind == "add":
        type = chance.choice(types)
        id = patch.add(type)
        outputs, inputs = list(known[type].spec.outputs), list(known[type].spec.inputs)
        source = chance.choice(ids)
        source_ports = list(known[document.nodes[source].type].spec.outputs)
        if inputs and source_ports:
            patch.connect(f"{source}.{chance.choice(source_ports)}", f"{id}.{chance.choice(inputs)}")
        if outputs and chance.random() < 0.5:
            patch.connect(f"{id}.{chance.choice(outputs)}", "out.audio")
    elif kind == "remove":
        patch.remove(chance.choice([id for id in ids if id != "root"]))
    elif kind == "wire":
        source, target = chance.choice(ids), chance.choice([*ids, "out"])
        output = chance.choice(list(known[document.nodes[source].type].spec.outputs))
        input = chance.choice(list(known[document.nodes[target].type].spec.inputs))
        patch.connect(f"{source}.{output}", f"{target}.{input}", feedback=chance.random() < 0.3)
    elif kind == "unwire":
        wire = chance.choice(document.wires)
        patch.disconnect(wire.source_ref, wire.target_ref)
    elif kind == "set":
        id = chance.choice(ids)
        port = chance.choice(list(known[document.nodes[id].type].spec.inputs.values()))
        patch.set(f"{id}.{port.name}", chance.uniform(port.min, port.max))
    elif kind == "undo":
        patch.undo()
