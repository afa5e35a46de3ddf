"""The installed distributions that nodegraph needs at run time, from their metadata: licences and native libraries."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from .errors import CommandError

ROOT = "nodegraph"
TEST_EXTRAS = {"test", "bench"}  # for developers; nothing at run time imports their packages
MAX_TEXT = 60  # characters of a name; a longer entry is the text of a licence
NATIVE = re.compile(r"(?:lib)?(?P<name>[^/]+?)(?:-[0-9a-f]{8})*\.(?:so(?:\.[\d.]+)?|dylib|dll)$")
EXTENSION_MODULE = re.compile(r"\.(?:cpython-\w+|abi3|cp\d+-\w+)[^/]*\.(?:so|pyd)$")


@dataclass(frozen=True)
class NativeLibrary:
    """A shared library in a wheel: its name, its file in the site folder, and its SHA-256 if it is recorded."""

    name: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Package:
    """An installed distribution.

    ``licence_from`` is "expression" (SPDX), "text", "classifier" or "" (not stated). ``requires`` are normalised names.
    """

    name: str
    version: str
    licence: str
    licence_from: str
    libraries: tuple[NativeLibrary, ...]
    requires: tuple[str, ...]


def normalised(name: str) -> str:
    """Return the name of a distribution as indexes spell it: lower case, with "-" alone."""
    return re.sub(r"[-_.]+", "-", name).lower()


def runtime_packages() -> list[Package]:
    """Return nodegraph, then all it requires that is installed, also for its extras, by name.

    Raises CommandError if nodegraph was not installed by pip.
    """
    try:
        root = distribution(ROOT)
    except PackageNotFoundError:
        raise CommandError(f"the package {ROOT} is not installed. Install it: pip install --editable .") from None
    extras = frozenset(root.metadata.get_all("Provides-Extra") or ()) - TEST_EXTRAS
    wanted: dict[str, set[str]] = {}  # extras by name
    found: dict[str, Package] = {}
    pending = [(ROOT, extras)]
    while pending:
        name, requested = pending.pop()
        if name in wanted and requested <= wanted[name]:
            continue
        wanted[name] = wanted.get(name, set()) | requested
        try:
            installed = distribution(name)
        except PackageNotFoundError:  # an extra that is not installed
            continue
        required = dict(_requirements(installed, wanted[name]))
        pending += required.items()
        found[name] = _package(installed, tuple(sorted(required)))
    ordered = [found.pop(ROOT), *(found[name] for name in sorted(found))]
    names = {normalised(package.name) for package in ordered}
    return [_with_installed(package, names) for package in ordered]


def _requirements(installed: Distribution, extras: set[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Generate the requirements that apply to this machine: normalised name and extras, several extras merged."""
    from packaging.requirements import Requirement

    merged: dict[str, frozenset[str]] = {}
    for text in installed.requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            name = normalised(requirement.name)
            merged[name] = merged.get(name, frozenset()) | requirement.extras
    yield from merged.items()


def _package(installed: Distribution, requires: tuple[str, ...]) -> Package:
    licence, source = _licence(installed)
    return Package(
        installed.metadata["Name"], installed.version, licence, source, tuple(_libraries(installed)), requires
    )


def _with_installed(package: Package, names: set[str]) -> Package:
    return replace(package, requires=tuple(name for name in package.requires if name in names))


def _licence(installed: Distribution) -> tuple[str, str]:
    """Return the licence, and the kind of metadata that states it."""
    metadata = installed.metadata
    if expressions := metadata.get_all("License-Expression"):
        return expressions[0].strip(), "expression"
    text = "".join(metadata.get_all("License") or ()).strip()
    if text and text.upper() != "UNKNOWN" and "\n" not in text and len(text) <= MAX_TEXT:
        return text, "text"
    classifiers = [line for line in metadata.get_all("Classifier") or () if line.startswith("License ::")]
    names = [line.rpartition("::")[2].strip() for line in classifiers]
    return (", ".join(names), "classifier") if names else ("not stated", "")


def _libraries(installed: Distribution) -> Iterator[NativeLibrary]:
    """Generate the shared libraries that the record of a distribution lists; extension modules of Python are none."""
    for file in installed.files or ():
        match = NATIVE.match(file.name)
        if match is None or EXTENSION_MODULE.search(file.name):
            continue
        digest = ""
        if file.hash is not None and file.hash.mode == "sha256":
            digest = base64.urlsafe_b64decode(file.hash.value + "==").hex()
        yield NativeLibrary(match["name"], file.as_posix(), digest)
