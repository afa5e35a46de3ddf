"""LLVM IR of the functions that the front end calls and that are linked into each kernel.

What depends on the processor is here and nowhere else, so that kernels can be compiled for other processors.
"""

from __future__ import annotations

FLUSH_DENORMALS, RESTORE_DENORMALS = "nodegraph_flush_denormals", "nodegraph_restore_denormals"
PROCESSOR_FUNCTIONS = (FLUSH_DENORMALS, RESTORE_DENORMALS)
RUNTIME_FUNCTIONS = ("NRT_incref", "NRT_decref", *PROCESSOR_FUNCTIONS)

_NO_REFCOUNT = """
define linkonce void @NRT_incref(ptr %p) alwaysinline { ret void }
define linkonce void @NRT_decref(ptr %p) alwaysinline { ret void }
"""

# The bits DAZ and FTZ of the register MXCSR.
_X86 = f"""
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
define linkonce i64 @{FLUSH_DENORMALS}() alwaysinline {{
  %slot = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %slot)
  %mode = load i32, ptr %slot
  %flushing = or i32 %mode, {0x8040}
  store i32 %flushing, ptr %slot
  call void @llvm.x86.sse.ldmxcsr(ptr %slot)
  %previous = zext i32 %mode to i64
  ret i64 %previous
}}
define linkonce void @{RESTORE_DENORMALS}(i64 %previous) alwaysinline {{
  %slot = alloca i32
  %mode = trunc i64 %previous to i32
  store i32 %mode, ptr %slot
  call void @llvm.x86.sse.ldmxcsr(ptr %slot)
  ret void
}}
"""

# The bit FZ of the register FPCR.
_ARM64 = f"""
declare i64 @llvm.aarch64.get.fpcr()
declare void @llvm.aarch64.set.fpcr(i64)
define linkonce i64 @{FLUSH_DENORMALS}() alwaysinline {{
  %mode = call i64 @llvm.aarch64.get.fpcr()
  %flushing = or i64 %mode, {1 << 24}
  call void @llvm.aarch64.set.fpcr(i64 %flushing)
  ret i64 %mode
}}
define linkonce void @{RESTORE_DENORMALS}(i64 %previous) alwaysinline {{
  call void @llvm.aarch64.set.fpcr(i64 %previous)
  ret void
}}
"""

_OTHER = f"""
define linkonce i64 @{FLUSH_DENORMALS}() alwaysinline {{ ret i64 0 }}
define linkonce void @{RESTORE_DENORMALS}(i64 %previous) alwaysinline {{ ret void }}
"""

_PROCESSORS = {"x86_64": _X86, "amd64": _X86, "aarch64": _ARM64, "arm64": _ARM64}


def runtime_ir(triple: str) -> str:
    """Return the IR for the processor of a target triple."""
    return _NO_REFCOUNT + _PROCESSORS.get(triple.partition("-")[0], _OTHER)
