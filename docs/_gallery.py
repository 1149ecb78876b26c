"""Which examples are executed, in which order they are shown, and what their warnings mean."""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

NEEDS: dict[str, tuple[str, ...]] = {
    "plot_pipeline": (),
    "plot_results": (),
    "plot_conditional_kernels": (),
    "plot_conditional_estimators": (),
    "plot_text": (),
    "plot_gradients": (),
    "plot_auto_classifier": (),
    "plot_auto_regressor": (),
    "plot_halving": (),
    "plot_mlp": (),
    "plot_partial_fit": (),
    "plot_skorch": ("torch", "skorch"),
    "plot_lightgbm": ("lightgbm",),
    "plot_dask": ("distributed",),
    "plot_resume": (),
    "plot_nested": (),
}
"""The examples in their order, with the libraries without which they are shown but not executed."""


_filters: list[Any] = []
"""Those of the build, while an example has its own."""


def executed() -> list[str]:
    """Return the examples whose libraries are installed."""
    return [
        name for name, modules in NEEDS.items() if all(map(importlib.util.find_spec, modules))
    ]


def order(file_name: str) -> int:
    """Return the place of an example in the gallery."""
    return list(NEEDS).index(file_name.removesuffix(".py"))


def watch_warnings(gallery_conf: dict[str, Any], file_name: str, when: str) -> None:  # noqa: ARG001
    """Treat the warnings of an example as errors: an example is what a newcomer copies."""
    if when == "before":
        _filters[:] = warnings.filters
        warnings.simplefilter("error")
    else:
        warnings.resetwarnings()
        warnings.filters[:] = _filters
