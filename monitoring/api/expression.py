"""Metric math of GetMetricData: `+ - * /`, parentheses, numbers and the ids of other queries.

The functions of CloudWatch's metric math (SUM, FILL, SEARCH, ...) are not kept: a clear error says so.
"""

import ast
import operator
from collections.abc import Callable

from monitoring.errors import ValidationError

Series = dict[int, float]  # epoch seconds -> value
LIMIT = 1024  # characters
OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluate(
    key: str, expressions: dict[str, str], series: dict[str, Series], within: frozenset[str] = frozenset()
) -> Series:
    """The series of the expression `key`. Two series are joined where both have a value. Raises ValidationError.

    What other expressions come to is kept in `series`.
    """
    text = expressions[key]

    def fail(reason: str) -> ValidationError:
        return ValidationError(f"Error in expression '{key}': {reason}")

    def value(node: ast.expr) -> Series | float:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return float(number)
            case ast.Name(id=name) if name in series:
                return series[name]
            case ast.Name(id=name) if name in expressions:
                if name in within or name == key:
                    raise fail("it refers to itself")
                series[name] = evaluate(name, expressions, series, within | {key})
                return series[name]
            case ast.Name(id=name):
                raise fail(f"Undefined variable '{name}'")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return combine(operator.mul, -1.0, value(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
                return combine(OPERATORS[type(op)], value(left), value(right))
        raise fail("only + - * /, parentheses, numbers and ids are supported")

    if len(text) > LIMIT:
        raise fail(f"it has more than {LIMIT} characters")
    try:
        found = value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise fail("it cannot be read") from error
    if isinstance(found, float):
        raise fail("the result must be a time series")
    return found


def combine(apply: Callable[[float, float], float], left: Series | float, right: Series | float) -> Series | float:
    """Where a division by zero has no value, there is none."""
    if isinstance(left, float) and isinstance(right, float):
        return apply(left, right) if right or apply is not operator.truediv else float("nan")
    if isinstance(left, float):
        pairs = {at: (left, value) for at, value in right.items()} if isinstance(right, dict) else {}
    elif isinstance(right, float):
        pairs = {at: (value, right) for at, value in left.items()}
    else:
        pairs = {at: (left[at], right[at]) for at in left if at in right}
    return {at: apply(a, b) for at, (a, b) in pairs.items() if b or apply is not operator.truediv}
