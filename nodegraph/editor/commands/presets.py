"""Presets of a block: stored in the patch, or as user presets for all patches."""

from __future__ import annotations

from nodegraph.graph.edit_checks import check_edit
from nodegraph.graph.ports import PatchLocation
from nodegraph.patch import Preset, RemovePreset, SetPreset
from nodegraph.patch.presets import UserPresets
from nodegraph.patch.presets import preset_action as applied

from ..command import command
from ..desk import Desk
from ..view import MenuItem


def presets_of(desk: Desk, type: str) -> dict[str, list[Preset]]:
    """Return the presets of a type by location: "patch" and "user"."""
    own = [preset for preset in desk.patch.document.presets.values() if preset.type == type]
    return {"patch": own, "user": UserPresets().list(type)}


def preset_menu(desk: Desk, id: str) -> MenuItem:
    """Return the preset menu of a node: apply, save, delete."""
    found = presets_of(desk, desk.document.nodes[id].type)
    own, user = (
        [MenuItem(preset.name, "apply_preset", (id, location, preset.name)) for preset in found[location]]
        for location in ("patch", "user")
    )
    items = [*own, *([MenuItem("-")] if own and user else []), *user]
    items += [MenuItem("-")] if items else []
    items += [
        MenuItem("Save in patch…", "save_preset", (id, "patch")),
        MenuItem("Save as user preset…", "save_preset", (id, "user")),
    ]
    if own or user:
        removals = [MenuItem(one.label, "remove_preset", one.argument) for one in (*own, *user)]
        items.append(MenuItem("Delete", items=tuple(removals)))
    return MenuItem("Presets", items=tuple(items))


@command("Apply preset")
def apply_preset(desk: Desk, payload: object) -> None:
    """Set the values of a block from a preset."""
    assert isinstance(payload, tuple)
    id, location, name = payload
    record = desk.document.nodes.get(id)
    if record is None:
        return
    preset = next((one for one in presets_of(desk, record.type)[location] if one.name == name), None)
    if preset is not None:
        desk.run_edit(lambda: _apply(desk, id, preset))


def _apply(desk: Desk, id: str, preset: Preset) -> None:
    action = applied(desk.document, id, preset)
    check_edit(action, desk.patch.document, desk.subpatch_path, PatchLocation(desk.patch.path, desk.allow_outside))
    desk.do(action)


@command("Save preset…", menu="Tools", section=1, possible=lambda desk: len(desk.selection.nodes) == 1)
def save_preset(desk: Desk, payload: object) -> None:
    """Save the values of the block as a preset."""
    id, location = payload if isinstance(payload, tuple) else (next(iter(desk.selection.nodes), ""), "patch")
    record = desk.document.nodes.get(id)
    if record is None:
        return

    def named(name: str) -> None:
        if not name.strip():
            return
        if location == "patch":
            desk.do_in((), SetPreset(record.type, name.strip(), dict(record.params), record.version))
        else:
            preset = Preset(record.type, name.strip(), dict(record.params), record.version)
            desk.run_edit(lambda: UserPresets().save(preset))

    desk.ask("preset", f"Preset name for {record.type}", "", named)


@command("Delete preset")
def remove_preset(desk: Desk, payload: object) -> None:
    """Delete a preset."""
    assert isinstance(payload, tuple)
    id, location, name = payload
    record = desk.document.nodes.get(id)
    if record is None:
        return
    if location == "patch":
        desk.do_in((), RemovePreset(record.type, name))
    else:
        desk.run_edit(lambda: UserPresets().remove(record.type, name))
