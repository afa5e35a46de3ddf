"""Linking, verification, optimisation, caching and loading of kernels.

The object code of a kernel is stored in the user's cache folder, signed with a key of the user. Its symbol covers the
function, the functions it calls and the wrapper; the name of its file also the compiler and the processor. What is not
in the cache may be in a prebuilt set (``prebuilt.py``), under a symbol that is the same in all versions of Python, else
it is compiled. Only then Numba is needed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm

from nodegraph.files.folders import user_folder
from nodegraph.files.private import locked_name
from nodegraph.files.signed_cache import read_signed, write_signed

from .identity import CodeIdentity
from .inline import without_compiler_globals
from .prebuilt import best_set, prebuilt
from .runtime import RUNTIME_FUNCTIONS, runtime_ir
from .target import Target, host, machine
from .wrap import UNREACHABLE_RAISE

# Pure functions of libm and the C library that neither allocate, lock nor wait.
_PURE_FUNCTIONS = frozenset(
    f"{name}{suffix}"
    for name in "sin cos tan asin acos atan atan2 sinh cosh tanh exp exp2 expm1 log log2 log10 log1p pow sqrt cbrt "
    "hypot fmod floor ceil trunc rint round nearbyint fma fabs fmin fmax copysign ldexp".split()
    for suffix in ("", "f")
) | {"memcpy", "memset", "memmove", "clock_gettime"}

OBJECT, INLINE = ".o", ".inline"  # files of the cache
_WITHOUT_CODE = ("compiler_process.py", "parts.py", "prebuilt.py")  # modules here that determine no code


class KernelError(Exception):
    """A function cannot be compiled to a kernel; the message is one line."""


def cache_folder() -> Path:
    """Return the folder of cached kernels: ``$NODEGRAPH_CACHE``, else the platform's cache folder."""
    if "NODEGRAPH_CACHE" in os.environ:
        return Path(os.environ["NODEGRAPH_CACHE"]).absolute()
    return user_folder("cache") / "kernels"


class KernelSource(NamedTuple):
    """A kernel before it is optimised: LLVM modules, and what :func:`kernel_address` says about it.

    The source of a function that kernels inline has ``inline`` set. Those in a ``fused`` kernel are optimised already.
    """

    name: str
    modules: list[str]
    calls_kernels: bool = False
    fused: bool = False
    inline: bool = False

    def code(self, target: Target) -> bytes:
        """Return the object code, or the IR to be inlined. Raises KernelError as :func:`kernel_address`."""
        return self.emit(self.optimised(target), target)

    def optimised(self, target: Target) -> llvm.ModuleRef:
        """Return the linked, optimised and verified module. Raises KernelError as :func:`kernel_address`."""
        processor = machine(target)
        linked = None
        for text in self.modules:
            module = llvm.parse_assembly(text)
            module.triple = processor.triple
            module.data_layout = str(processor.target_data)
            if linked is None:
                linked = module
            else:
                linked.link_in(module)
        assert linked is not None
        if any(function.name in RUNTIME_FUNCTIONS for function in linked.functions):
            linked.link_in(llvm.parse_assembly(runtime_ir(processor.triple)))
        kernel = modules_symbol(self.modules)
        for function in linked.functions:
            if not function.is_declaration and function.name != kernel:
                function.linkage = "internal"
                if function.name.startswith("_ZN"):  # compiled by Numba: must be inlined to vectorise the loops
                    function.add_function_attribute("alwaysinline")
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        options.loop_vectorization = not self.inline
        options.slp_vectorization = not self.inline and not self.fused  # it gains nothing in fused kernels
        builder = llvm.create_pass_builder(processor, options)
        builder.getModulePassManager().run(linked, builder)
        if self.fused:  # loops have become straight code; another run of all passes gains nothing
            manager = builder.getFunctionPassManager()
            for function in linked.functions:
                if not function.is_declaration:
                    manager.run(function, builder)
        else:
            builder.getModulePassManager().run(linked, builder)
        linked.verify()
        _prove(self.name, linked, self.calls_kernels)
        return linked

    def emit(self, module: llvm.ModuleRef, target: Target) -> bytes:
        """Return the code of an optimised module."""
        text, processor = str(module), machine(target)
        if self.inline:
            return without_compiler_globals(text).encode()
        if _SIGNS.search(text) and _SIGN_MASK.search(processor.emit_assembly(module.clone())):
            processor = machine(target._replace(features=f"{target.features},{_NO_MASKS}".lstrip(",")))
        code: bytes = processor.emit_object(module)
        return code


