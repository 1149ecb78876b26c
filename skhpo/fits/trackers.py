"""Trackers of experiments that record each fit by themselves, as mlflow does where its autologging is on.

The fits inside a search are not the user's: recorded one by one they hide the search, and take longer to record than to
run. Nothing is imported here. Who has no tracker, or has it off, pays for a look into a dict.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any


def unrecorded() -> AbstractContextManager[Any]:
    """Return a context in which trackers of this process record no fit by themselves.

    What an estimator or a callback logs itself is logged as ever. Fits in other processes have no tracker that is on.
    """
    mlflow = sys.modules.get("mlflow.utils.autologging_utils")
    disable = getattr(mlflow, "disable_autologging", None)
    # It cannot be nested: at the end it is on again, whatever was before. So that is asked first.
    is_off = getattr(mlflow, "_AUTOLOGGING_GLOBALLY_DISABLED", False)
    return nullcontext() if disable is None or is_off else disable()
