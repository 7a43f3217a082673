"""Planted for the tests: whatever this concludes must not reach a page that was not verified."""

import matplotlib.pyplot as plt


def answer(run) -> str:
    return f"CONCLUSION: about {_mean(run):.3g}."


def discrepancy(y, run) -> float:
    """Largest of the rows."""
    return float(y.max())


def story(run):
    yield f"CONCLUSION in words: {_mean(run):.3g}."
    figure, axis = plt.subplots()
    axis.hist(run.posterior[next(iter(run.exact.marginals))].values.ravel())
    yield figure, "CONCLUSION as a picture"
    yield run.data.assign(CONCLUSION=1)


def _mean(run):
    return next(iter(run.exact.marginals.values())).mean()
