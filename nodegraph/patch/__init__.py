"""The document layer: a patch as immutable data, its edits, its file and its history.

It knows neither blocks nor sound: types and ports are names here, given a meaning by the graph.

``Document``, ``NodeRecord``, ``Wire``, ``Control``, ``Binding``, ``Note``, ``Area``, ``Look``, ``Preset``,
``Snapshot``, ``Settings``
    what a patch says (:mod:`.document`);
``AddNode`` … ``Group``
    its edits as data (:mod:`.actions`), ``within`` a nested document too;
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
    Dissolve,
    Encapsulate,
    Group,
    InsertOnWire,
    Move,
    MoveArea,
    MoveMany,
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
    from_data,
    to_data,
    within,
)
from .document import (
    FORMAT,
    VERSION,
    Area,
    Binding,
    Control,
    Document,
    Look,
    NodeRecord,
    Note,
    Preset,
    Settings,
    Snapshot,
    Wire,
    locate,
    nodes_of,
)
from .encode import encode_patch
from .errors import PatchError
from .fileformat import schema
from .files import read_patch, resolve_file, write_patch
from .history import Redo, Undo
from .migrations import migrate_nodes, node_migration
from .nested import data_of, document_of, standalone
from .parse import parse_patch
from .session import Patch, step_from_data, step_to_data

__all__ = [
    "FORMAT",
    "VERSION",
    "Action",
    "AddNode",
    "Area",
    "Binding",
    "ClearParam",
    "Connect",
    "Control",
    "Disconnect",
    "Dissolve",
    "Document",
    "Encapsulate",
    "Group",
    "InsertOnWire",
    "Look",
    "Move",
    "MoveArea",
    "MoveMany",
    "NodeRecord",
    "Note",
    "Patch",
    "PatchError",
    "Preset",
    "Redo",
    "RemoveArea",
    "RemoveBinding",
    "RemoveControl",
    "RemoveNode",
    "RemoveNote",
    "RemovePreset",
    "RemoveSnapshot",
    "Rename",
    "Replace",
    "SetArea",
    "SetBinding",
    "SetControl",
    "SetFeedback",
    "SetLook",
    "SetNote",
    "SetParam",
    "SetParams",
    "SetPatch",
    "SetPreset",
    "SetSeed",
    "SetSettings",
    "SetSnapshot",
    "SetTitle",
    "Settings",
    "Snapshot",
    "Undo",
    "Wire",
    "Within",
    "data_of",
    "document_of",
    "encode_patch",
    "from_data",
    "locate",
    "migrate_nodes",
    "node_migration",
    "nodes_of",
    "parse_patch",
    "read_patch",
    "resolve_file",
    "schema",
    "standalone",
    "step_from_data",
    "step_to_data",
    "to_data",
    "within",
    "write_patch",
]
