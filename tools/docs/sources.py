"""The sources of the site: files in a folder, of which Sphinx reads only those that changed."""

from __future__ import annotations

from pathlib import Path


class Sources:
    """Files of the site by path; ``prune`` removes those that a build did not write."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.written = folder, set[Path]()

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file if its content differs."""
        path, data = self.folder / name, content.encode() if isinstance(content, str) else content
        self.written.add(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)

    def prune(self) -> None:
        for path in [path for path in self.folder.rglob("*") if path.is_file()]:
            if path not in self.written:
                path.unlink()
