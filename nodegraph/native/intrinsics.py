"""LLVM intrinsics for the functions of ``words``. Imported only when code is compiled."""

from __future__ import annotations

import ctypes
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.core.extending import intrinsic

from . import runtime, words

# Numba resolves all calls in a copy of the code that is never run.
for _name in runtime.PROCESSOR_FUNCTIONS:
    llvm.add_symbol(_name, ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value)


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


def _call_runtime(builder: Any, name: str, result: Any, arguments: Any) -> Any:
    function_type = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), arguments)


@intrinsic
def _ticks(typingctx):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return _call_runtime(builder, "llvm.readcyclecounter", ir.IntType(64), arguments)

    return types.int64(), generate


@intrinsic
def _flush_denormals(typingctx):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return _call_runtime(builder, runtime.FLUSH_DENORMALS, ir.IntType(64), arguments)

    return types.int64(), generate


@intrinsic
def _restore_denormals(typingctx, mode):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        _call_runtime(builder, runtime.RESTORE_DENORMALS, ir.VoidType(), arguments)
        return context.get_dummy_value()

    return types.void(types.int64), generate


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
