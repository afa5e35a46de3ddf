"""Installation: the command that adds packages is that of the program by which nodegraph was installed."""

from __future__ import annotations

import sys

import pytest

from nodegraph.installation import install_command, portaudio_command


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """The environment that nodegraph seems to be installed in."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


def test_packages_are_added_by_pip(prefix):
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.12.1\n")
    assert install_command("nodegraph[midi]", "torch>=2") == "pip install 'nodegraph[midi]' 'torch>=2'"
    assert install_command("pillow", pip="/usr/bin/python3 -m pip") == "/usr/bin/python3 -m pip install pillow"


def test_packages_are_added_by_uv_to_its_environment_without_pip(prefix):
    (prefix / "pyvenv.cfg").write_text("home = /usr/bin\nimplementation = CPython\nuv = 0.9.7\n")
    assert install_command("pillow") == f"uv pip install --python {prefix} pillow"


def test_packages_are_added_by_pipx_to_its_environment(prefix):
    (prefix / "pipx_metadata.json").write_text("{}")
    assert install_command("pillow") == "pipx runpip nodegraph install pillow"


def test_application_folder_is_replaced_by_a_wheel(prefix, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert install_command("pillow").startswith("uv tool install 'nodegraph-")


@pytest.mark.parametrize(("program", "words"), [("dnf", "dnf install portaudio"), ("none", "apt-get install libporta")])
def test_portaudio_is_installed_by_the_package_manager_of_the_system(program, words, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / program).touch(0o755)
    assert words in portaudio_command()
