"""``nodegraph licences``: the packages that nodegraph needs, and their licences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..errors import CommandError
from ..options import Json
from ..output import columns, plural, print_json, print_line, shortened


def licences(
    sbom: Annotated[
        Path | None,
        typer.Option("--sbom", metavar="OUT.json", help="Also write a bill of materials: CycloneDX 1.6, JSON."),
    ] = None,
    json: Json = False,
) -> None:
    """List the packages that nodegraph needs, and their licences.

    Includes those of extras that are installed, and the native libraries that wheels contain. Licences are those that
    the metadata of a package states: an SPDX expression, else a name, else a classifier.
    """
    from ..distributions import runtime_packages
    from ..sbom import cyclonedx

    packages = runtime_packages()
    if sbom is not None:
        from nodegraph.files.atomic import write_atomic

        try:
            write_atomic(sbom, cyclonedx(packages).encode())
        except OSError as error:
            raise CommandError(f"{sbom}: not writable ({error.strerror or error}). Choose another file.") from None
    if json:
        print_json([asdict(package) for package in packages])
        return
    rows = [("package", "version", "licence", "native libraries in the wheel")]
    for package in packages:
        names = dict.fromkeys(library.name for library in package.libraries)
        rows.append((package.name, package.version, package.licence, shortened(names)))
    columns(rows)
    if sbom is not None:
        print_line(f"\n{sbom}: CycloneDX 1.6, {plural(len(packages), 'package')}")
