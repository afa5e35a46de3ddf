"""The demo patches: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

from .errors import PatchError

PACKAGE = Path(__file__).parent.parent


def demo_folder() -> Path:
    """Where the demo patches lie. Raises PatchError where none were installed."""
    for folder in (PACKAGE.parent / "patches", PACKAGE / "patches"):
        if (folder / "demo.json").is_file():
            return folder
    raise PatchError(f"the demo patches are missing ({PACKAGE.parent / 'patches'}). Install nodegraph again.")


def demo_patch(name: str) -> Path:
    """A demo or lesson by name. Raises PatchError naming those there are."""
    folder = demo_folder()
    found = {path.stem: path for path in sorted(folder.rglob("*.json"), reverse=True)}
    if name not in found:
        raise PatchError(f"there is no demo '{name}'. Choose one of {', '.join(sorted(found))}.")
    return found[name]
