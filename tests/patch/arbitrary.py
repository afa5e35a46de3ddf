"""Strategies for values, actions and documents, and a patch file of another program, for the tests in this folder."""

from __future__ import annotations

from hypothesis import strategies as st

from nodegraph.patch import (
    Action,
    AddNode,
    ClearParam,
    Connect,
    Disconnect,
    Dissolve,
    Document,
    Encapsulate,
    Group,
    InsertOnWire,
    Move,
    MoveArea,
    MoveMany,
    PatchError,
    RemoveArea,
    RemoveBinding,
    RemoveControl,
    RemoveNode,
    RemoveNote,
    RemovePreset,
    RemoveSnapshot,
    Rename,
    Replace,
    SetArea,
    SetBinding,
    SetControl,
    SetFeedback,
    SetLook,
    SetNote,
    SetParam,
    SetParams,
    SetPatch,
    SetPreset,
    SetSeed,
    SetSettings,
    SetSnapshot,
    SetTitle,
    Within,
)
from nodegraph.patch.document import MESSAGES, MODES, TAKEOVERS

finite = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)
scalars = st.none() | st.booleans() | integers | finite | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
ids = st.sampled_from(["a", "b", "c", "lange Leitung", "ø"])
ports = st.sampled_from(["in", "out", "cutoff"])
ends = st.builds(lambda node, port: f"{node}.{port}", ids, ports)
places = st.floats(-1e6, 1e6)
params = st.dictionaries(st.text(max_size=6), values, max_size=4)
colours = st.sampled_from(["", "#a0B1c2"])
some_ids = st.dictionaries(ids, st.tuples(places, places), max_size=2)
chosen = st.lists(ids, max_size=3).map(tuple)
# nested documents with inlets and outlets, and with the same node ids as the outer document
inner = {
    "nodes": [
        {"id": "in", "type": "inlet", "params": {"value": 3}},
        {"id": "a", "type": "sine", "params": {"in": 0.5}},
        {"id": "b", "type": "low_pass"},
        {"id": "out", "type": "outlet"},
    ],
    "wires": [{"from": "in.out", "to": "a.in"}, {"from": "a.out", "to": "out.audio"}],
    "layout": {"a": [1, 2.5], "b": [40, 80]},
    "x-other": [1, 2],
}
deeper = {"nodes": [{"id": "c", "type": "subpatch", "patch": inner}, {"id": "a", "type": "sine"}]}
nested = st.sampled_from([inner, deeper, {}])
targets = ends | st.builds(lambda outer, end: f"{outer}/{end}", ids, ends)
step_lists = st.sets(finite, min_size=2, max_size=9).map(lambda found: tuple(sorted(found)))
some_ports = st.none() | st.lists(ports, max_size=2).map(tuple)

