"""What one would write without us: a topic's model, sampled, summarised and drawn. Asserts nothing.

    python -m benchmarks.plain TOPIC FOLDER [--chains 4] [--draws 5000]

The model and its rows come from models/; everything else is PyMC and ArviZ called directly, with
the same sampler and draws as a report, and as many panels of the same kinds of picture, drawn as
there from every n-th draw. Prints the seconds of each stage as JSON.
"""

import argparse
import json
import sys
import time
from pathlib import Path

PANELS = {"plot_dist": 24, "plot_rank": 4, "plot_prior_posterior": 6}  # at most, as in a report
SHOWN = 4_000  # draws


def panels(draws, number: int):
    """The first elements of the unknowns, each a variable of its own."""
    import xarray as xr

    groups = {}
    for group in ("posterior", "prior"):
        each = {}
        for name, values in draws[group].data_vars.items():
            flat = values.values.reshape(*values.shape[:2], -1)
            names = [f"{name} {i}" for i in range(flat.shape[-1])]
            each |= {n: (("chain", "draw"), flat[..., i]) for i, n in enumerate(names)}
        groups[group] = xr.Dataset(dict(list(each.items())[:number]))
    return xr.DataTree.from_dict(groups)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topic")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument("--draws", type=int, default=5_000, help="of each chain")
    options = parser.parse_args()
    stages, clock = {}, [time.perf_counter()]

    def done(stage):
        clock.append(time.perf_counter())
        stages[stage] = clock[-1] - clock[-2]

    import matplotlib

    matplotlib.use("agg")
    import arviz as az
    import matplotlib.pyplot as plt
    import pymc as pm

    from workflow import topic
    from workflow.prior import renamed

    done("import")
    found = topic.load(options.topic)
    model = found.model(topic.read(found), found.defaults)
    done("model")
    quiet = {"progressbar": False, "random_seed": 1}
    with model:
        draws = pm.sample(
            options.draws, tune=1_000, chains=options.chains, target_accept=0.95,
            nuts_sampler="nutpie", **quiet,
        )  # fmt: skip
        done("compile and sample")
        few = draws.isel(draw=slice(0, None, max(1, options.draws // 125)))
        draws.update(pm.sample_prior_predictive(500, random_seed=1))
        draws.update(pm.sample_posterior_predictive(few, **quiet))
        pm.compute_log_prior(draws, progressbar=False)
        pm.compute_log_likelihood(draws, progressbar=False)
    done("predict")
    options.folder.mkdir(parents=True, exist_ok=True)
    draws = renamed(draws)  # ArviZ has tables of naive_bayes only so
    az.summary(draws).to_csv(options.folder / "summary.csv")
    az.psense_summary(draws).to_csv(options.folder / "sensitivity.csv")
    draws.to_netcdf(options.folder / "posterior.nc")
    done("summarise")
    every = max(1, options.chains * options.draws // SHOWN)
    shown = draws.copy()
    shown["posterior"] = draws.posterior.isel(draw=slice(0, None, every))
    for name, number in PANELS.items():
        getattr(az, name)(panels(shown, number)).savefig(options.folder / f"{name}.svg")
        plt.close("all")
    az.plot_ppc_dist(draws).savefig(options.folder / "predictive.svg")
    plt.close("all")
    done("draw")
    json.dump(stages, sys.stdout)


if __name__ == "__main__":
    main()
