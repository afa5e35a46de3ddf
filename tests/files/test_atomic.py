"""Temporary files of interrupted writes."""

from __future__ import annotations

import os
import time

from nodegraph.files.atomic import remove_leftovers, write_atomic


def test_leftovers_of_killed_writes_are_deleted_after_an_hour(tmp_path):
    old, recent = tmp_path / ".nodegraph-a.tmp", tmp_path / ".nodegraph-b.tmp"
    folder = tmp_path / ".nodegraph-c.tmp"
    folder.mkdir()
    for path in (old, recent, folder / "0.wav"):
        path.write_bytes(b"part")
    write_atomic(tmp_path / "shard", b"whole")
    (tmp_path / "mine.tmp").write_bytes(b"not hidden")
    (tmp_path / ".other.tmp").write_bytes(b"of another program")
    past = time.time() - 3700.0
    for path in (old, folder, tmp_path / "shard", tmp_path / "mine.tmp", tmp_path / ".other.tmp"):
        os.utime(path, (past, past))
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".nodegraph-b.tmp", ".other.tmp", "mine.tmp", "shard"]
