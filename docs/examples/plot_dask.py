"""
On a Dask cluster
=================

The active joblib backend decides where fits run. Here the cluster is two workers in this process;
yours goes in its place.
"""

# %%
import joblib
from distributed import Client, LocalCluster
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Float
from skhpo.plotting import TimelineDisplay

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]
space = {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-6, 1e-1, log=True)}
search = BayesSearchCV(SVC(), space, n_iter=15, look_back=2, random_state=0)

with (
    LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster,
    Client(cluster),
    joblib.parallel_config("dask"),
):
    search.fit(X, y)
print(f"{search.stats()['n_fits']} fits, best {search.best_score_:.4f}")

# %%
# Who ran what, and when:
_ = TimelineDisplay.from_search(search)

# %%
# With the same ``look_back`` the candidates and scores are those of a search in one process:
here = BayesSearchCV(SVC(), space, n_iter=15, look_back=2, random_state=0).fit(X, y)
assert here.cv_results_["params"] == search.cv_results_["params"]
assert (here.cv_results_["mean_test_score"] == search.cv_results_["mean_test_score"]).all()
