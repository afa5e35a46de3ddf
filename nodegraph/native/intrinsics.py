"""LLVM intrinsics for the functions of ``words``. Imported only when code is compiled."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.core.extending import intrinsic

from . import words


def _pointer_cast(target: Any) -> Any:
    @intrinsic
    def cast(typingctx, address):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return types.CPointer(target)(types.int64), generate

    return cast


@intrinsic
def _call_kernel(typingctx, kernel, arguments, start, samples):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, values):  # type: ignore[no-untyped-def]
        word = ir.IntType(64)
        function_type = ir.FunctionType(ir.VoidType(), [word, word, word])
        function = builder.inttoptr(values[0], function_type.as_pointer())
        builder.call(function, values[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def _copy_bytes(typingctx, to, source, count):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        pointer = ir.IntType(8).as_pointer()
        target, origin = (builder.inttoptr(address, pointer) for address in arguments[:2])
        cgutils.raw_memcpy(builder, target, origin, arguments[2], 1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def _load_acquire(typingctx, address):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        return builder.load_atomic(pointer, ordering="acquire", align=8)

    return types.int64(types.int64), generate


@intrinsic
def _store_release(typingctx, address, value):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        pointer = builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())
        builder.store_atomic(arguments[1], pointer, ordering="release", align=8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def _ticks(typingctx):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        function_type = ir.FunctionType(ir.IntType(64), [])
        function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.readcyclecounter")
        return builder.call(function, [])

    return types.int64(), generate


@intrinsic
def _nanoseconds(typingctx):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        word, monotonic = ir.IntType(64), ir.Constant(ir.IntType(32), 1)
        span = cgutils.alloca_once(builder, ir.ArrayType(word, 2))
        function_type = ir.FunctionType(ir.IntType(32), [ir.IntType(32), span.type])
        function = cgutils.get_or_insert_function(builder.module, function_type, "clock_gettime")
        builder.call(function, [monotonic, span])
        seconds = builder.load(cgutils.gep_inbounds(builder, span, 0, 0))
        rest = builder.load(cgutils.gep_inbounds(builder, span, 0, 1))
        return builder.add(builder.mul(seconds, word(1_000_000_000)), rest)

    return types.int64(), generate


@intrinsic
def _flush_denormals(typingctx):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        import platform

        machine = platform.machine().lower()
        if machine in _X86:
            mode = _read_mxcsr(builder)
            _write_mxcsr(builder, builder.or_(mode, mode.type(0x8040)))
            return builder.zext(mode, ir.IntType(64))
        if machine in _ARM:
            word = ir.IntType(64)
            mode = builder.asm(ir.FunctionType(word, []), "mrs $0, fpcr", "=r", [], True)
            _write_fpcr(builder, builder.or_(mode, word(1 << 24)))
            return mode
        return ir.Constant(ir.IntType(64), 0)

    return types.int64(), generate


@intrinsic
def _restore_denormals(typingctx, mode):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        import platform

        machine = platform.machine().lower()
        if machine in _X86:
            _write_mxcsr(builder, builder.trunc(arguments[0], ir.IntType(32)))
        elif machine in _ARM:
            _write_fpcr(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


_X86, _ARM = ("x86_64", "amd64"), ("aarch64", "arm64")


def _read_mxcsr(builder: Any) -> Any:
    slot = cgutils.alloca_once(builder, ir.IntType(32))
    save = ir.FunctionType(ir.VoidType(), [slot.type])
    builder.call(cgutils.get_or_insert_function(builder.module, save, "llvm.x86.sse.stmxcsr"), [slot])
    return builder.load(slot)


def _write_mxcsr(builder: Any, mode: Any) -> None:
    slot = cgutils.alloca_once(builder, ir.IntType(32))
    builder.store(mode, slot)
    load = ir.FunctionType(ir.VoidType(), [slot.type])
    builder.call(cgutils.get_or_insert_function(builder.module, load, "llvm.x86.sse.ldmxcsr"), [slot])


def _write_fpcr(builder: Any, mode: Any) -> None:
    builder.asm(ir.FunctionType(ir.VoidType(), [mode.type]), "msr fpcr, $0", "r", [mode], True)


NATIVE = {
    words.as_i64: _pointer_cast(types.int64),
    words.as_f64: _pointer_cast(types.float64),
    words.as_f32: _pointer_cast(types.float32),
    words.as_i32: _pointer_cast(types.int32),
    words.as_float32_memory: _pointer_cast(types.float32),
    words.array: carray,
    words.call_kernel: _call_kernel,
    words.copy_bytes: _copy_bytes,
    words.load_acquire: _load_acquire,
    words.store_release: _store_release,
    words.ticks: _ticks,
    words.nanoseconds: _nanoseconds,
    words.flush_denormals: _flush_denormals,
    words.restore_denormals: _restore_denormals,
}
