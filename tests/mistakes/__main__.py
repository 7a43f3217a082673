"""python -m tests.mistakes table|mutants|calibrated [TOPIC...]: tables in docs/verification/."""

import sys
from functools import cache

import pandas as pd

from tests.mistakes import calibrated, hunt, rungs, table
from workflow import topic

TABLES = topic.HOME / "docs" / "verification"


def main(arguments: list[str]) -> int:
    commands = {"table": planted_mistakes, "mutants": mutants, "calibrated": calibrated.main}
    if not arguments or arguments[0] not in commands or set(arguments[1:]) - set(topic.names()):
        print(__doc__, f"topics: {', '.join(topic.names())}", sep="\n", file=sys.stderr)
        return 2
    return commands[arguments[0]](arguments[1:] or topic.names())


def planted_mistakes(names) -> int:
    unseen = 0
    for name in names:
        posterior = cache(lambda name=name: rungs.drawn(name))
        rows = []
        for row in table.rows(name, posterior):
            rows.append(row)
            print(*row.values(), sep=" | ", flush=True)
        new = pd.DataFrame(rows, columns=table.COLUMNS)
        unseen += int((~new.isin(["caught", "gates"]).any(axis=1)).sum())
        written("mistakes", new, keep="calibration")
    return int(unseen > 0)


def mutants(names) -> int:
    wrong = 0
    for name in names:
        found = hunt.run(name, tell=_progress)
        counts = {way: found.caught[way] for way in hunt.WAYS}
        row = {"topic": name, "mutants": found.number, **counts}
        row |= {"equivalent": len(found.equivalent), "survived": len(found.survived)}
        print(f"\r{row}")
        written("mutants", pd.DataFrame([row]))
        excused = [(name, *each) for each in found.equivalent]
        columns = ["topic", "line", "change", "reason"]
        written("equivalents", pd.DataFrame(excused, columns=columns), topics=[name])
        for what, each in (("survived", found.survived), ("no such survivor", found.stale)):
            wrong += len(each)
            for line, change in each:
                print(f"{what}: {name}: {line}\n    {change}")
    return int(wrong > 0)


def _progress(line, change, way):
    print(f"\r{way or 'survived':10} {change[:60]:60}", end="", flush=True)


def written(stem: str, new: pd.DataFrame, *, topics=(), keep: str | None = None) -> None:
    """docs/verification/<stem>.csv with the rows of these topics replaced, others as they were.

    `keep` names a column that is filled elsewhere: what stands there stays.
    """
    TABLES.mkdir(parents=True, exist_ok=True)
    path = TABLES / f"{stem}.csv"
    if path.exists():
        old = pd.read_csv(path, keep_default_na=False)
        if keep:
            filled = old.set_index(["topic", "mistake"])[keep]
            new[keep] = [
                filled.get((t, m), "") for t, m in zip(new.topic, new.mistake, strict=True)
            ]
        others = old["topic"].isin(set(topic.names()) - set(topics) - set(new["topic"]))
        new = pd.concat([old[others], new])
    new = new.sort_values("topic", kind="stable")
    new.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
