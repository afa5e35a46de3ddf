"""``nodes``, ``new-node``, ``doctor``, ``devices``, ``warmup`` and ``demo``."""

import pytest
import soundfile

from nodegraph import Patch
from nodegraph.blocks import registry
from nodegraph.blocks.registry import node_types
from nodegraph.cli.commands import demo as demo_module
from nodegraph.files import demos


@pytest.fixture
def user_folder(tmp_path, monkeypatch):
    """A folder of user blocks; the registry is restored afterwards."""
    monkeypatch.setenv("NODEGRAPH_NODES", str(tmp_path / "own"))
    monkeypatch.setattr(registry, "_types", dict(node_types()))
    return tmp_path / "own"


def test_nodes_lists_all_blocks(cli):
    outcome = cli("nodes")
    assert outcome.status == 0
    for type, cls in node_types().items():
        assert cls.hidden or f"  {type} " in outcome.out
    assert {page["type"] for page in cli("nodes", "--json").json} == set(node_types())


def test_page_of_a_block_shows_ports_settings_and_equation(cli):
    out = cli("nodes", "saw").out
    for words in ("frequency", "0.01 … 20000 Hz, log", "band_limited | naive", "def tick("):
        assert words in out
    page = cli("nodes", "Saw", "--json").json
    assert page["type"] == "saw" and page["inputs"][0]["unit"] == "Hz"


def test_search_finds_blocks_as_the_palette_does(cli):
    assert cli("nodes", "--search", "lop~").out.startswith("one_pole ")
    assert cli("nodes", "--search", "Tiefpass Filter", "--json").json[0]["type"] in ("ladder", "state_variable")
    assert "no block matches 'qxjz'" in cli("nodes", "--search", "qxjz").line
    assert cli("nodes", "saw", "--search", "x").status == 2


def test_every_block_has_a_page(cli):
    for type in node_types():
        assert cli("nodes", type).status == 0


def test_unknown_block_suggests_a_near_name(cli):
    outcome = cli("nodes", "sinee")
    assert outcome.status == 1 and "Did you mean 'sine'?" in outcome.line


def test_new_block_is_found_and_renders(cli, user_folder):
    assert cli("new-node", "BrightFilter").status == 0
    registry.load_file(user_folder / "bright_filter.py")
    assert "cutoff" in cli("nodes", "bright_filter").out
    patch = Patch()
    patch.add("saw", "osc")
    patch.add("bright_filter", "mine", curve="hard")
    patch.add("audio_out", "out")
    patch.connect("osc.out", "mine.audio")
    patch.connect("mine.out", "out.audio")
    patch.save("mine.json")
    found = cli("render", "mine.json", "-o", "mine.wav", "-s", 0.2, "--json").json
    assert 0.1 < found["peak"] <= 1.0


def test_new_block_never_replaces_a_file_or_a_type(cli, user_folder):
    assert cli("new-node", "bright_filter").status == 0
    (user_folder / "bright_filter.py").write_text("mine")
    assert "already exists" in cli("new-node", "BrightFilter").line
    assert (user_folder / "bright_filter.py").read_text() == "mine"
    assert "duplicate block 'sine'" in cli("new-node", "sine").line


def test_new_block_in_another_folder_prints_how_to_load_it(cli, tmp_path, user_folder):
    outcome = cli("new-node", "Buzz", "--folder", "elsewhere")
    assert (tmp_path / "elsewhere" / "buzz.py").is_file()
    assert "NODEGRAPH_NODES=" in outcome.out


@pytest.mark.parametrize("name", ["../up", "2fast", "class", "", "a b", "Ünï", "x" * 100])
def test_new_node_rejects_invalid_class_names(cli, user_folder, name):
    assert cli("new-node", name).status == 2
    assert not user_folder.exists()


def test_doctor_lists_missing_packages_and_commands_to_fix_them(cli, monkeypatch):
    from nodegraph.cli.commands import doctor

    real = doctor.find_spec
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "pythonosc" else real(name))
    outcome = cli("doctor")
    assert outcome.status == 0
    assert "pip install python-osc" in outcome.out
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "soxr" else real(name))
    found = cli("doctor", "--json")
    assert found.status == 1
    assert [finding["name"] for finding in found.json if finding["required"] and not finding["ok"]] == ["soxr"]


def test_doctor_lists_block_files_that_fail_to_load(cli, monkeypatch):
    monkeypatch.setattr(registry, "_failures", {"/own/broken.py": "SyntaxError: '(' was never closed"})
    outcome = cli("doctor")
    assert outcome.status == 1 and "/own/broken.py" in outcome.out and "never closed" in outcome.out


@pytest.mark.needs("portaudio")
def test_devices_are_listed(cli):
    assert cli("devices").status == 0
    assert isinstance(cli("devices", "--json").json, list)


def test_devices_without_sounddevice_prints_the_install_command(cli, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sounddevice", None)
    outcome = cli("devices")
    assert outcome.status == 1 and "nodegraph[audio]" in outcome.line


def test_warmup_compiles_missing_kernels(cli, tmp_path, monkeypatch):
    from nodegraph.cli.commands import warmup

    # compiling all kernels takes minutes
    item = next(entry for entry in warmup.all_kernels() if entry[0] == "add")
    monkeypatch.setattr(warmup, "all_kernels", lambda: [item])
    monkeypatch.setattr(type(item[2]), "cached", False)
    found = cli("warmup", "--json", "--jobs", 1).json
    assert (found["kernels"], found["compiled"], found["problems"]) == (1, 1, [])
    monkeypatch.setattr(type(item[2]), "cached", True)
    assert "all compiled already" in cli("warmup").out


@pytest.fixture
def demo_patches(beep, tmp_path, monkeypatch):
    beep.save(tmp_path / "demo.json")
    beep.save(tmp_path / "bells.json")
    monkeypatch.setattr(demos, "demo_folder", lambda: tmp_path)


def test_demo_without_sound_device_is_rendered_to_a_file(cli, demo_patches, tmp_path, monkeypatch):
    monkeypatch.setattr(demo_module, "playback_problem", lambda: "no sound device found")
    outcome = cli("demo", "bells", "--seconds", 0.2)
    assert outcome.status == 0
    assert (
        "Playback is unavailable (no sound device found)" in outcome.out and str(tmp_path / "bells.wav") in outcome.out
    )
    assert soundfile.info(tmp_path / "bells.wav").duration == pytest.approx(0.2, abs=0.01)


def test_demo_is_rendered_on_a_ci_machine(cli, demo_patches, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert demo_module.playback_problem()
    assert cli("demo", "--seconds", 0.1, "--json").json["file"] == "demo.wav"


def test_unknown_demo_lists_the_demos(cli, demo_patches):
    assert "bells" in cli("demo", "bels").line
    assert cli("demo", "../bells").status == 1
