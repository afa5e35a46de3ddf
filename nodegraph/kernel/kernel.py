"""The kernel of a block: parameters of its equation, layout of its argument block, native code.

A :class:`Kernel` is everything that a plan needs to add a node: the layout of its argument block, the
address of its native code (compiled or loaded on first use) and the same computation in Python.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from nodegraph.native import words
from nodegraph.native.build import (
    KernelError,
    KernelSource,
    inline_ir,
    inline_symbol,
    is_cached,
    kernel_address,
    kernel_symbol,
)
from nodegraph.native.identity import code_identity
from nodegraph.native.inline import inline_tick
from nodegraph.native.wrap import TickLayout, entry, tick_kernel
from nodegraph.node import Node, Settings

from .block_adapter import block_adapter, tick_adapter
from .frame_adapter import frame_adapter
from .native_function import COMPILING, native_call
from .parameter import KernelParameter
from .stepping import stepper

BLOCK_HEADER = 5  # words: lanes, sr, dt, frame clock, number of frames with NaN or Inf
FRAME_SIZES = ("bins", "size", "hop", "reference")


class Kernel:
    """The computation of a block, with its Choice settings compiled in.

    ``parameters`` are those of the equation, ``words`` is the length of the argument block. ``part`` is "tick",
    "block" or "frame"; "block" and "frame" of one block share an argument block layout.
    """

    def __init__(self, cls: type[Node], settings: Settings, part: str = "") -> None:
        self.cls = cls
        self.part = part or ("block" if cls.block else "frame" if cls.frame else "tick")
        self.name = f"{cls.type}_frame" if self.part == "frame" else cls.type
        self.is_tick = self.part == "tick"
        function = {"block": cls.block, "frame": cls.frame, "tick": cls.tick}[self.part]
        if self.is_tick and (cls.spec.memories or cls.spec.event_inputs or cls.spec.event_outputs):
            raise KernelError(f"block '{cls.type}': a tick has no memory and no events; write a block")
        if cls.formula is not None and self.part != "block":
            function = cls.formula(settings)
        if function is None:
            raise KernelError(f"block '{cls.type}' has neither tick nor block")
        self.function: Callable[..., Any] = function
        self.choices = {name: choice.values.index(settings[name]) for name, choice in cls.spec.choices.items()}
        self.choices |= {name: int(bool(settings.get(name))) for name in cls.spec.wired}
        self.numbers = [name for name, option in cls.spec.options.items() if _is_number(option.default)]
        self.parameters, self.words = self._assign_words()

    # -- layout ------------------------------------------------------------------------------------------

    def _assign_words(self) -> tuple[list[KernelParameter], int]:
        spec = self.cls.spec
        word = 3 if self.is_tick else BLOCK_HEADER
        parameter_words: dict[str, KernelParameter] = {
            "sr": KernelParameter("sr", "sr", 1),
            "dt": KernelParameter("dt", "dt", 2),
        }
        groups: list[tuple[str, Mapping[str, Any], int]] = [
            ("input", spec.inputs, 2),
            ("output", spec.outputs, 1 if self.is_tick else 2),
            ("state", spec.states, 1 if self.is_tick else 2),
            ("memory", spec.memories, 2),
            ("events", spec.event_inputs | spec.event_outputs, 1),
            ("line", spec.lines, 2 if self.is_tick else 3),
            ("scratch", spec.scratches, 2),
            ("table", spec.tables, 2),
        ]
        for kind, members, width in groups:
            for name, member in members.items():
                integer = kind == "state" and isinstance(member.init, int)
                integer = integer or (kind == "state" and member.seeded)
                parameter_words[name] = KernelParameter(name, kind, word, integer=integer)
                if kind in ("line", "table"):
                    parameter_words[f"{name}_size"] = KernelParameter(f"{name}_size", f"{kind}_size", word + width - 1)
                if kind == "scratch":
                    parameter_words[f"{name}_size"] = KernelParameter(f"{name}_size", "number", word + 1, integer=True)
                if kind == "input" and member.bank:
                    if self.is_tick:
                        raise KernelError(f"block '{self.name}': a tick has no banks; write a block or a frame")
                    parameter_words[name] = KernelParameter(name, "input" if self.part == "block" else "bank", word)
                    parameter_words[f"{name}_size"] = KernelParameter(f"{name}_size", "number", word + 1, integer=True)
                word += width
        for name in self.numbers:
            integer = isinstance(spec.options[name].default, int)
            parameter_words[name] = KernelParameter(name, "number", word, integer=integer)
            word += 1
        for name, port in (spec.frame_inputs | spec.frame_outputs).items():
            parts = {"_re": "frame_re", "_im": "frame_im"} if port.kind == "spectrum" else {"": "frame"}
            for suffix, kind in parts.items():
                parameter_words[name + suffix] = KernelParameter(name + suffix, kind, word)
            parameter_words[f"{name}_bins"] = KernelParameter(f"{name}_bins", "number", word + 1, integer=True)
            word += 3
        for name in spec.transforms:
            parameter_words[name] = KernelParameter(name, "number", word, integer=True)
            word += 1
        if spec.frame_inputs or spec.frame_outputs:
            for name in FRAME_SIZES:
                parameter_words[name] = KernelParameter(name, "number", word, integer=True)
                word += 1
            parameter_words["age"] = KernelParameter("age", "local")
            parameter_words["lane"] = KernelParameter("lane", "local")
        for name, index in self.choices.items():
            if (
                spec.event_inputs or spec.event_outputs
            ):  # equations on events are long: compile one kernel for all choices
                parameter_words[name] = KernelParameter(name, "number", word, integer=True)
                word += 1
            else:
                parameter_words[name] = KernelParameter(name, "constant", constant=index)
        if self.cls.device == "input":
            parameter_words["device"] = KernelParameter("device", "input", word)
            parameter_words["column"] = KernelParameter("column", "number", word + 2, integer=True)
            word += 3
        if self.cls.device == "events":
            parameter_words["arrivals"] = KernelParameter("arrivals", "events", word)
            parameter_words["ports"] = KernelParameter("ports", "memory", word + 1, integer=True)
            word += 3
        names = list(inspect.signature(self.function).parameters)
        if not self.is_tick:
            for name in [*self.shared_types]:
                parameter_words[name] = KernelParameter(name, "shared", word)
                word += 2
        unknown = [name for name in names if name not in parameter_words]
        if unknown:
            raise KernelError(
                f"block '{self.name}': its equation has undeclared parameters: {', '.join(unknown)}. Declare them"
            )
        if self.part != "frame" and any(parameter_words[name].kind == "scratch" for name in names):
            raise KernelError(f"block '{self.name}': only a frame has scratch memory; declare a Line")
        self.parameter_words = parameter_words
        return [parameter_words[name] for name in names], word

    @cached_property
    def tick_layout(self) -> TickLayout:
        spec = self.cls.spec
        order = {
            "input": list(spec.inputs),
            "state": list(spec.states),
            "line": list(spec.lines),
            "table": list(spec.tables),
            "number": self.numbers,
        }
        parameters: list[tuple[str, float]] = []
        for p in self.parameters:
            if p.kind in ("line_size", "table_size"):
                parameters.append((p.kind, order[p.kind[:-5]].index(p.name[:-5])))
            elif p.kind == "constant":
                parameters.append(("constant", p.constant))
            else:
                parameters.append((p.kind, order[p.kind].index(p.name) if p.kind in order else 0))
        return TickLayout(
            inputs=len(spec.inputs),
            outputs=len(spec.outputs),
            integer_states=tuple(self.parameter_words[name].integer for name in spec.states),
            lines=len(spec.lines),
            tables=len(spec.tables),
            integer_numbers=tuple(self.parameter_words[name].integer for name in self.numbers),
            parameters=tuple(parameters),
        )

    # -- native ------------------------------------------------------------------------------------------

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Cache key: equal for kernels with the same code."""
        shape = [(p.name, p.kind, p.word, p.constant, p.integer) for p in self.parameters]
        adapters = {"tick": lambda: self.function, "block": self._block_adapter, "frame": self._frame_adapter}
        code = adapters[self.part]()
        return (repr(shape), self.words, self.is_tick, code_identity(code))

    @cached_property
    def address(self) -> int:
        """Address of the native code. Raises KernelError if it could allocate, raise or call an impure function."""
        with COMPILING:
            address = kernel_address(self.name, self.key, self.modules, self._calls_kernels)
            if "_compiled_tick" in vars(self):
                self.inline  # noqa: B018 - cached while the front end is at hand, which fusion then does not need
        # An FFT in Python would be slow: the stepper runs frames natively too.
        words.python_kernel(address, native_call(address) if self.part == "frame" else self.run_in_python)
        return address

    @property
    def cached(self) -> bool:
        """Whether the kernel is loaded or cached."""
        return is_cached(self.name, self.key)

    @property
    def _calls_kernels(self) -> bool:
        """Whether it may call a kernel: only that of its transform."""
        return bool(self.cls.spec.transforms)

    def sources(self) -> dict[str, KernelSource]:
        """Return the sources of the native code, and of the IR that fused kernels inline, by symbol."""
        symbol = kernel_symbol(self.name, self.key)
        found = {symbol: KernelSource(self.name, self.modules(symbol), self._calls_kernels)}
        if self.is_tick:
            symbol = inline_symbol(self.name, self.key)
            found[symbol] = KernelSource(self.name, self._inline_modules(symbol), inline=True)
        return found

    def modules(self, symbol: str) -> list[str]:
        """Return the LLVM modules of the kernel."""
        from nodegraph.native.frontend import compile_words_to_ir

        try:
            if not self.is_tick:
                adapter = self._block_adapter() if self.part == "block" else self._frame_adapter()
                ir, inner = compile_words_to_ir(adapter)
                return [ir, entry(symbol, inner)]
            ir, inner = self._compiled_tick
            return [ir, tick_kernel(symbol, inner, self.tick_layout)]
        except KernelError:
            raise
        except Exception as error:  # Numba has many exception types for code that does not compile
            raise KernelError(f"block '{self.name}' does not compile: {self._compiler_message(error)}.") from error

    @cached_property
    def _compiled_tick(self) -> tuple[str, str]:
        """The IR of the tick and the symbol of its entry point, from the compiler's front end."""
        from numba import types

        from nodegraph.native.frontend import compile_to_ir

        pointer, integer, real = types.CPointer(types.float32), types.int64, types.float64
        arguments: list[Any] = []
        for p in self.parameters:
            if p.kind in ("line", "table"):
                arguments.append(pointer)
            elif p.integer or p.kind in ("line_size", "table_size", "constant"):
                arguments.append(integer)
            else:
                arguments.append(real)
        results: list[Any] = [real] * len(self.cls.spec.outputs)
        results += [integer if flag else real for flag in self.tick_layout.integer_states]
        return compile_to_ir(self._tick_adapter(), arguments, types.Tuple(results))

    @cached_property
    def inline(self) -> tuple[str, str]:
        """Symbol and IR of the tick as a function of values, for fused kernels. Raises KernelError like ``address``."""
        with COMPILING:
            return inline_ir(self.name, self.key, self._inline_modules)

    def _inline_modules(self, symbol: str) -> list[str]:
        ir, inner = self._compiled_tick
        return [ir, inline_tick(symbol, inner, self.tick_layout)]

    def _compiler_message(self, error: Exception) -> str:
        """Return the most informative line of a compiler message."""
        lines = [line.strip() for line in str(error).splitlines()]
        compiler_lines = [line for line in lines if line and not line.lower().startswith(_COMPILER_NOISE)]
        reason = compiler_lines[0].rstrip(".:") if compiler_lines else type(error).__name__
        if self.is_tick and any(cast in reason for cast in ("<class 'float'>", "<class 'int'>", "unpack", "uple")):
            results = ", ".join([*self.cls.spec.outputs, *self.cls.spec.states])
            return f"its tick must return ({results}), all of them numbers"
        return reason

    def _tick_adapter(self) -> Callable[..., Any]:
        integer = [p.integer for p in self._results]
        return tick_adapter(self.function, self.parameters, integer)

    def _block_adapter(self) -> Callable[..., Any]:
        event_words = [self.parameter_words[name].word for name in self.cls.spec.event_outputs]
        return block_adapter(self.function, self.parameters, event_words, self.shared_types)

    def _frame_adapter(self) -> Callable[..., Any]:
        return frame_adapter(self.cls.spec, self.function, self.parameters, self.parameter_words, self.shared_types)

    @property
    def _results(self) -> list[KernelParameter]:
        """Results of a tick: its outputs, then its new states."""
        return [self.parameter_words[name] for name in [*self.cls.spec.outputs, *self.cls.spec.states]]

    @cached_property
    def shared_types(self) -> dict[str, str]:
        """Types of the arrays that the helpers share, by name: "f4", "f8" or "i8"."""
        types: dict[str, str] = {}
        for helper in self.cls.spec.helpers.values():
            types |= getattr(helper.open, "array_types", {})
        return types

    # -- Python ------------------------------------------------------------------------------------------

    @cached_property
    def run_in_python(self) -> Callable[[int, int, int], None]:
        """The same kernel in plain Python, sample by sample: for stepping, teaching and testing."""
        return stepper(self.function, self.parameters, self._results) if self.is_tick else self._block_adapter()


@lru_cache(maxsize=4096)
def _kernel(
    cls: type[Node], choices: tuple[str, ...], wired: tuple[bool, ...], options: tuple[Any, ...], part: str
) -> Kernel:
    settings: dict[str, Any] = dict(zip(cls.spec.choices, choices, strict=True))
    settings |= dict(zip(cls.spec.wired, wired, strict=True)) | dict(zip(cls.spec.options, options, strict=False))
    return Kernel(cls, settings, part)


def kernel_of(cls: type[Node], settings: Settings, part: str = "") -> Kernel:
    """Return the kernel of a block, or of one part of it, with these settings; cached."""
    choices = tuple(settings[name] for name in cls.spec.choices)
    options = tuple(settings[name] for name in cls.spec.options) if cls.formula else ()
    wired = tuple(bool(settings.get(name)) for name in cls.spec.wired)
    return _kernel(cls, choices, wired, options, part)  # type: ignore[arg-type]  # mypy does not treat classes as hashable


# Beginnings of uninformative lines in Numba's messages.
_COMPILER_NOISE = (
    "failed in nopython",
    "during:",
    "enable logging",
    "file ",
    "there are ",
    "overload ",
    "- ",
    "raised from",
)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, str)