edits = st.one_of(
    st.builds(AddNode, ids, st.sampled_from(["sine", "low_pass"]), st.integers(1, 3), params),
    st.builds(AddNode, ids, st.just("saw"), at=st.tuples(places, places)),
    st.builds(RemoveNode, ids),
    st.builds(Rename, ids, ids),
    st.builds(Replace, ids, st.just("noise"), st.just(1), st.none() | params, some_ports, some_ports),
    st.builds(Connect, ends, ends, st.booleans()),
    st.builds(Disconnect, ends, ends),
    st.builds(SetParam, ids, ports, values, st.booleans()),
    st.builds(ClearParam, ids, ports),
    st.builds(Move, ids, places, places),
    st.builds(SetSeed, st.integers(0, 2**63 - 1)),
    st.builds(SetTitle, st.text(max_size=10)),
    st.builds(SetSettings, st.none() | st.booleans(), st.none() | st.just(0.0) | st.floats(8000, 192000)),
    st.builds(SetControl, ids, ends, st.none() | finite, st.none() | finite, st.sampled_from(["linear", "log"])),
    st.builds(RemoveControl, ids),
    st.builds(SetControl, ids, ends, lane=st.integers(0, 3)),
    st.builds(SetControl, ids, ends, group=st.text(max_size=8)),
    st.builds(SetSettings, shows_first=st.sampled_from(["canvas", "controls"])),
    st.builds(
        SetBinding,
        ids,
        st.integers(0, 127),
        st.sampled_from(MESSAGES),
        st.none() | st.integers(1, 16),
        st.text(max_size=4),
        st.sampled_from(MODES),
        st.sampled_from(TAKEOVERS),
    ),
    st.builds(RemoveBinding, ids),
    st.builds(SetNote, ids, st.text(max_size=10), places, places),
    st.builds(RemoveNote, ids),
    st.builds(SetFeedback, ends, ends, st.booleans()),
    st.builds(InsertOnWire, ends, ends, ids, st.sampled_from(["gain", ""]), ports, ports),
    st.builds(SetParams, st.dictionaries(targets, values, max_size=3), st.booleans()),
    st.builds(MoveMany, some_ids, some_ids, some_ids),
    st.builds(SetLook, ids, st.none() | st.text(max_size=5), st.none() | colours, st.none() | st.booleans()),
    st.builds(SetArea, ids, st.text(max_size=5), places, places, st.floats(1, 1e5), st.floats(1, 1e5), colours),
    st.builds(MoveArea, ids, places, places),
    st.builds(RemoveArea, ids),
    st.builds(SetPreset, st.sampled_from(["sine", "saw"]), ids, params, st.integers(1, 3)),
    st.builds(
        SetSettings,
        voices=st.none() | st.integers(1, 9),
        unison=st.none() | st.integers(1, 3),
        mix=st.sampled_from([None, "sum", "stereo", "lanes"]),
        width=st.none() | st.floats(0, 1),
    ),
    st.builds(RemovePreset, st.sampled_from(["sine", "saw"]), ids),
    st.builds(SetSnapshot, ids, st.none() | st.dictionaries(targets, values, max_size=3)),
    st.builds(RemoveSnapshot, ids),
    st.builds(SetControl, ids, targets),
    st.builds(SetControl, ids, targets, steps=st.integers(2, 1024) | step_lists),
    st.builds(AddNode, ids, st.just("subpatch"), patch=nested),
    st.builds(SetPatch, ids, st.none() | nested, st.sampled_from(["", "voice.json"])),
    st.builds(Encapsulate, chosen, ids, chosen, chosen),
    st.builds(Dissolve, ids),
)
paths = st.lists(ids, min_size=1, max_size=2).map(tuple)
edits |= st.builds(Within, paths, edits)
actions = edits | st.lists(edits, max_size=3).map(lambda some: Group(tuple(some)))
scaffold = [
    AddNode("a", "sine"),
    AddNode("b", "low_pass"),
    AddNode("c", "audio_out"),
    Connect("a.out", "b.in"),
    AddNode("ø", "subpatch", patch=inner),
    Connect("b.out", "ø.in"),
    Connect("ø.out", "c.in"),
]


def applied(actions: list[Action], document: Document) -> Document:
    """Return ``document`` after those of ``actions`` that fit."""
    for action in actions:
        try:
            document = action.apply(document)
        except PatchError:
            pass
    return document


documents = st.lists(actions, max_size=20).map(lambda some: applied([*scaffold, *some], Document()))

# a file in the format of another program, with unusual spacing, number formats and unknown fields
FOREIGN = """\
{ "version": 1,\t"format": "nodegraph", "x-tool": {"spelling": 1.50e3, "again": [ ]},
  "nodes": [ { "type":"sine", "id":"a", "params":{"frequency":2.20e2,"x":1.0} },
{"id":"b","type":"from_the_future","version":9,"params":{"deep":{"er":[1,2.0,{"k":1E3}]}},"colour":"bl\\u00fce"},
    {"id": "c", "type": "audio_out"
    }],
  "wires": [{"to":"b.in", "from":"a.out", "gain": 1.0e0}, {"from":"b.out",  "to":"c.audio"}],
  "notes": [{"id": "n", "text": "hi", "at": [1.0, 2e0], "font": 12}],
  "controls": [{"target": "a.frequency", "name": "pitch", "cc": 1e0, "midi": {"led": 1.0e0, "number":7}}],
  "settings": {"latency_compensation": true, "tempo": 1.2e2},
  "layout": {"a": [1.00, 2], "b": [3, 4]}
}"""
