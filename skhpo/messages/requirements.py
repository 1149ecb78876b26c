"""Which versions of other libraries are needed, said before the first import that would fail without them."""

from __future__ import annotations

import re
from importlib import import_module

NEEDED: dict[str, tuple[str, tuple[int, int]]] = {
    "sklearn": ("scikit-learn", (1, 6)),
    "numpy": ("numpy", (1, 26)),
    "scipy": ("scipy", (1, 11)),
    "joblib": ("joblib", (1, 4)),
}
"""By the name that is imported: the name that is installed, and the oldest version."""


def check_versions() -> None:
    """Raise ImportError where a library is older than what is needed: installing another package may replace it."""
    found = {name: str(getattr(import_module(name), "__version__", "")) for name in NEEDED}
    too_old = [name for name, version in found.items() if _is_older(version, NEEDED[name][1])]
    if too_old:
        name, oldest = NEEDED[too_old[0]]
        needed = f"{oldest[0]}.{oldest[1]}"
        raise ImportError(
            f"skhpo needs {name} {needed} or newer, found {name} {found[too_old[0]]}, which another package may have "
            f'put in its place. Write: python -m pip install "{name}>={needed}", or use an environment without it.',
            name="skhpo",
        )


def _is_older(version: str, oldest: tuple[int, int]) -> bool:
    """Whether a version, such as "1.6.0" or "1.9.dev0", comes before another; one that cannot be read does not."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) < oldest
