"""LLVM IR around the Numba output: kernel entry points, and the loops over samples and lanes of a tick.

Every kernel is ``void kernel(i64 *arguments, i64 start, i64 samples)``: it computes the samples
``start … start + samples`` of the buffers in its argument block. The argument block of a tick is
a sequence of 8-byte words::

    lanes, sr, dt,
    (data, stride) per input,  data per output,  data per state,
    (table of lane pointers, size) per line,  (data, size) per table,  value per number

Wires are float32 of shape (samples, lanes). An input with stride 0 is constant and is read from its
first row (a constant with one lane is first copied to 64 samples, to keep the loop vectorised).
States are 8 bytes per lane.

The loop over lanes runs in chunks of 16 and 8 with the states in registers, so that LLVM vectorises over
lanes; the remaining lanes run one by one. ``noalias`` is valid because in a plan an output never shares
memory with an array that the same kernel reads.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

CHUNKS = (16, 8)
# Varying inputs: any, only the first (by convention the signal), or none. For constant inputs the compiler hoists
# dependent values, such as the coefficients of a filter, out of the loop over samples.
VARIANTS = ("moving", "first", "still")
QUANTUM = 64  # samples in a quantum
MAX_CONSTANT_INPUTS = 2  # inputs with a specialised loop for each combination of constant and varying
UNREACHABLE_RAISE = "nodegraph_would_raise"

_HEADER_WORDS = 3


@dataclass(frozen=True)
class TickLayout:
    """The argument block of a tick, and the parameter list of its equation.

    ``parameters`` are pairs ("input", i), ("state", i), ("line", i), ("line_size", i), ("table", i),
    ("table_size", i), ("number", i), ("constant", value), ("sr", 0) or ("dt", 0), in the order of the equation.
    ``integer_states`` and ``integer_numbers`` are True for i64 and False for double.
    """

    inputs: int
    outputs: int
    integer_states: tuple[bool, ...]
    lines: int
    tables: int
    integer_numbers: tuple[bool, ...]
    parameters: tuple[tuple[str, float], ...]

    def word(self, kind: str, index: int = 0) -> int:
        """Return the index of a word in the argument block."""
        starts = {"input": _HEADER_WORDS}
        starts["output"] = starts["input"] + 2 * self.inputs
        starts["state"] = starts["output"] + self.outputs
        starts["line"] = starts["state"] + len(self.integer_states)
        starts["table"] = starts["line"] + 2 * self.lines
        starts["number"] = starts["table"] + 2 * self.tables
        width = 2 if kind in ("input", "line", "table") else 1
        return starts[kind] + width * index

    @property
    def words(self) -> int:
        return self.word("number", len(self.integer_numbers))


def entry(symbol: str, inner: str) -> str:
    """Return the IR of a kernel that passes its three words to a compiled function of three integers."""
    return f"""
