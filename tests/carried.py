"""What was measured of a topic's sources as they were stays, if those of now answer the same.

    python -m tests.carried OLD

OLD is a clone in the state that was measured. For each topic whose statements changed since, both
trees are asked for the graph of the model with every constant in it, and on the shipped data for
the exact answer's density at sixty points, its moments, quantiles and log evidence, the MLE, and
draws of the second sampler. If the graphs are one, so are simulations and draws; if no two numbers
differ by more than rounding, neither does what is compared with the draws. docs/verification/
record.json then says which source was measured, and that this one was shown to be like it.
"""

import argparse
import hashlib
import json
import os
import pickle
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytensor
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import ancestors

ROUNDING = 1e-12  # relative to the largest number of an array
POINTS = 60


def graph(model) -> str:
    """A digest of the log joint as PyMC computes it, and of the data and constants it holds."""
    logp = model.logp()
    found = hashlib.sha256(pytensor.dprint(logp, file="str", print_type=True).encode())
    for variable in ancestors([logp]):
        if isinstance(variable, Constant):
            found.update(np.ascontiguousarray(variable.data).tobytes())
    for data in model.data_vars:
        found.update(np.ascontiguousarray(data.get_value()).tobytes())
    return found.hexdigest()


def answers(found) -> list[np.ndarray]:
    """All that a topic's sources answer on the shipped data, but for its draws."""
    from models._exact import NoMaximum
    from workflow import check, topic

    data, settings = topic.read(found), found.defaults
    given, told = found.exact_rows(data, settings), []
    try:
        exact = found.exact(given, settings)
    except NotImplementedError:
        exact = None
    if exact is not None:
        near = check.identity_points(found.model(given, settings), exact, 1, POINTS)
        told += [np.array([exact.log_density(point) for point in near]), exact.log_evidence]
        for law in exact.distributions.values():
            told += [law.mean(), law.std()]
            told += [law.ppf(q) for q in (0.025, 0.5, 0.9) if hasattr(law, "ppf")]
    try:
        best = found.mle(data, settings) or {}
    except NoMaximum:
        best = {}
    told += [best[name] for name in sorted(best)]
    if hasattr(found.module, "gibbs"):
        drawn = found.module.gibbs(data, np.random.default_rng(1), 20, 2, **settings)
        told += [drawn[name] for name in sorted(drawn)]
    return [np.asarray(x, float) for x in told]


def fingerprint(name: str) -> dict:
    """Of the tree this runs in: digest of the sources, graph of the model, and answers."""
    from workflow import campaign, topic

    found = topic.load(name)
    model = found.model(topic.read(found), found.defaults)
    return {"source": campaign.source(found), "graph": graph(model), "answers": answers(found)}


def apart(left: list, right: list) -> float:
    """The largest difference of two numbers, relative to the largest of their array."""
    if [x.shape for x in left] != [x.shape for x in right]:
        return np.inf
    worst = 0.0
    for a, b in zip(left, right, strict=True):
        differ = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        if differ.any():
            size = np.abs(a[np.isfinite(a)]).max(initial=0.0)
            worst = max(worst, float(np.abs(a - b)[differ].max() / size))
    return worst


def ask(tree: Path, name: str) -> dict:
    """The fingerprint of a topic in one tree, by this very file."""
    words = [sys.executable, __file__, "--ask", name]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(words, cwd=tree, env=environment, check=True, stdout=subprocess.PIPE)
    return pickle.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, nargs="?", help="a clone in the state that was measured")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        sys.stdout.buffer.write(pickle.dumps(fingerprint(options.ask)))
        return
    from workflow import campaign, publish, topic

    record = json.loads(publish.RECORD.read_text(encoding="utf-8"))
    for name in topic.names():
        now = campaign.source(topic.load(name))
        stale = [kind for kind, entry in record[name].items() if entry["source"] != now]
        if not stale:
            continue
        old, new = ask(options.old.resolve(), name), ask(topic.HOME, name)
        gap = apart(old["answers"], new["answers"])
        alike = old["graph"] == new["graph"] and gap <= ROUNDING
        for kind in stale:
            entry = record[name][kind]
            alike &= entry["source"] == old["source"]
            if alike:
                carried = {"from": old["source"], "date": str(date.today()), "apart": gap}
                record[name][kind] |= {"source": now, "carried": carried}
        said = "the same graph" if old["graph"] == new["graph"] else "ANOTHER GRAPH"
        print(
            f"{name:<{topic.WIDTH}} {said}, answers {gap:.2g} apart{'' if alike else ': measure'}"
        )
    publish.put(publish.RECORD, json.dumps(record, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
