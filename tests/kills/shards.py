"""Shards of ``nodegraph dataset``: after a repetition all files are those of an uninterrupted command."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from nodegraph.estimator.dataset_settings import DatasetSettings
from nodegraph.estimator.parameters import parameters_of
from nodegraph.estimator.production import make_dataset
from nodegraph.patch import SetControl
from tests.kills.runner import in_child, leftovers
from tests.rendering import patch_of

FORMS = ("log-mel", "audio-wav")


def settings_of(form: str) -> DatasetSettings:
    patch = patch_of("osc.out out.audio", osc="saw", out="audio_out")
    patch.do(SetControl("pitch", "osc.frequency", 100.0, 1600.0, "log", steps=5))
    document = patch.document
    return DatasetSettings(
        document, parameters_of(document), count=70, seconds=0.125, shard_rows=16, form=form
    )  # fmt: skip


def prepare(folder: Path) -> None:
    for form in FORMS:
        make_dataset(settings_of(form), folder / f"right-{form}")


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of all files in a folder by their names."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def work(folder: Path, number: int, report: Callable[[str], object]) -> None:
    form = FORMS[number % 2]
    make_dataset(settings_of(form), folder / "killed", progress=lambda rows: report(str(rows)))


def check(folder: Path, number: int, reports: list[str]) -> str:
    form = FORMS[number % 2]
    right, killed = hashes(folder / f"right-{form}"), folder / "killed"
    before = {name: found for name, found in hashes(killed).items() if not name.startswith(".nodegraph-")}
    assert before.items() <= right.items(), "a file is neither absent nor whole"
    left = leftovers(killed) if killed.is_dir() else []
    assert len(left) <= 1
    in_child(lambda: make_dataset(settings_of(form), killed))
    assert hashes(killed) == right and not leftovers(killed)
    shutil.rmtree(killed)
    shards = sum(name.startswith("shard-") for name in before)
    return f"{shards} shards, {'with' if left else 'without'} a temporary file"