declare i32 @{inner}(ptr, ptr, i64, i64, i64)
declare void @{UNREACHABLE_RAISE}()
define void @{symbol}(i64 %arguments, i64 %start, i64 %samples) {{
  %unused = alloca i64
  %none = alloca i64
  %status = call i32 @{inner}(ptr %unused, ptr %none, i64 %arguments, i64 %start, i64 %samples)
  {forbid_raise("status")}
  ret void
}}
"""


def tick_kernel(symbol: str, inner: str, layout: TickLayout) -> str:
    """Return the IR of a kernel that calls a compiled tick for all samples and lanes."""
    writer = _TickWriter(inner, layout)
    parts = [
        f"declare i32 @{inner}({', '.join(['ptr', 'ptr', *writer.parameter_types()])})",
        f"declare void @{UNREACHABLE_RAISE}()",
        *writer.full_quantum_functions(),
        *(writer.lane_function(variant) for variant in writer.variants),
        *(writer.chunk_function(width, variant) for width in CHUNKS for variant in writer.variants),
        *(writer.run_function(variant) for variant in writer.variants),
        writer.entry_function(symbol),
    ]
    return "\n".join(parts) + _LOOP_METADATA


def forbid_raise(status: str) -> str:
    """Return IR that calls an undefined symbol unless LLVM proves that the function never raises."""
    return f"""%{status}.bad = icmp ne i32 %{status}, 0
  br i1 %{status}.bad, label %{status}.raise, label %{status}.fine
{status}.raise:
  call void @{UNREACHABLE_RAISE}()
  br label %{status}.fine
{status}.fine:"""


_LOOP_METADATA = """
!8 = distinct !{!8, !91, !98}
!16 = distinct !{!16, !91, !99}
!91 = !{!"llvm.loop.unroll.disable"}
!93 = distinct !{!93, !91}
!98 = !{!"llvm.loop.vectorize.width", i32 8}
!99 = !{!"llvm.loop.vectorize.width", i32 16}
"""


class TickTypes:
    """The LLVM types of the parameters and results of a tick."""

    def __init__(self, layout: TickLayout) -> None:
        self.layout = layout

    def state_type(self, index: int) -> str:
        return "i64" if self.layout.integer_states[index] else "double"

    def number_type(self, index: int) -> str:
        return "i64" if self.layout.integer_numbers[index] else "double"

    def parameter_types(self) -> list[str]:
        return [self.parameter_type(kind, value) for kind, value in self.layout.parameters]

    def parameter_type(self, kind: str, value: float) -> str:
        if kind in ("line", "table"):
            return "ptr"
        if kind in ("line_size", "table_size", "constant"):
            return "i64"
        if kind == "state":
            return self.state_type(int(value))
        if kind == "number":
            return self.number_type(int(value))
        return "double"

    def result_type(self) -> str:
        results = ["double"] * self.layout.outputs
        results += [self.state_type(index) for index in range(len(self.layout.integer_states))]
        return "{ " + ", ".join(results) + " }"


class _TickWriter(TickTypes):
    """Writer of the loops of a tick. All loops take the words of the argument block, loaded once."""

    def __init__(self, inner: str, layout: TickLayout) -> None:
        super().__init__(layout)
        self.inner = inner
        self.stateless = not layout.integer_states and not layout.lines
        self.variants = VARIANTS if layout.inputs > 1 else VARIANTS[:1]

    def strides(self, variant: str) -> list[str]:
        """Return the strides of the inputs in a variant; "0" for a constant input."""
        known = {"moving": 0, "first": 1, "still": 0}[variant]
        count = self.layout.inputs
        return [f"%stride{i}" if variant == "moving" or i < known else "0" for i in range(count)]

    # -- the shared argument list --------------------------------------------------------------------

    def shared(self) -> list[tuple[str, str]]:
        """Return the (type, name) of every argument of the loops."""
        layout = self.layout
        values = [("i64", "start"), ("i64", "samples"), ("i64", "lanes"), ("double", "sr"), ("double", "dt")]
        for i in range(layout.inputs):
            values += [("ptr", f"in{i}"), ("i64", f"stride{i}")]
        values += [("ptr", f"out{i}") for i in range(layout.outputs)]
        values += [("ptr", f"state{i}") for i in range(len(layout.integer_states))]
        for i in range(layout.lines):
            values += [("ptr", f"line{i}"), ("i64", f"line_size{i}")]
        for i in range(layout.tables):
            values += [("ptr", f"table{i}"), ("i64", f"table_size{i}")]
        values += [(self.number_type(i), f"number{i}") for i in range(len(layout.integer_numbers))]
        return values

    def signature(self) -> str:
        noalias = ("in", "out", "state")
        return ", ".join(
            f"{kind} noalias %{name}" if kind == "ptr" and name.startswith(noalias) else f"{kind} %{name}"
            for kind, name in self.shared()
        )

    def call_arguments(self) -> str:
        return ", ".join(f"{kind} %{name}" for kind, name in self.shared())

    # -- one evaluation of the equation -----------------------------------------------------------------

    def evaluate(self, row: str, lane: str, strides: list[str], out_stride: str, state: str) -> str:
        """Return IR that loads one sample of each input, calls the tick and stores its results."""
        layout, lines, arguments = self.layout, [], []
        for i in range(layout.inputs):
            lines += [
                f"%x{i}.row = mul i64 {row}, {strides[i]}",
                f"%x{i}.at = add i64 %x{i}.row, {lane}",
                f"%x{i}.ptr = getelementptr float, ptr %in{i}, i64 %x{i}.at",
                f"%x{i}.f = load float, ptr %x{i}.ptr",
                f"%x{i} = fpext float %x{i}.f to double",
            ]
        for i in range(len(layout.integer_states)):
            kind = self.state_type(i)
            lines += [
                f"%s{i}.ptr = getelementptr {kind}, ptr %{state}{i}, i64 %state.at",
                f"%s{i} = load {kind}, ptr %s{i}.ptr",
            ]
        for i in range(layout.lines):
            lines += [
                f"%l{i}.ptr = getelementptr ptr, ptr %line{i}, i64 {lane}",
                f"%l{i} = load ptr, ptr %l{i}.ptr",
            ]
        names = {"input": "x", "state": "s", "line": "l", "line_size": "line_size", "table": "table"}
        names |= {"table_size": "table_size", "number": "number"}
        for kind, value in layout.parameters:
            type_ = self.parameter_type(kind, value)
            if kind == "constant":
                arguments.append(f"i64 {int(value)}")
            elif kind in ("sr", "dt"):
                arguments.append(f"double %{kind}")
            else:
                arguments.append(f"{type_} %{names[kind]}{int(value)}")
        result = self.result_type()
        call = ", ".join(["ptr %result", "ptr %none", *arguments])
        lines += [f"%status = call i32 @{self.inner}({call})", forbid_raise("status")]
        for i in range(layout.outputs + len(layout.integer_states)):
            kind = "double" if i < layout.outputs else self.state_type(i - layout.outputs)
            lines += [
                f"%r{i}.ptr = getelementptr {result}, ptr %result, i32 0, i32 {i}",
                f"%r{i} = load {kind}, ptr %r{i}.ptr",
            ]
            if i < layout.outputs:
                lines += [
                    f"%y{i}.row = mul i64 {row}, {out_stride}",
                    f"%y{i}.at = add i64 %y{i}.row, {lane}",
                    f"%y{i}.ptr = getelementptr float, ptr %out{i}, i64 %y{i}.at",
                    f"%y{i} = fptrunc double %r{i} to float",
                    f"store float %y{i}, ptr %y{i}.ptr",
                ]
            else:
                lines.append(f"store {kind} %r{i}, ptr %s{i - layout.outputs}.ptr")
        return "\n  ".join(lines)

    def state_copies(self, width: int) -> tuple[str, str, str]:
        """Return IR that allocates local states for ``width`` lanes, loads them and stores them back."""
        reserve, fetch, put = [], [], []
        for i in range(len(self.layout.integer_states)):
            kind = self.state_type(i)
            reserve.append(f"%local{i} = alloca [{width} x {kind}]")
            fetch.append(f"%home{i} = getelementptr {kind}, ptr %state{i}, i64 %lane")
            for k in range(width):
                fetch += [
                    f"%from{i}.{k} = getelementptr {kind}, ptr %home{i}, i64 {k}",
                    f"%to{i}.{k} = getelementptr {kind}, ptr %local{i}, i64 {k}",
                    f"%value{i}.{k} = load {kind}, ptr %from{i}.{k}",
                    f"store {kind} %value{i}.{k}, ptr %to{i}.{k}",
                ]
                put += [
                    f"%end{i}.{k} = load {kind}, ptr %to{i}.{k}",
                    f"store {kind} %end{i}.{k}, ptr %from{i}.{k}",
                ]
        return "\n  ".join(reserve), "\n  ".join(fetch), "\n  ".join(put)

    # -- the loops ------------------------------------------------------------------------------------------

    def full_quantum_functions(self) -> list[str]:
        """Return the functions for one lane without states: SIMD over a quantum, one per set of constant inputs."""
        if not self.stateless:
            return []
        return [
            self.full_quantum_function(constant_inputs)
            for constant_inputs in range(2 ** min(self.layout.inputs, MAX_CONSTANT_INPUTS))
        ]

    def full_quantum_function(self, constant_inputs: int) -> str:
        strides = ["0" if constant_inputs >> i & 1 else "1" for i in range(self.layout.inputs)]
        return f"""
