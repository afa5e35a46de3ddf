"""Controllers as data: a TOML file lists the elements of a device and the function of each.

Files are in ``nodegraph/control/controller_files`` and in the user's folder; to support a controller, add a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from nodegraph.files import folders
from nodegraph.files.records import RecordError, read_record
from nodegraph.midi.ports import ALL, matches
from nodegraph.patch.errors import suggest

from .midi_learn import ControllerInput
from .surface import FUNCTIONS, LAMPS, Surface

FOLDER = Path(__file__).parent / "controller_files"

Number = Annotated[int, Meta(ge=0, le=127)]


class ControllerError(Exception):
    """An unusable controller file; the message is one line."""


class ControllerElement(Struct, frozen=True, forbid_unknown_fields=True):
    """One fader, knob or button of a device, or a row of them from left to right, with its function."""

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
    """A device: ``ports`` is the prefix of its MIDI port names, ``press`` the minimum value of a pressed button."""

    name: Annotated[str, Meta(min_length=1)]
    parts: tuple[ControllerElement, ...]
    ports: str = ""
    help: str = ""
    press: Annotated[int, Meta(ge=1, le=127)] = 64
    path: str = field(default="", name="path")


@dataclass(frozen=True)
class ElementInput:
    """An input from a device: the element, the ``index`` in its row (from 0) and the value (0–127)."""

    part: ControllerElement
    index: int
    value: int

    @property
    def name(self) -> str:
        """``fader 3`` for an element of a row, else ``play``."""
        return f"{self.part.name} {self.index + 1}" if len(self.part.numbers) > 1 else self.part.name


def is_port_of(controller: Controller, port: str, requested: Iterable[str] = (), virtual: str = "") -> bool:
    """Return True for a port of the controller, a port requested by name, and the ``virtual`` port."""
    named = any(name_filter != ALL and matches(name_filter, port) for name_filter in requested)
    return not controller.ports or matches(controller.ports, port) or named or port == virtual


def element_of(controller: Controller, move: ControllerInput) -> ElementInput | None:
    """Return the element that sent ``move``, or None if the controller has no such element."""
    for element in controller.parts:
        if element.message != move.message or move.number not in element.numbers:
            continue
        if element.channel in (None, move.channel):
            return ElementInput(element, element.numbers.index(move.number), move.value)
    return None


def apply_input(controller: Controller, surface: Surface, element_input: ElementInput) -> Surface:
    """Return the surface after an input. Faders and knobs act on every move, buttons when they are pressed."""
    function = FUNCTIONS.get(element_input.part.function)
    if function is None or (element_input.part.kind == "button" and element_input.value < controller.press):
        return surface
    return function(surface, element_input.index, element_input.value)


def lamp_messages(controller: Controller, surface: Surface) -> dict[bytes, bool]:
    """Map the message that lights each lamp to True if the lamp is lit."""
    found = {}
    for element in controller.parts:
        lit = LAMPS.get(element.function)
        if element.lamp and lit is not None:
            status = (0xB0 if element.cc else 0x90) + (element.channel or 1) - 1
            for index, number in enumerate(element.numbers):
                found[bytes((status, number, 127))] = lit(surface, index)
    return found


# -- files ---------------------------------------------------------------------------------------------------


def user_folder() -> Path:
    """Return the folder of user controller files: ``$NODEGRAPH_CONTROLLERS``, else the platform's data folder."""
    if "NODEGRAPH_CONTROLLERS" in os.environ:
        return Path(os.environ["NODEGRAPH_CONTROLLERS"])
    return folders.user_folder("data") / "controllers"


def controller_files() -> dict[str, Path]:
    """Return controller files by name; user files replace built-in ones of the same name."""
    found = {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}
    return found | {path.stem: path for path in sorted(user_folder().glob("*.toml"))}


def find_controller(name: str) -> Controller:
    """Return a controller by name or from a .toml file. Raises :class:`ControllerError`."""
    files = controller_files()
    if name in files:
        return read_controller(files[name])
    if name.endswith(".toml") or "/" in name or os.sep in name:
        return read_controller(Path(name))
    hint = suggest(name, files) or f" Use one of {', '.join(files)}, or a .toml file."
    raise ControllerError(f"unknown controller '{name}'.{hint}")


def read_controller(path: Path) -> Controller:
    """Read a controller file. Raises :class:`ControllerError`, one line, if it is unusable."""
    try:
        controller = msgspec.structs.replace(read_record(path, Controller), path=str(path))
    except RecordError as error:
        raise ControllerError(str(error)) from None
    _check(controller, path)
    return controller


def _check(controller: Controller, path: Path) -> None:
    used: dict[tuple[str, int, int | None], str] = {}
    for element in controller.parts:
        where = f"{path}: control '{element.name}'"
        if bool(element.cc) == bool(element.note):
            raise ControllerError(f"{where}: must have either cc or note numbers, such as cc = [0, 1, 2].")
        if element.function and element.function not in FUNCTIONS:
            hint = suggest(element.function, FUNCTIONS) or f" Use one of {', '.join(FUNCTIONS)}."
            raise ControllerError(f"{where}: unknown function '{element.function}'.{hint}")
        for number in element.numbers:
            other = used.setdefault((element.message, number, element.channel), element.name)
            if other != element.name or element.numbers.count(number) > 1:
                raise ControllerError(
                    f"{where}: duplicate number {number}, also used by '{other}'. Remove one of them."
                )
