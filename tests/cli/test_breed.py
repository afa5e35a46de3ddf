"""``nodegraph breed``: sounds and patches of variants, crossings, and variants near a sound."""

import numpy as np
import soundfile

import nodegraph
from nodegraph.patch import SetControl

QUICK = ["--seconds", 0.25, "--rate", 16384]


def test_folder_has_sixteen_sounds_of_the_patches_beside_them(cli, beep, tmp_path):
    outcome = cli("breed", "beep.json", "-o", "new", *QUICK, "--strength", 0.4)
    assert outcome.status == 0 and "16 variants of 3 knobs" in outcome.out
    for name in ("01", "16"):
        sound, rate = soundfile.read(tmp_path / f"new/{name}.wav")
        patch = nodegraph.load(tmp_path / f"new/{name}.json")
        alone = np.asarray(nodegraph.render(patch, 0.25, 16384.0))[:, 0]
        assert rate == 16384 and patch.document.nodes["osc"].params["amplitude"] == 0.5
        assert np.allclose(sound / sound.std(), alone / alone.std(), atol=1e-4)
    first, second = (nodegraph.load(tmp_path / f"new/{n}.json").document.nodes["osc"].params for n in ("01", "16"))
    outcome = cli("breed", "new/01.json", "--with", "new/16.json", "-o", "next", *QUICK, "--strength", 0, "--json")
    assert {row["values"]["osc.pm"] for row in outcome.json["files"]} <= {first.get("pm", 0.0), second.get("pm", 0.0)}


def test_variants_near_a_sound(cli, beep, tmp_path):
    beep.do(SetControl("pitch", "osc.frequency", 110.0, 1760.0, "log"))
    beep.save(tmp_path / "beep.json")
    soundfile.write("x.wav", 0.3 * np.sin(2.0 * np.pi * 700.0 * np.arange(4096) / 16384), 16384)
    rows = cli("breed", "beep.json", "--near", "x.wav", "-o", "near", *QUICK, "--json").json["files"]
    assert abs(rows[0]["values"]["pitch"] - 700.0) < 7.0


def test_errors_are_one_line(cli, beep, tmp_path):
    assert "no knob can vary safely" in cli("breed", "beep.json", "-o", "new", "--node", "out", *QUICK).line
    nodegraph.Patch().save(tmp_path / "empty.json")
    assert "not a variant" in cli("breed", "beep.json", "--with", "empty.json", "-o", "new", *QUICK).line
    (tmp_path / "file").write_text("")
    (tmp_path / "used").mkdir()
    (tmp_path / "used/01.json").write_text("favourite")
    assert "used: not empty" in cli("breed", "beep.json", "-o", "used", *QUICK).line
    assert (tmp_path / "used/01.json").read_text() == "favourite"
    assert "not a folder" in cli("breed", "beep.json", "-o", "file", *QUICK).line