define internal void @full_quantum{constant_inputs}({self.signature()}) {{
entry:
  %result = alloca {self.result_type()}
  %none = alloca i64
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %status.fine ]
  {self.evaluate("%i", "0", strides, "1", "local")}
  %i.next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %i.next, {QUANTUM}
  br i1 %more, label %loop, label %done
done:
  ret void
}}"""

    def lane_function(self, variant: str) -> str:
        """Return the function that runs one lane over all samples."""
        reserve, fetch, put = self.state_copies(1)
        strides = self.strides(variant)
        return f"""
define internal void @lane_{variant}({self.signature()}, i64 %lane) noinline {{
entry:
  %result = alloca {self.result_type()}
  %none = alloca i64
  {reserve}
  {fetch}
  %state.at = add i64 0, 0
  %stop = add i64 %start, %samples
  %any = icmp sgt i64 %samples, 0
  br i1 %any, label %loop, label %done
loop:
  %i = phi i64 [ %start, %entry ], [ %i.next, %status.fine ]
  {self.evaluate("%i", "%lane", strides, "%lanes", "local")}
  %i.next = add nsw i64 %i, 1
  %more = icmp slt i64 %i.next, %stop
  br i1 %more, label %loop, label %done
done:
  {put}
  ret void
}}"""

    def chunk_function(self, width: int, variant: str) -> str:
        """Return the function that runs ``width`` lanes over all samples, vectorised over lanes."""
        reserve, fetch, put = self.state_copies(width)
        strides = self.strides(variant)
        return f"""
