"""Tables, arrays and time series: what goes into a search, and what forecasts with one."""

import os
import subprocess
import sys

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tool_case import TWO, X, Y, adding_to, linear, ridge, tree

CASES = []
pattern = adding_to(CASES)

GROUPS = np.where(np.arange(len(X)) % 2, "a", "b")
SERIES = np.sin(np.arange(60) / 3) + np.arange(60) / 30
COLUMNS = {"length": X[:, 0], "width": X[:, 1], "group": GROUPS}


def of_columns(kind):
    """A search over a pipeline that takes columns by name."""
    columns = make_column_transformer((StandardScaler(), ["length", "width"]), (OneHotEncoder(), ["group"]))
    return kind(make_pipeline(columns, LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=2)


def of_table(search, table):
    search.fit(table, Y)
    return search.predict_proba(table), search.feature_names_in_, search.cv_results_["mean_test_score"]


@pattern("pandas", "columns by name")
def pandas_columns(kind):
    import pandas as pd

    return of_table(of_columns(kind), pd.DataFrame(COLUMNS))


@pattern("pandas", "`cv_results_` as a table")
def pandas_results(kind):
    import pandas as pd

    table = pd.DataFrame(tree(kind).fit(X, Y).cv_results_).sort_values("rank_test_score")
    return table["param_max_depth"].astype(int), table["mean_test_score"], [str(each) for each in table["params"]]


@pattern("pandas", "`set_output`")
def pandas_output(kind):
    from sklearn.feature_selection import SelectKBest

    model = make_pipeline(StandardScaler(), SelectKBest(k=2))
    model.set_output(transform="pandas")
    search = kind(make_pipeline(model, LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=2)
    fitted = search.fit(X, Y).best_estimator_
    return list(fitted[0].transform(X).columns), search.predict(X)


@pattern("polars", "columns by name")
def polars_columns(kind):
    import polars as pl

    return of_table(of_columns(kind), pl.DataFrame(COLUMNS))


@pattern("polars", "`cv_results_` as a table")
def polars_results(kind):
    import polars as pl

    results = tree(kind).fit(X, Y).cv_results_
    table = pl.DataFrame({name: list(results[name]) for name in ("params", "mean_test_score", "rank_test_score")})
    return table.sort("rank_test_score").rows()


@pattern("pyarrow", "a table by way of pandas")
def arrow(kind):
    import pyarrow as pa

    return of_table(of_columns(kind), pa.table(COLUMNS).to_pandas())


DISPATCH = """
import sys
import array_api_strict as xp
import numpy as np
from sklearn import config_context
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from {module} import GridSearchCV
data, targets = (xp.asarray(part) for part in load_diabetes(return_X_y=True))
with config_context(array_api_dispatch=True):
    search = GridSearchCV(Ridge(solver="svd"), {{"alpha": [0.1, 10.0]}}, cv=2).fit(data, targets)
    print(type(search.predict(data)).__module__, np.asarray(search.predict(data)).tobytes().hex())
"""


@pattern("array-api-strict", "`array_api_dispatch`")
def dispatched(kind):
    """It has to be asked for before SciPy is imported."""
    module = "skhpo" if kind.__module__.startswith("skhpo") else "sklearn.model_selection"
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    command = [sys.executable, "-W", "ignore", "-c", DISPATCH.format(module=module)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout  # noqa: S603


@pattern("skrub", "`TableVectorizer` before a search")
def vectorised(kind):
    import pandas as pd
    from skrub import TableVectorizer

    table = pd.DataFrame(COLUMNS)
    return make_pipeline(TableVectorizer(), tree(kind)).fit(table, Y).predict(table)


@pattern("skrub", "`tabular_pipeline` inside")
def tabular(kind):
    import pandas as pd
    from skrub import tabular_pipeline

    search = kind(tabular_pipeline(LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=2)
    return of_table(search, pd.DataFrame(COLUMNS))


@pattern("skrub", "`skb.apply`")
def data_ops(kind):
    import skrub

    learner = skrub.X().skb.apply(tree(kind), y=skrub.y()).skb.make_learner()
    return learner.fit({"X": X, "y": Y}).predict({"X": X})


@pattern("skforecast", "`ForecasterRecursive`")
def recursive(kind):
    import pandas as pd
    from skforecast.recursive import ForecasterRecursive

    forecaster = ForecasterRecursive(estimator=ridge(kind), lags=4)
    forecaster.fit(pd.Series(SERIES))
    return forecaster.predict(5)


@pattern("skforecast", "`ForecasterDirect`")
def direct(kind):
    import pandas as pd
    from skforecast.direct import ForecasterDirect

    forecaster = ForecasterDirect(estimator=ridge(kind), steps=3, lags=4)
    forecaster.fit(pd.Series(SERIES))
    return forecaster.predict(3)


@pattern("skforecast", "`backtesting_forecaster`")
def backtested(kind):
    import pandas as pd
    from skforecast.model_selection import TimeSeriesFold, backtesting_forecaster
    from skforecast.recursive import ForecasterRecursive

    folds = TimeSeriesFold(steps=5, initial_train_size=40, refit=True)
    found = backtesting_forecaster(
        ForecasterRecursive(estimator=ridge(kind), lags=4),
        pd.Series(SERIES),
        folds,
        "mean_absolute_error",
        show_progress=False,
    )
    return found[1]["pred"]


@pattern("sktime", "`make_reduction`")
def reduced(kind):
    import pandas as pd
    from sktime.forecasting.compose import make_reduction

    forecaster = make_reduction(ridge(kind), window_length=4, strategy="recursive")
    return forecaster.fit(pd.Series(SERIES), fh=[1, 2, 3]).predict()


@pattern("sktime", "`SklearnClassifierPipeline`")
def sktime_pipeline(kind):
    from sktime.classification.compose import SklearnClassifierPipeline
    from sktime.transformations.panel.padder import PaddingTransformer

    panel = X[:, None, :]
    model = SklearnClassifierPipeline(linear(kind), [PaddingTransformer()])
    return model.fit(panel, TWO).predict(panel)


@pattern("darts", "`SKLearnModel`")
def darts_model(kind):
    from darts import TimeSeries
    from darts.models import SKLearnModel

    model = SKLearnModel(lags=4, model=kind(Ridge(), {"alpha": [0.1, 10.0]}, cv=2))
    model.fit(TimeSeries.from_values(SERIES))
    return model.predict(5).values()


@pattern("darts", "`historical_forecasts`")
def darts_history(kind):
    from darts import TimeSeries
    from darts.models import SKLearnModel

    model = SKLearnModel(lags=4, model=ridge(kind))
    return model.historical_forecasts(TimeSeries.from_values(SERIES), start=50, retrain=True).values()
