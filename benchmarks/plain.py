"""What one would write without us: a topic's model, sampled, summarised and drawn. Asserts nothing.

    python -m benchmarks.plain TOPIC FOLDER [--chains 4] [--draws 5000]

The model and its rows come from models/; everything else is PyMC and ArviZ called directly, with
the same sampler, draws and kinds of picture as a report. Prints the seconds of each stage as JSON.
"""

import argparse
import json
import sys
import time
from pathlib import Path


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
    az.summary(draws).to_csv(options.folder / "summary.csv")
    az.psense_summary(draws).to_csv(options.folder / "sensitivity.csv")
    draws.to_netcdf(options.folder / "posterior.nc")
    done("summarise")
    pictures = {
        "posterior": az.plot_dist,
        "ranks": az.plot_rank,
        "prior": az.plot_prior_posterior,
        "predictive": az.plot_ppc_dist,
    }
    for name, plot in pictures.items():
        plot(draws).savefig(options.folder / f"{name}.svg")
        plt.close("all")
    done("draw")
    json.dump(stages, sys.stdout)


if __name__ == "__main__":
    main()
