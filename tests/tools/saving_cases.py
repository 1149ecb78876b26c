"""Files and copies: what is loaded does what scikit-learn's search does after the same way."""

import io
import pickle
import tempfile
from pathlib import Path

import joblib
import numpy as np
from sklearn.metrics import accuracy_score, make_scorer
from tool_case import DATA, FEW, OF_FEW, TARGETS, X, Y, adding_to, linear, ridge, tree

CASES = []
pattern = adding_to(CASES)


def shown(search):
    """What a search does once it is loaded."""
    timed = {name for name in search.cv_results_ if name.endswith("_time")}
    known = set(search.cv_results_) - timed
    common = sorted(known & {"mean_test_score", "rank_test_score", "split0_test_score", "std_test_score"})
    results = [search.cv_results_[name] for name in common]
    return search.predict(X), search.predict_proba(X), search.best_score_, search.best_index_, results


@pattern("Python", "`pickle`, every protocol", "pickle")
def pickled(kind):
    search = tree(kind).fit(X, Y)
    every = range(pickle.HIGHEST_PROTOCOL + 1)
    return [shown(pickle.loads(pickle.dumps(search, protocol))) for protocol in every]  # noqa: S301 - our own


@pattern("Python", "`pickle` before `fit`", "pickle")
def pickled_before(kind):
    return shown(pickle.loads(pickle.dumps(tree(kind))).fit(X, Y))  # noqa: S301 - our own


@pattern("Python", "`pickle` into an open file, twice", "pickle")
def pickled_twice(kind):
    file = io.BytesIO()
    for search in (tree(kind).fit(X, Y), ridge(kind).fit(DATA, TARGETS)):
        pickle.dump(search, file)
    file.seek(0)
    return shown(pickle.load(file)), pickle.load(file).predict(DATA)  # noqa: S301 - our own


@pattern("dill", "a scorer that is a lambda")
def dilled_lambda(kind):
    import dill

    search = tree(kind, scoring=lambda model, X, y: model.score(X, y)).fit(X, Y)
    return shown(dill.loads(dill.dumps(search)))  # noqa: S301 - our own


@pattern("dill", "before `fit`")
def dilled_before(kind):
    import dill

    return shown(dill.loads(dill.dumps(tree(kind))).fit(X, Y))  # noqa: S301 - our own


@pattern("dill", "`copy`")
def dilled_copy(kind):
    import dill

    return shown(dill.copy(tree(kind).fit(X, Y)))


@pattern("cloudpickle", "a scorer made in a function")
def cloudpickled_scorer(kind):
    import cloudpickle

    def rate(y, predicted):
        return accuracy_score(y, predicted) / 2

    search = tree(kind, scoring=make_scorer(rate)).fit(X, Y)
    return shown(cloudpickle.loads(cloudpickle.dumps(search)))


@pattern("cloudpickle", "before `fit`")
def cloudpickled_before(kind):
    import cloudpickle

    return shown(cloudpickle.loads(cloudpickle.dumps(tree(kind))).fit(X, Y))


@pattern("joblib", "`dump`, compressed")
def joblib_compressed(kind):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "search.joblib.gz"
        joblib.dump(tree(kind).fit(X, Y), path, compress=("gzip", 3))
        return shown(joblib.load(path))


@pattern("joblib", "`load`, memory-mapped")
def joblib_mapped(kind):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "search.joblib"
        joblib.dump(linear(kind).fit(X, Y), path)
        return shown(joblib.load(path, mmap_mode="r"))


@pattern("joblib", "`Memory.cache`")
def joblib_cached(kind):
    with tempfile.TemporaryDirectory() as folder:
        fitted = joblib.Memory(folder, verbose=0).cache(fit)
        fitted(tree(kind))
        assert fitted.check_call_in_cache(tree(kind))
        return shown(fitted(tree(kind)))


def fit(search):
    return search.fit(X, Y)


@pattern("joblib", "`Parallel`, in processes")
def joblib_parallel(kind):
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(tree(kind).fit)(X[part::2], Y[part::2]) for part in range(2))
    return [shown(search) for search in found]


@pattern("joblib", "`Parallel`, in threads")
def joblib_threads(kind):
    fits = (joblib.delayed(search.fit)(FEW, OF_FEW) for search in (tree(kind), linear(kind)))
    return [shown(search) for search in joblib.Parallel(n_jobs=2, prefer="threads")(fits)]


@pattern("skops", "`dump` to a file, predictions and results")
def skops_file(kind):
    import skops.io

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "search.skops"
        skops.io.dump(linear(kind).fit(X, Y), path)
        return shown(skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path)))


@pattern("skops", "before `fit`")
def skops_before(kind):
    import skops.io

    data = skops.io.dumps(linear(kind))
    return shown(skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data)).fit(X, Y))


@pattern("skops", "a model card")
def skops_card(kind):
    from skops.card import Card

    search = tree(kind).fit(X, Y)
    card = Card(search, template=None).add_metrics(accuracy=np.float64(search.score(X, Y)))
    return card.render()
