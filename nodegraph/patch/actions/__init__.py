"""Edits as data: each action is a small value that makes a new document from an old one.

Actions can be logged, sent and replayed: :func:`to_data` and :func:`from_data` turn them into plain
dicts and back, the field ``do`` telling which one it is. An action that does not fit the document
raises :class:`PatchError` and changes nothing.
"""

from .base import Action, node_and_port
from .compound import Group, Within, from_data, to_data, within
from .controls import RemoveBinding, RemoveControl, SetBinding, SetControl
from .kept import RemovePreset, RemoveSnapshot, SetPreset, SetSnapshot
from .nesting import Dissolve, Encapsulate, SetPatch
from .nodes import AddNode, RemoveNode, Rename, Replace
from .params import ClearParam, SetParam, SetParams
from .places import Move, MoveArea, MoveMany, RemoveArea, RemoveNote, SetArea, SetLook, SetNote
from .whole import SetSeed, SetSettings, SetTitle
from .wires import Connect, Disconnect, InsertOnWire, SetFeedback

__all__ = [
    "Action",
    "AddNode",
    "ClearParam",
    "Connect",
    "Disconnect",
    "Dissolve",
    "Encapsulate",
    "Group",
    "InsertOnWire",
    "Move",
    "MoveArea",
    "MoveMany",
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
    "Within",
    "from_data",
    "node_and_port",
    "to_data",
    "within",
]
