"""Planted mistakes: deliberately wrong versions of every topic, and the rungs that must see them.

One data file a topic, found by its name:

    MISTAKES    name -> (old source, new source) in models/<topic>.py, or with a third entry that
                names another file of models/; the old source must stand there exactly once
    CASES       name -> (rows or a function of the shipped rows, settings over the defaults, and
                whether a maximum exists: True, False, "boundary", or "refused" where there is no
                answer at all): what the shipped data do not exercise
    EQUIVALENT  line of source -> {reason: changes}: mutants that change no answer (see mutate.py)
    log_prior   optional: the prior of the docstring a second time, by SciPy alone, for topics
                whose model and exact answer share the function that reads the settings
    in_order    optional: whether the parts of an MLE bear the right names, where the likelihood
                is the same whatever they are called
    LOCAL       optional: True where the MLE is a local maximum by its own docstring
    ALWAYS      optional: True where every likelihood has its maximum inside, by one formula

`python -m tests.mistakes` makes the tables in docs/verification/.
"""

import ast
import graphlib
import importlib
import linecache
import sys
import types
from functools import cache

import models
from workflow import topic

PARTS = ("model", "exact", "mle")


def planted(name: str) -> types.ModuleType:
    """The data file of one topic."""
    return importlib.import_module(f"{__name__}.{name}")


def source(stem: str) -> str:
    return (topic.HOME / "models" / f"{stem}.py").read_text(encoding="utf-8")


def edited(name: str, old: str, new: str, file: str | None = None) -> topic.Topic:
    """The topic with one edit, in its own file or in another of models/."""
    stem = (file or f"{name}.py").removesuffix(".py")
    text = source(stem)
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in models/{stem}.py"
    return variant(name, stem, text.replace(old, new))


def variant(name: str, stem: str, code) -> topic.Topic:
    """The topic with models/<stem>.py replaced by `code`, text or syntax tree.

    What imports that file is loaded afresh on top of it; everything else, and what others
    import from now on, stays as it was.
    """
    found, fresh, kept = topic.load(name), {}, {}
    try:
        for each in loaded_after(stem, name):
            module = types.ModuleType(f"models.{each}")
            kept[each] = importlib.import_module(module.__name__)
            exec(_compiled(each, code if each == stem else source(each)), vars(module))
            fresh[each] = sys.modules[module.__name__] = module
            setattr(models, each, module)
    finally:
        for each, module in kept.items():
            sys.modules[module.__name__] = module
            setattr(models, each, module)
    return topic.Topic(name, fresh[name], found.analysis)


def _compiled(stem, code):
    if not isinstance(code, str):
        return compile(code, f"models/{stem}.py", "exec")
    # numba would take the compiled kernel of the unedited file from its cache
    code = code.replace("@numba.njit(cache=True", "@numba.njit(cache=False")
    place = f"<edited models/{stem}.py>"
    linecache.cache[place] = (len(code), None, code.splitlines(keepends=True), place)
    return compile(code, place, "exec")


def loaded_after(stem: str, name: str) -> list[str]:
    """The file, whatever imports it, and the topic, each after those it imports."""
    if stem == name:
        return [name]
    needs, ahead, order = {}, {name}, []
    while ahead:
        each = ahead.pop()
        needs[each] = imported(each)
        ahead |= needs[each] - set(needs)
    for each in graphlib.TopologicalSorter(needs).static_order():
        if each == stem or needs[each] & set(order):
            order.append(each)
    assert name in order, f"models/{name}.py does not use models/{stem}.py"
    return order


@cache
def imported(stem: str) -> set[str]:
    """The files of models/ that models/<stem>.py imports."""
    found = set()
    for node in ast.walk(ast.parse(source(stem))):
        if isinstance(node, ast.ImportFrom) and node.module == "models":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("models."):
            found.add(node.module.removeprefix("models."))
    return found


def reached(tree: ast.Module) -> dict[str, set[str]]:
    """Name defined in a topic's file -> which of model, exact and mle hang on it."""
    names = {}
    for node in tree.body:
        made = getattr(node, "targets", [node])
        for each in made:
            names[getattr(each, "name", getattr(each, "id", None))] = node
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: node for alias in node.names}
    users = {name: set() for name in names}
    for part in PARTS:
        todo = [part]
        while todo:
            name = todo.pop()
            if part not in users[name]:
                users[name].add(part)
                inside = {n.id for n in ast.walk(names[name]) if isinstance(n, ast.Name)}
                todo += [n for n in inside if n in names]
    return users


def parts_edited(name: str, old: str, new: str, file: str | None = None) -> set[str]:
    """Which of model, exact and mle a planted mistake can reach."""
    text = source(name)
    assert old in text or file, f"{old!r} does not stand in models/{name}.py"
    tree, users = ast.parse(text), reached(ast.parse(text))
    if file and file != f"{name}.py":
        again = set(loaded_after(file.removesuffix(".py"), name)) - {name}
        hit = [n for n in tree.body if isinstance(n, ast.ImportFrom) and _from(n) & again]
        return set().union(*(users[a.asname or a.name] for n in hit for a in n.names))
    line = text[: text.index(old)].count("\n") + 1
    last = line + old.rstrip("\n").count("\n")
    hit = [n for n in tree.body if n.lineno <= last and n.end_lineno >= line]
    names = [getattr(n, "name", None) or n.targets[0].id for n in hit]
    return set().union(*(users[n] for n in names))


def _from(node) -> set[str]:
    return {node.module.removeprefix("models.")} | {alias.name for alias in node.names}
