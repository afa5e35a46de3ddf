"""The demo patches: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

from .errors import CommandError

PACKAGE = Path(__file__).parent.parent


def demo_folder() -> Path:
    """Where the demo patches lie. Raises CommandError where none were installed."""
    for folder in (PACKAGE.parent / "patches", PACKAGE / "patches"):
        if (folder / "demo.json").is_file():
            return folder
    raise CommandError(
        f"the demo patches are missing ({PACKAGE.parent / 'patches'}). Install nodegraph again."
    )


def demo_patch(name: str) -> Path:
    """A demo by name. Raises CommandError naming those there are."""
    folder = demo_folder()
    path = folder / f"{name.removesuffix('.json')}.json"
    if Path(name).name != name or not path.is_file():
        names = ", ".join(sorted(found.stem for found in folder.glob("*.json")))
        raise CommandError(f"there is no demo '{name}'. Choose one of {names}.")
    return path
