"""Settings of parameters that a search or breeding found, as an edit of the open patch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nodegraph.graph import GraphError, build_graph
from nodegraph.models.parameters import Parameter
from nodegraph.patch import PatchError

from .desk import Desk


def apply_setting(desk: Desk, parameters: Sequence[Parameter], values: np.ndarray) -> bool:
    """Set parameters to values (P,), as one undo step; notify the user."""
    from nodegraph.estimator.rendering import setting_action

    patch = desk.patch
    try:
        graph = build_graph(patch.document, desk.sound.rate, patch.path, desk.allow_outside)
        action = setting_action(graph, parameters, values)
    except (GraphError, PatchError) as error:
        desk.notify(str(error), alarm=True)
        return False
    if desk.do_in((), action):
        desk.notify(f"Set {len(values)} values. Undo restores the previous ones.")
        return True
    return False
