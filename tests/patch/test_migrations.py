"""Old patches are read today: each migration has a frozen old file, beside it what it must become."""

import copy
import json
from pathlib import Path

import pytest

from nodegraph.patch import Patch, PatchError, SetControl, encode_patch, migrate_nodes, parse_patch, read_patch
from nodegraph.patch.migrations import NodeMigration, migrations

OLD = Path(__file__).parent / "old"


@pytest.mark.parametrize("version", range(len(migrations)))
def test_an_old_file_becomes_what_it_meant(version):
    document = read_patch(OLD / f"version_{version}.json")
    assert encode_patch(document) == (OLD / f"version_{version}.now.json").read_bytes()
    assert document == read_patch(OLD / f"version_{version}.now.json")


@pytest.mark.parametrize("version", range(len(migrations)))
def test_a_migration_leaves_its_argument_alone(version):
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


def test_a_node_is_taken_through_every_version_of_its_type_with_wires_and_controls():
    after = migrate_nodes(filtered().document, STEPS)
    node = after.nodes["lp1"]
    assert (node.type, node.version, node.params) == ("low_pass", 3, {"cutoff": 1000, "q": 2})
    assert [str(wire) for wire in after.wires] == ["osc1.out → lp1.cutoff", "lp1.out → osc1.phase"]
    assert after.controls["brightness"].target == "lp1.cutoff"
    assert migrate_nodes(after, STEPS) is after


def test_parameters_that_a_migration_cannot_read_are_one_line():
    patch = filtered()
    patch.clear("lp1.freq")
    with pytest.raises(PatchError, match="low_pass 'lp1': its parameters do not read as version 2"):
        migrate_nodes(patch.document, STEPS)


def test_a_patch_of_the_present_needs_no_migration():
    document = parse_patch(encode_patch(filtered().document))
    assert migrate_nodes(document) is document
