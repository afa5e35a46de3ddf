"""The document layer: a patch as immutable data, its edits, its file and its history.

It knows neither blocks nor sound: types and ports are names here, given a meaning by the graph.

``Document``, ``NodeRecord``, ``Wire``, ``Control``, ``Binding``, ``Note``, ``Settings``
    what a patch says (:mod:`.document`);
``AddNode`` … ``Group``
    its edits as data (:mod:`.actions`);
``Patch``
    a session of edits with undo, file and listeners (:mod:`.session`);
``read_patch``, ``parse_patch``, ``write_patch``, ``encode_patch``, ``resolve_file``, ``schema``
    its file (:mod:`.files`, :mod:`.parse`, :mod:`.encode`, :mod:`.fileformat`);
``migrate_nodes``, ``node_migration``
    old files read today (:mod:`.migrations`).
"""

from .actions import (
    Action,
    AddNode,
    ClearParam,
    Connect,
    Disconnect,
    Group,
    Move,
    RemoveBinding,
    RemoveControl,
    RemoveNode,
    RemoveNote,
    Rename,
    Replace,
    SetBinding,
    SetControl,
    SetNote,
    SetParam,
    SetSeed,
    SetSettings,
    SetTitle,
    from_data,
    to_data,
)
from .document import FORMAT, VERSION, Binding, Control, Document, NodeRecord, Note, Settings, Wire
from .encode import encode_patch
from .errors import PatchError
from .fileformat import schema
from .files import read_patch, resolve_file, write_patch
from .history import Redo, Undo
from .migrations import migrate_nodes, node_migration
from .parse import parse_patch
from .session import Patch, step_from_data, step_to_data

__all__ = [
    "FORMAT",
    "VERSION",
    "Action",
    "AddNode",
    "Binding",
    "ClearParam",
    "Connect",
    "Control",
    "Disconnect",
    "Document",
    "Group",
    "Move",
    "NodeRecord",
    "Note",
    "Patch",
    "PatchError",
    "Redo",
    "RemoveBinding",
    "RemoveControl",
    "RemoveNode",
    "RemoveNote",
    "Rename",
    "Replace",
    "SetBinding",
    "SetControl",
    "SetNote",
    "SetParam",
    "SetSeed",
    "SetSettings",
    "SetTitle",
    "Settings",
    "Undo",
    "Wire",
    "encode_patch",
    "from_data",
    "migrate_nodes",
    "node_migration",
    "parse_patch",
    "read_patch",
    "resolve_file",
    "schema",
    "step_from_data",
    "step_to_data",
    "to_data",
    "write_patch",
]
