"""Results that take time, kept between builds under the hash of what they are made from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path


def programs(*names: str) -> bytes:
    """Return the source of modules of this package, as a part of what a result is made from."""
    return b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in names)


class Cache:
    """Files in a folder by name and hash; those that a build did not use are removed by ``prune``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.used = folder, set[Path]()
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, origin: bytes, make: Callable[[], bytes]) -> bytes:
        """Return what ``make`` returned for this origin."""
        key = hashlib.sha256(origin).hexdigest()[:20]
        path = self.folder / f"{name}-{key}"
        self.used.add(path)
        if not path.exists():
            path.write_bytes(make())
        return path.read_bytes()

    def prune(self) -> None:
        for path in set(self.folder.iterdir()) - self.used:
            path.unlink()
