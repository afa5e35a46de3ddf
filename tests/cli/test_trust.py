"""Programs in patches: silent until they are trusted, on the command line or from then on."""

from __future__ import annotations

import json
import stat

import numpy as np
import pytest
import soundfile
import torch

import nodegraph
from nodegraph import Patch
from nodegraph.cli import app, programs
from nodegraph.cli.commands import dataset, edit, estimate, render, replay, run, show
from nodegraph.files import trust as trusted
from nodegraph.recording import keeping

SILENT = "torchscript 'model' is silent: twice.pt is a program that is not trusted. If you trust its author: "
RENDER = ("render", "model.json", "-o", "out.wav", "-s", "0.2")

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


class Twice(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2.0 * x


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    """Use new settings; return their path."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(trusted.GIVEN, raising=False)
    monkeypatch.setattr(keeping, "retrospective_folder", lambda: tmp_path / "kept")
    return trusted.settings_path()


@pytest.fixture
def model(tmp_path):
    """``model.json``: the constant 0.25 through ``twice.pt``, which doubles it; return the path of the model."""
    torch.jit.save(torch.jit.script(Twice()), tmp_path / "twice.pt")
    patch = Patch()
    patch.add("torchscript", "model", size=64, delay=32, audio=0.25)  # no late answers on a busy machine
    patch.add("audio_out", "out")
    patch.connect("model.out", "out.audio")
    patch.set("model.file", "twice.pt")
    patch.save(tmp_path / "model.json")
    return tmp_path / "twice.pt"


def peak(name="out.wav"):
    return float(np.abs(soundfile.read(name)[0]).max())


def assert_silent(outcome, model):
    warning, error = outcome.err.splitlines()
    assert outcome.status == 1 and warning == f"warning: {SILENT}nodegraph trust {model}"
    assert "out.wav is silent" in error and peak() == 0.0


def test_program_in_a_patch_is_silent_until_it_is_trusted(cli, model):
    assert_silent(cli(*RENDER), model)
    assert cli("trust", "twice.pt").out.startswith(f"{model}: trusted (SHA-256 ")
    outcome = cli(*RENDER)
    assert (outcome.status, outcome.err) == (0, "") and peak() == 0.5
    assert cli("trust", "--forget", "twice.pt").out.startswith(f"{model}: no longer trusted")
    assert_silent(cli(*RENDER), model)


def test_option_trusts_a_program_for_one_command(cli, model):
    assert cli(*RENDER, "--trust", "twice.pt").err == "" and peak() == 0.5
    assert_silent(cli(*RENDER), model)
    assert cli("trust", "--list").out == ""


def test_patch_cannot_trust_its_own_program(cli, model, tmp_path):
    data = json.loads((tmp_path / "model.json").read_text())
    data["trust"] = data["trusted"] = [trusted.hash_of(model)]
    for node in data["nodes"] if isinstance(data["nodes"], list) else data["nodes"].values():
        node["trust"] = node["is_program"] = False
    (tmp_path / "model.json").write_text(json.dumps(data))
    (tmp_path / "trusted.json").write_text(json.dumps({"version": 1, "files": [{"sha256": trusted.hash_of(model)}]}))
    assert_silent(cli(*RENDER), model)


def test_program_in_a_flight_log_needs_trust_too(cli, model):
    assert cli("run", "model.json", "--null", "-s", "0.2", "--flight", "a.flight", "--trust", "twice.pt").status == 0
    replayed = ("replay", "a.flight", "-o", "out.wav")
    hash = trusted.hash_of(model)
    assert cli(*replayed).err == f"warning: {SILENT}nodegraph trust {hash}\n"
    assert cli(*replayed, "--trust", "twice.pt").err == ""
    cli("trust", hash)
    assert cli(*replayed).err == ""


def test_python_warns_of_a_silent_program(model, tmp_path):
    with pytest.warns(UserWarning, match="torchscript 'model' is silent: twice.pt is a program that is not trusted"):
        assert not nodegraph.render(tmp_path / "model.json", 0.2).any()
    nodegraph.trust(model)
    assert nodegraph.render(tmp_path / "model.json", 0.2).max() == 0.5


@pytest.mark.parametrize("answer", [True, False])
def test_render_asks_once_on_a_terminal(cli, model, monkeypatch, answer):
    asked = []
    monkeypatch.setattr(programs, "sys", type("", (), {"stdin": Terminal, "stderr": Terminal}))
    monkeypatch.setattr(programs.typer, "confirm", lambda text, err: asked.append(text) or answer)
    outcome = cli(*RENDER)
    assert asked == ["Do you trust its author, from now on?"]
    assert outcome.err.startswith(f"torchscript 'model' runs {model}, a program that is not trusted.\n")
    assert peak() == (0.5 if answer else 0.0)
    assert (SILENT in outcome.err) is not answer
    assert len(trusted.trusted_files()) == answer
    cli(*RENDER, "--json")
    assert len(asked) == 1


class Terminal:
    isatty = staticmethod(lambda: True)


def test_list_and_forget_by_the_beginning_of_the_hash(cli, model, settings):
    cli("trust", "twice.pt")
    (file,) = cli("trust", "--list", "--json").json
    assert file["sha256"] == trusted.hash_of(model) and file["name"] == str(model)
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert file["sha256"][:12] in cli("trust", "--list").out
    assert cli("trust", "--forget", file["sha256"][:5]).line.startswith("error: ")
    assert cli("trust", "--forget", file["sha256"][:12]).status == 0
    assert (
        cli("trust", "--forget", "twice.pt").line == "error: twice.pt: not a trusted file. See nodegraph trust --list."
    )


@pytest.mark.parametrize("arguments", [(), ("--list", "twice.pt"), ("none.pt",)])
def test_wrong_use_is_reported_in_one_line(cli, model, arguments):
    assert cli("trust", *arguments).status in (1, 2)
    assert cli("trust", *arguments).line.startswith("error: ")


def test_every_command_that_plays_a_patch_takes_the_option():
    group = app.command()
    with_patch, with_trust = set(), set()
    for name in group.commands:
        command = group.get_command(None, name)
        members = {f"{name} {inner}": command.get_command(None, inner) for inner in getattr(command, "commands", ())}
        for label, member in (members or {name: command}).items():
            names = {parameter.name for parameter in member.params}
            metavars = {str(parameter.metavar) for parameter in member.params}
            with_patch |= {label} if "PATCH" in metavars or "allow_outside" in names else set()
            with_trust |= {label} if "trust" in names else set()
    modules = (dataset, edit, estimate, render, replay, run, show)
    assert {module.__name__.rpartition(".")[2] for module in modules} <= with_patch
    assert with_patch - {"vary"} <= with_trust  # vary plays nothing