define internal void @chunk{width}_{variant}({self.signature()}, i64 %lane) noinline {{
entry:
  %result = alloca {self.result_type()}
  %none = alloca i64
  {reserve}
  {fetch}
  %stop = add i64 %start, %samples
  %any = icmp sgt i64 %samples, 0
  br i1 %any, label %outer, label %done
outer:
  %i = phi i64 [ %start, %entry ], [ %i.next, %outer.next ]
  br label %loop
loop:
  %state.at = phi i64 [ 0, %outer ], [ %k.next, %status.fine ]
  %here = add nsw i64 %lane, %state.at
  {self.evaluate("%i", "%here", strides, "%lanes", "local")}
  %k.next = add nuw nsw i64 %state.at, 1
  %k.more = icmp ult i64 %k.next, {width}
  br i1 %k.more, label %loop, label %outer.next, !llvm.loop !{93 if self.layout.lines else width}
outer.next:
  %i.next = add nsw i64 %i, 1
  %more = icmp slt i64 %i.next, %stop
  br i1 %more, label %outer, label %done
done:
  {put}
  ret void
}}"""

    def full_quantum_dispatch(self) -> str:
        """Return IR that selects the full-quantum function for the inputs that are constant."""
        inputs, text = min(self.layout.inputs, MAX_CONSTANT_INPUTS), ""
        for i in range(inputs):
            for constant_inputs in range(2**i):
                yes, no = f"test{i + 1}.{constant_inputs | 1 << i}", f"test{i + 1}.{constant_inputs}"
                text += f"test{i}.{constant_inputs}:\n  %constant{i}.{constant_inputs} = icmp eq i64 %stride{i}, 0\n"
                text += f"  br i1 %constant{i}.{constant_inputs}, label %{yes}, label %{no}\n"
        for constant_inputs in range(2**inputs):
            text += f"test{inputs}.{constant_inputs}:\n"
            text += self.broadcast_constants(inputs, constant_inputs)
        return text

    def broadcast_constants(self, first: int, constant_inputs: int) -> str:
        """Return a call of a full-quantum function, after copying the other constant inputs to 64 samples."""
        text, arguments, previous = "", self.call_arguments(), f"test{first}.{constant_inputs}"
        for i in range(first, self.layout.inputs):
            name = f"{i}.{constant_inputs}"
            text += f"  %constant{name} = icmp eq i64 %stride{i}, 0\n"
            text += f"  br i1 %constant{name}, label %broadcast{name}, label %ready{name}\n"
            text += f"broadcast{name}:\n  %scalar{name} = load float, ptr %in{i}\n"
            text += f"  %vector{name} = insertelement <16 x float> poison, float %scalar{name}, i64 0\n"
            text += f"  %splat{name} = shufflevector <16 x float> %vector{name}, <16 x float> poison, "
            text += "<16 x i32> zeroinitializer\n"
            for k in range(0, QUANTUM, 16):
                text += f"  %slot{name}.{k} = getelementptr float, ptr %scratch{i}, i64 {k}\n"
                text += f"  store <16 x float> %splat{name}, ptr %slot{name}.{k}, align 64\n"
            text += f"  br label %ready{name}\nready{name}:\n"
            text += f"  %source{name} = phi ptr [ %in{i}, %{previous} ], [ %scratch{i}, %broadcast{name} ]\n"
            arguments = re.sub(rf"ptr %in{i}(?!\d)", f"ptr %source{name}", arguments)
            previous = f"ready{name}"
        return text + f"  call void @full_quantum{constant_inputs}({arguments})\n  ret void\n"

    def entry_function(self, symbol: str) -> str:
        layout, loads = self.layout, []

        def load(kind: str, name: str, word: int) -> None:
            loads.append(f"%{name}.word = getelementptr i64, ptr %arguments, i64 {word}")
            loads.append(f"%{name} = load {kind}, ptr %{name}.word")

        load("i64", "lanes", 0)
        load("double", "sr", 1)
        load("double", "dt", 2)
        for i in range(layout.inputs):
            load("ptr", f"in{i}", layout.word("input", i))
            load("i64", f"stride{i}", layout.word("input", i) + 1)
        for i in range(layout.outputs):
            load("ptr", f"out{i}", layout.word("output", i))
        for i in range(len(layout.integer_states)):
            load("ptr", f"state{i}", layout.word("state", i))
        for i in range(layout.lines):
            load("ptr", f"line{i}", layout.word("line", i))
            load("i64", f"line_size{i}", layout.word("line", i) + 1)
        for i in range(layout.tables):
            load("ptr", f"table{i}", layout.word("table", i))
            load("i64", f"table_size{i}", layout.word("table", i) + 1)
        for i in range(len(layout.integer_numbers)):
            load(self.number_type(i), f"number{i}", layout.word("number", i))
        body = "\n  ".join(loads)
        arguments = self.call_arguments()
        scratch, fast_path, select = "", "br label %general", ""
        if self.stateless:
            broadcast = range(MAX_CONSTANT_INPUTS, layout.inputs)
            scratch = "\n  ".join(f"%scratch{i} = alloca [64 x float], align 64" for i in broadcast)
            fast_path = f"""%one_lane = icmp eq i64 %lanes, 1
  %full_quantum = icmp eq i64 %samples, {QUANTUM}
  %use_fast_path = and i1 %one_lane, %full_quantum
  br i1 %use_fast_path, label %test0.0, label %general
{self.full_quantum_dispatch()}"""
        if len(self.variants) > 1:
            chain = ["0", *(f"%varying{i}" for i in range(1, layout.inputs))]
            others = [f"%varying{i} = or i64 {chain[i - 1]}, %stride{i}" for i in range(1, layout.inputs)]
            select = "\n  ".join([*others, f"%rest_is_constant = icmp eq i64 %varying{layout.inputs - 1}, 0"])
            select += f"""
  br i1 %rest_is_constant, label %rest_constant, label %moving
