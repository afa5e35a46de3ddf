"""The demo patches: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent.parent


class DemoError(Exception):
    """A demo patch that is not there; one line says which there are."""


def demo_folder() -> Path:
    """Where the demo patches lie. Raises DemoError where none were installed."""
    for folder in (PACKAGE.parent / "patches", PACKAGE / "patches"):
        if (folder / "demo.json").is_file():
            return folder
    raise DemoError(f"the demo patches are missing ({PACKAGE.parent / 'patches'}). Install nodegraph again.")


def demo_patch(name: str) -> Path:
    """A demo or lesson by name. Raises DemoError naming those there are."""
    folder = demo_folder()
    found = {path.stem: path for path in sorted(folder.rglob("*.json"), reverse=True)}
    if name not in found:
        raise DemoError(f"there is no demo '{name}'. Choose one of {', '.join(sorted(found))}.")
    return found[name]
