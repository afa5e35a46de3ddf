"""``nodegraph render`` of several patches, values or seeds."""

import numpy as np
import pytest
import soundfile

from nodegraph.cli.many_renders import render_jobs, run_job, seed_values, sweep_values


@pytest.fixture
def here(monkeypatch):
    """Run the jobs in this process."""
    from contextlib import contextmanager

    from nodegraph.cli.commands import render

    @contextmanager
    def running(jobs, processes, scheduler):
        yield map(run_job, jobs)

    monkeypatch.setattr(render, "running", running)


def rising_zero_crossings(path):
    values = soundfile.read(path)[0]
    return int(((values[:-1] < 0) & (values[1:] >= 0)).sum())


def test_sweep_renders_a_file_for_each_value(cli, beep, here, tmp_path):
    done = cli("render", "beep.json", "-o", "out", "-s", 0.5, "--sweep", "osc.frequency=200:600:3")
    assert done.status == 0
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == [f"beep_osc.frequency={hertz}.wav" for hertz in (200, 400, 600)]
    assert [rising_zero_crossings(file) for file in files] == pytest.approx([100, 200, 300], abs=1)


def test_sweeps_and_seeds_are_combined(cli, beep, here, tmp_path):
    arguments = ["--sweep", "osc.frequency=200:400:2", "--sweep", "osc.amplitude=0.1:0.2:2", "--seeds", "3:5"]
    found = cli("render", "beep.json", "-o", "out", "-s", 0.05, *arguments, "--format", "flac", "--json").json
    names = {result["file"] for result in found}
    assert len(found) == len(names) == 8
    assert "out/beep_osc.frequency=200_osc.amplitude=0.2_seed=4.flac" in names
    peaks = {name: result["peak"] for name, result in zip(names, found, strict=True) if result["peak"]}
    assert len(peaks) == 8


def test_clipped_files_are_one_warning_with_the_loudest(cli, beep, here):
    arguments = ["--sweep", "osc.amplitude=0.75:1.0:2", "--format", "flac"]
    beep.add("vca", "louder", gain=2.0)
    beep.connect("osc.out", "louder.audio")
    beep.connect("louder.out", "out.audio")
    beep.save()
    (line,) = cli("render", "beep.json", "-o", "out", "-s", 0.05, *arguments).err.splitlines()
    assert line.startswith("warning: out/beep_osc.amplitude=1.flac: clipped at +9.5")
    assert line.endswith("of depth float. And 1 other file too.")


def test_seeds_are_those_of_single_renders(cli, beep, here):
    beep.add("white_noise", "hiss")
    beep.connect("hiss.out", "out.audio")
    beep.save()
    cli("render", "beep.json", "-o", "out", "-s", 0.1, "--seeds", "1:3")
    cli("render", "beep.json", "-o", "alone.wav", "-s", 0.1, "--seed", 2)
    assert np.array_equal(soundfile.read("out/beep_seed=2.wav")[0], soundfile.read("alone.wav")[0])


def test_folder_is_rendered_in_processes_and_a_faulty_patch_costs_one_line(cli, beep, tmp_path):
    (tmp_path / "patches").mkdir()
    beep.save(tmp_path / "patches" / "one.json")
    beep.save(tmp_path / "patches" / "two.json")
    (tmp_path / "patches" / "wrong.json").write_text("no patch")
    done = cli("render", "patches", "-o", "out", "-s", 0.1, "--jobs", 2)
    assert done.status == 1
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["one.wav", "two.wav"]
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2 and "wrong.json" in errors[0] and errors[1] == "error: 1 of 3 renders failed."


def test_problems_of_one_render_are_one_line(cli, beep, here):
    done = cli("render", "beep.json", "-o", "out", "-s", 0.1, "--sweep", "osc.frequency=-5:440:2")
    assert done.status == 1
    assert "frequency must lie in" in done.err.splitlines()[0] and len(done.err.splitlines()) == 2


@pytest.mark.parametrize("arguments, text", [
    (["--sweep", "osc.frequency=1:2"], "--sweep must be"),
    (["--sweep", "osc.frequency=0:2:3:log"], "--sweep must be"),
    (["--seeds", "5:5"], "--seeds must be"),
    (["--seeds", "1:3", "--midi-out", "out.mid"], "--midi-out is for a single render"),
    (["--seeds", "1:3", "--cores", "2"], "--cores is for a single render"),
])  # fmt: skip
def test_impossible_request_is_refused_in_one_line(cli, beep, arguments, text):
    done = cli("render", "beep.json", "-o", "out", *arguments)
    assert done.status == 1 and text in done.line


def test_several_renders_need_a_folder(cli, beep):
    assert "several renders need a folder" in cli("render", "beep.json", "beep.json", "-o", "out.wav").line


def test_two_renders_never_write_one_file(cli, beep):
    assert "two renders would write" in cli("render", "beep.json", "beep.json", "-o", "out").line


def test_scheduler_that_does_not_answer_is_named(cli, beep, monkeypatch):
    monkeypatch.setattr("nodegraph.processes.dask_cluster.CONNECT_SECONDS", 0.5)
    done = cli("render", "beep.json", "-o", "out", "--seeds", "0:2", "--scheduler", "tcp://127.0.0.1:1")
    assert done.status == 1 and "no Dask scheduler answers" in done.line


def test_dask_cluster_renders_the_same_sounds(cli, beep, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        arguments = [tmp_path / "beep.json", "-s", 0.1, "--sweep", "osc.frequency=200:400:2"]
        done = cli("render", *arguments, "-o", tmp_path / "far", "--scheduler", cluster.scheduler_address)
    assert done.status == 0
    cli("render", *arguments, "-o", "near")
    for file in (tmp_path / "far").iterdir():
        assert np.array_equal(soundfile.read(file)[0], soundfile.read(tmp_path / "near" / file.name)[0])


def test_values_of_a_sweep_have_equal_distances_or_ratios():
    assert sweep_values("a.b=0:1:5") == ("a.b", ["0", "0.25", "0.5", "0.75", "1"])
    assert sweep_values("a.b=100:10000:3:log") == ("a.b", ["100", "1000", "10000"])
    assert seed_values("3:6") == [3, 4, 5]


def test_names_of_nested_nodes_stay_in_the_folder(tmp_path):
    (job,) = render_jobs([tmp_path / "a.json"], tmp_path, "wav", ["voice/filter.cutoff=5:5:1"], "", {})
    assert job.output == tmp_path / "a_voice-filter.cutoff=5.wav"
    assert job.options["set"] == ["voice/filter.cutoff=5"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["-o", "out", "--format", "../x"],
            "--format must be the suffix of a sound file, such as wav or flac, got '../x'",
        ),
        (["-o", "out", "--format", ""], "--format must be the suffix of a sound file"),
        (["-o", "out", "--format", "xyz"], "the format '.xyz' is unsupported. Use .wav"),
        (["-o", "taken"], "taken: is a file, not a folder. Name another one."),
        (["-o", "taken/in"], "taken/in: is a file, not a folder. Name another one."),
    ],
)
def test_folder_and_format_are_checked_before_the_renders(cli, beep, tmp_path, arguments, message):
    (tmp_path / "taken").write_text("")
    outcome = cli("render", "beep.json", "--seeds", "0:2", *arguments)
    assert outcome.status == 1 and message in outcome.line and not (tmp_path / "out").exists()
