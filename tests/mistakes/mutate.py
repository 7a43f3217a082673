"""Systematic mistakes: every number and operator of a topic's model, exact answer and MLE changed.

One at a time, in `model`, `exact`, `mle` and all they use of the same file; not in the settings
and `Data`, which move model and exact answer together, nor in what is said to people (strings,
coords, messages). A mutant that no rung sees must stand in the topic's EQUIVALENT with a reason.
"""

import ast
import contextlib
from collections import Counter
from copy import copy

from tests.mistakes import reached, source

LEFT_ALONE = {"PRIOR", "KNOWN", "EXACT_ROWS", "Data", "tidy", "coords"}

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Div], ast.Mod: [ast.Mult], ast.Pow: [ast.Mult], ast.MatMult: [ast.Mult],
    ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd], ast.And: [ast.Or], ast.Or: [ast.And],
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is],
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "all": "any", "any": "all", "argmin": "argmax"}
NAMES |= {"argmax": "argmin", "minimum": "maximum", "maximum": "minimum"}


def versions(node):
    """Other nodes that could stand in a node's place, each a little wrong."""
    match node:
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield from (ast.Constant(node.value + step) for step in (1, -1))
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            yield node.operand
        case ast.Name() if node.id in NAMES:
            yield ast.Name(NAMES[node.id], node.ctx)
        case ast.Attribute() if node.attr in NAMES:
            yield ast.Attribute(node.value, NAMES[node.attr], node.ctx)
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            yield from (_with(node, op=other()) for other in OPERATORS[type(node.op)])
        case ast.Compare():
            for i, op in enumerate(node.ops):
                for other in OPERATORS[type(op)]:
                    yield _with(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]])
        case ast.If() | ast.IfExp() if isinstance(node.test, ast.Name):
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _with(node, **changes):
    other = copy(node)
    for name, value in changes.items():
        setattr(other, name, value)
    return other


def places(node):
    """(parent, field, index or None, child) of all that may be mutated below a node."""
    for name, value in ast.iter_fields(node):
        for i, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            silent = isinstance(child, ast.JoinedStr | ast.Raise | ast.arguments)
            silent |= isinstance(child, ast.keyword) and child.arg in ("coords", "dims")
            silent |= isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) == "coords"
            if isinstance(child, ast.AST) and not silent:
                yield node, name, i, child
                yield from places(child)


def mutants(name: str):
    """((line of source, change), module with that change, parts it reaches), one after another."""
    text = source(name)
    tree, lines, seen = ast.parse(text), text.splitlines(), Counter()
    users = reached(tree)
    for top in tree.body:
        label = getattr(top, "name", None) or ast.unparse(getattr(top, "targets", [top])[0])
        if label in LEFT_ALONE or not users.get(label) or isinstance(top, ast.ImportFrom):
            continue
        for parent, name_of_field, i, node in list(places(top)):
            for other in versions(node):
                ast.copy_location(other, node)
                around = ast.unparse(parent) if isinstance(parent, ast.expr) else ""
                with in_place(parent, name_of_field, i, node, other):
                    pair = (around, ast.unparse(parent))
                    pair = pair if 0 < len(around) <= 30 else shown(node, other)
                    line = lines[node.lineno - 1].partition("  # ")[0].strip()
                    key = line, " -> ".join(pair)
                    seen[key] += 1
                    again = f" ({seen[key]})" if seen[key] > 1 else ""
                    yield (key[0], key[1] + again), ast.fix_missing_locations(tree), users[label]


def shown(node, other) -> tuple[str, str]:
    """Both as text, with dots for the parts they share where that would be long."""
    if isinstance(node, ast.If | ast.IfExp):
        return ast.unparse(node.test), ast.unparse(other.test)
    if len(ast.unparse(node)) <= 30:
        return ast.unparse(node), ast.unparse(other)
    dots = ast.Name("...")
    match node:
        case ast.UnaryOp():
            return ast.unparse(_with(node, operand=dots)), "..."
        case ast.BinOp():
            parts = {"left": dots, "right": dots}
        case ast.Compare():
            parts = {"left": dots, "comparators": [dots] * len(node.ops)}
        case ast.BoolOp():
            parts = {"values": [dots, dots]}
        case ast.Attribute():
            parts = {"value": dots}
        case _:
            parts = {}
    return tuple(ast.unparse(_with(each, **parts)) for each in (node, other))


@contextlib.contextmanager
def in_place(parent, name, i, node, other):
    def put(value):
        if i is None:
            setattr(parent, name, value)
        else:
            getattr(parent, name)[i] = value

    put(other)
    try:
        yield
    finally:
        put(node)
