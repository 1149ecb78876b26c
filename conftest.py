"""What all tests share, the examples in docstrings included."""

import os
from importlib.util import find_spec

os.environ.setdefault("MPLBACKEND", "Agg")  # pictures are drawn, and not shown

collect_ignore_glob = [] if find_spec("matplotlib") else ["skhpo/plotting/*"]
