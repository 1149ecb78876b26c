"""Rules for ``refit``, of skhpo's searches and of scikit-learn's: which candidate to take.

Examples
--------
>>> from sklearn.model_selection import GridSearchCV
>>> from sklearn.svm import SVC
>>> from skhpo.selection import unless_better
>>> search = GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}, refit=unless_better(2, untuned=SVC()))
"""

from skhpo.honesty.rules import one_standard_error, unless_better

__all__ = ["one_standard_error", "unless_better"]
