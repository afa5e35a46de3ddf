"""``nodegraph reproduce mixtures-…``: tables, pictures, errors in one line."""

import pytest

pytest.importorskip("torch")

from tests.mixtures.paper.sizes import PAIR, TINY
from tests.torch_threads import one_thread  # noqa: F401

TABLES = ("mixtures-table", "mixtures-figures", "mixtures-curves")


@pytest.fixture
def tiny(monkeypatch):
    """The quick size is a tiny one."""
    monkeypatch.setattr("nodegraph.mixtures.paper.sizes.QUICK", TINY)


def test_tables_are_listed(cli):
    assert set(TABLES) <= set(cli("reproduce", "--tables").out.splitlines())


def test_table_and_figures_share_mixtures_and_write_files(cli, tiny, tmp_path):
    options = ["--quick", "--pair", PAIR.name, "--folder", "results"]
    outcome = cli("reproduce", "mixtures-table", *options, "-o", "table.md")
    assert outcome.status == 0, outcome.err
    assert "tiny: 11.025 kHz" in outcome.err and "not those of ImageNet" in outcome.err
    assert (tmp_path / "table.md").read_text() == outcome.out
    sounds = sorted((tmp_path / "results/reproduce/mixtures").glob("*.wav"))
    outcome = cli("reproduce", "mixtures-figures", *options, "-o", "figures.md")
    assert outcome.status == 0 and (tmp_path / "figures.png").read_bytes().startswith(b"\x89PNG")
    assert sorted((tmp_path / "results/reproduce/mixtures").glob("*.wav")) == sounds
    found = cli("reproduce", "mixtures-table", *options, "--json").json
    assert {row["pair"] for row in found["rows"]} == {PAIR.name}


BAD = {
    "pair": (["mixtures-table", "--pair", "piano-shoegase"], "Did you mean 'piano-shoegaze'"),
    "audio": (["mixtures-curves", "--audio", "x"], "--audio is unsupported"),
    "examples": (["mixtures-curves", "--examples", "200"], "it is for inversynth-…"),
    "weights": (["mixtures-table", "--weights", "none.pth"], "file not found"),
    "pair of another": (["colonel-table-1", "--pair", "x"], "--pair is unsupported, it is for mixtures-…"),
    "output": (["mixtures-table", "-o", "none/table.md"], "Create it: mkdir -p none"),
}


@pytest.mark.parametrize("name", BAD)
def test_mistake_is_reported_in_one_line(cli, name):
    arguments, words = BAD[name]
    outcome = cli("reproduce", *arguments, "--folder", "results")
    errors = [line for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert outcome.status == 1 and len(errors) == 1 and words in errors[0]
