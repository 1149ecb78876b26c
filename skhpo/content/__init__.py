"""What a value is, told from its content and not from its name, its address or its memory."""

from skhpo.content.changes import noticing_changes
from skhpo.content.walk import IndescribableError, describe, digest

__all__ = ["IndescribableError", "describe", "digest", "noticing_changes"]
