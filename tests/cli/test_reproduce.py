"""``nodegraph corpus`` and ``nodegraph reproduce``: corpora and protocols."""

import json

import numpy as np
import pytest
import soundfile

pytestmark = pytest.mark.needs("torch")


@pytest.fixture
def takes(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "takes").mkdir()
    for number in range(6):
        soundfile.write(tmp_path / "takes" / f"{number}.wav", rng.uniform(-0.5, 0.5, 22050), 22050)
    return tmp_path / "takes"


def test_corpus_has_the_requested_patches(cli):
    outcome = cli("corpus", "few", "--patches", 7, "--seconds", 0.3, "--frames", 70, "--json")
    assert outcome.status == 0
    found = json.loads(outcome.out)
    assert found["sources"] == {"train": 5, "valid": 1, "test": 1} and found["folder"].endswith("0.3s-7-patches")
    assert cli("corpus", "few", "--patches", 3).status == 2


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ("frames", "6 recordings, frames dealt at random"),
        ("folds", "6 recordings, five folds of unseen recordings: mean ± standard deviation"),
    ],
)
def test_table_is_measured_by_the_chosen_protocol(cli, takes, split, words):
    chosen = ("--net", "8", "--column", "Adam, ours", "--epochs", 1, "--split", split)
    outcome = cli("reproduce", "colonel-table-1", "--audio", takes, *chosen, "--folder", "f")
    assert outcome.status == 0, outcome.err
    assert words in outcome.out and "- Adam, ours: Adam, rate 0.01 cosine" in outcome.out
    (row,) = (line for line in outcome.out.splitlines() if line.startswith("| 8 | 4.40e-02"))
    assert row.count("±") == (split == "folds")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inversynth-table-1", "--split", "folds"], "--split is unsupported, it is for sarroff-… and colonel-…"),
        (["mixtures-curves", "--corpus", "korg"], "--corpus is unsupported, it is for sarroff-… and colonel-…"),
        (["colonel-table-1", "--per-bin"], "--per-bin is unsupported, its frames are each scaled to 1"),
    ],
)
def test_option_that_a_table_does_not_have_is_refused(cli, arguments, message):
    outcome = cli("reproduce", *arguments)
    assert outcome.status == 1 and message in outcome.err
