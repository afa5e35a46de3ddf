"""Data sets: equal bytes however they are made, complete or absent after any failure, readable as arrays."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import nodegraph
from nodegraph.estimator.dataset import Dataset, batches
from nodegraph.estimator.dataset_settings import DatasetError, DatasetSettings, part_of
from nodegraph.estimator.examples import SilentPatchError, examples
from nodegraph.estimator.features import log_mel, stft_magnitudes
from nodegraph.estimator.manifest import missing_shards, verify
from nodegraph.estimator.parameters import parameters_of, to_classes
from nodegraph.estimator.production import make_dataset
from nodegraph.estimator.shards import encode_sound, make_shard, shard_path, sound_folder
from nodegraph.patch import SetControl
from tests.rendering import patch_of

ROOT = Path(__file__).parents[2]
ROWS = 70


def small_patch(low: float = 1e-5) -> nodegraph.Patch:
    """Return a patch that is silent at some of its settings."""
    patch = patch_of("osc.out out.audio", osc="saw", out="audio_out")
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 1600.0, "log", steps=5))
    patch.do(SetControl("loudness", "osc.amplitude", low, 10 * low if low < 1e-5 else 0.5, "log"))
    return patch


def settings_of(patch: nodegraph.Patch | None = None, **options) -> DatasetSettings:
    document = (patch or small_patch()).document
    options = {"count": ROWS, "seconds": 0.125, "shard_rows": 16} | options
    return DatasetSettings(document, parameters_of(document), **options)


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    folder = tmp_path_factory.mktemp("complete")
    return folder, make_dataset(settings_of(), folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files but the hidden parts of files that a killed process leaves."""
    parts = set(folder.rglob(".nodegraph-*.tmp"))
    files = sorted(p for p in set(folder.rglob("*")) - parts if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def test_processes_make_the_same_bytes(complete, tmp_path):
    folder, report = complete
    again = make_dataset(settings_of(), tmp_path, jobs=3)
    assert again.manifest == report.manifest
    assert contents(tmp_path) == contents(folder)


def test_parts_by_hand_make_the_same_bytes(complete, tmp_path):
    folder, report = complete
    found = [make_dataset(settings_of(), tmp_path, only=(part, 4)).manifest for part in (3, 1, 4, 2)]
    assert found == ["", "", "", report.manifest]
    assert contents(tmp_path) == contents(folder)


def test_parts_cover_all_shards_once():
    parts = [part_of(range(37), part, 16) for part in range(1, 17)]
    assert sorted(shard for part in parts for shard in part) == list(range(37))


def test_dask_cluster_that_loses_a_worker_makes_the_same_bytes(complete, tmp_path):
    distributed = pytest.importorskip("distributed")
    folder, report = complete
    with distributed.LocalCluster(3, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        victim = cluster.workers[0]
        killed = []

        def kill(examples: int) -> None:
            if not killed:
                killed.append(victim.pid)
                victim.process.process._process.kill()

        again = make_dataset(settings_of(), tmp_path, scheduler=cluster.scheduler_address, progress=kill)
    assert killed
    assert again.manifest == report.manifest
    assert contents(tmp_path) == contents(folder)


def test_unreachable_scheduler_is_one_line(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("nodegraph.processes.dask_cluster.CONNECT_SECONDS", 1)
    with pytest.raises(DatasetError, match=r"tcp://127.0.0.1:1: no Dask scheduler answers") as caught:
        make_dataset(settings_of(), tmp_path, scheduler="tcp://127.0.0.1:1")
    assert "\n" not in str(caught.value)


def command(folder: Path, *options: str) -> list[str]:
    patch = folder.parent / "patch.json"
    if not patch.exists():
        small_patch().save(patch)
    fixed = ["-n", "4000", "--shard-rows", "100", "--jobs", "1", "-o", str(folder)]
    return [sys.executable, "-m", "nodegraph", "dataset", str(patch), *fixed, *options]


def test_killed_command_continues(tmp_path):
    folder = tmp_path / "killed"
    process = subprocess.Popen(command(folder), cwd=ROOT, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while not list(folder.glob("shard-*")) and time.monotonic() < end:
        time.sleep(0.01)
    process.kill()
    process.wait()
    before = contents(folder)
    assert "manifest.json" not in before
    done = subprocess.run([*command(folder), "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert 0 < result["made"] < 4000
    after = contents(folder)
    assert all(after[name] == data for name, data in before.items() if name.startswith("shard"))
    fresh = subprocess.run([*command(tmp_path / "fresh"), "--json"], cwd=ROOT, capture_output=True, text=True)
    assert json.loads(fresh.stdout)["manifest_sha256"] == result["manifest_sha256"]


def test_larger_data_set_begins_with_the_smaller_one(complete, tmp_path):
    folder, _ = complete
    make_dataset(settings_of(count=32), tmp_path)
    report = make_dataset(settings_of(), tmp_path)
    assert report.made == (2, 3, 4)
    assert contents(tmp_path) == contents(folder)


@pytest.mark.parametrize("form", ["log-mel", "audio-wav"])
def test_full_disk_leaves_nothing_that_looks_whole(form, tmp_path):
    settings = settings_of(form=form)
    make_dataset(settings, tmp_path, only=(1, 5))
    before = contents(tmp_path)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limit[1]))
    try:
        with pytest.raises(DatasetError, match=r"could not be written .* Free some disk space") as caught:
            make_dataset(settings, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert "\n" not in str(caught.value)
    assert contents(tmp_path) == before
    assert make_dataset(settings, tmp_path).manifest


def test_truncated_shard_is_made_again(complete, tmp_path):
    settings = settings_of()
    make_dataset(settings, tmp_path)
    path = shard_path(tmp_path, 2)
    path.write_bytes(path.read_bytes()[:-10])
    assert missing_shards(settings, tmp_path) == [2]
    assert make_dataset(settings, tmp_path) == replace(complete[1], made=(2,))


def test_verify_names_changed_and_missing_files(tmp_path):
    make_dataset(settings_of(), tmp_path)
    assert verify(tmp_path) == []
    changed = bytearray(shard_path(tmp_path, 1).read_bytes())
    changed[-1] ^= 1
    shard_path(tmp_path, 1).write_bytes(changed)
    shard_path(tmp_path, 3).unlink()
    first, second = verify(tmp_path)
    assert first.startswith(f"{shard_path(tmp_path, 1)}: differs from the manifest.")
    assert second.startswith(f"{shard_path(tmp_path, 3)}: missing.")


def test_arrays_are_those_of_the_examples(complete):
    settings = settings_of()
    data = Dataset(complete[0])
    with settings.renderer() as renderer:
        sounds, values = examples(renderer, settings.parameters, 0, range(ROWS))
    found = data.rows(range(ROWS))
    assert len(data) == ROWS
    assert data.parameters == settings.parameters
    np.testing.assert_array_equal(found["values"], values)
    np.testing.assert_array_equal(found["classes"], to_classes(settings.parameters, values))
    assert found["features"].dtype == np.float16
    np.testing.assert_allclose(found["features"], log_mel(sounds), atol=0.04)


def test_rows_are_returned_in_their_order_and_mapped(complete):
    data = Dataset(complete[0])
    rows = [69, 3, 17, 3]
    expected = np.concatenate([shard["values"] for shard in data.shards])[rows]
    np.testing.assert_array_equal(data.rows(rows)["values"], expected)
    assert isinstance(data.shards[0]["features"], np.memmap)
    with pytest.raises(IndexError):
        data.rows([70])


def test_batches_on_the_fly_are_the_stored_rows(complete):
    stored = Dataset(complete[0]).rows(range(5, ROWS))
    parts = list(batches(settings_of(), 30, start=5))
    assert [len(part["values"]) for part in parts] == [30, 30, 5]
    for name, values in stored.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values)


def test_stft_form_stores_magnitudes(tmp_path):
    settings = settings_of(form="stft")
    make_dataset(settings, tmp_path)
    with settings.renderer() as renderer:
        sounds, _ = examples(renderer, settings.parameters, 0, range(ROWS))
    found = Dataset(tmp_path).rows(range(ROWS))["features"]
    np.testing.assert_allclose(found, stft_magnitudes(sounds), rtol=1e-3, atol=6e-8)


@pytest.mark.parametrize("form", ["audio-wav", "audio-flac"])
def test_audio_form_stores_sounds_and_labels(form, tmp_path):
    settings = settings_of(form=form)
    report = make_dataset(settings, tmp_path / "one")
    assert make_dataset(settings, tmp_path / "two", jobs=2).manifest == report.manifest
    data = Dataset(tmp_path / "one")
    with settings.renderer() as renderer:
        sounds, values = examples(renderer, settings.parameters, 0, range(ROWS))
    np.testing.assert_array_equal(data.rows(range(ROWS))["values"], values)
    for row in (0, 40, 69):
        sound, rate = soundfile.read(data.sound_path(row), dtype="float32")
        assert rate == 16384
        np.testing.assert_allclose(sound, sounds[row], atol=0 if form == "audio-wav" else 2e-7)
    assert verify(tmp_path / "one") == []
    data.sound_path(40).write_bytes(b"other")
    assert [line.partition(":")[0] for line in verify(tmp_path / "one")] == [str(data.sound_path(40))]
    assert missing_shards(settings, tmp_path / "one") == [2]
    assert make_dataset(settings, tmp_path / "one") == replace(report, made=(2,))
    assert not list(sound_folder(tmp_path / "one", 0).parent.glob(".*"))


def test_float_wav_is_read_by_libsndfile_as_it_was_written():
    sound = np.linspace(-1.5, 1.5, 1001).astype(np.float32)
    found, rate = soundfile.read(io.BytesIO(encode_sound(sound, 16384.0, "audio-wav")), dtype="float32")
    assert rate == 16384
    np.testing.assert_array_equal(found, sound)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 1}, "contains a data set with another seed"),
        ({"form": "stft"}, "contains a data set with another form"),
        ({"count": 10}, "contains a data set of 70 examples"),
        ({"patch": small_patch(0.1)}, "contains a data set with another patch"),
        ({"seconds": 0.5}, "contains a data set with another duration"),
    ],
)
def test_folder_of_another_data_set_is_refused(complete, options, message):
    before = contents(complete[0])
    with pytest.raises(DatasetError, match=message):
        make_dataset(settings_of(**options), complete[0])
    assert contents(complete[0]) == before


@pytest.mark.parametrize("jobs", [1, 2])
def test_silent_patch_ends_with_one_line(jobs, tmp_path):
    with pytest.raises(SilentPatchError, match="the patch is silent at 64 random settings"):
        make_dataset(settings_of(small_patch(1e-6)), tmp_path, jobs=jobs)
    assert not list(tmp_path.glob("shard*"))


def test_incomplete_data_set_cannot_be_read(tmp_path):
    settings = settings_of()
    make_shard(settings, tmp_path, 0)
    with pytest.raises(DatasetError, match="has no complete data set"):
        Dataset(tmp_path)
    with pytest.raises(DatasetError, match="has no manifest"):
        verify(tmp_path)
