"""Products of probabilities beside their means, on the same candidates: what `AutoClassifier` chooses between.

    python -m benchmarks products
    python -m benchmarks products --tables vowel,wine --seeds 1 --n-iter 12

For each table the first configurations of the list are compared by cross-validation. Of what they say out of fold the
mean is selected and the product is made; the members are fitted on all rows, and both are scored on the other rows.
"""

import argparse
import math
import os
from dataclasses import replace

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from scipy.special import softmax
from sklearn.metrics import get_scorer, log_loss

from benchmarks.automl_tables import ALL, split
from skhpo import AutoClassifier
from skhpo.automl import product
from skhpo.automl.temperature import temperature, with_power
from skhpo.honesty.greedy import blendable, blended, greedy_weights
from skhpo.honesty.log_pool import log_pool, logs_of

SCORER = get_scorer("neg_log_loss")
TABLES = (
    "vowel,vehicle,segment,satimage,contraceptive,saheart,mammographic,bands,cells,oj,chile,wine,breast cancer,digits"
)
SIZE, POOL = 25, 20


class Compared(AutoClassifier):
    """Ends when the configurations are compared, before an ensemble is made."""

    def _conclude(self, job, search):
        self.found = job, search


def compared(X, y, seed, n_iter):
    """Return the job, the steps and the out-of-fold table of the first configurations of the list."""
    job, search = Compared(time_budget=None, n_iter=n_iter, random_state=seed).fit(X, y).found
    predictions, params = search.predictions_, search.cv_results_["params"]
    steps = [job.step_of(params[i]) for i in predictions.trials]
    return job, steps, replace(predictions.table, kinds=np.array([step.entry.family for step in steps]))


def gains(oof):
    """Return the change of the loss by the product in five folds, in percent, and the gain in standard errors."""
    gained, of_mean = product.gains_of(oof, SCORER, SIZE, POOL)
    errors = gained.mean() / (gained.std() / math.sqrt(len(gained)))
    return 100 * math.log(1 - gained.mean() / of_mean.mean()), errors


def row(name, seed, n_iter):
    """Return what both give for a table."""
    X, y, X_test, y_test = split(name, seed)
    job, steps, oof = compared(X, y, seed, n_iter)
    oof = blendable(oof, SCORER)
    weights, powers = greedy_weights(oof, SCORER, SIZE, POOL), log_pool(oof, SCORER, SIZE, POOL)
    said = np.zeros((oof.n_candidates, len(y_test), len(oof.classes)))
    for each in np.flatnonzero(weights + powers):
        said[each] = job.data.fit(job.estimator_of(steps[each])).predict_proba(X_test)
    power = temperature(blended(oof, weights).candidates[0]["predict_proba"].mean(axis=0), oof.labels)
    mean = with_power(np.tensordot(weights, said, axes=1), power)
    logs = np.tensordot(powers[powers > 0], logs_of(said[powers > 0]), axes=1)
    losses = [log_loss(y_test, each, labels=oof.classes) for each in (mean, with_power(softmax(logs, axis=1), 1.0))]
    return len(y), len(oof.classes), *gains(oof), *losses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default=TABLES)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--n-iter", type=int, default=24)
    chosen = parser.parse_args()
    print("| table | seed | rows | labels | in folds, % | standard errors | loss of the mean | of the product | % |")
    print("|---|---|---|---|---|---|---|---|---|")
    always, ruled = [], []
    for name in chosen.tables.split(","):
        if not ALL[name].is_classifier:
            parser.error(f"{name!r} is no table with labels")
        for seed in range(chosen.seeds):
            rows, labels, percent, errors, mean, of_product = row(name, seed, chosen.n_iter)
            change = 100 * math.log(of_product / mean)
            always.append(change)
            ruled.append(change if errors > 1 else 0.0)
            cells = (name, seed, f"{rows:,}", labels, f"{percent:+.1f}", f"{errors:+.1f}", f"{mean:.4f}")
            print("|", " | ".join(map(str, (*cells, f"{of_product:.4f}", f"{change:+.1f}"))), "|", flush=True)
    for text, changes in (("The product always", always), ("The product where it gains a standard error", ruled)):
        print(f"\n{text}: {np.mean(changes):+.1f} % in the mean, {np.median(changes):+.1f} in the median.")


if __name__ == "__main__":
    main()
