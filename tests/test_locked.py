"""``locked.txt`` has every package that the tests need, in the versions of ``constraints.txt``, each with a hash."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from nodegraph.cli.distributions import normalised

ROOT = Path(__file__).parents[1]
ELSEWHERE = {"torch", "nodegraph"}  # see the head of locked.txt
LINE = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ]+) --hash=sha256:[0-9a-f]{64}")


def locked() -> dict[str, str]:
    """Return the versions in ``locked.txt`` by normalised name."""
    lines = [line for line in (ROOT / "locked.txt").read_text().splitlines() if not line.startswith("#")]
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found) and lines == sorted(lines)
    return {match["name"]: match["version"] for match in found if match}


def direct_requirements() -> Iterator[Requirement]:
    """Generate the requirements of the project and of the extras that ``make test`` installs."""
    makefile = (ROOT / "Makefile").read_text()
    run, test = re.search(r"RUN_EXTRAS := (.*)\nTEST_EXTRAS := \$\(RUN_EXTRAS\),(.*)", makefile).groups()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for text in project["project"]["dependencies"] + project["build-system"]["requires"]:
        yield Requirement(text)
    for extra in f"{run},{test}".split(","):
        yield from map(Requirement, project["project"]["optional-dependencies"][extra])


def test_versions_are_those_of_the_constraints():
    text = (ROOT / "constraints.txt").read_text()
    constraints = dict(re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE))
    pins = locked()
    assert {name: version for name, version in pins.items() if constraints.get(name, version) != version} == {}
    assert {normalised(required.name) for required in direct_requirements()} - set(constraints) == {"hatchling"}


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.platform != "linux", reason="locked.txt is for Python 3.11 on Linux"
)
def test_every_requirement_is_locked_in_a_suitable_version():
    pins = locked()
    pending, seen = list(direct_requirements()), set()
    while pending:
        required = pending.pop()
        name = normalised(required.name)
        if required.marker is not None and not required.marker.evaluate({"extra": ""}):
            continue
        assert name in pins or name in ELSEWHERE, f"{required} is missing. Run make lock."
        if name in pins:
            assert Version(pins[name]) in required.specifier, f"{required} does not fit. Run make lock."
        if name not in seen:
            seen.add(name)
            try:
                pending += map(Requirement, distribution(name).requires or ())
            except PackageNotFoundError:
                assert name == "hatchling"  # builds nodegraph; older installations lack it
    assert len(seen) > 60


@pytest.mark.parametrize("version", ["3 12", "3 11"])
def test_other_pythons_are_installed_without_hashes_which_one_line_says(tmp_path, version):
    """The programs in BIN only print their arguments."""
    python, pip = tmp_path / "python", tmp_path / "pip"
    python.write_text(f"#!/bin/sh\necho linux x86_64 {version} glibc\n")
    pip.write_text('#!/bin/sh\necho "$@"\n')
    for program in (python, pip):
        program.chmod(0o755)
    out = subprocess.run(
        [ROOT / "tools" / "install-tests", tmp_path, "x,y"], capture_output=True, text=True, check=True
    )
    lines = out.stdout.splitlines()
    if version == "3 11":
        assert "--require-hashes" in lines[0] and "--requirement locked.txt" in lines[0]
        assert len(lines) == 3 and all("--no-deps" in line for line in lines)
    else:
        assert "locked.txt is for Python 3.11 on x86-64 Linux" in lines[0] and "without hashes" in lines[0]
        assert lines[1].endswith("--constraint constraints.txt --editable .[x,y]") and len(lines) == 2


NAMES = {"pil": "pillow", "rtmidi": "python-rtmidi", "pythonosc": "python-osc", "sklearn": "scikit-learn"}


def imported_by(package: str) -> set[str]:
    """Return the distributions that a package of the project imports, anywhere in its source."""
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            found |= {name.partition(".")[0] for name in names}
    found -= sys.stdlib_module_names | {"nodegraph", "nodes", "_typeshed"}
    return {NAMES.get(normalised(name), normalised(name)) for name in found}


def test_imported_packages_are_requirements_and_blocks_need_no_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {normalised(Requirement(text).name) for text in project["dependencies"]}
    optional = {
        normalised(Requirement(one).name) for extra in project["optional-dependencies"].values() for one in extra
    }
    assert imported_by("nodes") <= required
    assert imported_by("nodegraph") <= required | optional
