"""Adapters of tick and block equations: generated Python that calls an equation with its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nodegraph.events import begin_list, end_list
from nodegraph.native import words

from .parameter import KernelParameter, define, fetch_number

Equation = Callable[..., Any]


def tick_adapter(
    equation: Equation, parameters: Sequence[KernelParameter], integer_results: Iterable[bool]
) -> Equation:
    """Return a tick with the result (outputs, new states), each a float or an integer."""
    names = ", ".join(p.name for p in parameters)
    casts = ["int" if integer else "float" for integer in integer_results]
    if len(casts) == 1:
        body = f"    return ({casts[0]}(equation({names})),)"
    else:
        values = ", ".join(f"{cast}(values[{i}])" for i, cast in enumerate(casts))
        body = f"    values = equation({names})\n    return ({values},)"
    return define(f"def adapter({names}):\n{body}\n", {"equation": equation})


def block_adapter(
    equation: Equation,
    parameters: Sequence[KernelParameter],
    event_words: Iterable[int],
    shared_types: Mapping[str, str],
) -> Equation:
    """Return a kernel that calls a block equation once, with arrays over the requested samples.

    ``event_words`` are the words of the event lists that the equation writes, ``shared_types`` the types of the
    arrays that a helper shares, by name.
    """
    written = list(event_words)
    lines = ["w = as_i64(arguments)", "x = as_f64(arguments)"]
    lines += [f"p{i} = {_fetch(p, shared_types)}" for i, p in enumerate(parameters)]
    lines += [f"begin_list(w[{word}])" for word in written]
    lines.append(f"equation({', '.join(f'p{i}' for i in range(len(parameters)))})")
    lines += [f"end_list(w[{word}])" for word in written]
    source = "def adapter(arguments, start, samples):\n" + "".join(f"    {line}\n" for line in lines)
    namespace = {name: getattr(words, name) for name in ("as_i64", "as_f64", "as_f32", "array")}
    return define(source, namespace | {"equation": equation, "begin_list": begin_list, "end_list": end_list})


def _fetch(p: KernelParameter, shared_types: Mapping[str, str]) -> str:
    """Return Python source that reads a parameter of a block equation from the argument block."""
    w = p.word
    if p.kind in ("input", "output"):
        return f"array(as_f32(w[{w}] + start * w[{w + 1}] * 4), (samples, w[{w + 1}]))"
    if p.kind in ("state", "memory"):
        return f"array({'as_i64' if p.integer else 'as_f64'}(w[{w}]), (w[{w + 1}],))"
    if p.kind == "events":
        return f"as_f64(w[{w}])"
    if p.kind == "line":
        return f"array(as_f32(w[{w}]), (w[{w + 1}], w[{w + 2}]))"
    if p.kind == "table":
        return f"array(as_f32(w[{w}]), (w[{w + 1}],))"
    if p.kind == "shared":
        cast = {"f4": "as_f32", "f8": "as_f64", "i8": "as_i64"}[shared_types[p.name]]
        return f"array({cast}(w[{w}]), (w[{w + 1}],))"
    return fetch_number(p)
