"""What docs/speed.md says of each table, and which of its columns it shows under which names."""

KERNEL = {"ns": "ns a row", "bare_ns": "bare loop, ns a row", "ratio": "times the bare loop",
          "behind": "times ours"}  # fmt: skip
REASONS = {
    "default": "Its trees are shorter at an acceptance of 0.8, it keeps no gradients, and it does "
    "not count effective draws: we do, after every block, and draw on until there are enough, "
    "which these figures include. A fit takes 0.1 to 16 seconds beside 2 to 33 of compiling.",
    "numpyro": "Where a gradient costs less than a microsecond, what a sampler does between two "
    "of them decides; here NumPyro runs chains and tuning as one compiled function, a way its "
    "manual does not show. `numpyro run` is what its manual shows. Where a gradient costs more, "
    "its trees are shorter at an acceptance of 0.8, as the effective draws a gradient say.",
}
INTRODUCTION = (
    "`make bench` runs all of this. A ratio is from one run on one machine, and only ratios mean "
    "anything elsewhere."
)
TABLES = {
    "speed_hidden_markov": (
        "A hidden Markov model: log likelihood and gradient",
        "`python -m benchmarks.hidden_markov`. The bare loop is forward-backward and nothing else, "
        "timed in turns with each contender, in the contender's own environment.",
        {"contender": "who", "states": "states", "rows": "rows", **KERNEL},
    ),
    "speed_mixture": (
        "A normal mixture: log likelihood and gradient",
        "`python -m benchmarks.mixture`. Two components; the bare loop is one pass over the rows "
        "and nothing else.",
        {"contender": "who", "rows": "rows", **KERNEL},
    ),
    "speed_whole": (
        "From a CSV to a report, seconds of a whole process",
        "`python -m benchmarks.whole`. The script samples as many draws of the same model, draws "
        "the same kinds of picture, and verifies nothing.",
        {"topic": "topic", "state": "start", "ours": "ours", "plain": "script", "ratio": "ratio"},
    ),
    "speed_refits": (
        "Fits a minute on fresh data of one shape",
        "`python -m benchmarks.refits`. Compiled once, beside `pm.sample` in a loop, with nutpie "
        "and with PyMC's own sampler.",
        {"topic": "topic", "ours": "ours", "nutpie": "loop, nutpie", "pymc": "loop, PyMC's own",
         "ratio_nutpie": "ours / nutpie", "ratio_pymc": "ours / PyMC's", "fits": "fits of ours",
         "compiling": "compiling, s", "gradients": "gradients a fit", "micro": "us a gradient"},
    ),
    "speed_groups": (
        "A thousand groups, from a CSV to a table",
        "`python -m benchmarks.groups`. The whole command on all cores, compiling included, beside "
        "a loop of `pm.sample` with as many draws.",
        {"topic": "topic", "groups": "groups", "agree": "agree", "seconds": "seconds",
         "minute": "groups a minute", "loop_minute": "loop", "ratio": "ratio"},
    ),
    "speed_scale": (
        "More rows than memory",
        "`python -m benchmarks.scale`. Rows are made as they are read and stored nowhere; scanning "
        "holds each to the rules of `Data` and reduces them. Both sample as many draws; all rows "
        "are given to the model, too, up to a million.",
        {"topic": "topic", "rows": "rows", "check": "rules, s", "scan": "rules and sums, s",
         "sample": "sampling, s", "all_rows": "sampling all rows, s", "ratio": "ratio",
         "scanning": "scanning, GB", "gigabytes": "all, GB", "largest_z": "largest z"},
    ),
    "speed_engines": (
        "The same rows on every engine",
        "`python -m benchmarks.engines`. Seconds from four files of Parquet to what is left of "
        "them. Of the exact answer the first unknown is shown in full; `apart` is the largest "
        "relative difference from DuckDB's, of all means, sds and the log evidence.",
        {"topic": "topic", "rows": "rows", "engine": "engine", "seconds": "seconds", "of": "of",
         "exact_mean": "mean", "exact_sd": "sd", "apart": "apart"},
    ),
    "speed_every_row": (
        "Topics that look at every row",
        "`python -m benchmarks.every_row`. The shipped rows over and over, measured numbers moved "
        "by a tenth of their spread so that no two rows are alike. A thousand draws of one chain, "
        "once tuned, take so many gradients. An exact answer that takes more than two minutes is "
        "not waited for; what a topic refuses is refused in these words. Of more rows than one "
        "cares to wait for, fit a sample.",
        {"topic": "topic", "rows": "rows", "compile": "compiling, s",
         "gradient_ms": "ms a gradient", "gradients_a_draw": "gradients a draw",
         "thousand": "s a thousand draws", "gigabytes": "sampling, GB",
         "exact": "exact answer, s", "exact_gigabytes": "exact, GB", "why": "what is not there"},
    ),
    "speed_samplers": (
        "Effective draws a second and a gradient",
        "`python -m benchmarks.samplers`. Every topic's model under `workflow.fit.sample`, "
        "beside its textbook form under `pm.sample` as it comes (`default`) and in NumPyro, by "
        "the fastest of its ways to run chains (`numpyro`) and as its manual has it (`numpyro "
        "run`). All log densities are first proved to differ by a constant. Tuning counts, "
        "compiling does not; medians of paired runs. What holds ours back is in the next table: "
        "we ask for an acceptance of 0.95, where the trees of NUTS are longer and divergences "
        "rarer.",
        {"topic": "topic", "contender": "who", "compile": "compiling, s", "ess_second": "a second",
         "ratio_second": "ours / it", "ratio_second_min": "least", "ratio_second_max": "most",
         "ess_gradient": "a gradient", "ratio_gradient": "ours / it, a gradient"},
    ),
    "speed_settings": (
        "Where the samplers' figures come from",
        "`python -m benchmarks.settings`. From `pm.sample`'s settings to ours, one by one; each "
        "line keeps what the lines above it changed, but for the last, which is all of ours with "
        "PyMC's usual acceptance.",
        {"topic": "topic", "step": "step", "ess_second": "a second", "ess_gradient": "a gradient"},
    ),
    "benchmark": (
        "Simulations of a calibration a minute",
        "`python -m benchmarks.calibration`. `make calibrate` beside simuk on the same models.",
        {"topic": "topic", "ours": "ours", "simuk": "simuk", "ratio": "ratio"},
    ),
}  # fmt: skip