def kernel_address(
    name: str,
    parts: tuple[Any, ...],
    make_ir: Callable[[str], list[str]],
    calls_kernels: bool = False,
    fused: bool = False,
) -> int:
    """Return the address of a kernel that is loaded, or read from the cache or a prebuilt set, or compiled.

    ``parts`` must cover everything that determines the code; ``make_ir(symbol)`` returns the modules to link.
    ``calls_kernels`` allows calls by address, which the functions of the engine need; ``fused`` is for fused kernels.
    Raises :class:`KernelError` if the code could allocate, raise, or call an impure function.
    """
    symbol = _symbol(name, parts)
    if symbol not in _loaded:
        path = _cache_file(symbol, OBJECT)
        if not _load(read_signed(path), symbol) and not _load(_prebuilt(symbol, name, parts), symbol):
            with locked_name(path):
                # another process may have compiled it meanwhile
                if not _load(read_signed(path), symbol):
                    source = KernelSource(name, make_ir(symbol), calls_kernels, fused)
                    module = _record(name, parts, source).optimised(host())
                    code = source.emit(module, host())
                    # on a read-only or full disk it is compiled again at the next start
                    if write_signed(path, code) and os.environ.get("NODEGRAPH_KEEP_IR"):
                        path.with_suffix(".ll").write_text(str(module))
                    if not _load(code, symbol):
                        raise KernelError(f"{name}: the compiled kernel could not be loaded")
    address: int = _engine().get_function_address(symbol)
    return address


def kernel_symbol(name: str, parts: tuple[Any, ...]) -> str:
    """Return the symbol of a kernel; arguments of :func:`kernel_address`."""
    return _symbol(name, parts)


def add_code(symbol: str, source: KernelSource, code: bytes) -> bool:
    """Load and cache the code of a kernel from a process of this program. Return whether it is that of the kernel."""
    if not source.inline and symbol not in _loaded and not _load(code, symbol):
        return False
    write_signed(_cache_file(symbol, INLINE if source.inline else OBJECT), code)
    return True


def inline_symbol(name: str, parts: tuple[Any, ...]) -> str:
    """Return the symbol of a function that kernels inline; arguments of :func:`inline_ir`."""
    symbol = _symbol(name, ("inline", *parts))
    _inlined[symbol] = name, ("inline", *parts)
    return symbol


def inline_ir(name: str, parts: tuple[Any, ...], make_ir: Callable[[str], list[str]]) -> tuple[str, str]:
    """Return the symbol and the IR of a function that kernels inline: from the cache, a prebuilt set or the compiler.

    Arguments and errors as for :func:`kernel_address`.
    """
    symbol = inline_symbol(name, parts)
    path = _cache_file(symbol, INLINE)
    _, parts = _inlined[symbol]
    stored = read_signed(path) or _prebuilt(symbol, name, parts, version("llvmlite"))
    if stored is None:
        stored = _record(name, parts, KernelSource(name, make_ir(symbol), inline=True)).code(host())
        write_signed(path, stored)
    return symbol, stored.decode()


def is_cached(name: str, parts: tuple[Any, ...]) -> bool:
    """Return whether the kernel is loaded or cached."""
    symbol = _symbol(name, parts)
    if symbol in _loaded or read_signed(_cache_file(symbol, OBJECT)) is not None:
        return True
    return _prebuilt(symbol, name, parts) is not None


@contextmanager
def recorded_sources() -> Iterator[dict[str, KernelSource]]:
    """Yield a dictionary that collects the sources of all kernels compiled meanwhile, by :func:`portable_symbol`."""
    _recorders.append({})
    try:
        yield _recorders[-1]
    finally:
        _recorders.pop()


def _record(name: str, parts: tuple[Any, ...], source: KernelSource) -> KernelSource:
    for recorder in _recorders:
        recorder[portable_symbol(name, parts)] = source
    return source


_recorders: list[dict[str, KernelSource]] = []
_inlined: dict[str, tuple[str, tuple[Any, ...]]] = {}  # names and parts of inlined functions, by symbol


# -- prebuilt kernels ----------------------------------------------------------------------------------


def portable_symbol(name: str, parts: tuple[Any, ...]) -> str:
    """Return the symbol of a kernel in a prebuilt set, the same in all versions of Python."""
    return _named(name, [_portable(part) for part in parts])


def renamed(code: bytes, symbol: str, name: str) -> bytes:
    """Return code in which a symbol has another name of the same length."""
    return code.replace(symbol.encode(), name.encode())


def _prebuilt(symbol: str, name: str, parts: tuple[Any, ...], compiler: str = "") -> bytes | None:
    if best_set() is None:
        return None
    portable = portable_symbol(name, parts)
    code = prebuilt(portable, compiler)
    return None if code is None else renamed(code, portable, symbol)


_SYMBOL = re.compile(r"\b\w+_[0-9a-f]{24}\b")


