"""The document layer: a patch as immutable data, its edits, its file and its history.

It is independent of blocks and of sound: types and ports are names here, and the graph resolves them.

``Document``, ``NodeRecord``, ``Wire``, ``Control``, ``Binding``, ``Note``, ``Area``, ``Look``, ``Preset``,
``Snapshot``, ``Settings``
    the content of a patch (:mod:`.document`);
``AddNode`` … ``Group``
    edits as data (:mod:`.actions`); ``within`` applies one to a nested document;
``Patch``
    an editing session with undo, file and listeners (:mod:`.session`);
``read_patch``, ``parse_patch``, ``write_patch``, ``encode_patch``, ``resolve_file``, ``schema``
    the patch file (:mod:`.files`, :mod:`.parse`, :mod:`.encode`, :mod:`.fileformat`);
``migrate_nodes``, ``node_migration``
    conversion of old files (:mod:`.migrations`).
"""

from .actions import *
from .change import Change as Change
from .change import ValueChange as ValueChange
from .document import FORMAT as FORMAT
from .document import VERSION as VERSION
from .document import Area as Area
from .document import Binding as Binding
from .document import Control as Control
from .document import Document as Document
from .document import Look as Look
from .document import NodeRecord as NodeRecord
from .document import Note as Note
from .document import Preset as Preset
from .document import Settings as Settings
from .document import Snapshot as Snapshot
from .document import Wire as Wire
from .document import locate as locate
from .document import nodes_of as nodes_of
from .encode import encode_patch as encode_patch
from .errors import PatchError as PatchError
from .fileformat import schema as schema
from .files import read_patch as read_patch
from .files import resolve_file as resolve_file
from .files import write_patch as write_patch
from .history import Redo as Redo
from .history import Undo as Undo
from .migrations import migrate_nodes as migrate_nodes
from .migrations import node_migration as node_migration
from .nested import data_of as data_of
from .nested import document_of as document_of
from .nested import standalone as standalone
from .parse import parse_patch as parse_patch
from .session import Patch as Patch
from .session import step_from_data as step_from_data
from .session import step_to_data as step_to_data
