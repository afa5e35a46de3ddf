"""Discovery of the commands, and reporting of their errors."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from . import commands
from .errors import report

EPILOG = "Exit status: 0 success, 1 failure, 2 wrong usage. Set NODEGRAPH_TRACEBACK=1 to print tracebacks."


def command() -> Any:
    """Return the command line with all its commands."""
    app = typer.Typer(
        name="nodegraph",
        help="A patching environment for sound: check, render and play patches.",
        epilog=EPILOG,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    for info in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        name = info.name.rpartition(".")[2]
        function = getattr(importlib.import_module(info.name), name)
        app.command(name.replace("_", "-"))(_with_exit_status(function))
    return typer.main.get_command(app)


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
