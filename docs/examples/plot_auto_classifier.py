"""
A table of all kinds of columns
===============================

Numbers, categories, dates and texts, some of them missing. ``AutoClassifier`` takes the table as it
is, and fifteen seconds.
"""

# %%
# Nine hundred subscriptions, made up: which of them are cancelled? By the rule below, those that
# are about two years old, have many calls or an angry note, and old ones of the basic plan.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split

from skhpo import AutoClassifier

rng = np.random.default_rng(0)
n = 900
notes = np.array(
    [
        "asked for a copy of the invoice",
        "angry about the price, wants to leave",
        "all is well, likes the service",
        "moved to another house, all is well",
    ]
)
table = pd.DataFrame(
    {
        "months": rng.integers(1, 60, n),
        "calls": rng.poisson(2, n).astype(float),
        "plan": rng.choice(["basic", "family", "business"], n),
        "town": [f"town {number}" for number in rng.integers(0, 80, n)],
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D"),
        "note": rng.choice(notes, n),
    }
)
angry = table["note"].str.contains("angry")
odds = 1.5 * angry + 0.8 * (table["calls"] > 2) - 0.15 * (table["months"] - 24).abs()
odds += 3.0 * (table["since"] < "2021-06-01") * (table["plan"] == "basic")
cancelled = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "yes", "no")
table.loc[rng.random(n) < 0.1, "calls"] = np.nan
table.loc[rng.random(n) < 0.1, "plan"] = None
X, X_new, y, y_new = train_test_split(table, cancelled, test_size=300, random_state=0)
X.head()

# %%
# No preprocessing, no model, no ranges. The last fits on all rows are within the time.
auto = AutoClassifier(time_budget=15, random_state=0).fit(X, y)
print(auto.report())

# %%
# Each configuration with its score on rows that it was not trained on, the best on top.
board = pd.DataFrame(auto.leaderboard_)
fig, ax = plt.subplots(figsize=(7, 0.22 * len(board) + 1), layout="constrained")
places = np.arange(len(board))[::-1]
ax.scatter(
    -board["score"], places, s=15 + 400 * board["weight"], c=board["weight"] > 0, cmap="cool"
)
ax.set_yticks(places, board["name"])
_ = ax.set(xlabel="log loss out of fold; large marks have more weight in the ensemble")

# %%
# What it is worth on the 300 subscriptions that it has not seen, beside what it expected.
chances = auto.predict_proba(X_new)
print(f"log loss {log_loss(y_new, chances):.3f}, expected {-auto.score_estimate_.value:.3f}")
print(f"ROC AUC  {roc_auc_score(y_new == 'yes', chances[:, 1]):.3f}")

# %%
# A town that was never seen, a missing date: nothing of the kind is an error later on.
strange = X_new.head(2).assign(town="nowhere", since=pd.NaT)
auto.predict(strange)
