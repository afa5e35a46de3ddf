"""Discovery of the commands, and reporting of their errors."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import commands
from .errors import report

EPILOG = "Exit status: 0 success, 1 failure, 2 wrong usage. Set NODEGRAPH_TRACEBACK=1 to print tracebacks."
TRUST = "trust"  # the parameter of a command that has the option Trust
# every command and group: no shell completion, no rich text
PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}


class Commands(TyperGroup):
    """The commands of a folder. The options of a command are read when it is used: those of all slow down --help."""

    package: ModuleType = commands

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        names = [info.name.replace("_", "-") for info in pkgutil.iter_modules(self.package.__path__)]
        self.commands: Any = dict.fromkeys(names)

    def get_command(self, context: Any, name: str) -> Any:
        return _command(self.package, name) if name in self.commands else None

    def format_commands(self, context: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(self.package, name)) for name in self.commands])


def command() -> Any:
    """Return the command line."""
    return _group(commands, "nodegraph", "A patching environment for sound: check, render and play patches.", _root)


def _group(package: ModuleType, name: str, text: str, root: Callable[..., None]) -> Any:
    """Return the commands of a package; ``root`` runs before each of them."""
    app = typer.Typer(
        cls=type("Commands", (Commands,), {"package": package}),
        name=name,
        help=text,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"]},
        **PLAIN,
    )
    app.callback(invoke_without_command=True)(root)
    return typer.main.get_command(app)


def _module(package: ModuleType, name: str) -> ModuleType:
    return importlib.import_module(f"{package.__name__}.{name.replace('-', '_')}")


def _function(module: ModuleType) -> Callable[..., int | None]:
    """Return the function of a command."""
    found: Callable[..., int | None] = getattr(module, module.__name__.rpartition(".")[2])
    return found


def _command(package: ModuleType, name: str) -> Any:
    """Return the command of a module, or the group of commands of a package."""
    module = _module(package, name)
    if hasattr(module, "__path__"):
        return _group(module, name, module.__doc__ or "", _group_root)
    app = typer.Typer(**PLAIN)
    app.command(name)(_with_exit_status(_function(module)))
    return typer.main.get_command(app)


def _summary(package: ModuleType, name: str) -> str:
    """Return the first line of a command's help."""
    module = _module(package, name)
    text = module.__doc__ if hasattr(module, "__path__") else _function(module).__doc__
    return (text or "").partition("\n")[0]


def _group_root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from nodegraph.version import __version__

        print(f"nodegraph {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


@contextmanager
def _trusting(files: list[Path] | None) -> Iterator[None]:
    """Trust the files of ``--trust`` in the context."""
    if not files:
        yield
        return
    from nodegraph.files.trust import trusting

    with trusting(files):
        yield


def _with_exit_status(function: Callable[..., int | None]) -> Callable[..., int]:
    """Wrap ``function`` so that it returns an exit status and reports errors instead of raising them."""

    @functools.wraps(function)
    def run(**options: Any) -> int:
        try:
            with _trusting(options.get(TRUST)):
                status = function(**options)
            sys.stdout.flush()
            return status or 0
        except (Exception, KeyboardInterrupt) as error:
            return report(error, bool(options.get("json")))

    return run
