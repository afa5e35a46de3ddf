"""Migrations: each has an old file and the expected result in ``old``."""

import copy
import json
from pathlib import Path

import pytest

from nodegraph.patch import Patch, PatchError, SetControl, encode_patch, migrate_nodes, parse_patch, read_patch
from nodegraph.patch.migrations import NodeMigration, migrations

OLD = Path(__file__).parent / "old"


@pytest.mark.parametrize("version", range(len(migrations)))
def test_old_file_is_migrated_to_the_expected_file(version):
    document = read_patch(OLD / f"version_{version}.json")
    assert encode_patch(document) == (OLD / f"version_{version}.now.json").read_bytes()
    assert document == read_patch(OLD / f"version_{version}.now.json")


@pytest.mark.parametrize("version", range(len(migrations)))
def test_migration_does_not_change_its_argument(version):
    old = json.loads((OLD / f"version_{version}.json").read_bytes())
    before = copy.deepcopy(old)
    migrations[version](old)
    assert old == before


def filtered() -> Patch:
    patch = Patch()
    patch.add("sine", id="osc1")
    patch.add("filter", id="lp1", freq=100, q=2)
    patch.connect("osc1.out", "lp1.freq")
    patch.connect("lp1.low", "osc1.phase")
    patch.do(SetControl("brightness", "lp1.freq"))
    return patch


STEPS = {
    ("filter", 1): NodeMigration(type="low_pass", inputs={"freq": "cutoff"}, outputs={"low": "out"}),
    ("low_pass", 2): NodeMigration(params=lambda old: {**old, "cutoff": old["cutoff"] * 10}),
}


def test_node_is_migrated_through_all_versions_with_its_wires_and_controls():
    after = migrate_nodes(filtered().document, STEPS)
    node = after.nodes["lp1"]
    assert (node.type, node.version, node.params) == ("low_pass", 3, {"cutoff": 1000, "q": 2})
    assert [str(wire) for wire in after.wires] == ["osc1.out → lp1.cutoff", "lp1.out → osc1.phase"]
    assert after.controls["brightness"].target == "lp1.cutoff"
    assert migrate_nodes(after, STEPS) is after


def test_failing_migration_raises_one_line():
    patch = filtered()
    patch.clear("lp1.freq")
    with pytest.raises(PatchError, match="low_pass 'lp1': the parameters are not valid for version 2"):
        migrate_nodes(patch.document, STEPS)


def test_current_patch_is_not_changed_by_migration():
    document = parse_patch(encode_patch(filtered().document))
    assert migrate_nodes(document) is document
