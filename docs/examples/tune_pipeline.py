"""Tune a pipeline on handwritten digits and compare it with the untuned one on rows neither has seen.

Run: ``python docs/examples/tune_pipeline.py``
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Categorical, Float, Int


def main() -> None:
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.5, random_state=0, stratify=y
    )

    pipeline = make_pipeline(StandardScaler(), SVC())
    space = {
        "standardscaler__with_std": Categorical([True, False]),
        "svc__kernel": Categorical(["rbf", "poly", "linear"]),
        "svc__C": Float(1e-2, 1e3, log=True),
        "svc__gamma": Float(1e-5, 1e0, log=True, when={"svc__kernel": ["rbf", "poly"]}),
        "svc__degree": Int(2, 5, when={"svc__kernel": "poly"}),
    }
    search = BayesSearchCV(pipeline, space, n_iter=40, random_state=0, n_jobs=2).fit(
        X_train, y_train
    )

    untuned = pipeline.fit(X_train, y_train).score(X_test, y_test)
    print(f"best cross-validated accuracy  {search.best_score_:.4f}")
    for name, value in search.best_params_.items():
        print(
            f"    {name} = {value if isinstance(value, (str, bool, int)) else format(value, '.4g')}"
        )
    print(f"what mattered                  {', '.join(list(search.importances())[:3])}")
    print(
        f"fits run                       {search.stats()['n_fits']} in {search.stats()['search_time']:.1f} s"
    )
    print(f"held-out accuracy, tuned       {search.score(X_test, y_test):.4f}")
    print(f"held-out accuracy, untuned     {untuned:.4f}")


if __name__ == "__main__":
    main()
