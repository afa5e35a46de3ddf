"""Actions: edits as data, each of which makes a new document from an old one.

Actions can be logged, sent and replayed: :func:`to_data` and :func:`from_data` convert them to plain dicts and back;
the field ``do`` is the tag of the action. An action that does not fit the document raises :class:`PatchError` and
changes nothing.

Every subclass of :class:`Action` in a module of this folder is part of the log format and is exported by this package
and by :mod:`nodegraph.patch`. No list of actions has to be edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Action as Action
from .base import parse_port_ref as parse_port_ref
from .compound import from_data as from_data
from .compound import to_data as to_data
from .compound import within as within

if TYPE_CHECKING:  # type checkers cannot follow the discovery below
    from .canvas import *
    from .compound import *
    from .controls import *
    from .nesting import *
    from .nodes import *
    from .params import *
    from .patch_settings import *
    from .presets import *
    from .wires import *
else:
    from .compound import find_actions

    ACTIONS = {cls.__name__: cls for cls in find_actions(__path__, __name__)}
    globals().update(ACTIONS)
    __all__ = ["Action", "from_data", "parse_port_ref", "to_data", "within", *ACTIONS]
