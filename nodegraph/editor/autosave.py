"""Recovery copies of unsaved patches, offered at the next start of the editor after a crash."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nodegraph.files.atomic import write_atomic
from nodegraph.patch import Document, Patch, PatchError, parse_patch
from nodegraph.patch.encode import encode_patch

from .desk import Desk
from .panel import QuestionPanel

PERIOD = 10.0  # seconds between two copies
FOLDER = "recovery"


@dataclass(frozen=True)
class RecoveryCopy:
    """A copy of an unsaved patch. ``original`` is the file of the patch (None: it had no file)."""

    path: Path
    original: Path | None
    when: float

    def discard(self) -> None:
        """Delete the copy, if it can be deleted."""
        _delete(self.path)


class Autosave:
    """Writes recovery copies of the open patch. Copies of other running editors are not offered."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER
        self._path = self.folder / f"{os.getpid()}-{os.urandom(4).hex()}.json"
        self._time: float | None = None
        self._kept: object = None

    def tick(self, desk: Desk, now: float) -> None:
        """Write a copy every ten seconds, if there are new unsaved changes."""
        if self._time is None:
            self._time = now
        if now - self._time < PERIOD or not desk.preferences.autosave:
            return
        self._time = now
        self.save(desk)

    def save(self, desk: Desk) -> None:
        """Write the copy in a background job, or delete it if the patch is saved."""
        patch = desk.patch
        if patch.saved:
            self.discard()
            return
        if patch.document is self._kept:
            return
        self._kept = patch.document
        document, original = patch.document, patch.path
        desk.jobs.start("autosave", lambda job: self._write(document, original))

    def save_now(self, desk: Desk) -> None:
        """Write the copy synchronously; errors are ignored."""
        try:
            self._write(desk.patch.document, desk.patch.path)
        except (OSError, PatchError):
            pass

    def _write(self, document: Document, original: Path | None) -> None:
        data = encode_patch(document, downgrade=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove_descriptions()
        about = {
            "original": str(original.resolve()) if original else None,
            "pid": os.getpid(),
            "started": _start_of(os.getpid()),
        }
        write_atomic(_about(self._path), json.dumps(about).encode())
        write_atomic(self._path, data)

    def _remove_descriptions(self) -> None:
        """Delete the descriptions of copies that killed editors did not finish."""
        for path in self.folder.glob("*.about"):
            pid = path.name.partition("-")[0]
            if not path.with_suffix(".json").exists() and pid.isdecimal() and not _is_running(int(pid)):
                path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete the copy, if it can be deleted."""
        self._kept = None
        _delete(self._path)

    def copies(self) -> list[RecoveryCopy]:
        """Return the copies of editors that do not run, newest first."""
        found = []
        for path in self.folder.glob("*.json") if self.folder.is_dir() else ():
            try:
                when = path.stat().st_mtime
            except OSError:  # another editor deleted it
                continue
            try:
                about = json.loads(_about(path).read_text())
                pid, started = int(about["pid"]), str(about.get("started", ""))
                original = Path(about["original"]) if about.get("original") else None
            except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
                pid, original, started = 0, None, ""
            if path != self._path and not (_is_running(pid) and started in ("", _start_of(pid))):
                found.append(RecoveryCopy(path, original, when))
        return sorted(found, key=lambda copy: -copy.when)

    def offer_recovery(self, desk: Desk) -> None:
        """Ask whether to open the newest recovery copy, if there is one."""
        copies = self.copies()
        if not copies:
            return
        newest = copies[0]
        name = newest.original.name if newest.original else "a patch without a file"
        more = f" {len(copies) - 1} older copies exist." if len(copies) > 1 else ""
        when = time.strftime("%H:%M on %d %B", time.localtime(newest.when))
        text = f"The editor closed without saving {name}. A recovery copy was saved at {when}.{more}"
        desk.open_panel(
            QuestionPanel(
                "Recover",
                text,
                {
                    "Open copy": lambda: self.recover(desk, newest),
                    "Discard": newest.discard,
                    "Later": None,
                },
            )
        )

    def recover(self, desk: Desk, copy: RecoveryCopy) -> None:
        """Open a copy as an unsaved patch with the path of the original."""
        try:
            document = parse_patch(copy.path.read_bytes(), copy.path.name)
        except (OSError, PatchError) as error:
            desk.notify(f"The recovery copy is not readable: {error}", alarm=True)
            return
        patch = Patch(document, copy.original)
        patch.mark_unsaved()
        desk.open_patch(patch)
        self.save(desk)
        copy.discard()


def _delete(copy: Path) -> None:
    """Delete a copy and its description; a folder that is missing or read-only must not stop the editor."""
    for path in (copy, _about(copy)):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _about(path: Path) -> Path:
    return path.with_suffix(".about")


def _start_of(pid: int) -> str:
    """Return when a process started, "" if that is unknown: after a restart another process can have its id."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{boot} {ticks}"


def _is_running(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except (PermissionError, OSError):
        return True
    return True
