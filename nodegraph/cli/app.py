"""Discovery of the commands, and reporting of their errors."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import commands
from .errors import report

EPILOG = "Exit status: 0 success, 1 failure, 2 wrong usage. Set NODEGRAPH_TRACEBACK=1 to print tracebacks."


class Commands(TyperGroup):
    """The commands of the folder. The options of a command are read when it is used: those of all slow down --help."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        names = [info.name.replace("_", "-") for info in pkgutil.iter_modules(commands.__path__)]
        self.commands: Any = dict.fromkeys(names)

    def get_command(self, context: Any, name: str) -> Any:
        return _command(name) if name in self.commands else None

    def format_commands(self, context: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.commands])


def command() -> Any:
    """Return the command line."""
    app = typer.Typer(
        cls=Commands,
        name="nodegraph",
        help="A patching environment for sound: check, render and play patches.",
        epilog=EPILOG,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    return typer.main.get_command(app)


def _function(name: str) -> Callable[..., int | None]:
    """Import the function of a command."""
    name = name.replace("-", "_")
    found: Callable[..., int | None] = getattr(importlib.import_module(f"{commands.__name__}.{name}"), name)
    return found


def _command(name: str) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name)(_with_exit_status(_function(name)))
    return typer.main.get_command(app)


def _summary(name: str) -> str:
    """Return the first line of a command's help."""
    return (_function(name).__doc__ or "").partition("\n")[0]


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        from nodegraph.version import __version__

        print(f"nodegraph {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def _with_exit_status(function: Callable[..., int | None]) -> Callable[..., int]:
    """Wrap ``function`` so that it returns an exit status and reports errors instead of raising them."""

    @functools.wraps(function)
    def run(**options: Any) -> int:
        try:
            status = function(**options)
            sys.stdout.flush()
            return status or 0
        except (Exception, KeyboardInterrupt) as error:
            return report(error, bool(options.get("json")))

    return run