def _portable(part: Any) -> Any:
    """Return a part without byte code: source, or IR that calls inlined functions by their portable symbols."""
    if isinstance(part, CodeIdentity):
        return part.source
    if not isinstance(part, str):
        return part
    return _SYMBOL.sub(lambda found: portable_symbol(*_inlined[found[0]]) if found[0] in _inlined else found[0], part)


def optimised_ir(
    name: str, parts: tuple[Any, ...], make_ir: Callable[[str], list[str]], calls_kernels: bool = False
) -> tuple[str, str]:
    """Return the symbol and the optimised IR of a kernel, for inspection and tests; arguments of `kernel_address`.

    The IR is read from the cache if the kernel was compiled with ``NODEGRAPH_KEEP_IR``, else compiled.
    """
    symbol = _symbol(name, parts)
    path = _cache_file(symbol, ".ll")
    if path.exists():
        return symbol, path.read_text()
    return symbol, str(KernelSource(name, make_ir(symbol), calls_kernels).optimised(host()))


# -- compile -------------------------------------------------------------------------------------------


def modules_symbol(modules: list[str]) -> str:
    """Return the symbol of the kernel: the only external definition of the last module."""
    for line in reversed(modules[-1].splitlines()):
        if line.startswith("define ") and not line.startswith("define internal"):
            return line.split("@", 1)[1].split("(", 1)[0]
    raise KernelError("no kernel in the module")


# Calls, calls of named functions, and addresses in this process, in the text of a module.
_FIXED_ADDRESS = re.compile(r"\binttoptr \(i64 \d")
_CALL, _NAMED_CALL = re.compile(r"^.*\bcall\b.*$", re.MULTILINE), re.compile(r"\bcall\b[^@\n]*? @[-\w.$\"]+\(")


def _prove(name: str, module: llvm.ModuleRef, calls_kernels: bool) -> None:
    """Reject code that could allocate, raise, lock or enter Python: only calls of pure functions are allowed."""
    for function in module.functions:
        if not function.is_declaration or function.name.startswith("llvm.") or function.name in _PURE_FUNCTIONS:
            continue
        if function.name == UNREACHABLE_RAISE:
            raise KernelError(
                f"{name}: the compiler cannot prove that it never raises. "
                "Look for a division of ints, an index from an expression, or arrays of unequal shape."
            )
        raise KernelError(f"{name}: calls {function.name}, which may allocate or wait; kernels must not")
    text = str(module)
    if _FIXED_ADDRESS.search(text):
        raise KernelError(f"{name}: uses an object of Python by its address, which the audio thread must not")
    if not calls_kernels and not all(_NAMED_CALL.search(call) for call in _CALL.findall(text)):
        raise KernelError(f"{name}: calls a function by its address, which may allocate or wait; kernels must not")


# LLVM 22 takes the signs of vectors in registers 16 to 31 from other registers: it replaces an instruction by an older
# one that cannot reach them (https://github.com/llvm/llvm-project/issues/191304). Without these features it has no such
# instruction.
_SIGNS = re.compile(r"\bicmp slt <[^,]*, zeroinitializer|\btrunc [^%\n]*<\d+ x i\d+> \S+ to <\d+ x i1>")
_SIGN_MASK = re.compile(r"\bv(?:movmskp[sd]|pmovmskb)\b")
_NO_MASKS = "-avx512dq,-avx512bw"


# -- load ----------------------------------------------------------------------------------------------

_loaded: set[str] = set()


@cache
def _engine() -> llvm.ExecutionEngine:
    processor = machine(host())
    backing = llvm.parse_assembly("")
    backing.triple = processor.triple
    return llvm.create_mcjit_compiler(backing, processor)


def _load(code: bytes | None, symbol: str) -> bool:
    """Load the object code of a kernel. Return whether it is code, and of this kernel."""
    if code is None:
        return False
    engine = _engine()
    try:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
    except RuntimeError:
        return False
    if not engine.get_function_address(symbol):
        return False
    _loaded.add(symbol)
    return True


# -- cache ---------------------------------------------------------------------------------------------


def _cache_file(symbol: str, suffix: str) -> Path:
    return cache_folder() / f"{symbol}_{_environment()}{suffix}"


@cache
def _environment() -> str:
    return _digest([version("numba"), version("llvmlite"), *host()[:4]])[:8]


@cache
def _compiler_source_hash() -> str:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return _digest([path.read_text() for path in files if path.name not in _WITHOUT_CODE])


def _symbol(name: str, parts: tuple[Any, ...]) -> str:
    return _named(name, [part.compiled if isinstance(part, CodeIdentity) else part for part in parts])


def _named(name: str, parts: list[Any]) -> str:
    return f"{name}_{_digest([_compiler_source_hash(), *parts])[:24]}"


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