rest_constant:
  %first_is_constant = icmp eq i64 %stride0, 0
  br i1 %first_is_constant, label %still, label %first
still:
  call void @run_still({arguments})
  ret void
first:
  call void @run_first({arguments})
  ret void
moving:"""
        return f"""
define void @{symbol}(ptr %arguments, i64 %start, i64 %samples) {{
  {scratch}
  {body}
  {fast_path}
general:
  {select}
  call void @run_moving({arguments})
  ret void
}}
"""

    def run_function(self, variant: str) -> str:
        """Return the function that runs all lanes: chunks first, then the remaining lanes one by one."""
        blocks, previous, lane = [], "many", "0"
        for width in CHUNKS:
            following = CHUNKS[CHUNKS.index(width) + 1] if width != CHUNKS[-1] else "rest"
            blocks.append(f"""
head{width}:
  %lane{width} = phi i64 [ {lane}, %{previous} ], [ %lane{width}.next, %body{width} ]
  %lane{width}.next = add i64 %lane{width}, {width}
  %fits{width} = icmp sle i64 %lane{width}.next, %lanes
  br i1 %fits{width}, label %body{width}, label %after{width}
body{width}:
  call void @chunk{width}_{variant}({self.call_arguments()}, i64 %lane{width})
  br label %head{width}
