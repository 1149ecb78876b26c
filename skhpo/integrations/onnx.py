"""Fitted searches as ONNX models, by skl2onnx."""

from __future__ import annotations

from sklearn.model_selection import GridSearchCV as TheirGrid

from skhpo.integrations import SEARCHES, written_for


def register() -> None:
    """Let skl2onnx convert our fitted searches, alone and in pipelines, as it converts scikit-learn's `GridSearchCV`.

    What is converted is ``best_estimator_``; options such as ``{id(search): {"zipmap": False}}`` are handed to it.

    Raises
    ------
    ModuleNotFoundError
        If skl2onnx is not installed.
    RuntimeError
        If this version of skl2onnx keeps its converters elsewhere than version 1.20 does.

    Examples
    --------
    >>> from skhpo.integrations.onnx import register
    >>> register()  # doctest: +SKIP
    """
    import skl2onnx

    with written_for("skl2onnx", "1.20.0", "Convert search.best_estimator_."):
        from skl2onnx._parse import sklearn_parsers_map
        from skl2onnx.operator_converters import grid_search_cv as operators
        from skl2onnx.shape_calculators import grid_search_cv as shapes

        for search in SEARCHES:
            skl2onnx.update_registered_converter(
                search,
                f"Skhpo{search.__name__}",
                shapes.convert_sklearn_grid_search_cv,
                operators.convert_sklearn_grid_search_cv,
                parser=sklearn_parsers_map[TheirGrid],
                options="passthrough",
            )
