"""How much one worker keeps of fits, for others to share."""

from __future__ import annotations

MAX_BYTES = 256 * 2**20
"""Of each kind: fitted prefixes of pipelines, and models that go on. About a tenth of the 2 to 4 GB of memory that
machines have per core."""
