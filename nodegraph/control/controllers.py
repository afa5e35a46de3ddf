"""Controllers as data: a file says what is on a device and which function each thing on it has.

Files lie in ``nodegraph/controllers`` and in the user's folder; another controller is another file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from nodegraph.midi.ports import ALL, matches
from nodegraph.patch.errors import suggest

from .midi_learn import ControllerInput
from .surface import FUNCTIONS, LAMPS, Surface

FOLDER = Path(__file__).parent / "controller_files"
MAX_FILE_BYTES = 1 << 20  # bytes

Number = Annotated[int, Meta(ge=0, le=127)]


class ControllerError(Exception):
    """A controller file that cannot be used; one line says why."""


class ControllerElement(Struct, frozen=True, forbid_unknown_fields=True):
    """One control of a device, or a row of them from left to right, with what it does."""

    name: Annotated[str, Meta(min_length=1)]
    kind: Literal["fader", "knob", "button"]
    cc: tuple[Number, ...] = ()
    note: tuple[Number, ...] = ()
    channel: Annotated[int, Meta(ge=1, le=16)] | None = None
    function: str = ""
    lamp: bool = False

    @property
    def numbers(self) -> tuple[int, ...]:
        return self.cc or self.note

    @property
    def message(self) -> str:
        return "control_change" if self.cc else "note"


class Controller(Struct, frozen=True, forbid_unknown_fields=True, rename={"parts": "control"}):
    """A device: ``ports`` is how the names of its MIDI ports begin, ``press`` what a pressed button sends at least."""

    name: Annotated[str, Meta(min_length=1)]
    parts: tuple[ControllerElement, ...]
    ports: str = ""
    help: str = ""
    press: Annotated[int, Meta(ge=1, le=127)] = 64
    path: str = field(default="", name="path")


@dataclass(frozen=True)
class ElementInput:
    """A control of a device that moved: ``index`` one of its row, and its value (0–127)."""

    part: ControllerElement
    index: int
    value: int

    @property
    def name(self) -> str:
        """``fader 3``, or ``play`` where there is one."""
        return f"{self.part.name} {self.index + 1}" if len(self.part.numbers) > 1 else self.part.name


def is_port_of(controller: Controller, port: str, asked: Iterable[str] = (), virtual: str = "") -> bool:
    """Does ``port`` play as the controller? Its own do, those that were asked for by name, and our ``virtual`` one."""
    named = any(wanted != ALL and matches(wanted, port) for wanted in asked)
    return not controller.ports or matches(controller.ports, port) or named or port == virtual


def element_of(controller: Controller, move: ControllerInput) -> ElementInput | None:
    """What on the controller moved; None if nothing of it sends that."""
    for part in controller.parts:
        if part.message != move.message or move.number not in part.numbers:
            continue
        if part.channel in (None, move.channel):
            return ElementInput(part, part.numbers.index(move.number), move.value)
    return None


def apply_input(controller: Controller, surface: Surface, element_input: ElementInput) -> Surface:
    """The surface after a touch: faders and knobs act with every move, buttons when they are pressed."""
    function = FUNCTIONS.get(element_input.part.function)
    if function is None or (element_input.part.kind == "button" and element_input.value < controller.press):
        return surface
    return function(surface, element_input.index, element_input.value)


def lamp_messages(controller: Controller, surface: Surface) -> dict[bytes, bool]:
    """For each lamp the message that lights it, and whether it is lit."""
    found = {}
    for part in controller.parts:
        lit = LAMPS.get(part.function)
        if part.lamp and lit is not None:
            status = (0xB0 if part.cc else 0x90) + (part.channel or 1) - 1
            for index, number in enumerate(part.numbers):
                found[bytes((status, number, 127))] = lit(surface, index)
    return found


# -- files ---------------------------------------------------------------------------------------------------


def user_folder() -> Path:
    """Folder of the user's own controller files: ``$NODEGRAPH_CONTROLLERS``, else the platform's data folder."""
    if "NODEGRAPH_CONTROLLERS" in os.environ:
        return Path(os.environ["NODEGRAPH_CONTROLLERS"])
    from platformdirs import user_data_path

    return user_data_path("nodegraph") / "controllers"


def controller_files() -> dict[str, Path]:
    """Controller files by name; the user's own come before ours."""
    found = {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}
    return found | {path.stem: path for path in sorted(user_folder().glob("*.toml"))}


def find_controller(name: str) -> Controller:
    """The controller of that name or in that file. Raises :class:`ControllerError`."""
    files = controller_files()
    if name in files:
        return read_controller(files[name])
    if name.endswith(".toml") or "/" in name or os.sep in name:
        return read_controller(Path(name))
    hint = suggest(name, files) or f" There are {', '.join(files)}; or give a .toml file."
    raise ControllerError(f"there is no controller '{name}'.{hint}")


def read_controller(path: Path) -> Controller:
    """The controller in a file. Raises :class:`ControllerError`, one line, where it cannot be used."""
    try:
        if not path.is_file():
            raise ControllerError(f"{path}: there is no such file.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ControllerError(f"{path}: larger than {MAX_FILE_BYTES} bytes, so this is no controller file.")
        data: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        controller = msgspec.convert({**data, "path": str(path)}, Controller)
    except OSError as error:
        raise ControllerError(f"{path}: cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ControllerError(f"{path}: not TOML: {error}.") from None
    except msgspec.ValidationError as error:
        raise ControllerError(f"{path}: {_sentence(error)}") from None
    _check(controller, path)
    return controller


def _check(controller: Controller, path: Path) -> None:
    used: dict[tuple[str, int, int | None], str] = {}
    for part in controller.parts:
        where = f"{path}: control '{part.name}'"
        if bool(part.cc) == bool(part.note):
            raise ControllerError(f"{where}: give it either cc or note numbers, such as cc = [0, 1, 2].")
        if part.function and part.function not in FUNCTIONS:
            hint = suggest(part.function, FUNCTIONS) or f" There are {', '.join(FUNCTIONS)}."
            raise ControllerError(f"{where}: there is no function '{part.function}'.{hint}")
        for number in part.numbers:
            other = used.setdefault((part.message, number, part.channel), part.name)
            if other != part.name or part.numbers.count(number) > 1:
                raise ControllerError(f"{where}: number {number} stands there twice, see '{other}'.")


def _sentence(error: msgspec.ValidationError) -> str:
    what, _, where = str(error).partition(" - at ")
    place = where.strip("`").removeprefix("$").removeprefix(".")
    return f"{place + ': ' if place else ''}{what.replace('`', '')}."
