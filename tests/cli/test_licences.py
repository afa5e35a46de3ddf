"""``nodegraph licences``: required packages, their licences and native libraries, and the bill of materials."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

TEXT = "Copyright\n        (c) the authors"
PACKAGES = {
    "nodegraph": ("9.0", ["License-Expression: MIT", "Provides-Extra: audio", "Provides-Extra: test",
                          "Requires-Dist: Needed_One[fast]>=1", "Requires-Dist: absent; extra == 'audio'",
                          "Requires-Dist: sound.lib; extra == 'audio'", "Requires-Dist: checker; extra == 'test'",
                          "Requires-Dist: elsewhere; sys_platform == 'plan9'"], []),
    "needed-one": ("1.5+cpu", ["License: BSD", "Provides-Extra: fast", "Requires-Dist: quick; extra == 'fast'",
                               "Requires-Dist: unused; extra == 'slow'", "Requires-Dist: nodegraph"],
                   ["needed_one/_core.cpython-311-x86_64-linux-gnu.so", "needed_one/_core.abi3.so"]),
    "sound-lib": ("2", [f"License: {TEXT}", "Classifier: License :: OSI Approved :: ISC License (ISCL)"],
                  ["sound_lib.libs/libsndfile-40ad5e7e.so.1.0.37", "_data/portaudio.dylib", "_data/portaudio64.dll"]),
    "quick": ("0.1", ["License: UNKNOWN"], []),
    "checker": ("1", [], []), "unused": ("1", [], []), "elsewhere": ("1", [], []),
}  # fmt: skip


def install(folder: Path, name: str, version: str, lines: list[str], files: list[str]) -> None:
    """Write the metadata and files of a distribution, as pip does."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *lines]))
    record = []
    for file in files:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(file.encode())
        digest = base64.urlsafe_b64encode(hashlib.sha256(file.encode()).digest()).decode().rstrip("=")
        record.append(f"{file},sha256={digest},{len(file)}")
    (info / "RECORD").write_text("\n".join(record))


@pytest.fixture
def site(cli, tmp_path, monkeypatch) -> Path:
    """A site folder with nothing but ``PACKAGES``; modules were imported before."""
    cli("licences")
    folder = tmp_path / "site"
    folder.mkdir()
    for name, (version, lines, files) in PACKAGES.items():
        install(folder, name, version, lines, files)
    monkeypatch.setattr(sys, "path", [str(folder)])
    return folder


def test_all_that_is_required_and_installed_is_listed_with_its_licence(cli, site):
    found = {package["name"]: package for package in cli("licences", "--json").json}
    licences = {
        name: (package["version"], package["licence"], package["licence_from"]) for name, package in found.items()
    }
    assert licences == {
        "nodegraph": ("9.0", "MIT", "expression"),
        "needed-one": ("1.5+cpu", "BSD", "text"),
        "quick": ("0.1", "not stated", ""),
        "sound-lib": ("2", "ISC License (ISCL)", "classifier"),
    }
    assert found["nodegraph"]["requires"] == ["needed-one", "sound-lib"]
    libraries = {library["name"]: library for library in found["sound-lib"]["libraries"]}
    assert set(libraries) == {"sndfile", "portaudio", "portaudio64"} and not found["needed-one"]["libraries"]
    file = "sound_lib.libs/libsndfile-40ad5e7e.so.1.0.37"
    assert libraries["sndfile"]["file"] == file
    assert libraries["sndfile"]["sha256"] == hashlib.sha256(file.encode()).hexdigest()


def test_packages_of_this_installation_are_listed_without_those_for_tests(cli):
    outcome = cli("licences")
    rows = {line.split()[0]: line for line in outcome.out.splitlines()[1:]}
    for name in ("numpy", "numba", "llvmlite", "soundfile", "networkx", "typer", "click"):
        assert rows[name].split()[1] == distribution(name).version
    assert not {"pytest", "ruff", "mypy", "hypothesis"} & set(rows)
    assert "not stated" not in outcome.out
    assert "sndfile" in rows["soundfile"] and "llvmlite" in rows["llvmlite"]


def test_bill_of_materials_has_the_fields_that_cyclonedx_requires(cli, site, tmp_path):
    assert "bom.json: CycloneDX 1.6, 4 packages" in cli("licences", "--sbom", "bom.json").out
    text = (tmp_path / "bom.json").read_text()
    found = json.loads(text)
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["serialNumber"])
    everything = [found["metadata"]["component"], *found["components"]]
    references = [component["bom-ref"] for component in everything]
    assert len(set(references)) == len(references) == 7
    for component in everything:
        assert component["type"] in ("application", "library") and component["name"]
        for licence in component.get("licenses", []):
            assert set(licence) in ({"expression"}, {"license"})
    assert {component["purl"] for component in everything if "purl" in component} == {
        "pkg:pypi/nodegraph@9.0", "pkg:pypi/needed-one@1.5%2Bcpu", "pkg:pypi/quick@0.1", "pkg:pypi/sound-lib@2"
    }  # fmt: skip
    for dependency in found["dependencies"]:
        assert {dependency["ref"], *dependency["dependsOn"]} <= set(references)
    cli("licences", "--sbom", "bom.json")
    assert (tmp_path / "bom.json").read_text() == text


def test_unwritable_bill_of_materials_is_one_line(cli):
    outcome = cli("licences", "--sbom", "none/bom.json")
    assert outcome.status == 1
    assert outcome.line == "error: none/bom.json: not writable (No such file or directory). Choose another file."


def test_program_that_pip_did_not_install_is_one_line(cli, tmp_path, monkeypatch):
    cli("licences")  # imports the command
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    outcome = cli("licences")
    assert outcome.status == 1 and "nodegraph is not installed. Install it: pip install --editable ." in outcome.line
