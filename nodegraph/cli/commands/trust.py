"""``nodegraph trust``: which files may run as programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import CommandError
from ..options import Json
from ..output import columns, print_json, print_line, printable

if TYPE_CHECKING:
    from nodegraph.files.trust import TrustedFile


def trust(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", show_default=False, help="TorchScript models (.pt), or their SHA-256."),
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Trust the files no longer.")] = False,
    list_trusted: Annotated[bool, typer.Option("--list", help="List the trusted files.")] = False,
    json: Json = False,
) -> None:
    """Allow TorchScript models to run, by their SHA-256.

    A TorchScript model in a patch is a program. It is silent until it is trusted here, or by --trust for one command.
    A file whose content changes must be trusted again.
    """
    from nodegraph.files import trust as store

    if bool(files) == list_trusted:
        raise typer.BadParameter("name at least one, or use --list without files", param_hint="FILE")
    changed = [] if list_trusted else [_change(text, forget) for text in files or ()]
    if json:
        print_json([vars(file) for file in (store.trusted_files() if list_trusted else changed)])
    elif list_trusted:
        columns((file.sha256[:12], file.since, file.name) for file in store.trusted_files())
    for file in () if json else changed:
        print_line(f"{printable(file.name)}: {'no longer ' if forget else ''}trusted (SHA-256 {file.sha256[:12]}…)")


def _change(text: str, forget: bool) -> TrustedFile:
    """Trust or forget a file, or a SHA-256 of which ``forget`` also takes the beginning."""
    from nodegraph.files import trust as store

    path = Path(text)
    is_hash = not path.exists() and bool(store.HASH.fullmatch(text.lower()))
    if not forget:
        return store.trust(path, text.lower() if is_hash else "")
    known = store.trusted_files()
    start = store.hash_of(path) if path.exists() else text.lower()
    found = [file for file in known if file.sha256.startswith(start)] if len(start) >= 6 else []
    if len(found) != 1:
        problem = "several trusted files begin with it" if found else "not a trusted file"
        raise CommandError(f"{text}: {problem}. See nodegraph trust --list.")
    store.forget(found[0].sha256)
    return found[0]
