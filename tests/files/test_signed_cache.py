"""The signed cache: only what this user wrote under this name is read."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nodegraph.files import signed_cache
from nodegraph.files.private import private_folder, read_private, write_private
from nodegraph.files.signed_cache import read_signed, signing_key, signing_problem, write_signed

ROOT = Path(__file__).parents[2]
CODE = bytes(range(256)) * 8
KEY = "import sys; from nodegraph.files.signed_cache import signing_key; sys.stdin.read(); print(signing_key().hex())"
is_root = not hasattr(os, "geteuid") or os.geteuid() == 0


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Use a new folder for the key."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    signing_key.cache_clear()
    yield tmp_path / "data"
    signing_key.cache_clear()


@pytest.fixture
def file(home, tmp_path):
    """Write a file into the cache."""
    path = tmp_path / "cache" / "kernel.o"
    assert write_signed(path, CODE)
    return path


def test_written_file_is_read_and_private(file, home):
    assert read_signed(file) == CODE
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file.parent, file, signed_cache._key_path())]
    assert modes == [0o700, 0o600, 0o600]
    assert os.listdir(file.parent) == [file.name]


def test_every_flipped_byte_is_noticed(file):
    data = file.read_bytes()
    for i in range(0, len(data), 7):
        file.write_bytes(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])
        assert read_signed(file) is None
    for length in (0, 1, 47, 48, len(data) - 1):
        file.write_bytes(data[:length])
        assert read_signed(file) is None
    file.write_bytes(data)
    assert read_signed(file) == CODE


def test_file_under_another_name_is_not_read(file):
    shutil.copy(file, file.with_name("other.o"))
    assert read_signed(file.with_name("other.o")) is None


def test_file_of_another_key_is_not_read(file):
    signed_cache._key_path().unlink()
    signing_key.cache_clear()
    assert read_signed(file) is None


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o644, 0o666])
def test_file_that_others_can_open_is_not_read(file, mode):
    file.chmod(mode)
    assert read_signed(file) is None


def test_link_and_pipe_are_not_read(file, tmp_path):
    file.rename(tmp_path / "kernel.o")
    file.symlink_to(tmp_path / "kernel.o")
    assert read_signed(file) is None
    file.unlink()
    os.mkfifo(file, 0o600)
    assert read_signed(file) is None


@pytest.mark.skipif(not is_root, reason="only root can give files away")
def test_file_folder_or_key_of_another_user_is_not_read(file):
    key = signed_cache._key_path()
    for path in (file, file.parent):
        os.chown(path, 12345, 12345)
        assert read_signed(file) is None
        os.chown(path, 0, 0)
        assert read_signed(file) == CODE
    os.chown(key, 12345, 12345)
    signing_key.cache_clear()
    assert read_signed(file) is None
    assert key.stat().st_uid == 0, "replaced by a key of this user"


def test_key_that_others_could_read_is_replaced(file):
    key = signed_cache._key_path()
    before = key.read_bytes()
    key.chmod(0o640)
    signing_key.cache_clear()
    assert signing_key() not in (None, before)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 33])
def test_damaged_key_is_replaced(file, damage):
    signed_cache._key_path().write_bytes(damage)
    signing_key.cache_clear()
    assert len(signing_key()) == 32
    assert write_signed(file, CODE) and read_signed(file) == CODE


def test_folder_that_others_can_write_is_closed_to_them(file):
    file.parent.chmod(0o777)
    assert read_signed(file) == CODE
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o755


def test_folder_of_all_users_is_refused(home, tmp_path):
    tmp_path.chmod(0o1777)
    assert private_folder(tmp_path) == f"{tmp_path} is shared by all users"
    assert not write_signed(tmp_path / "kernel.o", CODE)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_unwritable_folder_is_a_problem_but_no_error(home):
    assert not write_signed(Path("/proc/nodegraph/kernel.o"), CODE)
    assert signing_problem(Path("/proc/nodegraph")).startswith("/proc/nodegraph is not writable (")
    assert read_signed(Path("/proc/nodegraph/kernel.o")) is None


def test_unwritable_key_is_a_problem_but_no_error(home, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/dev/null")
    assert signing_key() is None
    assert not write_signed(tmp_path / "cache" / "kernel.o", CODE)
    assert "/dev/null/nodegraph is not writable" in signing_problem(tmp_path / "cache")


@pytest.mark.parametrize("resolves", [True, False])
def test_nothing_is_read_from_the_current_folder_without_a_home(home, tmp_path, monkeypatch, resolves):
    def folder(name):
        if not resolves:
            raise RuntimeError("could not determine the home directory")
        return Path("~/.local/share") / name  # of older versions

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_data_path", folder)
    planted = tmp_path / "~" / ".local" / "share" / "nodegraph"
    planted.mkdir(parents=True)
    write_private(planted / "signing.key", b"k" * 32)
    assert signing_key() is None
    assert not write_signed(tmp_path / "cache" / "kernel.o", CODE)
    assert signing_problem(tmp_path / "cache") == "/dev/null/nodegraph is not writable (Not a directory)"


def test_failed_write_leaves_the_old_file_and_no_other(file, tmp_path):
    folder = file.parent / "folder.o"
    folder.mkdir()
    assert not write_signed(folder, CODE)
    assert sorted(os.listdir(file.parent)) == ["folder.o", "kernel.o"]
    assert read_private(folder) is None


def test_processes_that_start_at_once_agree_on_the_key(home):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    start = [sys.executable, "-c", KEY]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(start, env=environment, stdin=pipe, stdout=pipe, text=True) for _ in range(20)]
    for process in processes:
        process.stdin.close()
    keys = {process.stdout.read() for process in processes}
    assert [process.wait() for process in processes] == [0] * 20
    assert len(keys) == 1 and len(keys.pop()) == 65
