"""Software bill of materials: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from .distributions import NativeLibrary, Package, normalised

NAMESPACE = uuid.UUID("8b1c7f5e-3f0f-4a4b-9a2e-5f2f2a7d6c11")  # of the serial numbers


def cyclonedx(packages: Sequence[Package]) -> str:
    """Return a CycloneDX document of the packages; the first is the program. Equal packages give equal text."""
    root, *others = packages
    components = [_component(package) for package in others]
    components += [_library(package, library) for package in packages for library in package.libraries]
    content = {
        "metadata": {"component": {**_component(root), "type": "application"}},
        "components": components,
        "dependencies": [_dependencies(package, packages) for package in packages],
    }
    serial = uuid.uuid5(NAMESPACE, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1}
    return json.dumps({**head, **content}, indent=2, ensure_ascii=False) + "\n"


def package_url(package: Package) -> str:
    """Return the package URL (purl) of a distribution on PyPI."""
    return f"pkg:pypi/{normalised(package.name)}@{quote(package.version, safe='')}"


def _component(package: Package) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": package_url(package),
        "name": package.name,
        "version": package.version,
        "purl": package_url(package),
    }
    if package.licence_from == "expression":
        found["licenses"] = [{"expression": package.licence}]
    elif package.licence_from:
        found["licenses"] = [{"license": {"name": package.licence}}]
    return found


def _library(package: Package, library: NativeLibrary) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": _reference(package, library),
        "name": library.name,
        "description": f"shared library in the wheel of {package.name}: {library.file}",
    }
    if library.sha256:
        found["hashes"] = [{"alg": "SHA-256", "content": library.sha256}]
    return found


def _dependencies(package: Package, packages: Sequence[Package]) -> dict[str, Any]:
    by_name = {normalised(other.name): package_url(other) for other in packages}
    references = [by_name[name] for name in package.requires]
    references += [_reference(package, library) for library in package.libraries]
    return {"ref": package_url(package), "dependsOn": references}


def _reference(package: Package, library: NativeLibrary) -> str:
    return f"{package_url(package)}#{library.file}"
