"""The demo patches: next to the package in a checkout, in the package when installed."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent.parent
LESSONS = "lessons"  # the folder of lessons, whose patches are exercises


class DemoError(Exception):
    """A demo patch was not found; the message lists the available ones."""


def demo_folder() -> Path:
    """Return the folder of the demo patches. Raises DemoError if none are installed."""
    for folder in (PACKAGE.parent / "patches", PACKAGE / "patches"):
        if (folder / "demo.json").is_file():
            return folder
    raise DemoError(f"the demo patches are missing ({PACKAGE.parent / 'patches'}). Install nodegraph again.")


def demo_files() -> list[Path]:
    """Return all demo patches, without those of lessons. Raises DemoError if none are installed."""
    folder = demo_folder()
    return [path for path in sorted(folder.rglob("*.json")) if LESSONS not in path.relative_to(folder).parts]


def demo_patch(name: str) -> Path:
    """Return the path of a demo by name. Raises DemoError, which lists the available ones."""
    found = {path.stem: path for path in reversed(demo_files())}
    if name not in found:
        raise DemoError(f"unknown demo '{name}'. Choose one of {', '.join(sorted(found))}.")
    return found[name]


def is_demo(path: Path) -> bool:
    """Return whether a file is one of the demo patches or lessons, which are not changed."""
    try:
        return path.resolve().is_relative_to(demo_folder().resolve())
    except DemoError:
        return False
