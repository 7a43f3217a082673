"""Planted for the tests: whatever it concludes must not reach a page that was not verified."""

import matplotlib.pyplot as plt

QUESTION = "What is tau?"


def answer(run) -> str:
    return f"CONCLUSION: about {run.exact.marginals['tau'].mean():.3g}."


def discrepancy(y, run) -> float:
    """Largest of the rows."""
    return float(y.max())


def story(run):
    yield f"CONCLUSION in words: {run.exact.marginals['tau'].mean():.3g}."
    figure, axis = plt.subplots()
    axis.hist(run.posterior["tau"].values.ravel())
    yield figure, "CONCLUSION as a picture"
    yield run.data.assign(CONCLUSION=1)
