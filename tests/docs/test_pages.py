"""The pages of the documentation are true: their commands and programs exist, their links lead somewhere."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import time
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import nodegraph
from nodegraph.blocks.drawings import curves_of
from nodegraph.cli.app import command
from nodegraph.patch import Patch, parse_patch
from tests.midi.midi_files import write_piece
from tests.nodes.stepping import SR, run
from tools.docs.pages import ROOT, committed_pages, site_text

PAGES = ["README.md", *(page for page in committed_pages() if page != "CHANGELOG.md")]


HOW_TO = ("live", "midi", "notebook", "teaching")
RUN = ["docs/index.md", "docs/patches.md", *(f"docs/how-to/{name}.md" for name in HOW_TO)]


def commands_of(page: str) -> Iterator[str]:
    """Generate the ``nodegraph`` commands of a page, in its indented lines and in its text."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(), flags=re.DOTALL | re.MULTILINE)
    for line in text.splitlines():
        if line.startswith("    "):
            shown = line.strip().partition("  #")[0].partition(" > ")[0].strip()
            yield from [shown.removeprefix(".venv/bin/")] if re.match(r"(\.venv/bin/)?nodegraph ", shown) else []
        else:
            yield from re.findall(r"`(nodegraph [a-z][^`]*)`", line)


def programs_of(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


@cache
def command_line():
    return command()


def parse(line: str) -> None:
    """Parse a command line as the program does, without running it. Raises an error of click for wrong usage."""
    group, words = command_line(), shlex.split(line)[1:]
    context = group.make_context("nodegraph", words)
    while True:
        name, found, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        context = found.make_context(name, rest, parent=context)
        if not hasattr(found, "resolve_command"):
            return
        group = found


def with_values(line: str) -> str:
    """Return a command with its placeholders replaced: ``NAME``, ``[NAME]``, ``…``."""
    return re.sub(r"\[[^]]*\]", "", line).replace("…", "").replace("COMMAND", "run").strip()


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist_with_their_options(page):
    wrong = []
    for line in commands_of(page):
        try:
            parse(with_values(line))
        except SystemExit:  # --help, --version
            pass
        except Exception as error:
            if "No such" in str(error) or "no such" in str(error):
                wrong.append(f"{line}: {error}")
    assert not wrong


def test_wrong_option_and_wrong_command_are_detected():
    for line in ("nodegraph render patches/pluck.json --colour red", "nodegraph paint x"):
        with pytest.raises(Exception, match="No such"):
            parse(line)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "CONTRIBUTING.md"])  # test_contributing.py
def test_programs_are_python_and_import_what_exists(page):
    for program in programs_of(page):
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nodegraph"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names), ast.unparse(node)


def test_program_of_the_readme_renders_two_oscillators(tmp_path, monkeypatch):
    (program,) = programs_of("README.md")
    monkeypatch.chdir(tmp_path)
    assert sum(bool(line.strip()) for line in program.splitlines()) <= 11
    exec(compile(program, "README.md", "exec"), {})
    samples, rate = soundfile.read("two.wav")
    assert len(samples) == 4 * rate and abs(samples).max() > 0.1 and Path("two.json").exists()


def test_block_of_the_page_about_blocks_draws_its_answer_to_a_step():
    block, drawing = programs_of("docs/how-to/blocks.md")
    names: dict[str, Any] = {}
    exec(compile(block, "blocks.md", "exec"), names)
    smooth = names["Smooth"]
    rules: dict[str, Any] = {}
    exec(compile(drawing, "blocks.md", "exec"), rules)
    drawn = type("Smooth", (smooth,), {name: rules[name] for name in ("display", "drawing")})
    curves = curves_of(drawn, {"cutoff": 200.0}, {}, SR)
    out = run(drawn, round(SR * curves.x.high), audio=1.0, cutoff=200.0)["out"]
    time = np.arange(len(out)) / SR
    assert np.abs(out - np.interp(time, curves.places, curves.curves[""])).max() < 0.02


@pytest.mark.parametrize("page", RUN)
def test_programs_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nodegraph, "play", partial(nodegraph.play, null=True), raising=False)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    Path("patches").symlink_to(ROOT / "patches")
    write_piece(Path("song.mid"), [(0, 1, 60)])
    names: dict[str, object] = {}
    for program in programs_of(page):
        exec(compile(program, page, "exec"), names)
    assert "patch" in names or names["result"].accepted


def test_patch_that_shows_the_format_plays():
    (shown,) = re.findall(r"^```json\n(.*?)^```", (ROOT / "docs/patches.md").read_text(), re.DOTALL | re.MULTILINE)
    sound = nodegraph.render(Patch(parse_patch(shown.encode())), seconds=1)
    assert abs(sound).max() > 0.1


def test_program_of_the_tutorial_builds_the_voice_of_its_pictures(tmp_path, monkeypatch):
    (program,) = programs_of("docs/tutorial.md")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "tutorial.md", "exec"), {})
    samples, _ = soundfile.read("voice.wav")
    assert abs(samples).max() > 0.1
    patch = nodegraph.load("voice.json")
    assert sorted(node.type for node in patch.document.nodes.values()) == sorted(
        ["midi_in", "notes", "saw", "saw", "lfo", "ladder", "adsr", "vca", "audio_out"]
    )


@pytest.mark.parametrize("page", committed_pages())
def test_links_lead_somewhere(page):
    assert site_text(ROOT / page, committed_pages()[page], frozenset())


def test_links_of_the_readme_lead_somewhere():
    for link in re.findall(r"\]\(([^)#]+)", (ROOT / "README.md").read_text()):
        assert link.startswith("http") or (ROOT / link).exists(), link


def test_every_page_is_in_the_contents():
    """Sphinx warns of pages that no list of contents has; decisions are in that of their folder."""
    listed = set()
    for index in (ROOT / "docs" / "index.md", ROOT / "docs" / "how-to" / "index.md"):
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", index.read_text(), re.DOTALL | re.MULTILINE):
            names = [line.rpartition("<")[2].rstrip(">") for line in block.splitlines() if line and line[0] != ":"]
            listed |= {(index.parent / name).relative_to(ROOT / "docs").as_posix() for name in names}
    pages = {Path(target).with_suffix("").as_posix() for target in committed_pages().values()}
    assert {page for page in pages if not page.startswith("decisions/0")} - {"index"} <= listed


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
