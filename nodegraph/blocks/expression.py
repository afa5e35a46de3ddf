"""Validation of user formulas, and their compilation to a tick.

The text is parsed by Python's ``ast`` and rebuilt from a whitelist: numbers, the given names, arithmetic,
comparisons, ``and or not``, ``x if condition else y`` and the functions below. No node of the user's tree
is compiled: all nodes are created here, so a formula cannot access attributes or call other functions.
Comparisons and logic return 1 or 0; division by zero returns 0; the result is always finite.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import Any

from nodegraph import maths

MAX_LENGTH = 500
MAX_DEPTH = 30
MAX_SIZE = 200

CONSTANTS = {"pi": maths.PI, "tau": maths.TAU, "e": maths.E}

# name → number of arguments; min and max take two or more
FUNCTIONS = {
    "sin": 1, "cos": 1, "tan": 1, "tanh": 1, "sin_turn": 1, "cos_turn": 1, "exp": 1, "exp2": 1, "log": 1,
    "log2": 1, "log10": 1, "sqrt": 1, "abs": 1, "floor": 1, "nearest": 1, "wrap": 1, "sign": 1, "clip": 3,
    "lerp": 3, "smoothstep": 1, "db_to_gain": 1, "gain_to_db": 1, "note_to_hz": 1, "hz_to_note": 1,
    "semitones_to_ratio": 1, "min": 2, "max": 2,
}  # fmt: skip

_PLAIN = {ast.Add, ast.Sub, ast.Mult}
_CALLED = {ast.Div: "divide", ast.Mod: "modulo", ast.Pow: "power"}
_COMPARED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_MAX_POWER = 8


class ExpressionError(ValueError):
    """An invalid formula; the message is one line with the position and the allowed names."""


def compile_expression(text: str, names: Sequence[str], extra: Sequence[str] = ()) -> Callable[..., Any]:
    """Compile a formula to a function of ``names`` and ``extra``; the formula can use only ``names``.

    Raises :class:`ExpressionError` if the formula is invalid.
    """
    body = _FormulaChecker(text, names).expression()
    arguments = [ast.arg(name) for name in (*names, *extra)]
    function = ast.FunctionDef(
        name="formula",
        args=ast.arguments(posonlyargs=[], args=arguments, kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=[ast.Return(_call("finite_or_zero", body))],
        decorator_list=[],
    )
    function.type_params = []  # type: ignore[attr-defined]
    module = ast.fix_missing_locations(ast.Module(body=[function], type_ignores=[]))
    namespace: dict[str, Any] = {"__builtins__": {}, "abs": abs, "min": min, "max": max}
    for name in (*FUNCTIONS, *_CALLED.values(), "finite_or_zero"):
        namespace.setdefault(name, getattr(maths, name, None))
    exec(compile(module, "<formula>", "exec"), namespace)
    formula = namespace["formula"]
    formula.__source__ = ast.unparse(module)  # the same in all versions of Python, unlike byte code
    return formula


class _FormulaChecker:
    """A single pass over the user's tree that builds a new one; values are floats, conditions are booleans."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.size = 0
        self.text = text.strip()
        if not self.text:
            raise ExpressionError(f"The formula is empty. Write one of {self._allowed_names()}.")
        if len(self.text) > MAX_LENGTH:
            raise ExpressionError(f"The formula has {len(self.text)} characters; at most {MAX_LENGTH} are allowed.")
        if "\n" in self.text or "\0" in self.text:
            raise ExpressionError("The formula must be one line.")
        try:
            self.tree = ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            place = f" at character {error.offset}" if error.offset else ""
            raise ExpressionError(f"The formula is invalid{place}: {error.msg}.") from None
        except (ValueError, MemoryError, RecursionError):
            raise ExpressionError("The formula is invalid: it is nested too deeply.") from None

    def expression(self) -> ast.expr:
        return self.value(self.tree, 0)

    def value(self, node: ast.expr, depth: int) -> ast.expr:
        """Return ``node`` as a float expression."""
        self._count(node, depth)
        below = depth + 1
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            operand = self.value(node.operand, below)
            return ast.UnaryOp(ast.USub(), operand) if isinstance(node.op, ast.USub) else operand
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node, below)
        if isinstance(node, ast.Call):
            return self._function(node, below)
        if isinstance(node, ast.IfExp):
            test = self.condition(node.test, below)
            return ast.IfExp(test, self.value(node.body, below), self.value(node.orelse, below))
        if _is_logic(node):
            return ast.IfExp(self.condition(node, depth), ast.Constant(1.0), ast.Constant(0.0))
        raise self._error(node, "is not part of a formula")

    def condition(self, node: ast.expr, depth: int) -> ast.expr:
        """Return ``node`` as a boolean expression; a number is true if it is not 0."""
        if not _is_logic(node):
            return ast.Compare(self.value(node, depth), [ast.NotEq()], [ast.Constant(0.0)])
        self._count(node, depth)
        below = depth + 1
        if isinstance(node, ast.UnaryOp):
            return ast.UnaryOp(ast.Not(), self.condition(node.operand, below))
        if isinstance(node, ast.BoolOp):
            op = ast.And() if isinstance(node.op, ast.And) else ast.Or()
            return ast.BoolOp(op, [self.condition(value, below) for value in node.values])
        assert isinstance(node, ast.Compare)
        pairs: list[ast.expr] = []
        left = node.left
        for compared, right in zip(node.ops, node.comparators, strict=True):
            if not isinstance(compared, _COMPARED):
                raise self._error(right, "follows a comparison that is not one of < <= > >= == !=")
            pairs.append(ast.Compare(self.value(left, below), [type(compared)()], [self.value(right, below)]))
            left = right
        return pairs[0] if len(pairs) == 1 else ast.BoolOp(ast.And(), pairs)

    def _arithmetic(self, node: ast.BinOp, depth: int) -> ast.expr:
        kind = type(node.op)
        if kind not in _PLAIN and kind not in _CALLED:
            raise self._error(node, "uses an operator that is not one of + - * / % **")
        left = self.value(node.left, depth)
        if kind in _PLAIN:
            return ast.BinOp(left, kind(), self.value(node.right, depth))
        if kind is ast.Pow and isinstance(node.right, ast.Constant) and isinstance(left, ast.Name):
            exponent = node.right.value
            if isinstance(exponent, int) and 1 <= exponent <= _MAX_POWER:
                product: ast.expr = left  # exact for negative bases too
                for _ in range(exponent - 1):
                    product = ast.BinOp(product, ast.Mult(), left)
                return product
        return _call(_CALLED[kind], left, self.value(node.right, depth))

    def _function(self, node: ast.Call, depth: int) -> ast.expr:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise self._error(node.func, f"cannot be called. Functions: {', '.join(FUNCTIONS)}")
        name, count = node.func.id, FUNCTIONS[node.func.id]
        variadic = name in ("min", "max")
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise self._error(node, "must have plain arguments")
        if len(node.args) != count and not (variadic and len(node.args) > count):
            least = "at least " if variadic else ""
            raise self._error(node, f"has {len(node.args)} arguments; {name} takes {least}{count}")
        values = [self.value(argument, depth) for argument in node.args]
        result = values[0]
        if variadic:
            for value in values[1:]:
                result = _call(name, result, value)
            return result
        return _call(name, *values)

    def _number(self, node: ast.Constant) -> ast.expr:
        number = node.value
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise self._error(node, "is not a number")
        if not (abs(number) <= 1e15 and math.isfinite(number)):
            raise self._error(node, "is too large; numbers go up to 1e15")
        return ast.Constant(float(number))

    def _name(self, node: ast.Name) -> ast.expr:
        if node.id in self.names:
            return ast.Name(node.id, ast.Load())
        if node.id in CONSTANTS:
            return ast.Constant(CONSTANTS[node.id])
        hint = "is a function: give it arguments" if node.id in FUNCTIONS else "is an unknown name"
        raise self._error(node, hint)

    def _count(self, node: ast.expr, depth: int) -> None:
        self.size += 1
        if self.size > MAX_SIZE:
            raise ExpressionError(f"The formula is too long: it has more than {MAX_SIZE} parts.")
        if depth > MAX_DEPTH:
            raise self._error(node, f"is nested more than {MAX_DEPTH} levels deep")

    def _error(self, node: ast.expr, reason: str) -> ExpressionError:
        part = ast.get_source_segment(self.text, node) or ""
        part = part if len(part) <= 30 else part[:27] + "..."
        hint = "" if "Functions:" in reason else f" Allowed: {self._allowed_names()}."
        return ExpressionError(f"'{part}' at character {node.col_offset + 1} {reason}.{hint}")

    def _allowed_names(self) -> str:
        return f"{', '.join((*self.names, *CONSTANTS))}, numbers, + - * / % **, comparisons, functions"


def _is_logic(node: ast.expr) -> bool:
    negation = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return negation or isinstance(node, ast.BoolOp | ast.Compare)


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
