"""What is saved where no prefix of a pipeline is fitted twice: ours against scikit-learn's, plain and with ``memory``.

``python benchmarks/prefix_cache.py`` prints a table in Markdown: median seconds of CPU time over the seeds, one thread,
without the refit, and how many times faster than scikit-learn's plain search each is. Per seed all run back to back on
the same data, and their scores must be the same to the bit.
"""

import argparse
import platform
import sys
import tempfile
import time

import numpy as np
import sklearn
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from threadpoolctl import threadpool_limits

import skhpo

N_SPLITS = 5


def numbers(seed):
    """24 candidates on 3 prefixes."""
    X, y = make_classification(6000, 60, n_informative=20, random_state=seed)
    steps = [
        ("quantiles", QuantileTransformer(output_distribution="normal", random_state=0)),
        ("pca", PCA(random_state=0)),
        ("model", SGDClassifier(max_iter=20, tol=None, random_state=0)),
    ]
    return steps, {"pca__n_components": [10, 20, 40], "model__alpha": np.logspace(-6, 1, 8)}, X, y


def text(seed):
    """32 candidates on 4 prefixes: documents of words from Zipf's law, some of which belong to one class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, size=1000)
    words = np.minimum(rng.zipf(1.3, size=(len(y), 120)), 30_000)
    words = np.where(rng.uniform(size=words.shape) < 0.02, 40_000 + 10 * y[:, None] + words % 10, words)
    X = [" ".join(f"w{word}" for word in document) for document in words]
    steps = [("tfidf", TfidfVectorizer()), ("model", SGDClassifier(max_iter=20, tol=None, random_state=0))]
    grid = {
        "tfidf__ngram_range": [(1, 1), (1, 2)],
        "tfidf__sublinear_tf": [False, True],
        "model__alpha": np.logspace(-6, 1, 8),
    }
    return steps, grid, X, y


def cheap(seed):
    """24 candidates on a prefix that costs next to nothing: what the cache itself costs."""
    X, y = make_classification(6000, 60, n_informative=20, random_state=seed)
    steps = [("scale", StandardScaler()), ("model", SGDClassifier(max_iter=5, tol=None, random_state=0))]
    return steps, {"model__alpha": np.logspace(-6, 1, 24)}, X, y


def one(case, seed):
    """CPU seconds of each search."""
    steps, grid, X, y = case(seed)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        searches = {
            "scikit-learn": GridSearchCV(Pipeline(steps), grid, cv=N_SPLITS, refit=False),
            "with memory": GridSearchCV(Pipeline(steps, memory=folder), grid, cv=N_SPLITS, refit=False),
            "ours, off": skhpo.GridSearchCV(Pipeline(steps), grid, cv=N_SPLITS, refit=False, cache_prefix=False),
            "ours": skhpo.GridSearchCV(Pipeline(steps), grid, cv=N_SPLITS, refit=False),
        }
        scores = set()
        for name, search in searches.items():
            start = time.process_time()
            search.fit(X, y)
            found[name] = time.process_time() - start
            scores.add(search.cv_results_["mean_test_score"].tobytes())
    assert len(scores) == 1, "the scores differ"  # noqa: S101
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    cases = {"quantiles, PCA, SGD": numbers, "tf-idf, SGD": text, "scaler, SGD": cheap}
    parser.add_argument("--pipelines", nargs="+", choices=list(cases), default=list(cases))
    options = parser.parse_args()
    n_seeds = options.seeds
    cpu = platform.processor() or platform.machine()
    print(f"scikit-learn {sklearn.__version__}, Python {platform.python_version()}, {cpu}, {n_seeds} seeds\n")
    for position, title in enumerate(options.pipelines):
        runs = [one(cases[title], seed) for seed in range(n_seeds)]
        seconds = {name: float(np.median([run[name] for run in runs])) for name in runs[0]}
        if position == 0:
            print("| pipeline | " + " | ".join(seconds) + " |\n|" + "---|" * (1 + len(seconds)))
        cells = [f"{each:.2f} s ({seconds['scikit-learn'] / each:.1f}x)" for each in seconds.values()]
        print(f"| {title} | " + " | ".join(cells) + " |")
        sys.stdout.flush()


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