after{width}:
  br label %head{following}""")
            previous, lane = f"after{width}", f"%lane{width}"
        return f"""
define internal void @run_{variant}({self.signature()}) noinline {{
entry:
  %single = icmp eq i64 %lanes, 1
  br i1 %single, label %mono, label %many
mono:
  call void @lane_{variant}({self.call_arguments()}, i64 0)
  ret void
many:
  br label %head{CHUNKS[0]}
{"".join(blocks)}
headrest:
  %rest = phi i64 [ {lane}, %{previous} ], [ %rest.next, %bodyrest ]
  %rest.fits = icmp slt i64 %rest, %lanes
  br i1 %rest.fits, label %bodyrest, label %done
bodyrest:
  call void @lane_{variant}({self.call_arguments()}, i64 %rest)
  %rest.next = add i64 %rest, 1
  br label %headrest
done:
  ret void
}}
"""


def stream_callback(symbol: str, inner: str) -> str:
    """Return the IR of a PortAudio callback that stores its arguments at ``userdata`` and calls ``inner``.

    Words 0–3 at ``userdata``: input, output, flags, return value. ``frames`` is passed as the number of samples.
    """
    long = "i32" if sys.platform == "win32" else "i64"  # C's unsigned long
    widen = "zext i32 {} to i64" if long == "i32" else "add i64 {}, 0"
    return f"""
declare i32 @{inner}(ptr, ptr, i64, i64, i64)
declare void @{UNREACHABLE_RAISE}()
define i32 @{symbol}(ptr %input, ptr %output, {long} %frames, ptr %time, {long} %flags, ptr %words) {{
  %unused = alloca i64
  %none = alloca i64
  store ptr %input, ptr %words
  %output.word = getelementptr i64, ptr %words, i64 1
  store ptr %output, ptr %output.word
  %flags.word = getelementptr i64, ptr %words, i64 2
  %flags.wide = {widen.format("%flags")}
  store i64 %flags.wide, ptr %flags.word
  %samples = {widen.format("%frames")}
  %address = ptrtoint ptr %words to i64
  %status = call i32 @{inner}(ptr %unused, ptr %none, i64 %address, i64 0, i64 %samples)
  {forbid_raise("status")}
  %answer.word = getelementptr i64, ptr %words, i64 3
  %answer = load i64, ptr %answer.word
  %result = trunc i64 %answer to i32
  ret i32 %result
}}
"""
