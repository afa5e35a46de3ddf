"""Blocks that turn notes into frequencies, tuned by Scala files."""

import numpy as np
import pytest

from tests.rendering import engine_of, patch_of

SCALE = "quarter-comma meantone fifth\n2\n696.578\n2/1\n"


def tuned(tmp_path, *wires, **nodes):
    (tmp_path / "two.scl").write_text(SCALE)
    (tmp_path / "bad.scl").write_text("nothing\n1\nx\n")
    (tmp_path / "low.kbm").write_text("0\n0\n127\n60\n60\n100.0\n0\n")
    patch = patch_of(*wires, **nodes)
    patch.path = tmp_path / "patch.json"
    return patch


def last_value(patch):
    engine = engine_of(patch)
    out = engine.run_samples(256)
    engine.close()
    return float(out[-1, 0])


@pytest.mark.parametrize(
    ("note", "cents"), [(60.0, 0.0), (61.0, 696.578), (62.0, 1200.0), (59.0, -503.422), (60.5, 348.289)]
)
def test_note_to_frequency_is_tuned_by_its_files(tmp_path, note, cents):
    settings = {"note": note, "scale": "two.scl", "keyboard": "low.kbm"}
    patch = tuned(tmp_path, "f.out out.audio", f=("note_to_frequency", settings), out="audio_out")
    assert last_value(patch) == pytest.approx(100.0 * 2.0 ** (cents / 1200.0), rel=1e-6)
    patch.set("f.bend", 12.0)
    assert last_value(patch) == pytest.approx(200.0 * 2.0 ** (cents / 1200.0), rel=1e-6)


@pytest.mark.parametrize("port", ["frequency", "pitch"])
def test_notes_are_tuned_by_their_files(tmp_path, port):
    settings = {"scale": "two.scl", "keyboard": "low.kbm", "play": "mono"}
    patch = tuned(
        tmp_path, "midi.out notes.events", f"notes.{port} out.audio", midi="midi_in", notes=("notes", settings),
        out="audio_out",
    )  # fmt: skip
    engine = engine_of(patch)
    engine.send(bytes([0x90, 61, 100]))
    found = float(engine.run_samples(256)[-1, 0])
    engine.close()
    hertz = found if port == "frequency" else 440.0 * 2.0 ** ((found - 69.0) / 12.0)
    assert hertz == pytest.approx(100.0 * 2.0 ** (696.578 / 1200.0), rel=1e-5)


def test_changed_file_is_read_again(tmp_path):
    patch = tuned(
        tmp_path, "f.out out.audio", f=("note_to_frequency", {"note": 61.0, "scale": "two.scl"}), out="audio_out"
    )
    before = last_value(patch)
    (tmp_path / "two.scl").write_text(SCALE.replace("696.578", "701.9551"))
    assert last_value(patch) / before == pytest.approx(2.0 ** (5.3771 / 1200.0), rel=1e-6)


def test_wrong_tuning_is_one_line(tmp_path):
    found = tuned(tmp_path, notes=("notes", {"scale": "bad.scl"}), f=("note_to_frequency", {"scale": "no.scl"}))
    problems = found.graph().placeholders
    assert "'bad.scl': a pitch must be cents such as 701.955 or a ratio such as 3/2, got 'x'." in problems["notes"]
    assert "no.scl" in problems["f"] and "missing" in problems["f"]
    assert np.all(["\n" not in problem for problem in problems.values()])
