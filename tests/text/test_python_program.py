"""Python programs of patches: they build the same document, and read like ones written by hand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

import nodegraph
from nodegraph.patch import Document, parse_patch
from nodegraph.patch.nested import standalone
from nodegraph.text.python_program import python_program
from tests.patch.arbitrary import FOREIGN, documents

PATCHES = Path(__file__).parent.parent.parent / "patches"


def built(program):
    """Return the document that a program builds."""
    names = {"__name__": "program"}
    exec(compile(program, "program.py", "exec"), names)
    return names["patch"].document


@given(documents)
@settings(max_examples=150, deadline=None)
def test_generated_documents_survive_as_programs(document):
    assert built(python_program(document)) == standalone(document)


@pytest.mark.parametrize("name", ["pluck", "poly_synth", "fm_subtractive", "patches_as_blocks", "autoencoder_faders"])
def test_demo_is_built_by_methods_and_actions_only(name):
    document = nodegraph.load(PATCHES / f"{name}.json").document
    program = python_program(document)
    assert "parse_patch" not in program and "AddNode" not in program.replace('AddNode("', "", program.count("patch={}"))
    assert built(program) == standalone(document)


def test_program_reads_as_one_written_by_hand():
    patch = nodegraph.Patch()
    patch.add("saw", id="osc", frequency=110.0)
    patch.add("audio_out", id="out")
    patch.connect("osc.out", "out.audio")
    assert python_program(patch.document, "beep.json") == (
        "import nodegraph\n"
        "\n"
        "patch = nodegraph.Patch()\n"
        "\n"
        'patch.add("saw", "osc", frequency=110.0)\n'
        'patch.add("audio_out", "out")\n'
        "\n"
        'patch.connect("osc.out", "out.audio")\n'
        "\n"
        'if __name__ == "__main__":\n'
        '    patch.save("beep.json")\n'
    )


def test_fields_of_other_programs_are_kept_as_data():
    document = standalone(parse_patch(FOREIGN.encode(), "foreign.json"))
    program = python_program(document)
    assert "parse_patch" in program
    assert built(program) == document


@pytest.mark.parametrize("title", ['say "hi"', "tab\there", "back\\slash", '"""', "Töne", "\ud800"])
def test_unusual_titles_are_kept(title):
    assert built(python_program(replace(Document(), title=title))).title == title


def test_program_saves_the_patch_when_run(tmp_path):
    program = tmp_path / "pluck.py"
    program.write_text(python_program(nodegraph.load(PATCHES / "pluck.json").document, "again.json"))
    subprocess.run([sys.executable, program], cwd=tmp_path, check=True, env={"PYTHONPATH": str(PATCHES.parent)})
    assert (tmp_path / "again.json").read_bytes() == (PATCHES / "pluck.json").read_bytes()
