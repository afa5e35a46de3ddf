"""The command line: start-up time, discovery of commands, errors, pipes."""

import subprocess
import sys

import pytest

from nodegraph.cli import app, commands, main
from nodegraph.cli.errors import CommandError, describe

SLOW = ("numpy", "numba", "networkx", "sounddevice", "soundfile", "rich.console", "msgspec", "mido", "safetensors")


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "nodegraph", *arguments], capture_output=True, text=True, timeout=60, **options
    )


@pytest.mark.parametrize("arguments", [["--help"], ["render", "--help"], ["--version"], []])
def test_help_imports_no_slow_modules(arguments):
    code = (
        f"import sys; from nodegraph.cli import main; status = main({arguments!r}); "
        f"print([name for name in {SLOW!r} if name in sys.modules], file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_file_in_the_commands_folder_is_a_command(tmp_path, monkeypatch, capsys):
    (tmp_path / "say_hello.py").write_text(
        "def say_hello(name: str = 'you') -> None:\n    '''Greet.'''\n    print('hello', name)\n"
    )
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert main(["say-hello", "--name", "world"]) == 0
    assert capsys.readouterr().out == "hello world\n"
    sys.modules.pop(f"{commands.__name__}.say_hello")


def paths_of(group, before=()):
    """Return the words of every command and group."""
    found = []
    for name in group.commands:
        inner = group.get_command(None, name)
        found += [(*before, name), *(paths_of(inner, (*before, name)) if hasattr(inner, "commands") else ())]
    return found


def test_folder_of_commands_is_a_group(tmp_path, monkeypatch, capsys):
    (tmp_path / "greet").mkdir()
    (tmp_path / "greet" / "__init__.py").write_text("'Greet somebody.'")
    (tmp_path / "greet" / "loudly.py").write_text("def loudly() -> None:\n    'Shout.'\n    print('HELLO')\n")
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert main(["greet", "loudly"]) == 0
    assert main(["greet"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("HELLO\n") and "Greet somebody." in out and "loudly  Shout." in out
    assert main(["greet", "softly"]) == 2
    for name in ("greet", "greet.loudly"):
        sys.modules.pop(f"{commands.__name__}.{name}")


def test_every_command_has_help(capsys):
    for path in paths_of(app.command()):
        assert main([*path[:-1], "--help"]) == 0
        summaries = capsys.readouterr().out
        name = " ".join(path)
        assert main([*path, "--help"]) == 0
        text = capsys.readouterr().out
        assert "--json" in text or name in ("edit", "train")  # a window and a group
        summary = text.splitlines()[2].strip()
        assert 0 < len(summary) <= 66 and f"{summary}\n" in summaries, f"{name}: its first line would be broken"


@pytest.mark.parametrize(
    "arguments", [["frobnicate"], ["render"], ["render", "--frob"], ["check"], ["nodes", "a", "b"]]
)
def test_wrong_usage_is_one_line_and_status_2(arguments, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == 1 and "--help" in captured.err and captured.out == ""


def test_internal_error_is_one_line_with_the_traceback_option(monkeypatch, capsys):
    from nodegraph.engine import live

    def fail():
        raise ZeroDivisionError("no\nsense")

    monkeypatch.setattr(live, "devices", fail)
    assert main(["devices"]) == 1
    err = capsys.readouterr().err
    assert (
        len(err.splitlines()) == 1
        and "internal error (ZeroDivisionError" in err
        and "NODEGRAPH_TRACEBACK=1" in err
        and "no sense" in err
    )
    monkeypatch.setenv("NODEGRAPH_TRACEBACK", "1")
    assert main(["devices"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_errors_are_described_in_lines():
    assert describe(CommandError("no.")) == (["no."], 1)
    assert describe(FileNotFoundError(2, "No such file", "x.wav")) == (["x.wav: No such file."], 1)
    assert describe(KeyboardInterrupt()) == (["interrupted."], 130)
    assert describe(MemoryError())[1] == 1
    assert describe(CommandError("red \x1b[31m\n  alert")) == (["red \\x1b[31m alert"], 1)


def test_early_ctrl_c_is_one_line(monkeypatch, capsys):
    from nodegraph.engine import live

    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(live, "devices", interrupt)
    assert main(["devices"]) == 130
    assert capsys.readouterr().err == "error: interrupted.\n"


def test_closed_pipe_is_not_an_error():
    command = f"{sys.executable} -m nodegraph nodes --json | head -c 10"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stderr == "" and len(done.stdout) == 10


def test_output_works_on_a_terminal_without_unicode():
    done = run("nodes", "sine", env={"PATH": "", "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and "sine" in done.stdout


def test_progress_is_shown_on_a_terminal_after_a_delay_only(monkeypatch, capsys):
    from nodegraph.cli.progress import Progress

    with Progress("work", 10, patience=0.0) as bar:
        bar.to(5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with Progress("work", 10, patience=60.0) as bar:
        bar.to(5)
    assert capsys.readouterr().err == ""
    with Progress("work", 10, patience=0.0) as bar:
        bar.to(5)
    assert "work" in capsys.readouterr().err


def test_decimal_comma_of_an_option_is_explained(cli):
    outcome = cli("render", "beep.json", "-o", "a.wav", "-s", "0,5")
    assert outcome.status == 2 and "must be a number, such as 0.5. See" in outcome.line
