"""Discovery of the commands, and reporting of their errors."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import commands
from .errors import report

EPILOG = "Exit status: 0 success, 1 failure, 2 wrong usage. Set NODEGRAPH_TRACEBACK=1 to print tracebacks."


def command() -> Any:
    """Return the command line with all its commands."""
    app = _group("nodegraph", "A patching environment for sound: check, render and play patches.")
    app.callback(invoke_without_command=True)(_root)
    _add_commands(app, commands)
    return typer.main.get_command(app)


class _SortedGroup(TyperGroup):
    """A group whose help lists commands and groups in alphabetical order."""

    def list_commands(self, context: Any) -> list[str]:
        return sorted(super().list_commands(context))


def _group(name: str, text: str) -> typer.Typer:
    return typer.Typer(
        name=name,
        cls=_SortedGroup,
        help=text,
        epilog=EPILOG,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _add_commands(app: typer.Typer, package: ModuleType) -> None:
    """Add the function of each module of a package as a command, and each package in it as a group of commands."""
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        name = info.name.rpartition(".")[2]
        module = importlib.import_module(info.name)
        if info.ispkg:
            group = _group(name.replace("_", "-"), (module.__doc__ or "").split("\n\n")[0])
            group.callback(invoke_without_command=True)(_group_help)
            _add_commands(group, module)
            app.add_typer(group)
        else:
            app.command(name.replace("_", "-"))(_with_exit_status(getattr(module, name)))


def _group_help(context: typer.Context) -> None:
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
