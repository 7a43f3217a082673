"""How widely do measurements scatter around a value that is known?"""
QUESTION = "How widely do the measurements scatter around the true value?"


def answer(run) -> str:
    low, middle, high = run.exact.derived["sigma"].ppf([0.025, 0.5, 0.975])
    return (
        f"The standard deviation around {run.settings['mu']:g} is about {middle:.4g} "
        f"(95 % interval {low:.4g} to {high:.4g})."
    )


def discrepancy(y, run) -> float:
    """Distance of the sample mean from mu, in standard errors."""
    away = y - run.settings["mu"]
    return float(abs(away.mean()) / ((away**2).mean() / away.size) ** 0.5)


def story(run):
    yield "tbd"
