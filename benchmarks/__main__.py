"""``python -m benchmarks NAME [--quick] [options]``: run one; without a name, list them.

Each writes ``benchmarks/results/NAME.jsonl`` and ``NAME.md``, with versions, seeds and the command; with ``--quick``
into ``benchmarks/results/quick``, so that a trial run never replaces what was measured.
"""

import argparse
import importlib
import sys
from functools import partial

from benchmarks import scripts

# What each is for, and where it is: a module of this package with a `main(arguments)`, which is imported when it is
# asked for, or a script of its own that prints tables. A new benchmark is one more line.
NAMES = {
    "quality": ("scores against fits and seconds, beside the peers", "benchmarks.quality"),
    "same_score_time": ("seconds until a full grid search's best score is reached", "benchmarks.same_score_time"),
    "halving": (
        "successive halving beside scikit-learn's: iterations, starting-over, rows or busy",
        scripts.Script("halving", default=("iterations",), quick=("rows", "--seeds", "1"), n_seeds=2),
    ),
    "halving_peers": (
        "successive halving, random search and Optuna's Hyperband pruner in the same time",
        scripts.Script("halving_peers", quick=("--seeds", "1", "--data", "digits, odd"), n_seeds=3),
    ),
    "racing": (
        "fits and winners of racing beside full cross-validation",
        scripts.Script("racing", quick=("null", "--seeds", "2"), n_seeds=10),
    ),
    "starts": (
        "what the first thirty fits of a race find, and line searches",
        scripts.Script("starts", quick=("line", "--seeds", "1"), n_seeds=20),
    ),
    "ablation": (
        "what each choice of the Bayesian sampler is worth",
        scripts.Script("ablation", quick=("--seeds", "0-0", "--arms", "default,acquisition: EI"), n_seeds=10),
    ),
    "peers": (
        "samplers beside the peers' on five functions",
        scripts.Script("peers", quick=("--seeds", "0-0", "--optimisers", "skhpo,random"), n_seeds=3),
    ),
    "overhead": (
        "milliseconds per suggestion",
        scripts.Script("overhead", quick=("--n", "50", "--seeds", "1"), n_seeds=3),
    ),
    "look_back": (
        "regret and busy workers of a Bayesian search, by its look-back",
        scripts.Script("look_back", quick=("--seeds", "1"), n_seeds=6),
    ),
    "deciding": (
        "milliseconds of deciding per fit, by the number of candidates",
        scripts.Script("deciding", quick=("--candidates", "100", "--trials", "30")),
    ),
    "overhead_sklearn": (
        "what a search costs beside its fits",
        scripts.Script("overhead_sklearn", quick=("--sizes", "200", "--size-repeats", "1")),
    ),
    "scale": (
        "milliseconds per fit of searches of up to 32,000 fits that do nothing",
        scripts.Script("scale", quick=("--fits", "200", "--repeats", "1")),
    ),
    "prefix_cache": (
        "what sharing fitted steps saves",
        scripts.Script("prefix_cache", quick=("--seeds", "1", "--pipelines", "scaler, SGD"), n_seeds=3),
    ),
    "honesty": ("what the best score promises, and what new data says", "benchmarks.honesty"),
    "paths": (
        "what is saved where one fit answers for many candidates",
        scripts.Script("paths", quick=("--seeds", "1", "--grids", "neighbours", "SVC"), n_seeds=3),
    ),
    "gradient": (
        "descent by exact slopes: their errors, evaluations and seconds to the optimum, many parameters",
        scripts.Script("gradient", quick=("errors",), n_seeds=1),
    ),
    "products": (
        "products of probabilities beside their means, on the same candidates",
        scripts.Script("products", quick=("--tables", "wine", "--n-iter", "4")),
    ),
    "default_spaces": ("default ranges beside the untuned estimator and ranges by hand", "benchmarks.default_spaces"),
    "automl": ("AutoClassifier and AutoRegressor beside FLAML, AutoGluon and untuned models", "benchmarks.automl"),
    "engine": (
        "utilisation of workers, cost per fit, data and memory",
        scripts.Script("engine", quick=("utilisation", "--repeats", "1", "--candidates", "8")),
    ),
    "cluster": (
        "a simulated Dask cluster",
        scripts.Script("cluster", quick=("--workers", "10", "--fits", "100", "--seconds", "0.5")),
    ),
}


def load(name):
    """Return the function that runs a benchmark, given its arguments."""
    _, place = NAMES[name]
    if isinstance(place, str):
        return importlib.import_module(place).main
    return partial(scripts.run, place)


def main(arguments=None):
    listed = "\n".join(f"  {name:<16} {title}" for name, (title, _) in NAMES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    parser.add_argument("name", nargs="?", choices=list(NAMES), metavar="NAME")
    known, rest = parser.parse_known_args(arguments)
    if known.name is None:
        if rest and rest != ["--help"]:
            parser.error(f"a name comes first, got {rest[0]!r}")
        parser.print_help()
        return
    load(known.name)(rest)


if __name__ == "__main__":
    main(sys.argv[1:])
