"""Kernels that were compiled when the package was built, for common processors.

A set is one file for each :class:`~.target.Target`, a ZIP archive with a member for each symbol, and the hashes of all
members. The symbol covers the Python code of a kernel, so that a set of another version has no kernel for it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from .target import Target, fitting_targets

HASHES = "hashes.json"
SUFFIX = ".kernels"
# what reading a missing or damaged archive raises; an unknown compression method is a NotImplementedError
DAMAGE = (OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)


def prebuilt(symbol: str, compiler: str = "") -> bytes | None:
    """Return the code of a kernel for this processor, or None; with ``compiler``, the IR for that version of LLVM."""
    found = best_set()
    return found.read(symbol, compiler) if found else None


@cache
def best_set() -> KernelSet | None:
    """Return the best set for this processor: of ``$NODEGRAPH_PREBUILT``, a folder or "", else of the package."""
    folder = os.environ.get("NODEGRAPH_PREBUILT", str(Path(__file__).parent / "kernels"))
    for target in fitting_targets() if folder else ():
        with suppress(*DAMAGE):
            return KernelSet(set_file(Path(folder), target), target)
    return None


def set_file(folder: Path, target: Target) -> Path:
    """Return the file of the set for a target."""
    return folder / f"{target.name}{SUFFIX}"


class KernelSet:
    """A set of prebuilt kernels. Raises one of ``DAMAGE`` if the file is none."""

    def __init__(self, path: Path, target: Target) -> None:
        self.path, self.target = path, target
        # held in memory: forked processes would share the position in an open file
        self._archive = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
        self._hashes: dict[str, str] = json.loads(self._archive.read(HASHES))

    def read(self, symbol: str, compiler: str = "") -> bytes | None:
        """Return the code of a kernel, or None if it is missing, damaged, or that of another kernel or target."""
        name = _member(symbol, compiler)
        with suppress(*DAMAGE):
            code = self._archive.read(name)
            if self._hashes[name] == _hash(self.target, name, code):
                return code
        return None


def write_set(
    path: Path, target: Target, objects: Mapping[str, bytes], inline: Mapping[str, bytes], compiler: str
) -> None:
    """Write a set: object code by symbol, and IR for ``compiler`` by symbol. The same kernels give the same bytes."""
    members = {_member(symbol): code for symbol, code in objects.items()}
    members |= {_member(symbol, compiler): code for symbol, code in inline.items()}
    hashes = {name: _hash(target, name, code) for name, code in sorted(members.items())}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, code in [(HASHES, json.dumps(hashes).encode()), *sorted(members.items())]:
            archive.writestr(zipfile.ZipInfo(name), code, zipfile.ZIP_DEFLATED)


def _member(symbol: str, compiler: str = "") -> str:
    return f"{symbol}.{compiler}.ll" if compiler else f"{symbol}.o"


def _hash(target: Target, name: str, code: bytes) -> str:
    found = hashlib.sha256(f"{target.triple} {target.cpu} {target.features} {name}\0".encode())
    found.update(code)
    return found.hexdigest()
