"""``nodegraph desktop``: the entry of the desktop's menu, its icon and the type of patch files."""

from __future__ import annotations

import configparser
import sys
import xml.etree.ElementTree as ET

import pytest

from nodegraph.files.demos import demo_patch

NAMESPACE = "{http://www.freedesktop.org/standards/shared-mime-info}"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="desktop entries are for Linux")


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The data folder of the user."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data folder"))
    return tmp_path / "data folder"


def entry(data):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(data / "applications" / "nodegraph.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


def test_entry_starts_this_installation_with_a_file(cli, data):
    assert cli("desktop").status == 0
    found = entry(data)
    assert found["Type"] == "Application" and found["Exec"].endswith(" edit %f")
    assert sys.prefix in found["Exec"] and found["Exec"].startswith('"/')
    assert "application/x-nodegraph+json;" in found["MimeType"]


def test_icon_and_file_type_are_installed_and_removed(cli, data):
    files = cli("desktop", "--json").json["files"]
    assert len(files) == 3 and all(file.startswith(str(data)) for file in files)
    icon = ET.parse(data / "icons/hicolor/scalable/apps" / f"{entry(data)['Icon']}.svg").getroot()
    assert icon.tag.endswith("svg") and icon.get("viewBox") == "0 0 128 128"
    assert cli("desktop", "--remove").status == 0
    assert not [path for path in data.rglob("nodegraph.*") if path.is_file()]
    assert cli("desktop", "--remove").status == 0


def test_file_type_recognises_patches_by_their_first_bytes(cli, data):
    cli("desktop")
    (kind,) = ET.parse(data / "mime/packages/nodegraph.xml").getroot()
    (match,) = kind.iter(f"{NAMESPACE}match")
    low, high = map(int, match.get("offset").split(":"))
    at = demo_patch("pluck").read_text().index(match.get("value"))
    assert low <= at <= high and kind.get("type") in entry(data)["MimeType"]


def test_folder_that_cannot_be_written_is_reported_in_one_line(cli, data):
    data.write_text("a file")
    outcome = cli("desktop")
    assert outcome.status == 1 and "not writable" in outcome.line
