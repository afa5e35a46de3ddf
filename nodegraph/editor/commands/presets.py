"""Presets of a block: kept in the patch, or in the user's folder for all patches."""

from __future__ import annotations

from nodegraph.patch import ClearParam, RemovePreset, SetParam, SetPreset

from ..command import command
from ..desk import Desk
from ..view import MenuItem


def _user_presets():
    from nodegraph.patch.presets import UserPresets

    return UserPresets()


def preset_menu(desk: Desk, id: str) -> MenuItem:
    """The presets for a block, and the ways to keep another."""
    type = desk.document.nodes[id].type
    own = [MenuItem(name, "apply_preset", (id, "patch", name)) for t, name in desk.patch.document.presets if t == type]
    kept = [MenuItem(name, "apply_preset", (id, "user", name)) for name in _user_presets().list(type)]
    items = [*own, *([MenuItem("-")] if own and kept else []), *kept]
    items += [MenuItem("-")] if items else []
    items += [
        MenuItem("Keep in the patch…", "save_preset", (id, "patch")),
        MenuItem("Keep for all patches…", "save_preset", (id, "user")),
    ]
    if own or kept:
        removals = [MenuItem(f"{one.label}", "remove_preset", one.argument) for one in (*own, *kept)]
        items.append(MenuItem("Remove", items=tuple(removals)))
    return MenuItem("Presets", items=tuple(items))


@command("Use a preset")
def apply_preset(desk: Desk, argument: object) -> None:
    """Give a block the values of a preset."""
    assert isinstance(argument, tuple)
    id, where, name = argument
    record = desk.document.nodes.get(id)
    if record is None:
        return
    if where == "patch":
        preset = desk.patch.document.presets.get((record.type, name))
        params = dict(preset.params) if preset else None
    else:
        params = _user_presets().load(record.type, name)
    if params is None:
        return
    actions = [ClearParam(id, port) for port in record.params if port not in params]
    desk.do(*actions, *(SetParam(id, port, value) for port, value in params.items()))


@command("Keep a preset…", menu="Tools", possible=lambda desk: len(desk.selection.nodes) == 1)
def save_preset(desk: Desk, argument: object) -> None:
    """Keep the values of a block under a name."""
    id, where = argument if isinstance(argument, tuple) else (next(iter(desk.selection.nodes), ""), "patch")
    record = desk.document.nodes.get(id)
    if record is None:
        return

    def named(name: str) -> None:
        if not name.strip():
            return
        if where == "patch":
            desk.do_in((), SetPreset(record.type, name.strip(), dict(record.params)))
        else:
            desk.attempt(lambda: _user_presets().save(record.type, name.strip(), dict(record.params)))

    desk.ask("preset", f"Name of the preset for {record.type}", "", named)


@command("Remove a preset")
def remove_preset(desk: Desk, argument: object) -> None:
    """Forget a preset."""
    assert isinstance(argument, tuple)
    id, where, name = argument
    record = desk.document.nodes.get(id)
    if record is None:
        return
    if where == "patch":
        desk.do_in((), RemovePreset(record.type, name))
    else:
        desk.attempt(lambda: _user_presets().remove(record.type, name))
