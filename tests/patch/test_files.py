"""Patch files: atomic saving, and references to files in the patch's folder."""

import os
import resource
import stat
from contextlib import contextmanager

import pytest

from nodegraph.patch import Patch, PatchError, read_patch, resolve_file, write_patch


def patch_of(nodes: int) -> Patch:
    patch = Patch()
    for _ in range(nodes):
        patch.add("sine", frequency=220.0)
    return patch


@contextmanager
def full_disk():
    """Limit the size of files, so that a write fails half-way as on a full disk, but the log of pytest does not."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_full_disk_leaves_the_old_file_unchanged_and_no_temporary_files(tmp_path):
    path = tmp_path / "a.json"
    write_patch(patch_of(1).document, path)
    before = path.read_bytes()
    big = patch_of(500)
    big.path = path
    with full_disk(), pytest.raises(PatchError, match=r"not saved .*; the old file is unchanged") as caught:
        big.save()
    assert len(str(caught.value).splitlines()) == 1
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["a.json"]
    assert not big.saved


def test_interrupted_save_leaves_no_temporary_files(tmp_path, monkeypatch):
    def interrupt(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_patch(patch_of(1).document, tmp_path / "a.json")
    assert os.listdir(tmp_path) == []


def test_save_preserves_permissions_and_follows_links(tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    write_patch(patch_of(1).document, real)
    real.chmod(0o640)
    link.symlink_to(real)
    write_patch(patch_of(2).document, link)
    assert link.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert len(read_patch(real).nodes) == 2


def test_document_that_cannot_be_read_back_is_not_saved(tmp_path):
    path = tmp_path / "a.json"
    patch = patch_of(1)
    patch.save(path)
    patch.document.nodes["sine1"].params["frequency"] = float("nan")
    patch.move("sine1", 1, 1)
    with pytest.raises(PatchError, match="not saved"):
        patch.save()
    assert "220.0" in path.read_text()


@pytest.mark.parametrize("name", ["missing.json", ".", "a\0b", "no/such/folder.json"])
def test_read_and_write_errors_are_one_line(tmp_path, name):
    with pytest.raises(PatchError) as caught:
        read_patch(tmp_path / name)
    assert str(caught.value).isprintable()
    if name != "missing.json":
        with pytest.raises(PatchError, match="not saved"):
            write_patch(patch_of(1).document, tmp_path / name)


def test_reading_a_pipe_raises_instead_of_blocking(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PatchError, match="not a regular file"):
        read_patch(tmp_path / "pipe")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "patches"
    (folder / "samples").mkdir(parents=True)
    (folder / "out").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "in").symlink_to(folder / "samples")
    return folder


@pytest.mark.parametrize("reference", ["kick.wav", "samples/kick.wav", "samples/../kick.wav", "in/kick.wav", "x y"])
def test_references_inside_the_folder_are_followed(folder, reference):
    assert resolve_file(folder / "a.json", reference) == (folder / reference).resolve()


@pytest.mark.parametrize(
    "reference",
    [
        "../kick.wav",
        "samples/../../kick.wav",
        "/etc/passwd",
        "out/kick.wav",
        "C:\\kick.wav",
        "\\\\host\\kick.wav",
    ],
)
def test_references_that_leave_the_folder_are_refused_unless_allowed(folder, reference):
    with pytest.raises(PatchError, match="outside the folder of the patch") as caught:
        resolve_file(folder / "a.json", reference)
    assert len(str(caught.value).splitlines()) == 1
    assert resolve_file(folder / "a.json", reference, allow_outside=True)


@pytest.mark.parametrize("reference", ["", "a\0b", "a\nb", "loop/kick.wav"])
def test_invalid_file_names_are_refused(folder, reference):
    with pytest.raises(PatchError):
        resolve_file(folder / "a.json", reference, allow_outside=True)


def test_references_of_a_patch_without_a_file_use_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert resolve_file(None, "kick.wav") == tmp_path / "kick.wav"
