"""
Resume after a kill
===================

A search with a ``checkpoint`` writes down each fit when it has finished. Here one runs in a
process of its own, is killed the hard way in the middle, and goes on in this process.
"""

# %%
# The script that will be killed. With ``verbose=2`` it prints a line per fit.
import subprocess
import sys
import tempfile
from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Float, load_results
from skhpo.plotting import TimelineDisplay

script = """
import sys
from sklearn.datasets import load_digits
from sklearn.svm import SVC
from skhpo import BayesSearchCV, Float

X, y = load_digits(return_X_y=True)
space = {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-6, 1e-1, log=True)}
search = BayesSearchCV(
    SVC(), space, n_iter=30, random_state=0, verbose=2, checkpoint=sys.argv[1]
)
search.fit(X[:400], y[:400])
"""

# %%
# Once it has told of 32 fits of its 150 it gets a ``SIGKILL``, which no program can catch.
folder = tempfile.TemporaryDirectory()
checkpoint = Path(folder.name) / "search.db"
with subprocess.Popen(
    [sys.executable, "-u", "-c", script, checkpoint], stdout=subprocess.PIPE, text=True
) as child:
    n_fits = 0
    for line in child.stdout:
        n_fits += "[CV] END" in line
        if n_fits == 32:
            child.kill()
print("ended with", child.returncode)

# %%
# What it leaves can be read without the data or the estimator:
print(len(load_results(checkpoint)["params"]), "candidates are complete")

# %%
# The same search with the same file goes on. ``n_fits`` counts those of the killed process, too:
# what had finished was not run again.
X, y = load_digits(return_X_y=True)
X, y = X[:400], y[:400]
space = {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-6, 1e-1, log=True)}
resumed = BayesSearchCV(SVC(), space, n_iter=30, random_state=0, checkpoint=checkpoint).fit(X, y)
print(resumed.stats()["n_fits"], "fits")

# %%
# It is the search that nobody interrupted, candidate by candidate and score by score:
whole = BayesSearchCV(SVC(), space, n_iter=30, random_state=0).fit(X, y)
assert resumed.cv_results_["params"] == whole.cv_results_["params"]
assert (resumed.cv_results_["mean_test_score"] == whole.cv_results_["mean_test_score"]).all()
folder.cleanup()

# %%
# When the fits ran, those of both processes; between them, the kill and what followed on this page:
_ = TimelineDisplay.from_search(resumed)
